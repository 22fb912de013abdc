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

/* Copies the refusal with its strings, cut to size. */
void settlement_set_refusal(struct settlement *settlement, const struct budget_refusal *refusal);

/* It never left: takes its row away, and frees the cooldown that it was to try out for another request. */
void settle_refunded(struct ledger *ledger, const struct settlement *settlement);
/* It was answered: lifts the cooldowns that its answer disproves. */
void settle_answered(struct ledger *ledger, const struct settlement *settlement);
/* It left, and its end says nothing about limits: only frees the cooldown that it was to try out. */
void settle_spent(struct ledger *ledger, const struct settlement *settlement);
/* It was refused: sets or prolongs the cooldown, and learns the limit that was stated. */
void settle_refused(struct ledger *ledger, const struct settlement *settlement);

#endif
