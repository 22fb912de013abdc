/*
 * What follows the cursor. An overlap reaches to the answer's end: a line in its middle that looks like the next one is
 * a sibling. It begins in no bracket and no block that the answer opened itself, since what follows is not in there.
 * And brackets and blocks alone tell where the answer leaves the place that it was asked for (balance.c).
 */
#include "overlap.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"
#include "eke/code/blocks.h"
#include "balance.h"

#define SHORT_LINE 4 /* word characters; below it indentation must agree */
#define OVERLAP_WORDS 2 /* word characters that prove an overlap that reaches to the end */
#define SKIPPED_WORDS 14 /* ... if lines after the cursor were left out */
#define EARLY_WORDS 20 /* ... if it does not reach to the end */
#define OVERLAP_SKIP 5 /* lines after the cursor that the answer may have left out */
#define WORK_MAX ((size_t)1024 * 1024) /* bytes of the answer that are read to prove overlaps */

/* --- the answer's lines --- */

struct own_line {
	struct line at;
	size_t columns; /* in the document */
	size_t depth; /* brackets that the answer has opened before it */
	bool in_block; /* of a shallower line of the answer */
	bool in_place; /* it begins in the comment, string or code that the cursor is in */
};

struct lines {
	struct own_line *line; /* those with text */
	size_t count;
	size_t disorder; /* of all of it, once `work` is more than 0 */
	size_t work; /* bytes that were read to prove overlaps */
};

static void lines_of(const struct post_context *c, const struct strbuf *t, struct lines *out)
{
	struct syntax_walk w = { .syntax = c->syntax, .s = t->data, .len = t->len, .state = c->at };
	struct syntax_stack own = { .depth = 0 };
	size_t room = 0;
	size_t least = c->columns;

	*out = (struct lines){ .count = 0 };
	for (size_t at = 0; at <= t->len;) {
		struct own_line line = { .depth = 0 };
		size_t next = line_at(t->data, t->len, at, &line.at);
		enum syntax_event event;
		size_t pos;

		while (w.at < at && (event = syntax_next(&w, &pos)) != SYNTAX_END) {
			if (event == SYNTAX_OPEN)
				syntax_push(&own, t->data[pos], pos);
			else if (event == SYNTAX_CLOSE)
				syntax_pop(&own, t->data[pos]);
		}
		if (skip_blanks(t->data + at, line.at.len) < line.at.len) {
			line.columns = post_columns(c, t->data + at, line.at.len, NULL) + (at ? 0 : c->columns);
			line.depth = own.depth;
			line.in_place = w.state.where == c->at.where && w.state.quote == c->at.quote;
			line.in_block = line.columns > least;
			if (line.columns < least)
				least = line.columns;
			if (out->count == room) {
				room = room ? 2 * room : 64;
				out->line = xreallocarray(out->line, room, sizeof(*out->line));
			}
			out->line[out->count++] = line;
		}
		at = next;
	}
}

/* --- lines below the cursor's --- */

static size_t after_columns(const struct post_context *c, const struct line *theirs)
{
	return post_columns(c, c->suffix.data + theirs->start, theirs->len, NULL) + (theirs->start ? 0 : c->columns);
}

static bool same_line(
	const struct post_context *c, const struct strbuf *t, const struct own_line *mine, const struct line *theirs)
{
	const char *a = t->data + mine->at.start;
	const char *b = c->suffix.data + theirs->start;
	bool own_line = theirs->start || c->whole_lines;

	if (!own_line || (!mine->at.start && !c->head_blank) || !is_same_line(a, mine->at.len, b, theirs->len))
		return false;
	return count_word_chars(a, mine->at.len) >= SHORT_LINE || mine->columns == after_columns(c, theirs);
}

/* What ends a block, or a comment, cannot stand twice in the same column. */
static bool is_end(const struct post_context *c, const char *s, size_t len)
{
	size_t at = skip_blanks(s, len);
	const char *block_end = c->syntax->block_end;

	if (block_end && starts_with(s + at, len - at, block_end))
		return true;
	if ((c->syntax->flags & SYNTAX_TRIPLE) &&
		(starts_with(s + at, len - at, "\"\"\"") || starts_with(s + at, len - at, "'''")))
		return true;
	return (c->syntax->flags & SYNTAX_END_WORDS) && block_closes(c->syntax, s, len) && !block_opens(c->syntax, s, len);
}

