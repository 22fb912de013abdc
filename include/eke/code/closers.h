#ifndef EKE_CODE_CLOSERS_H
#define EKE_CODE_CLOSERS_H
/*
 * Closing brackets and quotes that an editor has put right of the cursor by itself. Pure; for cache.c.
 */
#include <stdbool.h>
#include <stddef.h>

bool closer_is(char c);
/*
 * If the last openers of `typed` wait for exactly the `count` closers, the innermost first: the length
 * of the beginning of `rest` that fits before the first of them. False if they do not.
 */
bool closers_cut(
	const char *typed, size_t typed_len, const char *closers, size_t count, const char *rest, size_t *rest_len);

#endif
