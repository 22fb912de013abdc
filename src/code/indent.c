/*
 * Learning indentation: each line has one vote, and the smallest step of blanks is the unit.
 */
#include "eke/code/indent.h"

#include <string.h>

/* A wider first indentation is an alignment, not a unit; a wider tab is a mistake. */
#define UNIT_MAX 8
#define TAB_MAX 16
/* One line of so many that is indented the other way is a slip; more are a style. */
#define MIXED_PART 8

static void learn_line(struct indent *indent, const char *line, size_t len)
{
	size_t n = 0;

	while (n < len && line[n] == '\t')
		n++;
	/* Blanks behind tabs align. */
	if (n && n < len && !memchr(" \r", line[n], 2))
		indent->tabs++;
	else if (n && n < len && line[n] == ' ')
		indent->aligned++;
	if (n)
		return;
	while (n < len && line[n] == ' ')
		n++;
	/* One blank before a star is a comment's, and a line of blanks only says nothing. */
	if (n < 2 || n == len || memchr("*\r\t", line[n], 3))
		return;
	indent->spaces++;
	if (n <= UNIT_MAX && (!indent->step || n < indent->step))
		indent->step = n;
}

/* True if the line at `at` begins in code: lines inside of comments, strings and parentheses are aligned for the eye.
 */
static bool begins_in_code(struct syntax_walk *w, size_t *parentheses, size_t at)
{
	size_t pos;

	while (w->at < at) {
		enum syntax_event event = syntax_next(w, &pos);

		if (event == SYNTAX_OPEN)
			*parentheses += w->s[pos] == '(';
		else if (event == SYNTAX_CLOSE && w->s[pos] == ')' && *parentheses)
			--*parentheses;
		else if (event == SYNTAX_CLOSE && w->s[pos] == '}')
			*parentheses = 0;
	}
	if (*parentheses == 1 && !(w->syntax->flags & (SYNTAX_REGEX | SYNTAX_PROSE)))
		return false;
	return w->state.where == SYNTAX_IN_CODE || w->state.where == SYNTAX_IN_TEXT || w->state.where == SYNTAX_IN_TAG;
}

void indent_learn(struct indent *indent, const struct syntax *syntax, const char *text, size_t len)
{
	struct syntax_walk w = { .syntax = syntax, .s = text, .len = len };
	size_t parentheses = 0;

	while (len) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;

		if (begins_in_code(&w, &parentheses, (size_t)(text - w.s)))
			learn_line(indent, text, n);
		n += end != NULL;
		text += n;
		len -= n;
	}
}

bool indent_is_tabs(const struct indent *indent, bool insert_spaces)
{
	return indent->tabs || indent->spaces ? indent->tabs > indent->spaces : !insert_spaces;
}

bool indent_is_mixed(const struct indent *indent)
{
	size_t tabs = indent->tabs + indent->aligned;
	size_t less = tabs < indent->spaces ? tabs : indent->spaces;
	size_t more = tabs + indent->spaces - less;

	/* Every third line with blanks behind its tabs: those are half levels. */
	if (indent->aligned * 3 >= indent->tabs && indent->aligned >= MIXED_PART / 2)
		return true;
	return less && less * MIXED_PART >= more;
}

size_t indent_unit(const struct indent *indent, bool insert_spaces, unsigned tab_size)
{
	if (indent->step && !indent_is_tabs(indent, insert_spaces))
		return indent->step;
	return tab_size && tab_size <= TAB_MAX ? tab_size : INDENT_DEFAULT_SIZE;
}
