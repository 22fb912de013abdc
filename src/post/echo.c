/*
 * Echoes of the prefix. Models repeat all of it, its last lines, the cursor's line, the last word, or
 * only the quote that was typed; blanks they get wrong, so matching ignores them. What is too short to
 * be told from a real continuation is left alone. Each kind is taken off until none is left, so that
 * the result has no echo to find.
 */
#include "eke/post/echo.h"

#include <stdio.h>
#include <string.h>

#include "eke/base/attrs.h"

#define ROUNDS 16
#define LINES_BACK 240       /* how far back an echo may begin */
#define LINES_WORDS 8        /* word characters an echo of whole lines must have */
#define PHRASE_MAX 240       /* bytes of the end of the line that are looked at */
#define PHRASE_WORDS 3       /* ... of the end of the line */
#define LAST_WORD_WORDS 2    /* ... of the last word */

enum match { MATCH_NO, MATCH_PARTIAL, MATCH_FULL };

static bool is_blank_char(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/*
 * Compares without blanks. FULL: t begins with p, *end is where it ends in t. PARTIAL: p begins with
 * all of t, *end is how far in p.
 */
static enum match match(const char *p, size_t p_len, const char *t, size_t t_len, size_t *end)
{
	size_t i = 0;
	size_t k = 0;
	size_t last = 0;

	for (;;) {
		while (i < p_len && is_blank_char(p[i]))
			i++;
		if (i == p_len) {
			*end = last;
			return MATCH_FULL;
		}
		while (k < t_len && is_blank_char(t[k]))
			k++;
		if (k == t_len) {
			*end = i;
			return MATCH_PARTIAL;
		}
		if (p[i] != t[k])
			return MATCH_NO;
		i++;
		last = ++k;
	}
}

static size_t skip_spaces(const struct strbuf *t, size_t at)
{
	while (at < t->len && (t->data[at] == ' ' || t->data[at] == '\t'))
		at++;
	return at;
}

/* --- the cursor mark --- */

static size_t cursor_mark(const struct post_context *c, const struct strbuf *t, size_t from, size_t *len)
{
	char mark[32];
	char bare[32];

	if (c->in->mark) {
		snprintf(mark, sizeof(mark), "<CURSOR%u/>", c->in->mark);
		snprintf(bare, sizeof(bare), "<CURSOR%u>", c->in->mark);
	} else {
		snprintf(mark, sizeof(mark), "<CURSOR/>");
		snprintf(bare, sizeof(bare), "<CURSOR>");
	}
	for (size_t i = from; i < t->len; i++) {
		const char *lt = memchr(t->data + i, '<', t->len - i);

		if (!lt)
			break;
		i = (size_t)(lt - t->data);
		if (post_starts(lt, t->len - i, mark)) {
			*len = strlen(mark);
			return i;
		}
		if (post_starts(lt, t->len - i, bare)) {
			*len = strlen(bare);
			return i;
		}
	}
	return t->len;
}

/*
 * Before a mark in the first line stands the cursor's line; any other mark is where the model would
 * leave the cursor.
 */
static void drop_cursor_marks(const struct post_context *c, struct strbuf *t)
{
	size_t len = 0;
	size_t at = cursor_mark(c, t, 0, &len);
	size_t end;

	if (at < t->len && !memchr(t->data, '\n', at) && at &&
	    (post_blank(t->data, at) ||
	     (!c->head_blank && match(c->head, c->head_len, t->data, at, &end) == MATCH_FULL && end + 1 >= at)))
		strbuf_consume(t, at + len);
	while ((at = cursor_mark(c, t, 0, &len)) < t->len)
		strbuf_splice(t, at, len, "", 0);
}

/* --- whole lines and the cursor's line --- */

/* Marks at the beginning of a line that models like to repeat with its text. */
static bool is_line_mark(const struct post_context *c, const char *s, size_t len)
{
	static const char *const marks[] = { "-",  "*",      "+",   ">", "|",  "@",   "///",  "/**",
					     "/*", "\"\"\"", "'''", "#", "##", "###", "####", "<" };

	for (int k = 0; k < 2; k++) {
		if (c->syntax->line[k] && len == strlen(c->syntax->line[k]) && !memcmp(s, c->syntax->line[k], len))
			return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		if (len == strlen(marks[i]) && !memcmp(s, marks[i], len))
			return true;
	}
	return false;
}

/*
 * Is repeating p, which reaches to the cursor, an echo rather than a continuation that looks the same?
 */
static bool significant(const struct post_context *c, const char *p, size_t len, bool whole_lines)
{
	size_t words = post_word_chars(p, len);

	if (whole_lines)
		return words >= LINES_WORDS;
	if (words)
		return true;
	while (len && is_blank_char(*p)) {
		p++;
		len--;
	}
	while (len && is_blank_char(p[len - 1]))
		len--;
	return is_line_mark(c, p, len);
}

/* Cuts the echo that ends at `end` off t. False if it does not end where it would have to. */
static bool cut_echo(const struct post_context *c, struct strbuf *t, size_t end)
{
	size_t next = skip_spaces(t, end);

	if (c->head_blank) {
		/* The echo ended with a whole line. */
		if (next < t->len && t->data[next] != '\n')
			return false;
		strbuf_consume(t, next < t->len ? next + 1 : next);
		return true;
	}
	if (is_blank_char(c->head[c->head_len - 1])) {
		size_t last = c->head_len;

		while (is_blank_char(c->head[last - 1]))
			last--;
		/* "if " is not repeated by "iffy". */
		if (post_is_word(c->head[last - 1]) && end < t->len && post_is_word(t->data[end]))
			return false;
		end = next;
	}
	strbuf_consume(t, end);
	return true;
}

static bool line_is_blank(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len && (s[i] == ' ' || s[i] == '\t'))
		i++;
	return i == len || s[i] == '\n';
}