/* Tags "</name" in text[0..len) without their "<name". */
static bool is_unmatched_tag(const char *text, size_t len, const char *tag, size_t tag_len)
{
	size_t opened = 0;
	size_t closed = 0;
	size_t n = 2;

	while (n < tag_len && (is_word_char(tag[n]) || strchr("-:.", tag[n])))
		n++;
	for (size_t i = 0; i + n <= len; i++) {
		if (text[i] != '<')
			continue;
		if (!memcmp(text + i, tag, n))
			closed++;
		else if (!memcmp(text + i + 1, tag + 2, n - 2) && !is_word_char(text[i + n - 1]))
			opened++;
	}
	return closed > opened;
}

/* The same line is both above and below: a table, where lines are alike. */
static bool is_repetitive(
	const struct post_context *c, const struct strbuf *t, const struct lines *l, size_t i)
{
	const char *above = i ? t->data + l->line[i - 1].at.start : c->prefix.data + c->above.start;
	size_t len = i ? l->line[i - 1].at.len : c->head_blank ? c->above.len : 0;

	return is_same_line(t->data + l->line[i].at.start, l->line[i].at.len, above, len);
}

/* The line is in a bracket or block of the answer's. In a comment there are none. */
static bool is_inside(const struct post_context *c, const struct strbuf *t, const struct own_line *line)
{
	bool comment = c->in_comment &&
		(c->at.where != SYNTAX_IN_LINE_COMMENT ||
			syntax_line_is_comment(c->syntax, t->data + line->at.start, line->at.len));

	return !comment && (line->depth || line->in_block || !line->in_place);
}

/* An overlap of the answer's lines from i on with the document's behind `skip`. */
struct overlap {
	size_t i;
	size_t skip;
	size_t lines;
	size_t words;
};

/* The lines that an answer may have left out: none of them begins or ends a block, or is outside of it. */
static bool may_be_left_out(const struct post_context *c, size_t count, size_t columns)
{
	for (size_t i = 0; i < count; i++) {
		const char *s = c->suffix.data + c->after[i].start;

		if (after_columns(c, &c->after[i]) < columns || block_opens(c->syntax, s, c->after[i].len) ||
			block_closes(c->syntax, s, c->after[i].len))
			return false;
	}
	return true;
}

/*
 * Is the answer in better order from the line on than before it? Where thousands of lines are alike not all of them are
 * looked at.
 */
static bool leaves_order(
	const struct post_context *c, const struct strbuf *t, struct lines *l, size_t at, size_t *before)
{
	if (!l->work)
		l->disorder = balance_disorder(c, t->data, t->len);
	l->work += at + 1;
	if (l->work > WORK_MAX)
		return true;
	*before = balance_disorder(c, t->data, at);
	return *before > l->disorder;
}

/* Is it no accident? */
static bool is_proven(
	const struct post_context *c, const struct strbuf *t, struct lines *l, const struct overlap *o)
{
	const struct own_line *line = &l->line[o->i];
	const char *s = t->data + line->at.start;
	size_t at = skip_blanks(s, line->at.len);
	bool columns = line->columns == after_columns(c, &c->after[o->skip]);
	bool code = post_is_code(c) && !(c->syntax->flags & SYNTAX_MARKUP);
	bool inside = code && is_inside(c, t, line);
	size_t before = 0;

	/* What follows does not go into a block that the answer opened. */
	if (code && leaves_order(c, t, l, line->at.start, &before))
		return false;
	/* What stands before the cursor too, and others behind it, is a sibling. */
	if (o->skip)
		return code && !c->in_comment && !inside && !syntax_line_is_comment(c->syntax, s, line->at.len) &&
			may_be_left_out(c, o->skip, line->columns) &&
			o->words >= SKIPPED_WORDS &&
			(o->lines > 1 || block_is_left(s, line->at.len)) && !post_has_before(c, s, line->at.len) && columns &&
			count_word_chars(s, line->at.len) >= SHORT_LINE && !(c->syntax->flags & SYNTAX_KEYS);
	if (line->at.len > at + 2 && s[at] == '<' && s[at + 1] == '/' && !code)
		return is_unmatched_tag(t->data, t->len, s + at, line->at.len - at);
	if (columns && (line->in_place || c->in_comment) && is_end(c, s, line->at.len))
		return true;
	/* Brackets alone are judged where they stand. */
	if (code && columns && before < l->disorder && o->words)
		return true;
	return o->words >= OVERLAP_WORDS && (columns || o->words >= SKIPPED_WORDS || !code) &&
		!(o->lines == 1 && is_repetitive(c, t, l, o->i));
}

