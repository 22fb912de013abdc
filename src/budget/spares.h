#ifndef EKE_BUDGET_SPARES_H
#define EKE_BUDGET_SPARES_H
/*
 * Spares: requests that the shared ledger counts for this machine before it sends them, so that it may still send some
 * while the other machines cannot be asked. The shared ledger decides how many, and dates them when they lapse
 * (redis_ledger.lua): nobody counts less than what is sent. They do not stand among this machine's own requests.
 *
 * Of one account and model each. Within a transaction; times are Unix ms.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/limits.h"
#include "eke/budget/account.h"
#include "eke/budget/ledger.h"

/* How long one may be sent; as in redis_ledger.lua. */
#define SPARE_MS INT64_C(600000)

/* Those that have not lapsed. */
size_t spares_count(struct ledger *ledger, const struct account *account, const char *model);
/*
 * These are the ones, until then; unless a later list is known, by its version: until when by the shared clock. What
 * of the former ones is not among them goes back.
 */
void spares_put(struct ledger *ledger, const struct account *account, const char *model, const uint64_t *ids,
	size_t count, int64_t until, int64_t version);
/* Of the list that is known; 0: there is none. */
int64_t spares_version(struct ledger *ledger, const struct account *account, const char *model);
/* One of them is sent: it becomes a request of its own. 0: there is none. */
uint64_t spares_take(struct ledger *ledger, const struct account *account, const char *model);
/* All go back to the shared ledger. */
void spares_give_back(struct ledger *ledger);
/* All are gone. */
void spares_forget(struct ledger *ledger);

#endif