/*
 * An echo that begins at a line's start, the farthest first: a longer echo contains the shorter ones.
 * `undecided` is set if the text could become one.
 */
static bool drop_lines(const struct post_context *c, struct strbuf *t, bool growing, bool *undecided)
{
	const char *text = c->prefix.data;
	size_t len = c->prefix.len;
	size_t from = len;
	size_t head = (size_t)(c->head - text);

	for (size_t lines = 0; from && lines < LINES_BACK; from--)
		lines += text[from - 1] == '\n';
	for (; from < len; from++) {
		bool whole = from < head;
		size_t end;

		if (from && text[from - 1] != '\n')
			continue;
		/* A blank line matches nothing by itself: begin with text. */
		if (line_is_blank(text + from, len - from))
			continue;
		switch (match(text + from, len - from, t->data, t->len, &end)) {
		case MATCH_NO:
			break;
		case MATCH_PARTIAL:
			if (growing) {
				*undecided = true;
				return false;
			}
			/* All of it is lines above, and the cursor's line is what it did not get to. */
			if (whole && !c->head_blank && from + end >= head &&
			    significant(c, text + from, head - from, true)) {
				strbuf_reset(t);
				return true;
			}
			if (!whole && post_word_chars(t->data, t->len) >= PHRASE_WORDS) {
				strbuf_reset(t);
				return true;
			}
			break;
		case MATCH_FULL:
			if (significant(c, text + from, len - from, whole) && cut_echo(c, t, end))
				return true;
			break;
		}
	}
	return false;
}

/* --- the end of the cursor's line --- */

static bool drop_phrase(const struct post_context *c, struct strbuf *t)
{
	if (c->head_blank || !t->len || is_blank_char(t->data[0]))
		return false;
	for (size_t k = c->head_len > PHRASE_MAX ? c->head_len - PHRASE_MAX : 1; k < c->head_len; k++) {
		const char *p = c->head + k;
		size_t len = c->head_len - k;
		size_t words = post_word_chars(p, len);
		size_t end;
		bool last_word;

		bool string = c->at.where == SYNTAX_IN_STRING && p[0] == c->at.quote;

		if (!string && (!post_is_word(p[0]) || post_is_word(p[-1]) || (p[0] >= '0' && p[0] <= '9')))
			continue;
		last_word = true;
		for (size_t i = 0; last_word && i < len && !string; i++)
			last_word = post_is_word(p[i]) || post_blank(p + i, len - i);
		if (words < (last_word ? LAST_WORD_WORDS : PHRASE_WORDS))
			continue;
		if (match(p, len, t->data, t->len, &end) == MATCH_FULL && cut_echo(c, t, end))
			return true;
	}
	return false;
}

/* A string just begun is begun once more: x = " + "hello" */
static bool drop_quote(const struct post_context *c, struct strbuf *t)
{
	const char *lf = memchr(t->data, '\n', t->len);
	size_t line = lf ? (size_t)(lf - t->data) : t->len;
	size_t quotes = 0;
	char q = c->at.quote;

	if (c->at.where != SYNTAX_IN_STRING || c->at.triple || c->head_blank || c->head[c->head_len - 1] != q ||
	    line < 2 || t->data[0] != q || (c->head_len > 1 && c->head[c->head_len - 2] == '\\'))
		return false;
	for (size_t i = 0; i < line; i++) {
		if (t->data[i] == '\\')
			i++;
		else
			quotes += t->data[i] == q;
	}
	/* An odd number closes the empty string and goes on. */
	if (quotes % 2)
		return false;
	strbuf_consume(t, 1);
	return true;
}

/* "foo." + ".bar" */
static bool drop_dot(const struct post_context *c, struct strbuf *t)
{
	bool dot = c->head_len > 1 && c->head[c->head_len - 1] == '.' && c->head[c->head_len - 2] != '.';

	if (!dot || !post_in_code(c) || t->len < 2 || t->data[0] != '.' || !post_is_word(t->data[1]))
		return false;
	strbuf_consume(t, 1);
	return true;
}

static bool drop_spaces(const struct post_context *c, struct strbuf *t)
{
	size_t n = skip_spaces(t, 0);

	if (c->head_blank || !is_blank_char(c->head[c->head_len - 1]) || !n)
		return false;
	strbuf_consume(t, n);
	return true;
}

enum post_echo_result post_echo(const struct post_context *c, struct strbuf *text, bool growing)
{
	drop_cursor_marks(c, text);
	for (int i = 0; i < ROUNDS; i++) {
		bool undecided = false;

		if (drop_lines(c, text, growing, &undecided))
			continue;
		if (undecided)
			return POST_ECHO_UNDECIDED;
		if (drop_phrase(c, text) || drop_quote(c, text) || drop_dot(c, text) || drop_spaces(c, text))
			continue;
		break;
	}
	return POST_ECHO_DONE;
}
