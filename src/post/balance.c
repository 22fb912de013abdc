/*
 * Brackets: those open at the cursor, as the closers after it tell them, lie on one stack below those that the text
 * opens itself. A closer after the cursor whose opener is not in the excerpt has one below all others.
 */
#include "balance.h"

#include <stdint.h>
#include <string.h>

#include "eke/code/blocks.h"

#define OUTER_MAX (SYNTAX_DEPTH_MAX + POST_CLOSERS)

struct stack {
	const struct post_context *c;
	char outer[OUTER_MAX]; /* openers before the cursor, the innermost last */
	bool needed[OUTER_MAX]; /* by a closer after the cursor */
	size_t owner[POST_CLOSERS]; /* of each closer after the cursor: its opener in outer */
	size_t outer_depth;
	size_t outer_count;
	struct syntax_stack own;
};

static void stack_init(struct stack *s, const struct post_context *c)
{
	size_t above = 0;

	*s = (struct stack){ .c = c };
	/* A guess at brackets of a language that is not known says nothing of what is not in sight. */
	for (size_t i = 0; i < c->closer_count && !(c->syntax->flags & SYNTAX_UNKNOWN); i++)
		above += c->closers[i].opener == SIZE_MAX;
	for (size_t i = 0, n = above; i < c->closer_count && n; i++) {
		if (c->closers[i].opener != SIZE_MAX)
			continue;
		s->owner[i] = --n;
		s->outer[n] = syntax_opener_of(c->closers[i].closer);
		s->needed[n] = true;
	}
	memcpy(s->outer + above, c->open.opener, c->open.depth);
	for (size_t i = 0; i < c->closer_count; i++) {
		if (c->closers[i].opener == SIZE_MAX)
			continue;
		s->owner[i] = above + c->closers[i].opener;
		s->needed[s->owner[i]] = true;
	}
	s->outer_depth = s->outer_count = above + c->open.depth;
}

/* A closer that the text has no opener for. True if that takes one away which is needed. */
static bool stack_close(struct stack *s, char closer)
{
	size_t depth = s->outer_depth;
	bool needed = false;

	while (depth && s->outer[depth - 1] != syntax_opener_of(closer))
		depth--;
	/* It closes nothing: a pattern, a smiley, or what our table does not know of the language. */
	if (!depth)
		return false;
	for (size_t i = depth - 1; i < s->outer_depth; i++)
		needed |= s->needed[i];
	s->outer_depth = depth - 1;
	return needed;
}

/*
 * Closers after the cursor whose opener is gone and for which the text has opened nothing else. *open: brackets of the
 * text's own that are left when all of these have closed what they can.
 */
static size_t stack_surplus(const struct stack *s, size_t *open, size_t *orphans)
{
	size_t own = s->own.depth;
	size_t outer = s->outer_depth;
	size_t n = 0;

	*orphans = 0;
	for (size_t i = 0; i < s->c->closer_count; i++) {
		const struct post_closer *closer = &s->c->closers[i];
		bool unknown = closer->opener == SIZE_MAX && (s->c->syntax->flags & SYNTAX_UNKNOWN);
		size_t depth = own;

		if (unknown)
			continue;
		while (depth && s->own.opener[depth - 1] != syntax_opener_of(closer->closer))
			depth--;
		if (depth) {
			own = depth - 1;
			*orphans += s->owner[i] < s->outer_depth;
		} else if (closer->pinned || closer->opener == SIZE_MAX) {
			n += s->owner[i] >= outer;
			outer = s->owner[i] < outer ? s->owner[i] : outer;
		} else {
			/* It closes what is left to close. */
			depth = outer;
			while (depth && s->outer[depth - 1] != syntax_opener_of(closer->closer))
				depth--;
			n += !depth;
			outer = depth ? depth - 1 : outer;
		}
	}
	*open = own;
	return s->outer_depth == s->outer_count ? 0 : n;
}

/* --- blocks of indentation --- */

/*
 * Where the text leaves the block in which the text after the cursor goes on; len if it does not, or if its last line
 * opens a block for that.
 */
