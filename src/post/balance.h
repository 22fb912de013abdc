#ifndef EKE_POST_BALANCE_H
#define EKE_POST_BALANCE_H
/*
 * The judge: what a text at the cursor does to the structure around it. A bracket that was open at the cursor and that
 * the text after the cursor closes belongs to that text; if the insertion closes it first, a closer is left over there.
 * Pure.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/post/context.h"

struct balance {
	size_t surplus; /* closers after the cursor that lose their opener to the insertion */
	size_t own; /* brackets that the insertion leaves open */
	size_t open; /* ... and that nothing closes after the cursor */
	size_t orphans; /* openers before the cursor that lose their closer to the insertion */
	size_t closed; /* openers before the cursor that it closes */
	struct syntax_state end; /* behind the insertion */
};

/* What the insertion of text[0..len) does. */
struct balance balance_of(const struct post_context *c, const char *text, size_t len);
/*
 * Where brackets, strings, comments and, where indentation makes blocks, lines say that text[0..len) goes on beyond
 * what the text after the cursor leaves room for; len if it does not. It depends on nothing behind the line that it is
 * in, unless `whole`: then what is closed and opened anew is no surplus.
 */
size_t balance_end(const struct post_context *c, const char *text, size_t len, bool whole);
/* Brackets that stand alone, on one side or the other, with text[0..len) at the cursor. */
size_t balance_disorder(const struct post_context *c, const char *text, size_t len);
/* Is text[0..len) at the cursor worse formed than text[0..than), in whichever way brackets that cross are read? */
bool balance_is_worse(const struct post_context *c, const char *text, size_t len, size_t than);

#endif
