#ifndef EKE_BUDGET_BUDGET_PRIVATE_H
#define EKE_BUDGET_BUDGET_PRIVATE_H
/*
 * The body of the budget, for budget.c (its life), reserve.c (reservations), jobs.c (the order of writing), report.c
 * (what is left), watch.c (who else writes) and remote.c (other machines).
 */
#include "eke/budget/account.h"
#include "eke/budget/budget.h"
#include "eke/budget/ledger.h"
#include "eke/budget/snapshot.h"
#include "jobs.h"
#include "remote.h"

/* Snapshots that are kept: accounts that are looked at again and again. */
#define VIEWS 4

struct ledger_watch;

/* A snapshot that holds as long as the ledger's version is the same. */
struct view {
	bool used;
	char endpoint[64];
	struct account account;
	struct snapshot snapshot;
	int64_t version;
	int64_t clock_offset; /* of the wall clock then */
	uint64_t used_at;     /* a count, to replace the one that was not used for longest */
};

struct budget {
	struct loop *loop; /* borrowed */
	struct ledger *ledger;

	struct reservation *reservations;
	struct job *jobs; /* in their order */
	struct timer *retry;

	/* Keys that this process has noted. */
	struct noted_key {
		char endpoint[64];
		struct key_digest digest;
	} noted[LIMIT_ENDPOINTS];
	unsigned noted_count;

	struct view views[VIEWS];
	uint64_t looks;

	loop_fn *changed; /* or NULL */
	void *changed_ctx;
	struct timer *wake; /* when something is over by itself */
	int64_t wake_at;    /* Unix ms; 0: nothing is */
	struct ledger_watch *watch;

	char *shared_url; /* as configured; NULL: none */
	struct remote *remote; /* NULL: the ledger is this machine's alone */
};

/* --- for remote.c --- */

/* What became of remote_ask() and remote_await(). */
void budget_hear(struct budget *budget, uint64_t reservation, enum remote_verdict verdict,
		 const struct remote_denial *denial);

/* --- for report.c and watch.c --- */

/* The listener is called at the end of the turn. */
void budget_note_change(struct budget *budget);
/* It is also called at that time (Unix ms), unless sooner. */
void budget_note_change_at(struct budget *budget, int64_t at_ms);
/* NULL: this process has not noted one. */
const struct key_digest *budget_noted_key(const struct budget *budget, const char *endpoint);
/* Forgets what was read. */
void budget_drop_views(struct budget *budget);

#endif
