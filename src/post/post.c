/*
 * The order of the stages, and what a growing answer may show. The stages run until their result does
 * not change any more, so that a result put in again comes out as it is; most answers are stable after
 * the second round, which then only checks.
 *
 * Objects: one struct post_context and two scratch strings for the length of a call.
 */
#include "eke/post/post.h"

#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/utf.h"
#include "eke/post/context.h"
#include "eke/post/echo.h"
#include "eke/post/extract.h"
#include "eke/post/reindent.h"
#include "eke/post/scope.h"
#include "eke/post/trim.h"

#define ROUNDS 8
#define EARLY_LINES 6 /* of a block that is not complete, worth showing */

const char *post_verdict_name(enum post_verdict verdict)
{
	switch (verdict) {
	case POST_INSERT:
		return "insert";
	case POST_WAIT:
		return "wait";
	case POST_EMPTY:
		return "empty";
	case POST_PROSE:
		return "prose";
	case POST_DUPLICATE:
		return "duplicate";
	}
	return "unknown";
}

/* Leaves whole lines only. */
static void drop_half_line(struct strbuf *t)
{
	const char *lf = memrchr(t->data, '\n', t->len);

	strbuf_truncate(t, lf ? (size_t)(lf - t->data) + 1 : 0);
}

/* From text meant for the document to what fits. */
static enum post_verdict fit(const struct post_context *c, struct strbuf *t, bool growing)
{
	if (post_echo(c, t, growing) == POST_ECHO_UNDECIDED)
		return POST_WAIT;
	if (post_blank(t->data, t->len))
		return POST_DUPLICATE;
	if (!post_indent(c, t, growing))
		return POST_WAIT;
	post_scope(c, t);
	if (post_blank(t->data, t->len))
		return POST_DUPLICATE;
	post_trim_talk(c, t);
	if (post_blank(t->data, t->len))
		return POST_PROSE;
	post_trim_repeats(c, t, growing);
	if (post_blank(t->data, t->len))
		return POST_DUPLICATE;
	post_trim_lines(c, t);
	post_trim_end(c, t);
	if (post_blank(t->data, t->len))
		return POST_EMPTY;
	return post_is_after_cursor(c, t) ? POST_DUPLICATE : POST_INSERT;
}

/* One round: raw answer with LF line ends in, text in `out`. */
static enum post_verdict run(const struct post_context *c, const char *raw, size_t len, struct strbuf *out)
{
	struct post_extract info;
	bool open = c->in->finish == POST_OPEN;

	strbuf_reset(out);
	switch (post_extract(c, raw, len, &info, out)) {
	case POST_EXTRACT_NOTHING:
		return open && !info.closed ? POST_WAIT : POST_EMPTY;
	case POST_EXTRACT_TALK:
		return open ? POST_WAIT : POST_PROSE;
	case POST_EXTRACT_TEXT:
		break;
	}
	/*
	 * Talk may still precede or follow what has no tags, and tags may. What stands before text on the
	 * line waits for its end.
	 */
	if (open && c->in->source == POST_CHAT && !info.wrapped)
		return POST_WAIT;
	if (open && !info.closed) {
		if (!c->rest_blank)
			return POST_WAIT;
		drop_half_line(out);
		if (post_blank(out->data, out->len))
			return POST_WAIT;
		return fit(c, out, true);
	}
	if (c->in->finish == POST_CUT && !info.closed && memchr(out->data, '\n', out->len)) {
		struct strbuf whole;

		strbuf_init(&whole, LIMIT_COMPLETION_TEXT);
		strbuf_add(&whole, out->data, out->len);
		drop_half_line(&whole);
		if (!post_blank(whole.data, whole.len))
			strbuf_move(out, &whole);
		strbuf_release(&whole);
	}
	return fit(c, out, false);
}

static bool same(const struct strbuf *a, const struct strbuf *b)
{
	return a->len == b->len && !memcmp(a->data, b->data, a->len);
}

/*
 * Runs the stages on their own result until it stays. What a growing answer may show must stay at once.
 */
static enum post_verdict settle(struct post_context *c, struct strbuf *text, struct strbuf *next)
{
	const struct post_input *in = c->in;
	struct post_input again = *in;
	enum post_verdict verdict = POST_EMPTY;

	again.finish = POST_STOP;
	c->in = &again;
	for (int i = 0; i < ROUNDS; i++) {
		verdict = run(c, text->data, text->len, next);
		if (verdict != POST_INSERT || same(text, next))
			break;
		verdict = in->finish == POST_OPEN ? POST_WAIT : POST_EMPTY;
		if (in->finish == POST_OPEN)
			break;
		strbuf_move(text, next);
	}
	c->in = in;
	return verdict;
}

static void add_with_line_ends(struct strbuf *out, const struct strbuf *text, bool crlf)
{
	for (size_t i = 0; i < text->len; i++) {
		if (text->data[i] == '\n' && crlf)
			strbuf_addch(out, '\r');
		strbuf_addch(out, text->data[i]);
	}
}

enum post_verdict post_process(const struct post_input *in, struct strbuf *out)
{
	struct post_input capped = *in;
	struct post_context c;
	struct strbuf raw;
	struct strbuf text;
	struct strbuf next;
	enum post_verdict verdict;

	strbuf_reset(out);
	capped.answer_len = utf8_cut(in->answer, in->answer_len, LIMIT_COMPLETION);
	if (capped.answer_len < in->answer_len && in->finish == POST_STOP)
		capped.finish = POST_CUT;
	post_context_init(&c, &capped);
	strbuf_init(&raw, LIMIT_COMPLETION);
	strbuf_init(&text, LIMIT_COMPLETION_TEXT);
	strbuf_init(&next, LIMIT_COMPLETION_TEXT);
	post_add_lf(&raw, capped.answer, capped.answer_len);

