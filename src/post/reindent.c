/*
 * Line breaks and indentation. The model's stand unless they cannot be meant: a line behind "{" or ":" that is not
 * deeper, a line that is shallower than the block it is in. Then the answer was written as if it began in column 0, or
 * where its own first line is, and moves as a whole. What is changed beside: blanks where the document has tabs, a
 * first line that belongs below the one that opens its block.
 *
 * Decisions rest on the cursor's line, the answer's first line with text and the one after it, so that they stay the
 * same while the answer grows.
 */
#include "reindent.h"

#include <stdint.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "eke/code/blocks.h"
#include "balance.h"
#include "layout.h"

/* --- where the answer begins --- */

/* Drops the lines without text at the beginning but for `keep` line ends. */
static void drop_blank_lines(struct strbuf *t, size_t keep)
{
	size_t ends = 0;
	size_t text = 0;

	for (size_t i = 0; i < t->len && memchr(" \t\n", t->data[i], 3); i++) {
		if (t->data[i] == '\n') {
			ends++;
			text = i + 1;
		}
	}
	if (ends <= keep)
		return;
	strbuf_consume(t, text);
	while (keep--)
		strbuf_splice(t, 0, 0, "\n", 1);
}

/* The cursor's line cannot end here: a blank was typed behind it, and what comes is no block of its own. */
static bool line_goes_on(const struct post_context *c, const struct strbuf *t, const struct layout *l, bool framed)
{
	char last = c->head[c->head_len - 1];
	char first = t->data[l->first.start];
	size_t end;

	/* The line end may belong to the tag. */
	if (framed && !post_is_code(c))
		return (last == ' ' || last == ',' || is_word_char(last)) && !strchr("#-*>|`~+=<![0123456789", first);
	if (framed && !c->in_comment && c->rest_blank && strchr("=.([,", last) && l->given <= c->columns)
		return true;
	if ((last != ' ' && last != '\t') || !post_is_code(c) || c->in_comment || !c->rest_blank)
		return false;
	/* Blanks behind a finished statement, or many of them, were left there: nobody waits for more. */
	end = trimmed_length(c->head, c->head_len);
	/* Nor does the answer, which begins a statement where this one does. */
	if (c->columns && l->given == c->columns && strchr(")]\"'", c->head[end - 1]))
		return false;
	return l->given <= c->columns && !strchr(";{}", c->head[end - 1]) && c->head_len - end == 1 &&
		!((c->syntax->flags & SYNTAX_MARKUP) && c->head[end - 1] == '>');
}

/* Text right of the cursor: an answer in several lines belongs between brackets. */
static bool belongs_between(const struct post_context *c, const struct layout *l)
{
	return post_between_brackets(c) && l->given > c->columns;
}

/* The first line stands behind one that opens a block: columns where it belongs below, or SIZE_MAX. */
static size_t belongs_below(const struct post_context *c, const struct strbuf *t, const struct layout *l)
{
	size_t end = trimmed_length(c->head, c->head_len);
	const char *first = t->data + l->first.start;
	bool colon = (c->syntax->flags & SYNTAX_INDENT) && c->head[end - 1] == ':';
	size_t before;
	bool block;

	if (!c->rest_blank || !post_is_code(c) || end < c->head_len || c->at.where != SYNTAX_IN_CODE || c->in_comment ||
		!c->head_opens)
		return SIZE_MAX;
	/* "{" behind a value begins one; behind ")" or a word, statements. */
	before = trimmed_length(c->head, end - 1);
	block = c->head[end - 1] == '{' && before && (c->head[before - 1] == ')' || is_word_char(c->head[before - 1]));
	if (!(colon ? !c->open.depth || c->open.pos[c->open.depth - 1] < (size_t)(c->head - c->prefix.data) : block))
		return SIZE_MAX;
	/* Its own indentation shows it, or the line after it does. */
	if (l->given > c->columns)
		return l->given;
	if (l->given || !l->more || l->columns <= c->columns || block_closes(c->syntax, first, l->first.len))
		return SIZE_MAX;
	if (!block_opens(c->syntax, first, l->first.len))
		return l->columns;
	return c->columns + c->unit < l->columns || (colon && block_opens(c->syntax, first, l->first.len))
		? c->columns + c->unit
		: SIZE_MAX;
}

