#ifndef EKE_BUDGET_RESERVATION_H
#define EKE_BUDGET_RESERVATION_H
/*
 * A reservation, and what decides about it within a transaction of the ledger. reserve.c has its life.
 */
#include "budget_private.h"

/* Of a ledger that is shared with other machines: what of it a reservation has behind it. */
enum phase {
	PHASE_FIRST, /* nothing */
	PHASE_ASKED, /* admitted and recorded here; the answer is awaited */
	PHASE_SPARE, /* they said yes, in place of a spare */
	PHASE_DENIED, /* they said no: its record goes, and the reason is looked for */
	PHASE_LOCAL_ONLY, /* they do not answer: decided here */
};

struct reservation {
	uint64_t id;
	struct budget *budget;
	struct account account;
	struct plan *plan; /* owned */
	char endpoint[64];
	char model[LIMIT_BUDGET_MODEL];
	enum budget_use use;
	double reserve;
	bool granted;
	bool recorded; /* there is a row in the ledger */
	bool under_cooldown; /* its end tells something about a cooldown */
	enum phase phase;
	bool was_asked; /* they may have its record */
	bool was_late;  /* our ledger said no, and was brought up to date for it */
	struct remote_admission admission; /* made in the transaction, asked after it */
	struct remote_denial denial;
	int64_t sent_at;  /* Unix ms */
	budget_fn *fn;
	void *ctx;
	struct reservation *next;
};

/* Are the other machines that share the ledger to be asked? */
bool reservation_asks(const struct reservation *r);
/*
 * Decides by what the ledger holds and the other machines said, as far as its phase goes, and writes down what follows
 * from it, all within a transaction. False with err: it may not be sent.
 */
bool reservation_decide(struct reservation *r, struct err *err);
/* It was recorded here before the others answered: within a transaction, as if it had not been. */
void reservation_take_back(struct reservation *r);

#endif
