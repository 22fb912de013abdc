#ifndef EKE_BUDGET_JOBS_H
#define EKE_BUDGET_JOBS_H
/*
 * What is to be written into the ledger: at once if it is free, else some milliseconds later, in its order. For the
 * budget's own files.
 */
#include <stdbool.h>

#include "eke/store/store.h"

struct budget;

/* Constant data. Its functions get the ctx that was given with it, which holds all that they need. */
struct budget_work {
	/* Within a transaction; again if that failed. */
	void (*write)(struct budget *budget, void *ctx);
	/* Instead of it, all of the work with a transaction of its own; anything but STORE_OK: again. */
	enum store_result (*run)(struct budget *budget, void *ctx);
	/* Behind write(); NULL: other machines that share the ledger are told what is owed. */
	void (*after)(struct budget *budget, void *ctx);
	/* Another process has held the ledger for seconds, or it failed so that nothing helps; NULL: that is logged. */
	void (*give_up)(struct budget *budget, void *ctx);
	void (*free_fn)(void *ctx); /* or NULL */
	bool for_remote; /* it is over when the ledger is no longer shared with other machines */
};

struct job;

/* For budget->retry: does what can be done. */
void jobs_pump(void *budget);
/* Does it now, or in its turn; from within the call or from the loop. Takes ctx over. */
void jobs_do(struct budget *budget, const struct budget_work *work, void *ctx);
/* In its turn, always from the loop. Takes ctx over. */
void jobs_append(struct budget *budget, const struct budget_work *work, void *ctx);
/* Now and never later: tries for some milliseconds. False if it could not be done. Takes ctx over. */
bool jobs_insist(struct budget *budget, const struct budget_work *work, void *ctx);
/* Those that are for_remote end undone. */
void jobs_drop_remote(struct budget *budget);
/* At the end of the program: what ended while another process wrote is worth a few more tries. */
void jobs_finish(struct budget *budget);

#endif
