/*
 * Brackets and blocks. Two cases: with text right of the cursor the answer is a piece of that line
 * (fit_rest), else it is lines (fit_block). An unmatched closer in the answer closes something that was
 * open at the cursor; whether the document closes it already is told best by indentation, because
 * windows end anywhere and counting over their ends goes wrong.
 */
#include "eke/post/scope.h"

#include <string.h>

#include "eke/post/reindent.h"

/* --- text right of the cursor --- */

/* Brackets opened on the cursor's line that the rest of the line does not close. */
static size_t left_open(const struct post_context *c)
{
	size_t head = (size_t)(c->head - c->prefix.data);
	size_t n = 0;

	for (size_t i = 0; i < c->open.depth; i++)
		n += c->open.pos[i] >= head;
	return n > c->rest_closers ? n - c->rest_closers : 0;
}

/* Where the answer meets what follows on the line. */
static size_t end_on_line(const struct post_context *c, const struct strbuf *t)
{
	struct syntax_walk w = { .syntax = c->syntax, .s = t->data, .len = t->len, .state = c->at };
	struct syntax_stack own = { .depth = 0 };
	size_t skip = post_skip_blanks(c->suffix.data, c->rest_len);
	char next = c->suffix.data[skip];
	bool only_colon = c->rest_len - skip == 1 && next == ':';
	bool in_string = c->at.where == SYNTAX_IN_STRING;
	bool lines = post_between_brackets(c) && t->len && t->data[0] == '\n';
	size_t may_close = left_open(c);
	enum syntax_event event;
	size_t pos;

	while ((event = syntax_next(&w, &pos)) != SYNTAX_END) {
		switch (event) {
		case SYNTAX_NEWLINE:
			if (!own.depth && !lines && w.state.where != SYNTAX_IN_STRING)
				return pos;
			break;
		case SYNTAX_OPEN:
			if (!own.depth && t->data[pos] == '{' && next == '{')
				return pos;
			syntax_push(&own, t->data[pos], pos);
			break;
		case SYNTAX_CLOSE:
			if (syntax_pop(&own, t->data[pos]))
				break;
			if (!may_close && (c->rest_closers || !c->open.depth))
				return pos;
			if (may_close)
				may_close--;
			break;
		case SYNTAX_PUNCT:
			if (!own.depth && t->data[pos] == next && (next != ':' || only_colon))
				return pos;
			break;
		case SYNTAX_STRING_END:
			if (in_string && !c->at.triple && memchr(c->suffix.data, c->at.quote, c->rest_len))
				return pos;
			in_string = false;
			break;
		case SYNTAX_COMMENT:
		case SYNTAX_STRING_BEGIN:
		case SYNTAX_END:
			break;
		}
	}
	return t->len;
}

/* True if at `at` there is a closer, or the end of a string: end_on_line() has judged those. */
static bool is_judged(const struct post_context *c, const struct strbuf *t, size_t at)
{
	struct syntax_walk w = { .syntax = c->syntax, .s = t->data, .len = t->len, .state = c->at };
	enum syntax_event event;
	size_t pos;

	while ((event = syntax_next(&w, &pos)) != SYNTAX_END && pos <= at) {
		if (pos == at && (event == SYNTAX_CLOSE || event == SYNTAX_STRING_END))
			return true;
	}
	return at && t->data[at - 1] == '\\';
}

/* Cuts what the end of t and the rest of the line have in common. */
static void drop_overlap(const struct post_context *c, struct strbuf *t)
{
	size_t skip = post_skip_blanks(c->suffix.data, c->rest_len);
	size_t end = t->len;
	size_t rest_end = c->rest_len;

	while (end && (t->data[end - 1] == ' ' || t->data[end - 1] == '\t' || t->data[end - 1] == '\n'))
		end--;
	while (rest_end > skip && (c->suffix.data[rest_end - 1] == ' ' || c->suffix.data[rest_end - 1] == '\t'))
		rest_end--;
	for (size_t i = 0; i < end; i++) {
		size_t len = end - i;

		for (int trimmed = 0; trimmed < 2; trimmed++) {
			const char *rest = c->suffix.data + (trimmed ? skip : 0);
			size_t rest_len = rest_end - (trimmed ? skip : 0);
			size_t words = post_word_chars(t->data + i, len);
			bool enough = len == rest_len || !i || (len >= 3 && words >= 3) || !words;

			if (!enough || len > rest_len || memcmp(t->data + i, rest, len) != 0)
				continue;
			if (post_is_code(c) && is_judged(c, t, i))
				continue;
			strbuf_truncate(t, i);
			return;
		}
	}
}

static void fit_rest(const struct post_context *c, struct strbuf *t)
{
	size_t end;

	if (post_is_code(c)) {
		end = end_on_line(c, t);
	} else {
		const char *lf = memchr(t->data, '\n', t->len);

		end = lf ? (size_t)(lf - t->data) : t->len;
	}
	strbuf_truncate(t, end);
	drop_overlap(c, t);
}

