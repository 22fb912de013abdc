/*
 * Which brackets and quotes are open, character by character.
 */
#include "eke/code/closers.h"

#include <string.h>

#define NESTING_MAX 64

static char closer_of(char c)
{
	switch (c) {
	case '(':
		return ')';
	case '[':
		return ']';
	case '{':
		return '}';
	case '<':
		return '>';
	case '"':
	case '\'':
	case '`':
		return c;
	default:
		return '\0';
	}
}

bool closer_is(char c)
{
	return c && strchr(")]}>\"'`", c);
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'' || c == '`';
}

/* The closers that are due, the innermost last. Overflow stops counting, which only makes a miss. */
struct nesting {
	char due[NESTING_MAX];
	size_t depth;
};

/*
 * Takes one character in; true if it closed the innermost. Inside a string only its own quote counts.
 */
static bool nesting_step(struct nesting *n, char c)
{
	char inner = n->depth ? n->due[n->depth - 1] : '\0';
	char closer = closer_of(c);

	if (inner && c == inner) {
		n->depth--;
		return true;
	}
	if (is_quote(inner) || !closer || n->depth == NESTING_MAX)
		return false;
	/* "<" is mostly a comparison: it nests only where its closer is looked for. */
	if (c == '<' && inner != '>')
		return false;
	n->due[n->depth++] = closer;
	return false;
}

bool closers_cut(
	const char *typed, size_t typed_len, const char *closers, size_t count, const char *rest, size_t *rest_len)
{
	struct nesting n = { .depth = 0 };
	size_t base;

	for (size_t i = 0; i < typed_len; i++) {
		if (typed[i] == '\\' && n.depth && is_quote(n.due[n.depth - 1]))
			i++;
		else if (typed[i] == '<' && n.depth < NESTING_MAX && memchr(closers, '>', count) &&
			!(n.depth && is_quote(n.due[n.depth - 1])))
			n.due[n.depth++] = '>';
		else
			nesting_step(&n, typed[i]);
	}
	if (n.depth < count)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (n.due[n.depth - 1 - i] != closers[i])
			return false;
	}
	base = n.depth;
	for (size_t i = 0; i < *rest_len; i++) {
		if (rest[i] == '\\' && is_quote(n.due[n.depth - 1])) {
			i++;
			continue;
		}
		if (nesting_step(&n, rest[i]) && n.depth < base) {
			*rest_len = i;
			break;
		}
	}
	return true;
}
