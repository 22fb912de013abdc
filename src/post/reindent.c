/*
 * Line breaks and indentation. Models write line ends that belong to their tags or fences, leave out
 * the one behind a comment or an opening line, indent the first line although it is indented, write
 * blocks as if they began in column 0, and use four spaces where the document has tabs. Decisions rest
 * on the cursor's line, the first line with text and the one after it, so they stay the same while the
 * answer grows.
 */
#include "eke/post/reindent.h"

#include <stdint.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"

/* The lines that decide. */
struct layout {
	bool first_blank;      /* the text begins with a line end */
	bool more;             /* there is a line with text after the first line */
	struct post_line line; /* ... the first such */
	size_t columns;        /* ... its indentation, in the document's measure */
	size_t space_unit;     /* columns that the model's spaces stand for a level with, in a document with tabs */
};

bool post_line_closes(const char *line, size_t len)
{
	static const char *const words[] = {
		"else",    "elif",   "elsif",       "except", "finally", "catch", "case",
		"default", "rescue", "ensure",      "when",   "end",     "fi",    "done",
		"esac",    "endif",  "endfunction", "endfor", "then",    "until",
	};
	size_t i = 0;

	while (i < len && (line[i] == ' ' || line[i] == '\t'))
		i++;
	if (i == len)
		return false;
	if (memchr(")]}", line[i], 3) || post_starts(line + i, len - i, "</"))
		return true;
	for (size_t k = 0; k < ARRAY_LEN(words); k++) {
		size_t n = strlen(words[k]);

		if (len - i >= n && !memcmp(line + i, words[k], n) && (len - i == n || !post_is_word(line[i + n])))
			return true;
	}
	return false;
}

static size_t leading_spaces(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && s[n] == ' ')
		n++;
	return n < len && s[n] == '\t' ? 0 : n;
}

/* Indentation as it will be in the document. */
static size_t columns_of(const struct post_context *c, const struct layout *l, const char *s, size_t len)
{
	size_t spaces = leading_spaces(s, len);

	if (!c->tabs || spaces < 2)
		return post_columns(c, s, len, NULL);
	return spaces / l->space_unit * c->unit + spaces % l->space_unit;
}

static size_t guess_space_unit(const struct post_context *c, size_t spaces)
{
	if (spaces % c->unit == 0)
		return c->unit;
	if (spaces % 4 == 0)
		return 4;
	return spaces % 2 ? c->unit : 2;
}

static void look(const struct post_context *c, const struct strbuf *t, struct layout *l)
{
	size_t at = 0;
	bool first = true;

	*l = (struct layout){ .space_unit = c->unit };
	while (at <= t->len) {
		struct post_line line;
		size_t next = post_line_at(t->data, t->len, at, &line);

		if (first && !line.len)
			l->first_blank = next <= t->len;
		if (!first && line.len) {
			l->more = true;
			l->line = line;
			break;
		}
		first = false;
		at = next;
	}
	/* The first line that is indented with spaces shows the model's level. */
	for (at = l->more ? l->line.start : t->len + 1; at <= t->len;) {
		struct post_line line;
		size_t next = post_line_at(t->data, t->len, at, &line);
		size_t spaces = leading_spaces(t->data + line.start, line.len);

		if (line.len && spaces >= 2) {
			l->space_unit = guess_space_unit(c, spaces);
			break;
		}
		at = next;
	}
	if (l->more)
		l->columns = columns_of(c, l, t->data + l->line.start, l->line.len);
}

/* --- the beginning --- */

static char last_char(const struct post_context *c)
{
	size_t n = c->head_len;

	while (n && (c->head[n - 1] == ' ' || c->head[n - 1] == '\t'))
		n--;
	return n ? c->head[n - 1] : '\0';
}

static bool line_end_is_meant_in_prose(const struct post_context *c, const struct strbuf *t,
				       const struct layout *l)
{
	char last = c->head[c->head_len - 1];

	if (last != ' ' && last != ',' && !post_is_word(last))
		return true;
	if (!l->more)
		return false;
	return memchr("#-*>|`~+=<![", t->data[l->line.start], 12) ||
	       (t->data[l->line.start] >= '0' && t->data[l->line.start] <= '9') ||
	       memchr(t->data, '\n', l->line.start) != t->data + l->line.start - 1;
}

