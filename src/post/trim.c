/*
 * The end of the answer. Lines are compared as text without blanks, short ones with their indentation,
 * too: "}" says nothing by itself. A vector of the answer's lines with text lives during one call.
 */
#include "eke/post/trim.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"
#include "eke/base/utf.h"
#include "eke/post/talk.h"

#define SHORT_LINE 4         /* word characters; below it indentation must agree */
#define OVERLAP_WORDS 8      /* word characters that prove an overlap that is not at the end */
#define OVERLAP_SKIP 5       /* lines after the cursor that the answer may have left out */
#define PERIOD_MAX 8         /* lines of a block that is repeated */
#define COPIES 3
#define COPIES_SHORT 5       /* ... of a single short line: tables have such rows */
#define LONG_LINE 120        /* bytes; repetition inside shorter lines is no endless one */
#define UNIT_MAX 60
#define UNIT_COPIES 6

struct lines {
	struct post_line *line; /* those with text */
	size_t count;
};

static void lines_of(const struct strbuf *t, struct lines *out)
{
	size_t room = 0;

	*out = (struct lines){ .count = 0 };
	for (size_t at = 0; at <= t->len;) {
		struct post_line line;
		size_t next = post_line_at(t->data, t->len, at, &line);

		if (!post_blank(t->data + line.start, line.len)) {
			if (out->count == room) {
				room = room ? 2 * room : 64;
				out->line = xreallocarray(out->line, room, sizeof(*out->line));
			}
			out->line[out->count++] = line;
		}
		at = next;
	}
}

/* --- talk --- */

void post_trim_talk(const struct post_context *c, struct strbuf *t)
{
	struct syntax_walk w = { .syntax = c->syntax, .s = t->data, .len = t->len, .state = c->at };
	enum syntax_event event = SYNTAX_NEWLINE;
	size_t pos = 0;
	size_t at = 0;
	bool blank_above = false;
	bool continues_comment = c->in_comment;

	if (!post_is_code(c))
		return;
	for (; event != SYNTAX_END; event = syntax_next(&w, &pos)) {
		struct post_line line;
		bool blank;

		if (event != SYNTAX_NEWLINE)
			continue;
		at = w.at;
		post_line_at(t->data, t->len, at, &line);
		blank = post_blank(t->data + at, line.len);
		if (!blank && !continues_comment && w.state.where == SYNTAX_IN_CODE &&
		    (post_is_placeholder(c, t->data + at, line.len) ||
		     (blank_above && post_is_talk(c, t->data + at, line.len)))) {
			strbuf_truncate(t, at);
			return;
		}
		continues_comment = false;
		blank_above = blank && at;
	}
}

/* --- what follows the cursor --- */

static bool same_text(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t i = 0;
	size_t k = 0;

	for (;;) {
		while (i < a_len && (a[i] == ' ' || a[i] == '\t'))
			i++;
		while (k < b_len && (b[k] == ' ' || b[k] == '\t'))
			k++;
		if (i == a_len || k == b_len)
			return i == a_len && k == b_len;
		if (a[i++] != b[k++])
			return false;
	}
}

static size_t line_columns(const struct post_context *c, const char *text, const struct post_line *line)
{
	return post_columns(c, text + line->start, line->len, NULL) + (line->start ? 0 : c->columns);
}

static bool same_columns(const struct post_context *c, const struct strbuf *t, const struct post_line *mine,
			 const struct post_line *theirs)
{
	return line_columns(c, t->data, mine) == line_columns(c, c->suffix.data, theirs);
}

static bool same_line(const struct post_context *c, const struct strbuf *t, const struct post_line *mine,
		      const struct post_line *theirs)
{
	const char *a = t->data + mine->start;
	const char *b = c->suffix.data + theirs->start;
	bool own_line = theirs->start || c->whole_lines;

	if (!own_line || (!mine->start && !c->head_blank) || !same_text(a, mine->len, b, theirs->len))
		return false;
	return post_word_chars(a, mine->len) >= SHORT_LINE || same_columns(c, t, mine, theirs);
}