/* Closing brackets in s, taken for code, that nothing opened. */
static size_t unmatched(const struct post_context *c, const char *s, size_t len, bool comment)
{
	struct syntax_walk w = { .syntax = c->syntax, .s = s, .len = len };
	struct syntax_stack own = { .depth = 0 };
	enum syntax_event event;
	size_t n = 0;
	size_t pos;

	if (comment)
		w.state.where = SYNTAX_IN_LINE_COMMENT;
	while ((event = syntax_next(&w, &pos)) != SYNTAX_END) {
		if (event == SYNTAX_OPEN)
			syntax_push(&own, s[pos], pos);
		else if (event == SYNTAX_CLOSE && !syntax_pop(&own, s[pos]))
			n++;
	}
	return n;
}

/* The cursor's line is a finished comment, and code comes: it is indented, or its brackets say so. */
static bool follows_comment(const struct post_context *c, const struct strbuf *t, const struct layout *l)
{
	const char *s = t->data + l->first.start;
	size_t blanks = skip_blanks(s, l->first.len);

	if (c->at.where != SYNTAX_IN_LINE_COMMENT || !c->rest_blank || syntax_line_is_comment(c->syntax, s, l->first.len))
		return false;
	if (!blanks && l->more && block_opens(c->syntax, s, l->first.len))
		return unmatched(c, t->data, t->len, true) > unmatched(c, t->data, t->len, false);
	return blanks >= TAB_SPACES_MIN && l->given >= c->columns &&
		(block_opens(c->syntax, s, l->first.len) || memchr("{;(:,)}", s[l->first.len - 1], 7));
}

/* The cursor's line is a finished statement, and the answer begins with its blanks again. */
static bool follows_statement(const struct post_context *c, const struct strbuf *t, const struct layout *l)
{
	size_t bytes = skip_blanks(c->head, c->head_len);
	char last = c->head[c->head_len - 1];

	return c->rest_blank && post_in_code(c) && bytes >= (size_t)(c->head[0] == '\t' ? 1 : TAB_SPACES_MIN) &&
		strchr(";})", last) && skip_blanks(t->data, t->len) == bytes && !memcmp(t->data, c->head, bytes) &&
		!syntax_line_is_comment(c->syntax, t->data + bytes, l->first.len - bytes);
}

/* --- the levels --- */

/* "#if" and labels have columns of their own. */
static bool stands_apart(const struct post_context *c, const char *line, size_t len)
{
	size_t at = skip_blanks(line, len);

	return (line[at] == '#' && !at && (c->syntax->flags & SYNTAX_CHAR)) ||
		(!(c->syntax->flags & SYNTAX_INDENT) && line[len - 1] == ':');
}

/* What stands before the line that is looked at. */
struct seam {
	bool opens; /* a block */
	bool closes; /* brackets that were open at the cursor */
	bool leaves; /* the block, by what it says or by a blank line */
};

/* The innermost bracket before the cursor has lines in it that are no deeper than its own: "namespace x {". */
static bool block_is_flat(const struct post_context *c)
{
	size_t at = c->open.pos[c->open.depth - 1];
	size_t head = (size_t)(c->head - c->prefix.data);

	for (at = post_line_start(c->prefix.data, at); at < head;) {
		struct line line;
		size_t next = line_at(c->prefix.data, c->prefix.len, at, &line);

		if (at > c->open.pos[c->open.depth - 1] && skip_blanks(c->prefix.data + at, line.len) < line.len &&
			!stands_apart(c, c->prefix.data + at, line.len) &&
			post_columns(c, c->prefix.data + at, line.len, NULL) <= c->open_columns[c->open.depth - 1])
			return true;
		at = next;
	}
	return false;
}

