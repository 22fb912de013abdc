/*
 * Echoes of the prefix. Models repeat all of it, the block that the cursor is in, the cursor's line, the word that it
 * is in, or only the quote that was typed; blanks they get wrong, so matching ignores them. Code repeats itself, too:
 * what a right continuation could look like is left alone. Each kind is taken off until none is left, so that the
 * result has no echo to find.
 */
#include "echo.h"

#include <stdio.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/code/blocks.h"
#include "balance.h"

#define ROUNDS 16
#define LINES_BACK 240 /* how far back an echo may begin */
#define SHORT_WORDS 4 /* ... if the beginning of the cursor's line is among them */
#define LINES_WORDS 8 /* word characters an echo of whole lines must have */
#define LINE_WORDS 16 /* ... of the line above alone */
#define SIBLING_LINES 3 /* lines of an echo that begins with a neighbour of the cursor's line, and … */
#define SIBLING_WORDS 40 /* … their word characters: less may be a line written twice */
#define PHRASE_MAX 240 /* bytes of the end of the line that are looked at */
#define PHRASE_WORDS 12 /* word characters of a repeated end of the line */
#define AGAIN_WORDS 3       /* word characters of a suggestion that is said again */
#define WORD_MIN 2 /* letters of the word under the cursor */
#define HEADERS_MAX 6 /* blocks around the cursor that are looked for */

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
	return at + skip_blanks(t->data + at, t->len - at);
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
		if (starts_with(lt, t->len - i, mark)) {
			*len = strlen(mark);
			return i;
		}
		if (starts_with(lt, t->len - i, bare)) {
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
		(is_all_blank(t->data, at) ||
			(!c->head_blank && match(c->head, c->head_len, t->data, at, &end) == MATCH_FULL && end + 1 >= at)))
		strbuf_consume(t, at + len);
	while ((at = cursor_mark(c, t, 0, &len)) < t->len)
		strbuf_splice(t, at, len, "", 0);
}

/* --- whole lines and the cursor's line --- */