/* --- lines --- */

struct block {
	const struct post_context *c;
	const struct strbuf *t;
	struct syntax_stack own;
	size_t line;        /* where the present line begins */
	size_t columns;     /* its indentation in the document */
	size_t closed;      /* brackets open at the cursor that the text has closed */
	bool closed_here;   /* ... on this line, as its first character */
	bool opens;         /* the cursor's line opens a block */
	bool blank_before;  /* the line above is blank */
};

static bool begins_line(const struct block *b, size_t pos)
{
	return post_blank(b->t->data + b->line, pos - b->line) && (b->line || b->c->head_blank);
}

/*
 * An unmatched closer at `pos`: does it belong to the document's text after the cursor, or to nothing?
 */
static bool closer_is_foreign(struct block *b, size_t pos)
{
	const struct post_context *c = b->c;
	char closer = b->t->data[pos];
	const struct post_closer *after = c->closer_count ? &c->closers[0] : NULL;
	bool begins = begins_line(b, pos);
	size_t head = (size_t)(c->head - c->prefix.data);
	size_t opener = c->open.depth - b->closed;
	bool known = false;

	/*
	 * What is left open inside its pair is the scanner's mistake, such as a bracket in a regular
	 * expression.
	 */
	while (opener && !known)
		known = c->open.opener[--opener] == syntax_opener_of(closer);
	if (known)
		b->closed = c->open.depth - opener;
	/* What it closes was opened above the window, or nowhere: believe it if it steps out. */
	else if (!begins || b->columns >= c->columns)
		return true;
	if (!begins) {
		if (known && c->open.pos[opener] >= head)
			return false;
		return after && after->closer == closer;
	}
	if (after && after->begins_line)
		return after->columns >= b->columns;
	if (after)
		return after->closer == closer;
	return c->after_count && c->after_columns > b->columns;
}

/* A line at `next` in a language of indentation: does it leave the block? */
static bool line_leaves(const struct block *b, size_t next)
{
	const struct post_context *c = b->c;
	const char *s = b->t->data + next;
	const char *lf = memchr(s, '\n', b->t->len - next);
	size_t len = lf ? (size_t)(lf - s) : b->t->len - next;
	size_t columns = post_columns(c, s, len, NULL);

	if (!(c->syntax->flags & SYNTAX_INDENT) || post_blank(s, len) || post_line_closes(s, len))
		return false;
	if (b->opens && columns <= c->columns && b->blank_before)
		return true;
	if (columns >= c->columns)
		return false;
	return !columns || b->blank_before || (c->after_count && c->after_columns > columns);
}

/* At a line end in code outside brackets. True if the block ends with it. */
static bool block_ends(const struct block *b, size_t pos)
{
	const char *s = b->t->data;
	size_t i = pos + 1;

	if (b->closed_here) {
		if (!b->columns)
			return true;
		i += post_skip_blanks(s + i, b->t->len - i);
		if (i < b->t->len && s[i] == '\n')
			return true;
	}
	return pos + 1 < b->t->len && line_leaves(b, pos + 1);
}

static size_t end_of_block(const struct post_context *c, const struct strbuf *t)
{
	struct syntax_walk w = { .syntax = c->syntax, .s = t->data, .len = t->len, .state = c->at };
	struct block b = {
		.c = c, .t = t, .columns = c->columns, .opens = post_opens_block(c, c->head, c->head_len)
	};
	enum syntax_event event;
	size_t pos;

	while ((event = syntax_next(&w, &pos)) != SYNTAX_END) {
		if (event == SYNTAX_OPEN) {
			syntax_push(&b.own, t->data[pos], pos);
		} else if (event == SYNTAX_CLOSE && !syntax_pop(&b.own, t->data[pos])) {
			if (closer_is_foreign(&b, pos))
				return begins_line(&b, pos) ? b.line : pos;
			b.closed_here |= begins_line(&b, pos);
		} else if (event == SYNTAX_NEWLINE) {
			b.blank_before = b.line && post_blank(t->data + b.line, pos - b.line);
			if (!b.own.depth && w.state.where == SYNTAX_IN_CODE && block_ends(&b, pos))
				return pos;
			b.line = pos + 1;
			b.columns = post_columns(c, t->data + b.line, t->len - b.line, NULL);
			b.closed_here = false;
		}
	}
	return t->len;
}

void post_scope(const struct post_context *c, struct strbuf *text)
{
	if (!c->rest_blank && !c->whole_lines)
		fit_rest(c, text);
	else if (post_is_code(c) && !(c->syntax->flags & SYNTAX_MARKUP))
		strbuf_truncate(text, end_of_block(c, text));
}
