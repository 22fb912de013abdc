/*
 * Echoes of the blocks that the cursor is in, from the line that defines them on, perhaps with other parameters,
 * another comment or documentation, or with imports before them.
 */
#include "echo_private.h"

#include <string.h>

#include "eke/base/attrs.h"
#include "eke/code/blocks.h"
#include "balance.h"

#define LINES_BACK 240 /* how far back an echo may begin */
#define HEADERS_MAX 6 /* blocks around the cursor that are looked for */

/* The lines that begin the blocks which the cursor is in, from the innermost on; only those that define something. */
static size_t find_headers(const struct post_context *c, struct line *headers)
{
	size_t end = (size_t)(c->head - c->prefix.data);
	size_t columns = c->columns;
	size_t count = 0;
	size_t lines = 0;

	while (end && columns && count < HEADERS_MAX && lines++ < LINES_BACK) {
		size_t start = post_line_start(c->prefix.data, end - 1);
		size_t own;
		struct line line;

		line_at(c->prefix.data, end - 1, start, &line);
		own = post_columns(c, c->prefix.data + start, line.len, NULL);
		if (skip_blanks(c->prefix.data + start, line.len) < line.len && own < columns &&
			!syntax_line_is_comment(c->syntax, c->prefix.data + start, line.len)) {
			columns = own;
			if (block_is_defined(c->prefix.data + start, line.len) &&
				!block_closes(c->syntax, c->prefix.data + start, line.len))
				headers[count++] = line;
		}
		end = start;
	}
	return count;
}

/* The two lines define the same, perhaps with other parameters. */
static bool is_same_header(const char *a, size_t a_len, const char *b, size_t b_len)
{
	static const char *const words[] = { "def", "function", "func", "fn", "fun", "sub", "async def" };
	const char *a_end = memchr(a, '(', a_len);
	const char *b_end = memchr(b, '(', b_len);
	size_t at = skip_blanks(b, b_len);

	if (is_same_line(a, a_len, b, b_len))
		return true;
	if (!a_end || !b_end || !is_same_line(a, (size_t)(a_end - a), b, (size_t)(b_end - b)))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (starts_with_word(b + at, b_len - at, words[i]))
			return true;
	}
	return false;
}

/* May the line stand before a repeated header: imports, comments, attributes, and what the document has as well? */
static bool is_preamble(const struct post_context *c, const char *s, size_t len)
{
	static const char *const words[] = { "import", "from", "use", "using", "package", "require", "#include", "@", "//",
		"#" };
	size_t at = skip_blanks(s, len);

	if (at == len || syntax_line_is_comment(c->syntax, s, len))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (starts_with(s + at, len - at, words[i]))
			return true;
	}
	return post_has_before(c, s, len);
}

size_t echo_skip_blank_lines(const struct strbuf *t, size_t at)
{
	while (at < t->len) {
		struct line line;
		size_t next = line_at(t->data, t->len, at, &line);

		if (skip_blanks(t->data + at, line.len) < line.len)
			break;
		at = next;
	}
	return at < t->len ? at : t->len;
}

/* Passes over a documentation string that begins at *at, blanks aside; false if there is none. */
static bool skip_documentation(const struct post_context *c, const struct strbuf *t, size_t *at)
{
	struct syntax_walk w = { .syntax = c->syntax, .s = t->data, .len = t->len, .at = *at };
	enum syntax_event event;
	size_t pos;

	while (w.at < t->len && is_blank_char(t->data[w.at]))
		w.at++;
	if (w.at == t->len || syntax_next(&w, &pos) != SYNTAX_STRING_BEGIN || !w.state.triple)
		return false;
	while ((event = syntax_next(&w, &pos)) != SYNTAX_END && event != SYNTAX_STRING_END)
		;
	if (event == SYNTAX_END)
		return false;
	while (w.at < t->len && t->data[w.at] != '\n')
		w.at++;
	*at = w.at < t->len ? w.at + 1 : w.at;
	return true;
}

/*
 * Passes over the lines of t at *at that repeat those of the document between `from` and the cursor's line; a
 * documentation in other words is one, too. True if that took in the cursor's line.
 */