/* How badly a line at `columns` fits behind one at the cursor's: 0 well, 1 doubtful, 2 it cannot be. */
static int misfit(const struct post_context *c, const struct seam *seam, const char *line, size_t len, long columns)
{
	bool closes = block_closes(c->syntax, line, len);
	bool indent = (c->syntax->flags & SYNTAX_INDENT) != 0;
	/* What begins at the cursor ends there; what is below it stands below its statement. */
	long base = (long)(seam->opens ? c->base : c->columns);

	if (columns < 0)
		return 3;
	/* "else" and, below it, the bracket. */
	if (seam->opens && line[skip_blanks(line, len)] == '{' && columns == base)
		return 0;
	if (seam->opens)
		return closes ? columns == base ? 0 : 2 : columns == base + (long)c->unit ? 0 : columns > base ? 1 : 2;
	if (columns == base)
		return 0;
	if (columns > base)
		return closes ? 2 : 1;
	if (closes || seam->closes)
		return 0;
	/* Shallower: the block has ended before it, or is one of brackets that nothing closes. */
	if (!indent)
		return c->open.depth && columns <= (long)c->open_columns[c->open.depth - 1] && !block_is_flat(c) ? 2 : 1;
	if (seam->leaves)
		return 0;
	/* In a bracket lines stand as they like. */
	if (c->open.depth && columns > (long)c->open_columns[c->open.depth - 1])
		return 1;
	return columns && columns % (long)c->unit == 0 ? 1 : 2;
}

/* Does the text before the second line end the block: by a blank line, by what it says, by a definition? */
static bool block_ends_before(const struct post_context *c, const struct strbuf *t, const struct layout *l)
{
	const char *line = t->data + l->second.start;
	size_t end = l->first.start + l->first.len + 1;

	return block_is_left(t->data + l->first.start, l->first.len) || block_is_defined(line, l->second.len) ||
		strchr("@#", line[skip_blanks(line, l->second.len)]) || starts_with(line, l->second.len, "if __") ||
		(l->second.start > end && (t->data[end] == '\n' || memmem(t->data + end, l->second.start - end, "\n\n", 2))) ||
		(c->head_blank && c->above_opens && !c->columns);
}

/* The line stands after the cursor, just so: it shows that nothing is moved. */
static bool is_next_line(const struct post_context *c, const char *s, size_t len, size_t columns)
{
	return c->after_count && columns == c->after_columns &&
		is_same_line(s, len, c->suffix.data + c->after[0].start, c->after[0].len);
}

/* The cursor's line, with what the answer puts behind it. */
static bool first_opens(const struct post_context *c, const struct strbuf *t, const struct layout *l)
{
	struct strbuf line;
	bool opens;

	strbuf_init(&line, LIMIT_DOCUMENT);
	strbuf_add(&line, c->head, c->head_len);
	strbuf_add(&line, t->data + l->first.start, l->first.len);
	opens = block_opens(c->syntax, line.data, line.len);
	strbuf_release(&line);
	return opens;
}

/*
 * How far the lines have to move to the right: all after the first if that begins at the cursor, else all.
 */
static long shift_of(
	const struct post_context *c, const struct strbuf *t, const struct layout *l, const struct draft *draft, bool below)
{
	const struct line *looked = below ? &l->first : &l->second;
	const char *line = t->data + looked->start;
	long columns = (long)(below ? l->given : l->columns);
	long base = (long)(below && c->head_opens ? c->base : c->columns);
	long given = (long)l->given;
	long candidates[3] = { 0, 0, 0 };
	struct seam seam = { .closes = false };
	int best = INT32_MAX;
	long shift = 0;

	if ((!below && !l->more) || (c->syntax->flags & (SYNTAX_PROSE | SYNTAX_KEYS)) || c->in_comment ||
		c->at.where == SYNTAX_IN_STRING)
		return 0;
	if (draft->moved)
		return draft->shift;
	if (stands_apart(c, line, looked->len) || is_next_line(c, line, looked->len, (size_t)columns))
		return 0;
	seam.opens = below ? c->head_opens : first_opens(c, t, l);
	seam.closes = balance_of(c, t->data, looked->start).closed > 0;
	seam.leaves = below || block_ends_before(c, t, l);
	/*
	 * As it is; as if the first line were in column 0; relative to the first line's blanks, of which the document has
	 * some already.
	 */
	if (below || !c->head_blank || !given) {
		candidates[1] = base;
		candidates[2] = below && seam.opens && !given ? base + (long)c->unit : 0;
	} else if (given < base) {
		candidates[0] = base - given;
		candidates[1] = -given;
	} else {
		candidates[1] = base - given;
	}
	for (size_t i = 0; i < ARRAY_LEN(candidates); i++) {
		int score = misfit(c, &seam, line, looked->len, columns + candidates[i]);

		/* Nothing moves for a doubt, and to a doubtful place only what cannot stand at all. */
		if (i && candidates[0] == 0 && (best == 1 || (best == 2 && score == 1 && columns >= base)))
			continue;
		if (score < best) {
			best = score;
			shift = candidates[i];
		}
	}
	return shift;
}