static size_t indent_end(const struct post_context *c, const char *text, size_t len, bool whole)
{
	struct syntax_walk w = { .syntax = c->syntax, .s = text, .len = len, .state = c->at };
	size_t first = len;
	size_t depth = 0;
	bool leaves = false;
	enum syntax_event event;
	size_t pos;

	if (!(c->syntax->flags & SYNTAX_INDENT) || (c->syntax->flags & SYNTAX_KEYS) || !c->after_count || c->open.depth ||
		c->at.where != SYNTAX_IN_CODE)
		return len;
	while ((event = syntax_next(&w, &pos)) != SYNTAX_END) {
		struct line line;
		size_t columns;
		bool shallow;

		depth += event == SYNTAX_OPEN;
		depth -= event == SYNTAX_CLOSE && depth;
		if (event != SYNTAX_NEWLINE || w.at >= len || depth || w.state.where != SYNTAX_IN_CODE)
			continue;
		line_at(text, len, w.at, &line);
		if (skip_blanks(text + w.at, line.len) == line.len)
			continue;
		columns = post_columns(c, text + w.at, line.len, NULL);
		shallow = columns < c->after_columns && columns < c->columns;
		leaves = shallow && !block_opens(c->syntax, text + w.at, line.len);
		if (shallow && first == len)
			first = pos;
		/* What comes may show that a line that opens a block is not the last. */
		if (first < len && !whole)
			return first;
	}
	return leaves ? first : len;
}

/* --- together --- */

struct balance balance_of(const struct post_context *c, const char *text, size_t len)
{
	struct syntax_walk w = { .syntax = c->syntax, .s = text, .len = len, .state = c->at };
	struct balance b = { .surplus = 0 };
	struct stack s;
	enum syntax_event event;
	size_t pos;

	stack_init(&s, c);
	while ((event = syntax_next(&w, &pos)) != SYNTAX_END) {
		if (event == SYNTAX_OPEN) {
			syntax_push(&s.own, text[pos], pos);
		} else if (event == SYNTAX_CLOSE && !syntax_pop(&s.own, text[pos])) {
			stack_close(&s, text[pos]);
		}
	}
	b.surplus = stack_surplus(&s, &b.open, &b.orphans);
	b.own = s.own.depth;
	b.closed = s.outer_count - s.outer_depth;
	b.end = w.state;
	/* It ends the comment or string that the text after the cursor was read in. */
	if (c->in_comment && w.state.where != c->at.where && c->at.where != SYNTAX_IN_LINE_COMMENT)
		b.surplus = b.open = b.orphans = 0;
	return b;
}

/* The text ends the string that the cursor is in, and what follows on the line has all of its own quotes. */
static bool closes_its_string(const struct post_context *c, const char *text, size_t len)
{
	struct syntax_walk w = { .syntax = c->syntax, .s = text, .len = len, .state = c->at };
	struct syntax_walk rest = { .syntax = c->syntax, .s = c->suffix.data, .len = c->rest_len };
	enum syntax_event event;
	size_t pos;

	while ((event = syntax_next(&w, &pos)) != SYNTAX_END)
		if (event == SYNTAX_NEWLINE)
			return false;
	rest.state = w.state;
	while (syntax_next(&rest, &pos) != SYNTAX_END)
		;
	return w.state.where == SYNTAX_IN_CODE && rest.state.where != SYNTAX_IN_STRING;
}

/* Where the string that the cursor is in ends for good, if one ends right of the cursor too; len: nowhere. */
static size_t string_end(const struct post_context *c, const char *text, size_t len)
{
	struct syntax_walk w = { .syntax = c->syntax, .s = text, .len = len, .state = c->at };
	struct syntax_walk rest = { .syntax = c->syntax, .s = c->suffix.data, .len = c->rest_len, .state = c->at };
	size_t end = len;
	enum syntax_event event;
	size_t pos;

	if (c->at.where != SYNTAX_IN_STRING || c->at.triple || c->rest_blank || closes_its_string(c, text, len))
		return len;
	while ((event = syntax_next(&rest, &pos)) != SYNTAX_END && event != SYNTAX_STRING_END)
		;
	if (event == SYNTAX_END)
		return len;
	while ((event = syntax_next(&w, &pos)) != SYNTAX_END && event != SYNTAX_NEWLINE) {
		if (event == SYNTAX_STRING_END)
			end = pos;
	}
	return w.state.where == SYNTAX_IN_STRING && event == SYNTAX_END ? len : end;
}

