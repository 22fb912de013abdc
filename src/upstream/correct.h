#ifndef EKE_UPSTREAM_CORRECT_H
#define EKE_UPSTREAM_CORRECT_H
/*
 * The provider's own count of a key's requests, asked now and then and given to the budget: other machines and programs
 * may use the same key.
 */
#include "upstream_private.h"

/* A request to that endpoint was sent: if it is time, the provider is asked. Costs next to nothing if not. */
void corrections_ask(struct upstream *upstream, struct endpoint *endpoint);
void corrections_free_all(struct upstream *upstream);

#endif