static bool skip_repeated(const struct post_context *c, const struct strbuf *t, size_t from, size_t *at)
{
	size_t head = (size_t)(c->head - c->prefix.data);
	size_t mine = *at;

	/* The cursor may be behind it, in it, or before it. */
	if (skip_documentation(c, t, &mine) &&
		(skip_documentation(c, &c->prefix, &from) || (c->at.where == SYNTAX_IN_STRING && c->at.triple)))
		*at = mine;
	while (from < head) {
		struct line line;
		struct line own;
		size_t next = line_at(c->prefix.data, c->prefix.len, from, &line);

		if (skip_blanks(c->prefix.data + from, line.len) < line.len) {
			*at = echo_skip_blank_lines(t, *at);
			if (*at >= t->len)
				return false;
			mine = line_at(t->data, t->len, *at, &own);
			if (!is_same_line(c->prefix.data + from, line.len, t->data + *at, own.len))
				return false;
			*at = mine < t->len ? mine : t->len;
		}
		from = next;
	}
	return from > head && !c->head_blank;
}

void echo_learn_shift(const struct post_context *c, struct draft *draft)
{
	draft->moved = draft->text.data[0] != '\n';
	draft->shift = (long)c->columns - (long)post_columns(c, draft->text.data, draft->text.len, NULL);
}

/* Where the block whose header stood at `columns` ends in t, from `at` on. */
static size_t block_end(const struct post_context *c, const struct strbuf *t, size_t at, size_t columns)
{
	struct syntax_walk w = { .syntax = c->syntax, .s = t->data, .len = t->len, .at = at };
	size_t pos;

	while (at < t->len) {
		struct line line;
		size_t next = line_at(t->data, t->len, at, &line);

		if (line.len && w.state.where == SYNTAX_IN_CODE && post_columns(c, t->data + at, line.len, NULL) <= columns)
			/* With brackets its last line is a closer, which the next stages judge. */
			return block_closes(c->syntax, t->data + at, line.len) ? (next < t->len ? next : t->len) : at;
		while (w.at < next && syntax_next(&w, &pos) != SYNTAX_END)
			;
		at = next;
	}
	return t->len;
}

/* What goes on from `at` deeper than the cursor's line is a block of its own, that begins as one far around does. */
static bool goes_on_deeper(const struct post_context *c, const struct strbuf *t, size_t at)
{
	struct line line;

	at = echo_skip_blank_lines(t, at < t->len ? at : t->len);
	line_at(t->data, t->len, at, &line);
	return at < t->len && post_columns(c, t->data + at, line.len, NULL) > c->columns;
}

/*
 * The answer shows its text in its block: "def f(x):" again, perhaps with imports before it or in the whole class. What
 * is meant is the block's body.
 */
bool echo_drop_header(const struct post_context *c, struct draft *draft, bool wrapped)
{
	struct strbuf *t = &draft->text;
	struct line headers[HEADERS_MAX];
	size_t count = draft->growing ? 0 : find_headers(c, headers);

	if (draft->rewritten || !post_is_code(c))
		return false;
	for (size_t i = 0; i < count; i++) {
		const char *header = c->prefix.data + headers[i].start;

		for (size_t at = 0; at < t->len;) {
			struct line line;
			size_t next = line_at(t->data, t->len, at, &line);

			if (is_same_header(header, headers[i].len, t->data + at, line.len)) {
				size_t from = next < t->len ? next : t->len;
				size_t columns = post_columns(c, t->data + at, line.len, NULL);
				size_t end;

				if (i && goes_on_deeper(c, t, next))
					break;
				if (skip_repeated(c, t, headers[i].start + headers[i].len + 1, &from) && from < t->len)
					from--;
				else
					from = echo_skip_blank_lines(t, from);
				if (is_all_blank(t->data + from, t->len - from))
					break;
				end = block_end(c, t, from, columns);
				if (!wrapped)
					strbuf_truncate(t, end);
				strbuf_consume(t, from);
				echo_learn_shift(c, draft);
				draft->rewritten = true;
				return true;
			}
			if (wrapped && !is_preamble(c, t->data + at, line.len))
				break;
			at = next;
		}
	}
	return false;
}

bool echo_may_show_block(const struct post_context *c, const struct strbuf *t)
{
	struct line headers[HEADERS_MAX];
	size_t count = post_is_code(c) ? find_headers(c, headers) : 0;

	for (size_t at = 0; at < t->len && count;) {
		struct line line;
		size_t next = line_at(t->data, t->len, at, &line);

		for (size_t i = 0; i < count; i++) {
			if (is_same_header(c->prefix.data + headers[i].start, headers[i].len, t->data + at, line.len))
				return true;
		}
		if (!is_preamble(c, t->data + at, line.len))
			return false;
		at = next;
	}
	return count > 0;
}
