/*
 * The order of the stages, and what a growing answer may show. The stages that fit a text in run until their result
 * does not change any more, so that a result put in again comes out as it is; most answers are stable after the second
 * round, which then only checks.
 *
 * First do no harm: what is provably wrapping comes off; every other change needs evidence in the document, and what
 * leaves is never worse formed together with its surroundings than what came.
 */
#include "eke/post/post.h"

#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/utf.h"
#include "eke/code/blocks.h"
#include "eke/post/context.h"
#include "draft.h"
#include "echo.h"
#include "overlap.h"
#include "reindent.h"
#include "talk.h"
#include "trim.h"
#include "unwrap.h"

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

/* From text meant for the document to what fits. `info`: what it was taken out of. */
static enum post_verdict fit(
	const struct post_context *c, struct draft *draft, const struct unwrap_info *info)
{
	struct strbuf *t = &draft->text;
	bool bare = c->in->source == POST_CHAT && !info->wrapped && !info->closed;

	if (!echo_drop(c, draft, info->wrapped || c->in->source == POST_FIM))
		return POST_WAIT;
	if (is_all_blank(t->data, t->len))
		return POST_DUPLICATE;
	/* Without its echo it may be nothing else. */
	if (c->in->source == POST_CHAT && talk_is_all(c, t->data, t->len))
		return POST_PROSE;
	if (!reindent(c, draft))
		return POST_WAIT;
	overlap_cut(c, draft);
	if (is_all_blank(t->data, t->len))
		return POST_DUPLICATE;
	trim_talk(c, t, bare);
	if (is_all_blank(t->data, t->len))
		return POST_PROSE;
	trim_repetition(c, draft);
	trim_lines(c, t);
	trim_end(c, t);
	if (is_all_blank(t->data, t->len))
		return POST_EMPTY;
	return overlap_is_all(c, t) ? POST_DUPLICATE : POST_INSERT;
}

/* One round: raw answer with LF line ends in, text in draft. */
static enum post_verdict run(const struct post_context *c, const char *raw, size_t len, struct draft *draft,
	struct unwrap_info *info)
{
	struct strbuf *text = &draft->text;
	bool open = c->in->finish == POST_OPEN;

	switch (unwrap(c, raw, len, info, draft)) {
	case UNWRAP_NOTHING:
		return open && !info->closed ? POST_WAIT : POST_EMPTY;
	case UNWRAP_TALK:
		return open ? POST_WAIT : POST_PROSE;
	case UNWRAP_TEXT:
		break;
	}
	/*
	 * Talk may still precede or follow what has no tags, and tags may. What stands before text on the
	 * line waits for its end.
	 */
	if (open && c->in->source == POST_CHAT && !info->wrapped)
		return POST_WAIT;
	if (open && !info->closed) {
		if (!c->rest_blank)
			return POST_WAIT;
		drop_half_line(text);
		if (is_all_blank(text->data, text->len))
			return POST_WAIT;
		draft->growing = true;
		return fit(c, draft, info);
	}
	if (c->in->finish == POST_CUT && !info->closed && memchr(text->data, '\n', text->len)) {
		struct strbuf whole;

		strbuf_init(&whole, LIMIT_COMPLETION_TEXT);
		strbuf_add(&whole, text->data, text->len);
		drop_half_line(&whole);
		if (!is_all_blank(whole.data, whole.len))
			strbuf_move(text, &whole);
		strbuf_release(&whole);
	}
	return fit(c, draft, info);
}

static bool same(const struct strbuf *a, const struct strbuf *b)
{
	return a->len == b->len && !memcmp(a->data, b->data, a->len);
}

/*
 * Fits the text in again until it stays. What a growing answer may show must stay at once.
 */
static enum post_verdict settle(
	struct post_context *c, struct strbuf *text, const struct unwrap_info *info)
{
	const struct post_input *in = c->in;
	struct post_input again = *in;
	struct unwrap_info whole = { .closed = true, .wrapped = info->wrapped };
	enum post_verdict verdict = POST_EMPTY;

