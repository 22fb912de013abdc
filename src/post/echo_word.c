/*
 * Echoes of what the cursor's line ends with: the word that the cursor is in, a keyword, a phrase, a quote, a dot.
 */
#include "echo_private.h"

#include <string.h>

#include "eke/base/attrs.h"

#define PHRASE_MAX 240 /* bytes of the end of the line that are looked at */
#define PHRASE_WORDS 12 /* word characters of a repeated end of the line */
#define WORD_MIN 2 /* letters of the word under the cursor */

/* The word that the cursor stands behind is begun once more: "ge" + "getName". */
static bool drop_word(const struct post_context *c, struct strbuf *t)
{
	size_t start = c->head_len;
	size_t len;

	while (start && is_word_char(c->head[start - 1]))
		start--;
	len = c->head_len - start;
	if (count_word_chars(c->head + start, len) < WORD_MIN || (c->head[start] >= '0' && c->head[start] <= '9') ||
		t->len <= len || memcmp(t->data, c->head + start, len) != 0)
		return false;
	strbuf_consume(t, len);
	return true;
}

/* The end of the line, too long to be said twice. In a string, from its quote on. */
static bool drop_phrase(const struct post_context *c, struct strbuf *t)
{
	if (c->head_blank || !t->len || is_blank_char(t->data[0]))
		return false;
	for (size_t k = c->head_len > PHRASE_MAX ? c->head_len - PHRASE_MAX : 1; k < c->head_len; k++) {
		const char *p = c->head + k;
		size_t len = c->head_len - k;
		size_t words = count_word_chars(p, len);
		bool string = c->at.where == SYNTAX_IN_STRING && !c->at.triple && p[0] == c->at.quote;
		size_t end;

		if (!string && (!is_word_char(p[0]) || is_word_char(p[-1]) || (p[0] >= '0' && p[0] <= '9')))
			continue;
		if (words < (string ? WORD_MIN + 1 : PHRASE_WORDS) || (!string && !memchr(p, ' ', trimmed_length(p, len))))
			continue;
		if (echo_match(p, len, t->data, t->len, &end) == MATCH_FULL && !memchr(t->data, '\n', end) &&
			echo_cut(c, t, end))
			return true;
	}
	return false;
}

/* The line ends, and s begins, with three quotes; text follows there. */
static bool is_quoted(const struct post_context *c, const char *s, char q)
{
	const char *end = c->head + c->head_len - 3;

	return (q == '"' || q == '\'') && end[0] == q && end[1] == q && end[2] == q && s[0] == q && s[1] == q &&
		s[2] == q && s[3] != '\n' && s[3] != q;
}

/* A string just begun is begun once more: x = " + "hello" */
static bool drop_quote(const struct post_context *c, struct strbuf *t)
{
	const char *lf = memchr(t->data, '\n', t->len);
	size_t line = lf ? (size_t)(lf - t->data) : t->len;
	size_t quotes = 0;
	char q = c->at.quote;

	/* Three quotes are typed, and three come with text behind them; or the first of three is typed. */
	if (c->at.where == SYNTAX_IN_STRING && c->at.triple && c->head_len >= 3 && line > 3 && is_quoted(c, t->data, q)) {
		strbuf_consume(t, 3);
		return true;
	}
	if ((c->syntax->flags & SYNTAX_TRIPLE) && t->len > 1 && t->data[1] == q)
		return false;
	if (c->at.where != SYNTAX_IN_STRING || c->at.triple || c->head_blank || c->head[c->head_len - 1] != q || line < 2 ||
		t->data[0] != q || (c->head_len > 1 && c->head[c->head_len - 2] == '\\'))
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

/* A keyword does not follow itself: "x if " + "if y"; nor "<" and "@" of a tag or an attribute. */
static bool drop_keyword(const struct post_context *c, struct strbuf *t)
{
	static const char *const words[] = {
		"if", "in", "for", "return", "and", "or", "not", "is", "def", "class", "function", "new", "const",
		"let", "var", "while", "with", "as", "from", "import", "await", "async", "elif", "public", "private",
		"static", "fn", "func",
	};
	size_t end = trimmed_length(c->head, c->head_len);
	char last = c->head_len ? c->head[c->head_len - 1] : '\0';

	if (!post_in_code(c) || c->head_blank)
		return false;
	if (t->len > 1 && t->data[0] == last && is_word_char(t->data[1]) &&
		((last == '<' && (c->syntax->flags & SYNTAX_MARKUP)) || (last == '@' && (c->syntax->flags & SYNTAX_INDENT)))) {
		strbuf_consume(t, 1);
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(words) && end < c->head_len; i++) {
		size_t n = strlen(words[i]);

		if (end < n || memcmp(c->head + end - n, words[i], n) != 0 || (end > n && is_word_char(c->head[end - n - 1])) ||
			!starts_with_word(t->data, t->len, words[i]) || t->len <= n || t->data[n] != ' ')
			continue;
		strbuf_consume(t, n + 1);
		return true;
	}
	return false;
}

/* "foo." + ".bar" */
static bool drop_dot(const struct post_context *c, struct strbuf *t)
{
	bool dot = c->head_len > 1 && c->head[c->head_len - 1] == '.' && is_word_char(c->head[c->head_len - 2]) &&
		!(c->head[c->head_len - 2] >= '0' && c->head[c->head_len - 2] <= '9');

	if (!dot || !post_in_code(c) || t->len < 2 || t->data[0] != '.' || !is_word_char(t->data[1]))
		return false;
	strbuf_consume(t, 1);
	return true;
}

/* One blank is typed and one comes: a habit of tokens. More are an alignment. */
static bool drop_space(const struct post_context *c, struct strbuf *t)
{
	if (c->head_blank || c->head_len < 2 || c->head[c->head_len - 1] != ' ' ||
		is_blank_char(c->head[c->head_len - 2]) || t->len < 2 || t->data[0] != ' ' || is_blank_char(t->data[1]))
		return false;
	strbuf_consume(t, 1);
	return true;
}

bool echo_drop_word(const struct post_context *c, struct strbuf *t)
{
	return drop_word(c, t) || drop_keyword(c, t) || drop_phrase(c, t) || drop_quote(c, t) || drop_dot(c, t) ||
		drop_space(c, t);
}