/* Brackets alone prove nothing in code: the scope stage has judged them. */
static bool enough(const struct post_context *c, size_t words, size_t skipped)
{
	if (skipped)
		return words >= OVERLAP_WORDS;
	return words >= 2 || !post_is_code(c) || (c->syntax->flags & SYNTAX_MARKUP);
}

/*
 * The first line of t that begins an overlap, t's line count if none does; *open: one that could still
 * become one.
 */
static size_t find_overlap(const struct post_context *c, const struct strbuf *t, const struct lines *l,
			   size_t *open)
{
	*open = l->count;
	for (size_t i = 0; i < l->count; i++) {
		for (size_t skip = 0; skip < OVERLAP_SKIP && skip < c->after_count; skip++) {
			size_t n = 0;
			size_t words = 0;

			while (i + n < l->count && skip + n < c->after_count &&
			       same_line(c, t, &l->line[i + n], &c->after[skip + n])) {
				words += post_word_chars(t->data + l->line[i + n].start, l->line[i + n].len);
				n++;
			}
			if (!n)
				continue;
			if (i + n == l->count) {
				if (*open == l->count)
					*open = i;
				if (enough(c, words, skip))
					return i;
			} else if (words >= OVERLAP_WORDS &&
				   (n >= 2 || (!skip && same_columns(c, t, &l->line[i], &c->after[0])))) {
				return i;
			}
		}
	}
	return l->count;
}

bool post_is_after_cursor(const struct post_context *c, const struct strbuf *t)
{
	size_t i = 0;
	size_t k = 0;
	size_t first = 0;

	while (first < t->len && (t->data[first] == ' ' || t->data[first] == '\t'))
		first++;
	/* A piece of the cursor's line cannot be the line below. */
	if (c->rest_blank && !c->head_blank && first < t->len && t->data[first] != '\n')
		return false;
	if (post_word_chars(t->data, t->len) < SHORT_LINE && (c->rest_blank || c->whole_lines))
		return false;
	for (;;) {
		while (i < t->len && memchr(" \t\n", t->data[i], 3))
			i++;
		while (k < c->suffix.len && memchr(" \t\n", c->suffix.data[k], 3))
			k++;
		if (i == t->len)
			return true;
		if (k == c->suffix.len || t->data[i++] != c->suffix.data[k++])
			return false;
	}
}

/* --- repetition --- */

static bool equal(const struct strbuf *t, const struct post_line *a, const struct post_line *b)
{
	return a->len == b->len && !memcmp(t->data + a->start, t->data + b->start, a->len);
}

/*
 * The line that begins the second copy of a block repeated up to the end, or the line count; *open: of
 * one that may become such.
 */
static size_t find_repetition(const struct strbuf *t, const struct lines *l, size_t *open)
{
	size_t cut = l->count;

	*open = l->count;
	for (size_t period = 1; period <= PERIOD_MAX && period < l->count; period++) {
		size_t run = 0;
		size_t copies = COPIES;

		while (run + period < l->count &&
		       equal(t, &l->line[l->count - 1 - run], &l->line[l->count - 1 - run - period]))
			run++;
		if (!run)
			continue;
		if (period == 1 && post_word_chars(t->data + l->line[l->count - 1].start,
						   l->line[l->count - 1].len) < SHORT_LINE)
			copies = COPIES_SHORT;
		if (l->count - run < *open)
			*open = l->count - run;
		if (run >= (copies - 1) * period && l->count - run < cut)
			cut = l->count - run;
	}
	return cut;
}

