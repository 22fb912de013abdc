#ifndef EKE_TESTS_BENCH_CUTS_MAKE_H
#define EKE_TESTS_BENCH_CUTS_MAKE_H
/*
 * Cuts: pieces of a file that a user could be about to write, taken out at random. Found by lines, indentation and
 * brackets, without what is measured (src/post, src/code), so that its mistakes are not made twice.
 */
#include <stdbool.h>
#include <stddef.h>

#include "cuts_text.h"
#include "trace_rng.h"

enum cut_kind {
	CUT_BODY,        /* of a function or block, without its header and closer */
	CUT_DECLARATION, /* header, body and closer */
	CUT_STATEMENTS,  /* one to six whole lines, or from within a line on */
	CUT_LINE,        /* the rest of a line */
	CUT_ARGUMENTS,   /* between brackets of one line */
	CUT_WORD,        /* from within a word to its or the line's end */
	CUT_KINDS
};

/* The text [from, to) is what was cut. */
struct cut {
	enum cut_kind kind;
	const char *variant; /* where the cursor is, or how much was taken */
	size_t from;
	size_t to;
};

const char *cut_kind_name(enum cut_kind kind);
/*
 * Where the header begins of the innermost block around the byte, if one is plainly to be seen: the nearest line above
 * that is less indented must be one.
 */
bool cut_block_around(const struct cut_text *t, size_t at, size_t *start);
/* One try; false if what chance pointed at is none of the kind. */
bool cut_make(const struct cut_text *t, enum cut_kind kind, struct rng *rng, struct cut *cut);

#endif
