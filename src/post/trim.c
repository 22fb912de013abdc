/*
 * The end of the answer. A vector of the answer's lines with text lives during one call.
 */
#include "trim.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/utf.h"
#include "balance.h"
#include "talk.h"

#define PERIOD_MAX 8 /* lines of a block that is repeated */
#define COPIES 3
#define COPIES_SHORT 5 /* ... of a single short line: tables have such rows */
#define SHORT_LINE 4 /* word characters */
#define LONG_LINE 120 /* bytes; repetition inside shorter lines is no endless one */
#define UNIT_MAX 60
#define UNIT_COPIES 6

struct lines {
	struct line *line; /* those with text */
	size_t count;
};

static void lines_of(const struct strbuf *t, struct lines *out)
{
	size_t room = 0;

	*out = (struct lines){ .count = 0 };
	for (size_t at = 0; at <= t->len;) {
		struct line line;
		size_t next = line_at(t->data, t->len, at, &line);

		if (skip_blanks(t->data + line.start, line.len) < line.len) {
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

/* Nothing that the text opened, or closes, is lost with its end from `at` on. */
static bool may_end_at(const struct post_context *c, const struct strbuf *t, size_t at)
{
	struct balance whole = balance_of(c, t->data, t->len);
	struct balance before = balance_of(c, t->data, at);

	return before.own <= whole.own && before.closed >= whole.closed;
}

/* The line stands for code that was left out. A document may have such comments itself. */
static bool is_placeholder(const struct post_context *c, const struct strbuf *t, const struct line *line)
{
	if (!talk_is_placeholder(c, t->data + line->start, line->len))
		return false;
	for (size_t at = 0; at < c->prefix.len;) {
		struct line before;
		size_t next = line_at(c->prefix.data, c->prefix.len, at, &before);

		if (talk_is_placeholder(c, c->prefix.data + at, before.len))
			return false;
		at = next;
	}
	return true;
}

/* Talk begins with the line; where the answer is not bare, nothing else follows. */
static bool is_talk(const struct post_context *c, const struct strbuf *t, const struct line *line, bool bare)
{
	return talk_is_line(c, t->data + line->start, line->len) &&
	       (bare || talk_is_all(c, t->data + line->start, t->len - line->start));
}

void trim_talk(const struct post_context *c, struct strbuf *t, bool bare)
{
	struct syntax_walk w = { .syntax = c->syntax, .s = t->data, .len = t->len, .state = c->at };
	enum syntax_event event = SYNTAX_NEWLINE;
	size_t pos = 0;
	size_t at = 0;
	bool blank_above = false;
	bool comment_above = false;
	bool continues_comment = c->in_comment;

	if (!post_is_code(c))
		return;
	if (talk_is_all_placeholder(c, t->data, t->len)) {
		strbuf_reset(t);
		return;
	}
	for (; event != SYNTAX_END; event = syntax_next(&w, &pos)) {
		struct line line;
		bool blank;

		if (event != SYNTAX_NEWLINE)
			continue;
		at = w.at;
		line_at(t->data, t->len, at, &line);
		blank = skip_blanks(t->data + at, line.len) == line.len;
		if (!blank && !continues_comment && (at ? !comment_above : c->head_blank) &&
			w.state.where == SYNTAX_IN_CODE &&
			(is_placeholder(c, t, &line) || (blank_above && is_talk(c, t, &line, bare))) && may_end_at(c, t, at)) {
			strbuf_truncate(t, at);
			return;
		}
		continues_comment = false;
		comment_above = syntax_line_is_comment(c->syntax, t->data + at, line.len) || (!at && c->in_comment);
		blank_above = blank && at;
	}
}

/* --- repetition --- */

static bool equal(const struct strbuf *t, const struct line *a, const struct line *b)
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

		while (run + period < l->count && equal(t, &l->line[l->count - 1 - run], &l->line[l->count - 1 - run - period]))
			run++;
		if (!run)
			continue;
		if (period == 1 &&
			count_word_chars(t->data + l->line[l->count - 1].start, l->line[l->count - 1].len) < SHORT_LINE)
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
		if (run >= (UNIT_COPIES - 1) * unit && count_word_chars(s + len - unit, unit)) {
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

void trim_repetition(const struct post_context *c, struct draft *draft)
{
	struct strbuf *t = &draft->text;
	struct lines l;
	size_t open;
	size_t cut;

	/* Who stopped by itself meant what it said. */
	if (!draft->growing && c->in->finish != POST_CUT)
		return;
	lines_of(t, &l);
	cut = find_repetition(t, &l, &open);
	if (draft->growing && l.count && l.line[l.count - 1].len > LONG_LINE && open == l.count)
		open--;
	if (draft->growing && open < cut)
		cut = open;
	cut_at_line(t, &l, cut);
	if (!draft->growing && cut == l.count && l.count) {
		const struct line *last = &l.line[l.count - 1];
		size_t keep = without_loop(t->data + last->start, last->len);

		if (keep < last->len)
			strbuf_truncate(t, last->start + keep);
	}
	free(l.line);
}

/* --- length and end --- */

static size_t max_lines(const struct post_context *c)
{
	size_t most = c->in->max_lines ? c->in->max_lines : LIMIT_COMPLETION_LINES;

	return c->in->single_line ? 1 : most;
}

void trim_lines(const struct post_context *c, struct strbuf *t)
{
	size_t at = 0;

	for (size_t n = 0; at <= t->len; n++) {
		const char *lf = memchr(t->data + at, '\n', t->len - at);

		if (!lf)
			return;
		if (n + 1 == max_lines(c)) {
			strbuf_truncate(t, (size_t)(lf - t->data));
			return;
		}
		at = (size_t)(lf - t->data) + 1;
	}
}

static bool has_room_for_line(const struct post_context *c, const struct strbuf *t)
{
	size_t n = 1;

	for (size_t i = 0; i < t->len; i++)
		n += t->data[i] == '\n';
	return n < max_lines(c);
}

/* The text's lines stand above what follows on the cursor's line, which is a line of its own. */
static bool stands_above(const struct post_context *c, const struct strbuf *t)
{
	const char *lf = memrchr(t->data, '\n', t->len);
	size_t rest = skip_blanks(c->suffix.data, c->rest_len);
	struct balance b;

	if (!c->whole_lines || !lf || memchr(")]", c->suffix.data[rest], 2) || !post_is_code(c) ||
		memchr(" \t,.([{=+-&|", t->data[t->len - 1], 13))
		return false;
	b = balance_of(c, t->data, t->len);
	return !b.own && b.end.where == c->at.where &&
		post_columns(c, lf + 1, (size_t)(t->data + t->len - lf - 1), NULL) <= c->columns;
}

void trim_end(const struct post_context *c, struct strbuf *t)
{
	size_t end = trimmed_length(t->data, t->len);
	const char *lf = end < t->len ? memrchr(t->data + end, '\n', t->len - end) : NULL;

	if (!end || c->rest_blank) {
		strbuf_truncate(t, end);
		return;
	}
	if (lf) {
		/* What follows has the blanks of the cursor's line again, or those that the text gave it. */
		bool bare = lf + 1 == t->data + t->len;

		if (c->whole_lines) {
			strbuf_truncate(t, (size_t)(lf - t->data) + 1);
			strbuf_add(t, c->head, c->head_len);
		} else if (bare && t->data[0] == '\n' && post_between_brackets(c)) {
			post_add_indent(c, t, c->columns);
		} else if (bare && !memchr(t->data, '\n', end) && c->open.depth && post_is_code(c)) {
			/* The line end of a closing tag. */
			strbuf_truncate(t, end);
		}
		return;
	}
	if (!has_room_for_line(c, t))
		return;
	if (t->data[0] == '\n' && post_between_brackets(c)) {
		strbuf_truncate(t, end);
		strbuf_addch(t, '\n');
		post_add_indent(c, t, c->columns);
	} else if (stands_above(c, t)) {
		strbuf_addch(t, '\n');
		strbuf_add(t, c->head, c->head_len);
	}
}
