#ifndef EKE_UPSTREAM_CORRECT_H
#define EKE_UPSTREAM_CORRECT_H
/*
 * Corrects eke's count of requests by the provider's, which includes what other programs and machines spend with the
 * same key.
 */
#include "upstream_private.h"

/*
 * Call it after the endpoint has answered or refused a request. It fetches the provider's count and tells the budget,
 * if the endpoint offers one and no process of this machine fetched it in the last ten minutes. Never fails; nobody
 * waits for it.
 */
void correct_count(struct upstream *upstream, struct endpoint *endpoint);
/* Ends those under way; no callbacks. */
void corrections_free_all(struct upstream *upstream);

#endif