size_t balance_end(const struct post_context *c, const char *text, size_t len, bool whole)
{
	struct syntax_walk w = { .syntax = c->syntax, .s = text, .len = len, .state = c->at };
	size_t end = string_end(c, text, len);
	size_t taken = SIZE_MAX;
	enum syntax_event event;
	struct stack s;
	size_t open;
	size_t orphans;
	size_t lines;
	size_t pos;

	if (!post_is_code(c) || (whole && end == len && !balance_of(c, text, len).surplus))
		return end < len ? end : post_is_code(c) ? indent_end(c, text, len, whole) : len;
	stack_init(&s, c);
	while ((event = syntax_next(&w, &pos)) != SYNTAX_END && pos < end) {
		if (event == SYNTAX_OPEN) {
			syntax_push(&s.own, text[pos], pos);
		} else if (event == SYNTAX_CLOSE && !syntax_pop(&s.own, text[pos])) {
			if (stack_close(&s, text[pos]) && taken == SIZE_MAX)
				taken = pos;
		} else if (event == SYNTAX_NEWLINE && taken != SIZE_MAX) {
			if (stack_surplus(&s, &open, &orphans)) {
				end = taken < end ? taken : end;
				break;
			}
			taken = SIZE_MAX;
		}
	}
	if (event == SYNTAX_END && taken != SIZE_MAX && taken < end && stack_surplus(&s, &open, &orphans))
		end = taken;
	lines = indent_end(c, text, len, whole);
	return lines < end ? lines : end;
}

/* --- the other reading of brackets that cross --- */

/* Openers that wait, those that stand above the excerpt too. */
struct nest {
	char opener[OUTER_MAX + SYNTAX_DEPTH_MAX];
	size_t depth;
};

static void nest_push(struct nest *nest, char opener)
{
	if (nest->depth < sizeof(nest->opener))
		nest->opener[nest->depth++] = opener;
}

static bool nest_pop(struct nest *nest, char closer)
{
	if (!nest->depth || nest->opener[nest->depth - 1] != syntax_opener_of(closer))
		return false;
	nest->depth--;
	return true;
}

/*
 * Brackets that stand alone if a closer that does not fit the innermost opener is one too many: elsewhere the openers
 * inside of its own are taken for unclosed.
 */
static size_t misfits(const struct post_context *c, const char *text, size_t len)
{
	struct syntax_walk w = { .syntax = c->syntax, .s = text, .len = len, .state = c->at };
	struct nest nest = { .depth = 0 };
	struct stack outer;
	enum syntax_event event;
	size_t n = 0;
	size_t pos;

	stack_init(&outer, c);
	for (size_t i = 0; i < outer.outer_count; i++)
		nest_push(&nest, outer.outer[i]);
	while ((event = syntax_next(&w, &pos)) != SYNTAX_END) {
		if (event == SYNTAX_OPEN)
			nest_push(&nest, text[pos]);
		else if (event == SYNTAX_CLOSE)
			n += !nest_pop(&nest, text[pos]);
	}
	for (size_t i = 0; i < c->closer_count; i++)
		n += !nest_pop(&nest, c->closers[i].closer);
	return n + nest.depth;
}

bool balance_is_worse(const struct post_context *c, const char *text, size_t len, size_t than)
{
	return balance_disorder(c, text, len) > balance_disorder(c, text, than) ||
	       misfits(c, text, len) > misfits(c, text, than);
}

size_t balance_disorder(const struct post_context *c, const char *text, size_t len)
{
	struct balance b = balance_of(c, text, len);

	return b.surplus + b.open;
}