/* Marks at the beginning of a line that models like to repeat with its text. */
static bool is_line_mark(const struct post_context *c, const char *s, size_t len)
{
	static const char *const marks[] = { "-", "*", "+", ">", "|", "@", "///", "/**", "/*", "\"\"\"", "'''", "#", "##",
		"###", "####", "<" };

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
 * Is repeating p, which reaches to the cursor, an echo rather than a continuation that looks the same? Whole lines are
 * one if they begin outside of the cursor's block, or are too many to be written twice.
 */
static bool significant(const struct post_context *c, const char *p, size_t len, bool whole_lines)
{
	size_t words = count_word_chars(p, len);

	if (whole_lines) {
		const char *lf = memchr(p, '\n', len);
		size_t lines = 0;

		/* Lines and the beginning of the cursor's line: nothing goes on like that. */
		if (!c->head_blank)
			return words >= SHORT_WORDS;
		if (!lf)
			return false;
		/* Lines that the cursor's is inside of. A tag may be so of its like. */
		if (post_is_code(c) && post_columns(c, p, len, NULL) < c->columns &&
			!(c->syntax->flags & (SYNTAX_MARKUP | SYNTAX_ELEMENTS)))
			return words >= WORD_MIN;
		if (words < LINES_WORDS)
			return false;
		if (post_is_code(c) && post_columns(c, p, len, NULL) < c->columns)
			return true;
		if (p == c->prefix.data + c->above.start)
			return words >= LINE_WORDS;
		for (size_t i = 0; i < len; i++)
			lines += p[i] == '\n';
		return lines >= SIBLING_LINES && words >= SIBLING_WORDS;
	}
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

/* The line's beginning again, blanks and all: "  --" + "  --x". Without a word it must be so to the letter. */
static bool is_same_start(const struct post_context *c, const struct strbuf *t, size_t end)
{
	bool blanks = c->head[0] == ' ' || c->head[0] == '\t';

	return blanks && end < t->len && t->len > c->head_len && !memcmp(t->data, c->head, c->head_len);
}

/* "- " + "- x". Without the blank "#" + "# x" may be meant, but for comments. */
static bool is_mark_again(const struct post_context *c, const struct strbuf *t, size_t end)
{
	bool blank = is_blank_char(c->head[c->head_len - 1]);
	size_t at = skip_blanks(c->head, c->head_len);

	return significant(c, c->head, c->head_len, false) && end < t->len && is_blank_char(t->data[end]) &&
		(blank || syntax_line_is_comment(c->syntax, c->head + at, c->head_len - at));
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
		if (is_word_char(c->head[last - 1]) && end < t->len && is_word_char(t->data[end]))
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
 * Text follows on the line: what the answer says behind the echo closes what the document closes there, or nothing.
 * Else "x[" + "x[1] = 2" is no echo.
 */
static bool agrees_with_rest(const struct post_context *c, const struct strbuf *t, size_t from)
{
	size_t k = skip_blanks(c->suffix.data, c->rest_len);
	size_t i;

	if (c->head_blank || c->rest_blank || !post_is_code(c))
		return true;
	for (i = from + balance_end(c, t->data + from, t->len - from, true); i < t->len && k < c->rest_len; i++, k++) {
		if (t->data[i] == '\n')
			return true;
		if (t->data[i] != c->suffix.data[k])
			return false;
	}
	return true;
}

/* A bracket on a line of its own, below which the cursor is, comes again and nothing closes it. */
static bool opens_again(const struct post_context *c, const struct strbuf *t, size_t end)
{
	struct balance whole = balance_of(c, t->data, t->len);
	struct balance rest = balance_of(c, t->data + end, t->len - end);

	return c->head_blank && c->above_columns < c->columns && whole.open + whole.orphans > rest.open + rest.orphans;
}

/*
 * An echo that begins at a line's start, the farthest first: a longer echo contains the shorter ones.
 * `undecided` is set if the text could become one.
 */
static bool drop_lines(const struct post_context *c, struct strbuf *t, bool growing, bool *undecided)
{
	/* Below the cursor's line stands one that begins like it. */
	bool below = !c->head_blank && t->len && t->data[0] == '\n' && !is_blank_char(c->head[c->head_len - 1]);
	const char *text = c->prefix.data;
	size_t len = c->prefix.len;
	size_t from = len;
	size_t head = (size_t)(c->head - text);

	if (below)
		return false;
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
			if (whole && !c->head_blank && from + end >= head && count_word_chars(t->data, t->len) >= LINES_WORDS &&
				significant(c, text + from, head - from, true)) {
				strbuf_reset(t);
				return true;
			}
			/* Its end was cut off. Else it is an answer that looks like the line's beginning. */
			if (!whole && c->in->finish == POST_CUT && count_word_chars(t->data, t->len) >= PHRASE_WORDS) {
				strbuf_reset(t);
				return true;
			}
			break;
		case MATCH_FULL:
			if (!whole && !count_word_chars(text + from, len - from)) {
				if (!is_same_start(c, t, end) && !is_mark_again(c, t, end))
					break;
			} else if (!significant(c, text + from, len - from, whole)) {
				/* Only the whole tells whether what it opens again is closed. */
				if (growing && whole && from >= c->above.start) {
					*undecided = true;
					return false;
				}
				if (!whole || !opens_again(c, t, end))
					break;
			}
			if (!agrees_with_rest(c, t, end))
				break;
			if (cut_echo(c, t, end))
				return true;
			break;
		}
	}
	return false;
}

/* --- the end of the cursor's line --- */

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
		if (match(p, len, t->data, t->len, &end) == MATCH_FULL && !memchr(t->data, '\n', end) && cut_echo(c, t, end))
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
		"if",
		"in",
		"for",
		"return",
		"and",
		"or",
		"not",
		"is",
		"def",
		"class",
		"function",
		"new",
		"const",
		"let",
		"var",
		"while",
		"with",
		"as",
		"from",
		"import",
		"await",
		"async",
		"elif",
		"public",
		"private",
		"static",
		"fn",
		"func",
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

/* --- the blocks around the cursor --- */

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

/* The line stands somewhere before the cursor. */
static bool is_in_prefix(const struct post_context *c, const char *s, size_t len)
{
	for (size_t at = 0; at < c->prefix.len;) {
		struct line line;
		size_t next = line_at(c->prefix.data, c->prefix.len, at, &line);

		if (is_same_line(s, len, c->prefix.data + at, line.len))
			return true;
		at = next;
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
	return is_in_prefix(c, s, len);
}

/* The first of the lines of t from `at` on that has text. */
static size_t skip_blank_lines(const struct strbuf *t, size_t at)
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
			*at = skip_blank_lines(t, *at);
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

/* What is left begins with the line that the cursor is on: where that stands shows where the others belong. */
static void learn_shift(const struct post_context *c, struct draft *draft)
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

/*
 * The answer shows its text in its block: "def f(x):" again, perhaps with imports before it or in the whole class. What
 * is meant is the block's body.
 */
static bool drop_header(const struct post_context *c, struct draft *draft, bool wrapped)
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

				if (skip_repeated(c, t, headers[i].start + headers[i].len + 1, &from) && from < t->len)
					from--;
				else
					from = skip_blank_lines(t, from);
				if (is_all_blank(t->data + from, t->len - from))
					break;
				end = block_end(c, t, from, columns);
				if (!wrapped)
					strbuf_truncate(t, end);
				strbuf_consume(t, from);
				learn_shift(c, draft);
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

/* Of a growing text: do all of its lines lead up to a repeated header, or is one there? */
static bool may_show_block(const struct post_context *c, const struct strbuf *t)
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

/*
 * The answer is the line above, which stands there twice already, and nothing else: the same thing said again.
 */
static bool is_said_again(const struct post_context *c, const struct strbuf *t)
{
	const char *s = c->prefix.data;
	size_t end = c->above.start;
	struct line before = { 0, 0 };

	if (!c->head_blank || !c->above.len || count_word_chars(t->data, t->len) < AGAIN_WORDS || c->whole_lines ||
		!is_same_line(t->data, trimmed_length(t->data, t->len), s + c->above.start, c->above.len))
		return false;
	while (end && !before.len) {
		size_t start = post_line_start(s, end - 1);

		line_at(s, end - 1, start, &before);
		end = start;
	}
	return is_same_line(s + before.start, before.len, s + c->above.start, c->above.len);
}

/* --- together --- */

bool echo_drop(const struct post_context *c, struct draft *draft, bool wrapped)
{
	struct strbuf *text = &draft->text;

	drop_cursor_marks(c, text);
	if (draft->growing && may_show_block(c, text))
		return false;
	for (int i = 0; i < ROUNDS; i++) {
		bool undecided = false;

		if (drop_header(c, draft, wrapped))
			continue;
		if (drop_lines(c, text, draft->growing, &undecided)) {
			if (c->head_blank && text->len) {
				strbuf_consume(text, skip_blank_lines(text, 0));
				learn_shift(c, draft);
			}
			continue;
		}
		if (undecided)
			return false;
		if (drop_word(c, text) || drop_keyword(c, text) || drop_phrase(c, text) || drop_quote(c, text) ||
			drop_dot(c, text) || drop_space(c, text))
			continue;
		break;
	}
	if (is_said_again(c, text)) {
		/* Of a growing text another line may follow. */
		if (draft->growing)
			return false;
		strbuf_reset(text);
	}
	return true;
}