	verdict = run(&c, raw.data, raw.len, &text);
	if (verdict == POST_INSERT)
		verdict = settle(&c, &text, &next);
	/* What a growing answer says so far may be nothing, and still become something. */
	if (verdict != POST_INSERT && in->finish == POST_OPEN)
		verdict = POST_WAIT;
	if (verdict == POST_INSERT)
		add_with_line_ends(out, &text, c.crlf);
	if (out->full) {
		strbuf_reset(out);
		verdict = POST_EMPTY;
	}
	strbuf_release(&raw);
	strbuf_release(&text);
	strbuf_release(&next);
	post_context_release(&c);
	return verdict;
}

/*
 * True if text[0..len), of which the last line has just ended, is a statement or block by itself.
 * `first` is its first line with text.
 */
static bool is_whole(const struct post_context *c, const struct strbuf *t, const struct post_line *first,
		     size_t next)
{
	struct syntax_walk w = { .syntax = c->syntax, .s = t->data, .len = next, .state = c->at };
	struct syntax_stack own = { .depth = 0 };
	enum syntax_event event;
	size_t pos;
	size_t at = next;
	struct post_line line;

	while ((event = syntax_next(&w, &pos)) != SYNTAX_END) {
		if (event == SYNTAX_OPEN)
			syntax_push(&own, t->data[pos], pos);
		else if (event == SYNTAX_CLOSE)
			syntax_pop(&own, t->data[pos]);
	}
	if (own.depth || (w.state.where != SYNTAX_IN_CODE && c->at.where == SYNTAX_IN_CODE))
		return false;
	if (!post_opens_block(c, t->data + first->start, first->len))
		return true;
	/* Blocks of indentation end where a line is not deeper any more. */
	if (!(c->syntax->flags & SYNTAX_INDENT))
		return true;
	while (at < t->len) {
		size_t after = post_line_at(t->data, t->len, at, &line);

		if (line.len)
			return post_columns(c, t->data + line.start, line.len, NULL) <=
			       (first->start ? post_columns(c, t->data + first->start, first->len, NULL) : c->columns);
		at = after;
	}
	return false;
}

size_t post_first_useful(const struct post_input *in, const char *text, size_t len)
{
	struct post_context c;
	struct strbuf lf;
	struct post_line line;
	struct post_line first = { 0, 0 };
	size_t useful = 0;
	size_t count = 0;

	post_context_init(&c, in);
	strbuf_init(&lf, LIMIT_COMPLETION_TEXT);
	post_add_lf(&lf, text, len);
	for (size_t at = 0; at <= lf.len && !useful;) {
		size_t next = post_line_at(lf.data, lf.len, at, &line);
		size_t end = next <= lf.len ? next - 1 : lf.len;

		count += line.len > 0;
		if (count == 1 && line.len)
			first = line;
		if (line.len && (count >= EARLY_LINES || is_whole(&c, &lf, &first, end)))
			useful = end;
		at = next;
	}
	/* The document's line ends are longer. */
	for (size_t i = 0, n = useful; c.crlf && i < n; i++)
		useful += lf.data[i] == '\n';
	strbuf_release(&lf);
	post_context_release(&c);
	return useful;
}

/* The columns of the first line with text from `at` on; false if there is none. */
static bool next_columns(const struct post_context *c, const struct strbuf *t, size_t at, size_t *columns)
{
	struct post_line line;

	while (at <= t->len) {
		size_t next = post_line_at(t->data, t->len, at, &line);

		if (line.len) {
			*columns = post_columns(c, t->data + line.start, line.len, NULL);
			return true;
		}
		at = next;
	}
	return false;
}

/* The end of the block in LF text; see post_first_block(). */
static size_t block_end(const struct post_context *c, const struct strbuf *t)
{
	struct post_line line;
	size_t end = 0;
	size_t base = c->columns;
	size_t columns;

	for (size_t at = 0; at <= t->len;) {
		size_t next = post_line_at(t->data, t->len, at, &line);

		if (!line.len && !end) {
			/* The cursor's line is done: what comes makes its own block. */
			if (!next_columns(c, t, next, &base))
				return t->len;
		} else if (!line.len) {
			if (!next_columns(c, t, next, &columns) || columns <= base)
				return end;
		} else {
			columns = post_columns(c, t->data + line.start, line.len, NULL);
			/* The first line goes on where the cursor is. */
			if (!at)
				base = columns = c->head_blank ? c->columns + columns : base;
			if (columns < base && end) {
				size_t first = line.start + post_skip_blanks(t->data + line.start, line.len);

				return memchr(")]}", t->data[first], 3) ? line.start + line.len : end;
			}
			end = line.start + line.len;
		}
		at = next;
	}
	return t->len;
}

size_t post_first_block(const struct post_input *in, const char *text, size_t len)
{
	struct post_context c;
	struct strbuf lf;
	size_t end;

	post_context_init(&c, in);
	strbuf_init(&lf, LIMIT_COMPLETION_TEXT);
	post_add_lf(&lf, text, len);
	end = block_end(&c, &lf);
	for (size_t i = 0, n = end; c.crlf && i < n; i++)
		end += lf.data[i] == '\n';
	strbuf_release(&lf);
	post_context_release(&c);
	return end < len ? end : len;
}