/* Writes the lines from `from` on anew where their blanks are not the document's or have to move. */
static void rewrite(const struct post_context *c, struct strbuf *t, const struct layout *l, long shift, size_t from)
{
	struct syntax_walk w = { .syntax = c->syntax, .s = t->data, .len = t->len, .state = c->at };
	struct strbuf out;
	long unit = 0; /* columns of the model's level, when it is another than the document's */
	long level = 0;
	bool opened = shift && block_opens(c->syntax, t->data + l->first.start, l->first.len);

	strbuf_init(&out, LIMIT_COMPLETION_TEXT);
	for (size_t at = 0; at <= t->len;) {
		const char *lf = memchr(t->data + at, '\n', t->len - at);
		size_t end = lf ? (size_t)(lf - t->data) : t->len;
		const char *line = t->data + at;
		size_t len = end - at;
		size_t bytes = skip_blanks(line, len);
		size_t pos;
		long columns;

		while (w.at < at && syntax_next(&w, &pos) != SYNTAX_END)
			;
		/* What a string says is not moved. */
		if (at < from || bytes == len || syntax_is_fixed(&w.state) ||
			(!shift && !(l->foreign && layout_is_foreign(c, line, len)))) {
			strbuf_add(&out, line, len);
		} else {
			columns = (long)layout_columns(c, l, line, len);
			/* The first line behind one that opens a block shows the model's level. */
			if (opened && !unit) {
				level = shift + columns - (long)c->columns;
				unit = level > 0 && level < (long)c->unit && shift == (long)c->columns - (long)l->given ? level : -1;
			}
			columns += stands_apart(c, line, len) && !bytes ? 0 : shift;
			if (unit > 0 && columns > (long)c->columns)
				columns = (long)c->columns + (columns - (long)c->columns) / unit * (long)c->unit +
					(columns - (long)c->columns) % unit;
			post_add_indent(c, &out, columns > 0 ? (size_t)columns : 0);
			strbuf_add(&out, line + bytes, len - bytes);
		}
		if (lf)
			strbuf_addch(&out, '\n');
		at = end + 1;
	}
	strbuf_move(t, &out);
}

/*
 * Blanks of the first line, on a line of blanks: the cursor stands where they end already, unless they are what the
 * line still lacks.
 */
static void take_first_blanks(const struct post_context *c, struct draft *draft, const struct layout *l)
{
	struct strbuf *t = &draft->text;
	size_t bytes = skip_blanks(t->data + l->first.start, l->first.len);
	bool prose = (c->syntax->flags & SYNTAX_PROSE) != 0;
	bool below = l->first.start > 0;
	bool misses = c->above_opens && c->columns <= c->above_columns;
	bool fits = c->above_opens && c->columns == c->above_columns + c->unit;
	bool partial = c->columns % c->unit && (c->columns + l->given) % c->unit == 0;
	/* The next line stands where this one does with its blanks. */
	bool level = l->more && !fits && c->columns % c->unit && l->columns == c->columns + l->given;

	if (!l->given)
		return;
	/* Column 0 says nothing of where the line belongs. */
	if (!c->columns && !c->head_len && !draft->moved)
		return;
	if (!below && !draft->moved && l->given > 0 && !prose &&
		(misses || level || (partial && (!l->more || l->columns >= c->columns + l->given || l->columns == 0))))
		return;
	if (below && !draft->framed && c->head_len == 0)
		return;
	strbuf_splice(t, l->first.start, bytes, "", 0);
}

static bool begin_on_blank_line(const struct post_context *c, struct draft *draft, struct layout *l)
{
	struct strbuf *t = &draft->text;

	/* A line end in front of an indented line repeats the one that the user made. */
	if (draft->framed || c->head_len || c->whole_lines)
		drop_blank_lines(t, 0);
	layout_look(c, t, l);
	if (draft->growing && !l->more && l->given)
		return false;
	take_first_blanks(c, draft, l);
	return true;
}