/* The text begins with a line end, on a line that has text: does it stand for one in the document? */
static bool line_end_is_meant(const struct post_context *c, const struct strbuf *t, const struct layout *l)
{
	char last = last_char(c);
	bool spaced = c->head_len && memchr(" \t", c->head[c->head_len - 1], 2);
	bool deeper = l->more && l->columns > c->columns;

	if (!c->rest_blank)
		return post_between_brackets(c) && deeper;
	if (!post_is_code(c))
		return line_end_is_meant_in_prose(c, t, l);
	if (c->in_comment || deeper)
		return true;
	if (c->at.where == SYNTAX_IN_STRING)
		return c->at.quote == '`';
	if (last == ',')
		return l->more && l->columns >= c->columns && !spaced;
	if (last == '/' || last == '>')
		return !spaced;
	if (strchr("=.+-*&|<!?~^%\\([", last))
		return false;
	return !(spaced && post_is_word(last));
}

/*
 * Drops the lines without text at the beginning but for `keep` line ends, and the first line's blanks
 * if none is kept.
 */
static void drop_blank_lines(struct strbuf *t, size_t keep)
{
	size_t ends = 0;
	size_t text = 0;
	size_t i;

	for (i = 0; i < t->len && memchr(" \t\n", t->data[i], 3); i++) {
		if (t->data[i] == '\n') {
			ends++;
			text = i + 1;
		}
	}
	if (!keep) {
		strbuf_consume(t, i);
		return;
	}
	if (ends > keep)
		ends = keep;
	strbuf_consume(t, text);
	while (ends--)
		strbuf_splice(t, 0, 0, "\n", 1);
}

/* A line of code, as against the rest of a comment. */
static bool looks_like_code(const struct post_context *c, const char *s, size_t len)
{
	if (!len || syntax_line_is_comment(c->syntax, s, len))
		return false;
	return memchr("{;(:,)}", s[len - 1], 7) != NULL &&
	       (memchr(s, '(', len) || memchr(s, '=', len) || s[len - 1] == '{' || s[len - 1] == ';');
}

/*
 * The text begins on the cursor's line, which has text: should it have begun below? Returns the columns
 * to begin with, or SIZE_MAX for no. `as_is`: the text has its indentation.
 */
static size_t belongs_below(const struct post_context *c, const struct strbuf *t, const struct layout *l,
			    bool *as_is)
{
	char last = last_char(c);
	struct post_line first;
	size_t bytes;
	size_t given;
	bool ended;

	post_line_at(t->data, t->len, 0, &first);
	given = post_columns(c, t->data, first.len, &bytes);
	*as_is = false;
	if (!c->rest_blank || !post_is_code(c) || bytes == first.len)
		return SIZE_MAX;
	if (c->in_comment) {
		bool line_comment = c->at.where == SYNTAX_IN_LINE_COMMENT;

		return line_comment && looks_like_code(c, t->data, first.len) ? c->columns : SIZE_MAX;
	}
	if (c->at.where != SYNTAX_IN_CODE)
		return SIZE_MAX;
	ended = memchr("{;}", last, 3) || (last == ':' && (c->syntax->flags & SYNTAX_INDENT));
	if (!ended)
		return SIZE_MAX;
	*as_is = true;
	if (bytes >= 2 && (given > c->columns || (given == c->columns && last != '{' && last != ':')))
		return given;
	/* "def f():" + "x = 1\n    return x": the second line shows where the first belongs. */
	*as_is = false;
	if (post_opens_block(c, c->head, c->head_len) && l->more && l->columns > c->columns && !bytes &&
	    !post_opens_block(c, t->data, first.len) && !post_line_closes(t->data, first.len))
		return l->columns;
	return SIZE_MAX;
}

/* --- the levels --- */

/*
 * How far all lines after the first have to move to the right, if the model's first line stands at
 * `given` columns; given 0: it does not say.
 */