/* Bytes of a line that are left when the endless repetition at its end is cut to one copy. */
static size_t without_loop(const char *s, size_t len)
{
	for (size_t unit = 3; unit <= UNIT_MAX && len > LONG_LINE; unit++) {
		size_t run = 0;

		while (run + unit < len && s[len - 1 - run] == s[len - 1 - run - unit])
			run++;
		if (run >= (UNIT_COPIES - 1) * unit && post_word_chars(s + len - unit, unit)) {
			size_t keep = len - run;

			while (keep && !utf8_is_boundary(s, len, keep))
				keep--;
			return keep;
		}
	}
	return len;
}

static void cut_at_line(struct strbuf *t, const struct lines *l, size_t i)
{
	if (i < l->count)
		strbuf_truncate(t, l->line[i].start);
}

void post_trim_repeats(const struct post_context *c, struct strbuf *t, bool growing)
{
	struct lines l;
	size_t overlap_open;
	size_t repetition_open;
	size_t cut;
	size_t hold;

	lines_of(t, &l);
	cut = find_overlap(c, t, &l, &overlap_open);
	hold = overlap_open;
	if (cut == l.count || growing) {
		size_t repetition = find_repetition(t, &l, &repetition_open);

		if (repetition < cut)
			cut = repetition;
		if (repetition_open < hold)
			hold = repetition_open;
	}
	if (growing && l.count && l.line[l.count - 1].len > LONG_LINE && hold == l.count)
		hold--;
	if (growing && hold < cut)
		cut = hold;
	cut_at_line(t, &l, cut);
	if (!growing && cut == l.count && l.count) {
		const struct post_line *last = &l.line[l.count - 1];
		size_t keep = without_loop(t->data + last->start, last->len);

		if (keep < last->len)
			strbuf_truncate(t, last->start + keep);
	}
	free(l.line);
}

/* --- length and end --- */

void post_trim_lines(const struct post_context *c, struct strbuf *t)
{
	size_t max = c->in->single_line ? 1 : c->max_lines;
	size_t at = 0;

	for (size_t n = 0; at <= t->len; n++) {
		const char *lf = memchr(t->data + at, '\n', t->len - at);

		if (!lf)
			return;
		if (n + 1 == max) {
			strbuf_truncate(t, (size_t)(lf - t->data));
			return;
		}
		at = (size_t)(lf - t->data) + 1;
	}
}

static void trim_line_ends(struct strbuf *t)
{
	size_t out = 0;

	for (size_t i = 0; i < t->len; i++) {
		if (t->data[i] == '\n') {
			while (out && (t->data[out - 1] == ' ' || t->data[out - 1] == '\t'))
				out--;
		}
		t->data[out++] = t->data[i];
	}
	strbuf_truncate(t, out);
}

void post_trim_end(const struct post_context *c, struct strbuf *t)
{
	size_t end;
	size_t rest = post_skip_blanks(c->suffix.data, c->rest_len);
	bool whole_lines = c->whole_lines && !memchr(")]", c->suffix.data[rest], 2);
	bool lines;
	bool spaced;

	if (post_is_code(c))
		trim_line_ends(t);
	lines = memchr(t->data, '\n', t->len) != NULL;
	spaced = t->len && t->data[t->len - 1] == ' ';
	for (end = t->len; end && memchr(" \t\n", t->data[end - 1], 3);)
		end--;
	strbuf_truncate(t, end);
	if (!end || c->rest_blank)
		return;
	/* Text follows on the line: it keeps its own line, or the blank before it. */
	if (lines && (whole_lines || (t->data[0] == '\n' && post_between_brackets(c)))) {
		size_t max = c->in->single_line ? 1 : c->max_lines;
		size_t n = 1;

		for (size_t i = 0; i < t->len; i++)
			n += t->data[i] == '\n';
		if (n >= max)
			return;
		strbuf_addch(t, '\n');
		if (whole_lines)
			strbuf_add(t, c->head, c->head_len);
		else
			post_add_indent(c, t, c->columns);
	} else if (spaced && !memchr(" \t", c->suffix.data[0], 2)) {
		strbuf_addch(t, ' ');
	}
}
