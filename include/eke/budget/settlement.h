#ifndef EKE_BUDGET_SETTLEMENT_H
#define EKE_BUDGET_SETTLEMENT_H
/*
 * What the end of a request says, written into the ledger: a count given back, a cooldown lifted or set, a limit
 * learned. Each within a transaction.
 */
#include <stdint.h>

#include "eke/budget/account.h"
#include "eke/budget/budget.h"
#include "eke/budget/ledger.h"

/* A request that was sent (or not), in facts of its own: endpoint and configuration may be gone by now. */
struct settlement {
	uint64_t id; /* the reservation */
	struct account account;
	struct plan *plan; /* owned by whoever owns this */
	char endpoint[64];
	char model[LIMIT_BUDGET_MODEL];
	int64_t sent_at; /* Unix ms */
	struct budget_refusal refusal; /* but for the two strings, which are here */
	char scope[16];
	char message[LIMIT_ERR_MESSAGE];
};

void settlement_set_refusal(struct settlement *settlement, const struct budget_refusal *refusal);

void settle_refunded(struct ledger *ledger, const struct settlement *settlement);
void settle_answered(struct ledger *ledger, const struct settlement *settlement);
void settle_spent(struct ledger *ledger, const struct settlement *settlement);
void settle_refused(struct ledger *ledger, const struct settlement *settlement);

#endif
