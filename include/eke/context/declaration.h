#ifndef EKE_CONTEXT_DECLARATION_H
#define EKE_CONTEXT_DECLARATION_H
/*
 * Which lines of a file declare something, in any language: by the words that begin a declaration and by the form of
 * C's. Pure; a guess from single lines, as all of code/ is.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/code/syntax.h"

enum declaration_kind {
	DECLARATION_NONE,
	DECLARATION_TYPE, /* its members are the lines inside: class, struct, enum, interface, impl, module */
	DECLARATION_FUNCTION,
	DECLARATION_VALUE, /* a constant, a variable, a macro, a type's other name */
};

struct declaration {
	enum declaration_kind kind;
	size_t name; /* in the line */
	size_t name_len;
};

/* Where the line stands. */
struct declaration_scope {
	bool top; /* at the outermost indentation */
	bool in_type; /* directly inside of a type */
};

/* `line` without its line end. */
struct declaration declaration_of(
	const struct syntax *syntax, const char *line, size_t len, const struct declaration_scope *scope);

#endif