static long shift_of(const struct post_context *c, const struct strbuf *t, const struct layout *l, size_t given)
{
	const char *line = t->data + l->line.start;
	bool closes = post_line_closes(line, l->line.len);
	long base = (long)c->columns;
	long columns = (long)l->columns;
	long unit = (long)c->unit;
	bool indent = c->syntax->flags & SYNTAX_INDENT;
	struct strbuf above;
	struct post_line first;
	bool opens;
	bool leaves;

	if (!l->more || !post_is_code(c) || (c->syntax->flags & SYNTAX_MARKUP) || c->in_comment ||
	    c->at.where != SYNTAX_IN_CODE)
		return 0;
	if (given)
		return (long)given < base && columns >= base ? 0 : base - (long)given;
	/* Preprocessor lines, labels. */
	if (line[0] == '#' || (!indent && line[l->line.len - 1] == ':'))
		return 0;
	post_line_at(t->data, t->len, 0, &first);
	strbuf_init(&above, LIMIT_DOCUMENT);
	strbuf_add(&above, c->head, c->head_len);
	strbuf_add(&above, t->data, first.len);
	opens = post_opens_block(c, above.data, above.len);
	leaves = false;
	for (size_t i = 0; i < above.len; i++) {
		static const char *const words[] = { "return", "break", "continue", "raise", "pass" };

		if (above.data[i] == ' ' || above.data[i] == '\t')
			continue;
		for (size_t k = 0; k < ARRAY_LEN(words); k++)
			leaves |= post_starts(above.data + i, above.len - i, words[k]);
		break;
	}
	strbuf_release(&above);
	if (opens && closes)
		return columns < base && columns == 0 ? base : 0;
	if (opens) {
		if (columns > base)
			return 0;
		if (columns == 0)
			return indent ? base + unit : 0;
		return columns == unit ? base : base + unit - columns;
	}
	if (closes || columns >= base)
		return 0;
	if (!indent)
		return base - columns;
	/* A smaller indentation ends the block, unless it is none at all in the middle of one. */
	if (columns || leaves || memchr("@#", line[0], 2) || post_starts(line, l->line.len, "def ") ||
	    post_starts(line, l->line.len, "class ") || post_starts(line, l->line.len, "async ") ||
	    post_starts(line, l->line.len, "if __") || l->line.start < 1 ||
	    (l->line.start >= 2 && t->data[l->line.start - 2] == '\n' && !l->first_blank))
		return 0;
	return base;
}

/* Writes the lines after the first anew where their blanks are not the document's or have to move. */
static void rewrite(const struct post_context *c, struct strbuf *t, const struct layout *l, long shift)
{
	struct strbuf out;
	bool first = true;

	strbuf_init(&out, LIMIT_COMPLETION_TEXT);
	for (size_t at = 0; at <= t->len;) {
		const char *lf = memchr(t->data + at, '\n', t->len - at);
		size_t end = lf ? (size_t)(lf - t->data) : t->len;
		const char *line = t->data + at;
		size_t len = end - at;
		size_t bytes;
		size_t spaces = leading_spaces(line, len);
		long columns;

		post_columns(c, line, len, &bytes);
		if (first || bytes == len || (!shift && (c->tabs ? spaces < 2 : !memchr(line, '\t', bytes)))) {
			strbuf_add(&out, line, len);
		} else {
			columns = (long)columns_of(c, l, line, len) + (line[bytes] == '#' && !bytes ? 0 : shift);
			post_add_indent(c, &out, columns > 0 ? (size_t)columns : 0);
			strbuf_add(&out, line + bytes, len - bytes);
		}
		if (lf)
			strbuf_addch(&out, '\n');
		first = false;
		at = end + 1;
	}
	strbuf_move(t, &out);
}

/*
 * Blanks of the first line, on a line of blanks: the cursor stands where they end already. Returns the
 * columns that the model gave.
 */
static size_t take_first_blanks(const struct post_context *c, struct strbuf *t)
{
	size_t bytes;
	size_t given;
	struct post_line first;

	drop_blank_lines(t, 1);
	if (t->len && t->data[0] == '\n')
		strbuf_consume(t, 1);
	post_line_at(t->data, t->len, 0, &first);
	given = post_columns(c, t->data, first.len, &bytes);
	if (!c->columns)
		return 0;
	strbuf_consume(t, bytes);
	return given;
}

bool post_indent(const struct post_context *c, struct strbuf *t, bool growing)
{
	struct layout l;
	size_t given = 0;
	bool prose = !post_is_code(c);

	if (c->head_blank) {
		given = take_first_blanks(c, t);
		look(c, t, &l);
	} else {
		look(c, t, &l);
		if (l.first_blank) {
			if (!l.more && growing)
				return false;
			drop_blank_lines(t, line_end_is_meant(c, t, &l) ? 2 : 0);
		} else {
			bool as_is;
			size_t columns;

			/* Whether the first line belongs below may depend on the second. */
			if (growing && !l.more && post_opens_block(c, c->head, c->head_len))
				return false;
			columns = belongs_below(c, t, &l, &as_is);
			if (columns != SIZE_MAX) {
				struct strbuf lead;

				strbuf_init(&lead, LIMIT_COMPLETION_TEXT);
				strbuf_addch(&lead, '\n');
				if (!as_is)
					post_add_indent(c, &lead, columns);
				strbuf_splice(t, 0, 0, lead.data, lead.len);
				strbuf_release(&lead);
			}
		}
		look(c, t, &l);
	}
	if (!prose)
		rewrite(c, t, &l, shift_of(c, t, &l, c->head_blank ? given : 0));
	return true;
}
