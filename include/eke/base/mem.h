#ifndef EKE_BASE_MEM_H
#define EKE_BASE_MEM_H
/*
 * Memory that never fails to its caller: eke is a process, not a library, so a small allocation that fails
 * ends it with a message (sizes that come from outside are capped before they get here, see limits.h).
 * Everything returned is freed with free().
 */
#include <stddef.h>

#include "eke/base/attrs.h"

RETURNS_NONNULL MUST_USE void *xmalloc(size_t size);
/* Zeroed; n * size is checked for overflow. */
RETURNS_NONNULL MUST_USE void *xcalloc(size_t n, size_t size);
/* n * size is checked for overflow. */
RETURNS_NONNULL MUST_USE void *xreallocarray(void *p, size_t n, size_t size);
RETURNS_NONNULL MUST_USE char *xstrdup(const char *s);
/* A copy of s[0..len), terminated. */
RETURNS_NONNULL MUST_USE char *xstrndup(const char *s, size_t len);
RETURNS_NONNULL MUST_USE char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Bytes that p, which is from here or from malloc(), takes of the heap; 0 for NULL. */
size_t mem_size(const void *p);

/* Gives pages that were freed back to the system; called when a burst of work is over. */
void mem_trim(void);

#endif