/* The document's next lines, and then others: only where it cannot be a sibling. */
static bool is_early(
	const struct post_context *c, const struct strbuf *t, const struct lines *l, const struct overlap *o)
{
	const struct own_line *line = &l->line[o->i];
	bool code = post_is_code(c) && !(c->syntax->flags & SYNTAX_MARKUP);
	bool inside = code && is_inside(c, t, line);
	const char *end = t->data + l->line[o->i + o->lines - 1].at.start;
	bool says = memchr(t->data + line->at.start, '(', (size_t)(end - t->data) - line->at.start + 1) != NULL;

	return o->i && !o->skip && !inside && o->words >= EARLY_WORDS && line->columns == after_columns(c, &c->after[0]) &&
		(o->lines > 1 ? says || !code
					  : block_is_defined(t->data + line->at.start, line->at.len) &&
					memchr(t->data + line->at.start, '(', line->at.len));
}

/*
 * The first line of t that begins an overlap, t's line count if none does; *open: one that could still
 * become one.
 */
static size_t find_overlap(const struct post_context *c, const struct strbuf *t, struct lines *l, size_t *open)
{
	*open = l->count;
	for (size_t i = 0; i < l->count; i++) {
		for (size_t skip = 0; skip < OVERLAP_SKIP && skip < c->after_count; skip++) {
			struct overlap o = { .i = i, .skip = skip };

			while (i + o.lines < l->count && skip + o.lines < c->after_count &&
				same_line(c, t, &l->line[i + o.lines], &c->after[skip + o.lines])) {
				o.words += count_word_chars(t->data + l->line[i + o.lines].at.start, l->line[i + o.lines].at.len);
				o.lines++;
			}
			if (!o.lines)
				continue;
			if (i + o.lines == l->count && *open == l->count)
				*open = i;
			if (i + o.lines == l->count ? is_proven(c, t, l, &o) : is_early(c, t, l, &o))
				return i;
		}
	}
	return l->count;
}

/* --- together --- */

/* Back to the beginning of the line if only blanks stand before `at` on it. */
static size_t line_before(const struct strbuf *t, size_t at)
{
	size_t start = post_line_start(t->data, at);

	return start && is_all_blank(t->data + start, at - start) ? start : at;
}

void overlap_cut(const struct post_context *c, struct draft *draft)
{
	struct strbuf *t = &draft->text;
	struct lines l;
	size_t open;
	size_t cut;

	if (!c->rest_blank && !c->whole_lines)
		overlap_fit_rest(c, t);
	lines_of(c, t, &l);
	cut = find_overlap(c, t, &l, &open);
	if (draft->growing && open < cut)
		cut = open;
	if (cut < l.count)
		strbuf_truncate(t, l.line[cut].at.start);
	free(l.line);
	if ((c->rest_blank || c->whole_lines) && !(c->syntax->flags & (SYNTAX_PROSE | SYNTAX_MARKUP))) {
		size_t end = line_before(t, balance_end(c, t->data, t->len, !draft->growing));

		/* What is left alone by the cut would be worse than what is closed twice without it. */
		if (draft->growing || !balance_is_worse(c, t->data, end, t->len))
			strbuf_truncate(t, end);
	}
}

/* Text of several lines whose first does not stand in the column of the first below the cursor. */
static bool stands_elsewhere(const struct post_context *c, const struct strbuf *t)
{
	struct line line = { 0, 0 };
	size_t next = 0;

	while (next <= t->len && skip_blanks(t->data + line.start, line.len) == line.len)
		next = line_at(t->data, t->len, next, &line);
	return next <= t->len && c->after_count && (line.start || !c->head_len) &&
	       post_columns(c, t->data + line.start, line.len, NULL) != after_columns(c, &c->after[0]);
}

bool overlap_is_all(const struct post_context *c, const struct strbuf *t)
{
	size_t i = 0;
	size_t k = 0;
	size_t first = skip_blanks(t->data, t->len);

	/* A piece of the cursor's line cannot be the line below. */
	if (c->rest_blank && !c->head_blank && first < t->len && t->data[first] != '\n')
		return false;
	/* Where lines are alike they stand in other columns. */
	if (c->rest_blank && post_is_code(c) && stands_elsewhere(c, t))
		return false;
	if (c->rest_blank || c->whole_lines) {
		size_t words = count_word_chars(t->data, t->len);

		if (words < SHORT_LINE)
			return false;
	} else if (!is_word_char(t->data[t->len - 1])) {
		return false;
	}
	for (;;) {
		while (i < t->len && memchr(" \t\n", t->data[i], 3))
			i++;
		while (k < c->suffix.len && memchr(" \t\n", c->suffix.data[k], 3))
			k++;
		if (i == t->len)
			return c->rest_blank || c->whole_lines || !(k < c->rest_len && is_word_char(c->suffix.data[k]));
		if (k == c->suffix.len || t->data[i++] != c->suffix.data[k++])
			return false;
	}
}
