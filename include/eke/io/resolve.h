#ifndef EKE_IO_RESOLVE_H
#define EKE_IO_RESOLVE_H
/*
 * The addresses of a host without blocking the loop: getaddrinfo(3) may take many seconds, so a child process calls it.
 * For who has no resolver of its own (libcurl has one).
 */
#include <stddef.h>

#include "eke/io/loop.h"

struct resolve;

/* The addresses as text, `count` of them; 0: `why` has a reason in the system's words. Borrowed for the call. */
typedef void resolve_fn(void *ctx, const char *const *addresses, size_t count, const char *why);

/*
 * fn is called once, from the loop; the lookup frees itself after it. At most `max` addresses, in the system's order of
 * preference. A host that is an address is its own answer. Gives up after `seconds`.
 */
struct resolve *resolve_host(struct loop *loop, const char *host, size_t max, int seconds, resolve_fn *fn, void *ctx);
/* fn is not called. */
void resolve_cancel(struct resolve *resolve);

#endif
