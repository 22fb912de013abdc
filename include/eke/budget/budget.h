#ifndef EKE_BUDGET_BUDGET_H
#define EKE_BUDGET_BUDGET_H
/*
 * The only way to an endpoint: a request is sent only with a reservation from here. All windows of the
 * endpoint's plan must admit it, automatic requests must also leave the reserve alone, and none may go while a cooldown
 * of the provider holds (the reasons: src/upstream/providers.md, 4.2).
 *
 * The count is one ledger for every eke process of the user on this machine (a file in the state directory),
 * exact, written before the bytes leave, and kept through crashes: what is reserved counts until it is refunded.
 * Where there is no such file (no home, a full disk, a damaged file), the process counts for itself, and counts half of
 * every window as used until one period is over.
 *
 * Who counts together: a window of scope "machine" counts requests of the same service (config/service.h) or the
 * same plan, whatever the key; one of scope "key" those of the same key. Keys are known by a salted hash only.
 *
 * Nothing here opens the ledger before it is needed: no request under a plan without windows ever does.
 * All pointers are borrowed for the call. Times are Unix seconds unless a name says ms.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/err.h"
#include "eke/base/json_writer.h"
#include "eke/config/config.h"
#include "eke/io/loop.h"

struct budget;

struct budget *budget_new(struct loop *loop);
/* No callback comes any more. What is reserved stays spent. */
void budget_free(struct budget *budget);

/*
 * fn is called from the loop when what is left may have changed: by this process, by another, or because time passed.
 * One listener, or NULL. Costs no wake-ups where nothing happens.
 */
void budget_on_change(struct budget *budget, loop_fn *fn, void *ctx);

/* --- other machines --- */

/*
 * Shares the ledger with other machines through the Redis or Valkey at that URL (redis_url.h), or with nobody (NULL).
 * Each request is then asked there, too, in one atomic step; what this machine counts and hears from its providers the
 * others know, and the other way round.
 *
 * The bound: whatever happens to the server (it dies, hangs, loses its data, single keys of them or the script, drops
 * connections, delivers late, comes back from an older copy), all machines together are let through at most as often as
 * the limit says. What cannot be known counts as used:
 * - while the server does not answer, all that is left, but for the spares that it counted beforehand (spares.h);
 * - after it has lost its data, all of the windows that reach back before that, until each machine has told what it
 *   knows that was heard of within a day before the others were last in touch; each tells all, also of the others.
 * Outside of the bound are machines that have never been in touch: each may use half of a window while the server does
 * not answer, and all of it if it is the first to come after the data was lost. So is one that had not been heard of
 * for a day when the others were last in touch, for what it was let through after that.
 *
 * Nothing is connected before the first counted request or the first look at a counted plan. False with ERR_CONFIG: not
 * a URL, or not in this build; the ledger is this machine's alone then.
 */
bool budget_share(struct budget *budget, const char *url, struct err *err);
/*
 * Calls fn from the loop, once, when what the others wrote is known, or cannot be known now; at the end of the turn
 * where the ledger is not shared. For who reports once and ends.
 */
void budget_sync(struct budget *budget, loop_fn *fn, void *ctx);

/* --- reservations --- */

enum budget_use {
	BUDGET_AUTOMATIC, /* nobody asked for this very request */
	BUDGET_EXPLICIT, /* chat, a manual trigger */
};

/* What a reservation is for. */
struct budget_request {
	const struct config_endpoint *endpoint;
	const char *key; /* as it will be sent; NULL: none. For budget_look() NULL is the one noted last */
	const char *model;
	enum budget_use use;
	double reserve; /* share of each window for explicit requests */
};

/*
 * The answer: err NULL, and the request may go; or ERR_BUDGET with retry_at, blocked_scope and a sentence that says
 * when. From the loop, once.
 */
typedef void budget_fn(void *ctx, uint64_t reservation, const struct err *err);

/*
 * Asks. The number (never 0) is the reservation's. After a yes, end it with exactly one of refund, answered,
 * refused and spent. After a no it is over.
 */
uint64_t budget_reserve(struct budget *budget, const struct budget_request *request, budget_fn *fn, void *ctx);
/* Before fn was called, if nobody wants the request any more: fn is not called, and nothing stays reserved. */
void budget_withdraw(struct budget *budget, uint64_t reservation);

/* The request provably never left. */
void budget_refund(struct budget *budget, uint64_t reservation);
/* It was answered: no cooldown holds any more. */
void budget_answered(struct budget *budget, uint64_t reservation);
/* It went out, and its end says nothing about limits: an error of the server, a cancel. */
void budget_spent(struct budget *budget, uint64_t reservation);

/* What a provider says when it refuses for its limits (429 and its kin). Zeroes: it does not say. */
struct budget_refusal {
	int64_t retry_at;
	bool day; /* the words name a day: "each day", "00:00" */
	bool per_model; /* the limit is that model's alone */
	int64_t limit; /* the provider's number … */
	int64_t period; /* … per so many seconds */
	bool quota; /* the account's credit is gone: nothing that waiting helps, no cooldown */
	const char *scope; /* "machine", "key" or "" */
	const char *message; /* a sentence for the user */
};
void budget_refused(struct budget *budget, uint64_t reservation, const struct budget_refusal *refusal);

/* Which key an endpoint has, so that its windows can be shown without asking for the key. */
void budget_note_key(struct budget *budget, const struct config_endpoint *endpoint, const char *key);

/* --- the provider's own counter (chatanywhere's /v1/query/usage_details; providers.md 1.5) --- */

/* May it be asked now? At most once in ten minutes per key for the whole machine; true takes the turn. */
bool budget_wants_usage(struct budget *budget, const struct config_endpoint *endpoint, const char *key);
struct budget_usage_hour {
	int64_t start;
	int64_t count; /* of requests by that key, from wherever */
};
void budget_correct(struct budget *budget, const struct config_endpoint *endpoint, const char *key,
	const struct budget_usage_hour *hours, size_t count);

/* --- the ledger itself --- */

struct budget_ledger {
	const char *path; /* where it is or would be; NULL: there is no place for it */
	bool shared; /* false: this process counts for itself */
	const char *notice; /* what is wrong with it, a sentence; NULL: nothing */
	const char *others; /* where it is shared with other machines: "redis://host:6379/0"; NULL: it is not */
	bool others_answer; /* at the last look */
};
/* Opens it. The strings are borrowed until the next call into the budget. */
void budget_ledger(struct budget *budget, struct budget_ledger *out);
/* The user knows better (another address, another plan): ends all cooldowns. False: the ledger could not be written. */
bool budget_end_cooldowns(struct budget *budget);

/* What is left. */
#include "eke/budget/report.h"

#endif
