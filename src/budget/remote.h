#ifndef EKE_BUDGET_REMOTE_H
#define EKE_BUDGET_REMOTE_H
/*
 * The ledger that is shared with other machines, as the budget asks it: may this request go? It keeps the local ledger
 * in step with the shared one: what others wrote comes in (replica.h), what they have not been told goes out
 * (outbox.h).
 *
 * It is READY only while both are in step. A connection that breaks is made again at once, and requests wait for that
 * for as long as the URL's time-out allows. Otherwise the budget decides by the local ledger, and takes what it cannot
 * know for used (limit_window.h).
 */
#include <stdbool.h>
#include <stdint.h>

#include "eke/base/limits.h"
#include "eke/budget/account.h"
#include "eke/budget/budget.h"
#include "eke/budget/redis_url.h"
#include "eke/budget/snapshot.h"
#include "redis_args.h"
#include "shared_keys.h"

struct remote;

enum remote_state {
	REMOTE_CONNECTING, /* not tried, or a try is under way that requests wait for */
	REMOTE_READY,
	REMOTE_AWAY, /* it does not answer; it is tried again */
};

/* Nothing is connected before somebody asks. Takes the URL over. */
RETURNS_NONNULL MUST_USE struct remote *remote_new(struct budget *budget, struct redis_url *url);
/* Those who wait are not told. */
void remote_free(struct remote *remote);
enum remote_state remote_state(const struct remote *remote);
/* Its address for people, and the sentence that says what is wrong with it (NULL: nothing). Borrowed. */
const char *remote_shown(const struct remote *remote);
const char *remote_notice(const struct remote *remote);

enum remote_verdict {
	REMOTE_YES, /* and it is written down there */
	REMOTE_SPARE, /* yes, if it takes the place of one of this machine's spares */
	REMOTE_NO, /* the local ledger knows why by now, but for `denial` */
	REMOTE_SILENT, /* no answer in time */
	REMOTE_ASK, /* it can be asked now */
};
struct remote_denial {
	int64_t wait_ms; /* LIMIT_RETRY_SECONDS at most */
	int window; /* index of the effective window; -1: a cooldown */
	bool in_doubt; /* the shared ledger was lost, and not all machines have told what they know */
};

/*
 * The call that asks whether a request may go: made within the transaction that has admitted it here, sent after it.
 */
struct remote_admission {
	struct redis_args args;
};
void remote_make_admission(struct remote *remote, uint64_t id, const struct account *account, const char *model,
	enum budget_use use, double reserve, const struct snapshot *snapshot, struct remote_admission *out);
void remote_release_admission(struct remote_admission *admission);
/*
 * Each is answered by budget_hear() (budget_private.h), once, from the loop, within the time-out of the URL.
 * remote_await(): ASK as soon as it can be asked.
 */
void remote_ask(struct remote *remote, uint64_t id, const struct remote_admission *admission);
void remote_await(struct remote *remote, uint64_t id);
/* While READY: ASK when the local ledger has all that the others wrote until now. */
void remote_refresh(struct remote *remote, uint64_t id);
/* Nobody waits for that answer any more. */
void remote_forget(struct remote *remote, uint64_t id);
/*
 * At a YES or SPARE: this machine's spares for that account and model, until then (Unix ms of the shared clock; 0: no
 * change).
 */
struct remote_spares {
	uint64_t ids[LIMIT_SPARES];
	size_t count;
	int64_t until;
	int64_t offset; /* the shared clock less ours */
	char salt[SHARED_SALT_SIZE]; /* of the ledger that they are counted in */
};
const struct remote_spares *remote_granted_spares(const struct remote *remote);

/* Within a transaction while READY: what the local ledger has to know of that account. */
void remote_prepare(struct remote *remote, const struct account *account);
/* After a transaction: sends what is in the outbox, if it can. */
void remote_push(struct remote *remote);
/* Somebody looks at what is left: connects, and asks for news now and then. */
void remote_look(struct remote *remote);
/* This machine has spares: they go back when it has not asked for a while. */
void remote_note_spares(struct remote *remote);
/* The program ends: they go back now. */
void remote_give_back(struct remote *remote);

/* Calls fn once the two are in step, or it is known that they are not. */
void remote_sync(struct remote *remote, loop_fn *fn, void *ctx);

#endif