static bool begin_on_line(const struct post_context *c, struct draft *draft, struct layout *l)
{
	struct strbuf *t = &draft->text;
	size_t below;

	layout_look(c, t, l);
	if (draft->growing && !l->more && (t->data[0] == '\n' || c->head_opens))
		return false;
	if (draft->growing && c->at.where == SYNTAX_IN_LINE_COMMENT &&
		block_opens(c->syntax, t->data + l->first.start, l->first.len))
		return false;
	if (l->first.start) {
		bool between = !c->rest_blank && belongs_between(c, l);

		if (c->rest_blank ? line_goes_on(c, t, l, draft->framed) : !between && post_is_code(c)) {
			drop_blank_lines(t, 0);
			strbuf_consume(t, skip_blanks(t->data, t->len));
		}
		return true;
	}
	below = belongs_below(c, t, l);
	if (below != SIZE_MAX || follows_statement(c, t, l) || (!draft->growing && follows_comment(c, t, l))) {
		struct strbuf lead;

		strbuf_init(&lead, LIMIT_COMPLETION_TEXT);
		strbuf_addch(&lead, '\n');
		if (!l->given)
			post_add_indent(c, &lead, below != SIZE_MAX ? below : c->columns);
		strbuf_splice(t, 0, 0, lead.data, lead.len);
		strbuf_release(&lead);
	}
	return true;
}

/* The first line on an empty one keeps its blanks, but as the document has them. Of a line alone the project tells. */
static void convert_first_blanks(const struct post_context *c, struct strbuf *t, struct layout *l)
{
	const char *line = t->data + l->first.start;
	size_t spaces = layout_leading_spaces(line, l->first.len);
	struct strbuf blanks;

	if (c->head_len || !layout_is_foreign(c, line, l->first.len) || !(l->foreign || (c->in->project_style && !l->more)))
		return;
	if (!l->foreign && spaces)
		l->space_unit = layout_guess_unit(c, spaces);
	l->foreign = true;
	strbuf_init(&blanks, LIMIT_COMPLETION_TEXT);
	post_add_indent(c, &blanks, layout_columns(c, l, line, l->first.len));
	strbuf_splice(t, l->first.start, skip_blanks(line, l->first.len), blanks.data, blanks.len);
	strbuf_release(&blanks);
}

static size_t next_line_start(const struct strbuf *t, size_t at)
{
	const char *lf = memchr(t->data + at, '\n', t->len - at);

	return lf ? (size_t)(lf - t->data) + 1 : t->len;
}

/*
 * Whether a growing text's blanks are to become tabs, or the reverse, only all of its lines tell, or one that says no.
 * False if that leaves nothing.
 */
static bool leave_out_foreign(const struct post_context *c, struct strbuf *t, struct layout *l)
{
	size_t first = l->first.start;
	size_t own = first || !c->head_len ? first : next_line_start(t, first);

	for (size_t at = own; at < t->len && !l->mixed; at = next_line_start(t, at)) {
		struct line line;

		line_at(t->data, t->len, at, &line);
		if (!layout_is_foreign(c, t->data + at, line.len))
			continue;
		strbuf_truncate(t, at);
		layout_look(c, t, l);
		return at > first;
	}
	return true;
}

bool reindent(const struct post_context *c, struct draft *draft)
{
	struct strbuf *t = &draft->text;
	struct layout l;
	size_t given;
	bool below;

	if (c->head_blank ? !begin_on_blank_line(c, draft, &l) : !begin_on_line(c, draft, &l))
		return false;
	given = l.given;
	layout_look(c, t, &l);
	if (draft->growing && !leave_out_foreign(c, t, &l))
		return false;
	below = !c->head_blank && l.first.start > 0;
	/* How far all moves is known when code comes. */
	if (draft->growing && !below && l.more && l.only_comments) {
		strbuf_truncate(t, l.second.start - 1);
		layout_look(c, t, &l);
	}
	/* What the answer gave its first line, before that went on with the cursor's. */
	if (!below)
		l.given = given;
	rewrite(c, t, &l, shift_of(c, t, &l, draft, below), below ? l.first.start : next_line_start(t, l.first.start));
	convert_first_blanks(c, t, &l);
	return true;
}
