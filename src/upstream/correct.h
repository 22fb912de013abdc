#ifndef EKE_UPSTREAM_CORRECT_H
#define EKE_UPSTREAM_CORRECT_H
/*
 * Our count against the provider's: other programs and machines use the same key, and we do not see what they spend.
 * For call.c.
 */
#include "upstream_private.h"

/*
 * The endpoint has just answered or refused a request: asks for its own count, if it offers one and nobody on this
 * machine has asked for ten minutes, and tells the budget. Never fails, and nobody waits for it.
 */
void correct_count(struct upstream *upstream, struct endpoint *endpoint);
/* Ends those under way without a word. */
void corrections_free_all(struct upstream *upstream);

#endif