	again.finish = POST_STOP;
	c->in = &again;
	for (int i = 0; i < ROUNDS; i++) {
		struct draft next = { .growing = false };
		bool stays;

		strbuf_init(&next.text, LIMIT_COMPLETION_TEXT);
		strbuf_add(&next.text, text->data, text->len);
		verdict = fit(c, &next, &whole);
		stays = verdict == POST_INSERT && same(text, &next.text);
		if (verdict == POST_INSERT && !stays && in->finish != POST_OPEN)
			strbuf_move(text, &next.text);
		strbuf_release(&next.text);
		if (verdict != POST_INSERT || stays)
			break;
		verdict = in->finish == POST_OPEN ? POST_WAIT : POST_EMPTY;
		if (in->finish == POST_OPEN)
			break;
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

enum post_verdict post_process_at(struct post_context *c, const struct post_input *in, struct strbuf *out)
{
	struct post_input capped = *in;
	struct unwrap_info info;
	struct draft draft = { .growing = false };
	struct strbuf raw;
	enum post_verdict verdict;

	strbuf_reset(out);
	capped.answer_len = utf8_cut(in->answer, in->answer_len, LIMIT_COMPLETION);
	if (capped.answer_len < in->answer_len && in->finish == POST_STOP)
		capped.finish = POST_CUT;
	c->in = &capped;
	strbuf_init(&raw, LIMIT_COMPLETION);
	strbuf_init(&draft.text, LIMIT_COMPLETION_TEXT);
	post_add_lf(&raw, capped.answer, capped.answer_len);

	verdict = run(c, raw.data, raw.len, &draft, &info);
	if (verdict == POST_INSERT)
		verdict = settle(c, &draft.text, &info);
	/* What a growing answer says so far may be nothing, and still become something. */
	if (verdict != POST_INSERT && in->finish == POST_OPEN)
		verdict = POST_WAIT;
	if (verdict == POST_INSERT)
		add_with_line_ends(out, &draft.text, c->crlf);
	if (out->full) {
		strbuf_reset(out);
		verdict = POST_EMPTY;
	}
	strbuf_release(&raw);
	strbuf_release(&draft.text);
	c->in = NULL;
	return verdict;
}

enum post_verdict post_process(const struct post_input *in, struct strbuf *out)
{
	struct post_context c;
	enum post_verdict verdict;

	post_context_init(&c, in);
	verdict = post_process_at(&c, in, out);
	post_context_release(&c);
	return verdict;
}

/*
 * True if text[0..len), of which the last line has just ended, is a statement or block by itself.
 * `first` is its first line with text.
 */
static bool is_whole(const struct post_context *c, const struct strbuf *t, const struct line *first, size_t next)
{
	struct syntax_walk w = { .syntax = c->syntax, .s = t->data, .len = next, .state = c->at };
	struct syntax_stack own = { .depth = 0 };
	enum syntax_event event;
	size_t pos;
	size_t at = next;
	struct line line;

	while ((event = syntax_next(&w, &pos)) != SYNTAX_END) {
		if (event == SYNTAX_OPEN)
			syntax_push(&own, t->data[pos], pos);
		else if (event == SYNTAX_CLOSE)
			syntax_pop(&own, t->data[pos]);
	}
	if (own.depth || (w.state.where != SYNTAX_IN_CODE && c->at.where == SYNTAX_IN_CODE))
		return false;
	if (!block_opens(c->syntax, t->data + first->start, first->len))
		return true;
	/* Blocks of indentation end where a line is not deeper any more. */
	if (!(c->syntax->flags & SYNTAX_INDENT))
		return true;
	while (at < t->len) {
		size_t after = line_at(t->data, t->len, at, &line);

		if (line.len)
			return post_columns(c, t->data + line.start, line.len, NULL) <=
				(first->start ? post_columns(c, t->data + first->start, first->len, NULL) : c->columns);
		at = after;
	}
	return false;
}

size_t post_first_useful(const struct post_context *c, const char *text, size_t len)
{
	struct strbuf lf;
	struct line line;
	struct line first = { 0, 0 };
	size_t useful = 0;
	size_t count = 0;

	strbuf_init(&lf, LIMIT_COMPLETION_TEXT);
	post_add_lf(&lf, text, len);
	for (size_t at = 0; at <= lf.len && !useful;) {
		size_t next = line_at(lf.data, lf.len, at, &line);
		size_t end = next <= lf.len ? next - 1 : lf.len;

		count += line.len > 0;
		if (count == 1 && line.len)
			first = line;
		if (line.len && (count >= EARLY_LINES || is_whole(c, &lf, &first, end)))
			useful = end;
		at = next;
	}
	/* The document's line ends are longer. */
	for (size_t i = 0, n = useful; c->crlf && i < n; i++)
		useful += lf.data[i] == '\n';
	strbuf_release(&lf);
	return useful;
}

/* The columns of the first line with text from `at` on; false if there is none. */
static bool next_columns(const struct post_context *c, const struct strbuf *t, size_t at, size_t *columns)
{
	struct line line;

	while (at <= t->len) {
		size_t next = line_at(t->data, t->len, at, &line);

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
	struct syntax_walk w = { .syntax = c->syntax, .s = t->data, .len = t->len, .state = c->at };
	struct line line;
	size_t end = 0;
	size_t base = c->columns;
	size_t columns;
	size_t pos;

	for (size_t at = 0; at <= t->len;) {
		size_t next = line_at(t->data, t->len, at, &line);

		while (w.at < at && syntax_next(&w, &pos) != SYNTAX_END)
			;
		if (at && syntax_is_fixed(&w.state)) {
			/* What a string says has columns of its own. */
			end = line.start + line.len;
		} else if (!line.len && !end) {
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
				size_t first = line.start + skip_blanks(t->data + line.start, line.len);

				return memchr(")]}", t->data[first], 3) ? line.start + line.len : end;
			}
			end = line.start + line.len;
		}
		at = next;
	}
	return t->len;
}

size_t post_first_block(const struct post_context *c, const char *text, size_t len)
{
	struct strbuf lf;
	size_t end;

	strbuf_init(&lf, LIMIT_COMPLETION_TEXT);
	post_add_lf(&lf, text, len);
	end = block_end(c, &lf);
	/* What follows on the line stays on a line of its own. */
	if (!c->rest_blank && is_all_blank(lf.data + end, lf.len - end))
		end = lf.len;
	for (size_t i = 0, n = end; c->crlf && i < n; i++)
		end += lf.data[i] == '\n';
	strbuf_release(&lf);
	return end < len ? end : len;
}

size_t post_replaced(const struct post_context *c, const char *text, size_t len)
{
	struct strbuf lf;
	size_t replaced = 0;

	strbuf_init(&lf, LIMIT_COMPLETION_TEXT);
	post_add_lf(&lf, text, len);
	if (!c->rest_blank && !c->whole_lines && post_is_code(c))
		replaced = overlap_replaced(c, &lf);
	strbuf_release(&lf);
	return replaced;
}
