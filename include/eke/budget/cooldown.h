#ifndef EKE_BUDGET_COOLDOWN_H
#define EKE_BUDGET_COOLDOWN_H
/*
 * What a provider's refusal means for the requests that follow: until when nobody asks, and who may find out whether it
 * takes requests again. The count of the ledger is a lower bound (other programs, other machines behind the same
 * address), the refusal is the truth (providers.md 4.2 e). Pure; times are Unix ms.
 */
#include <stdbool.h>
#include <stdint.h>

#include "eke/base/limits.h"
#include "eke/budget/budget.h"
#include "eke/budget/key_hash.h"

/* Where nothing is known of the end: a minute, doubled by each refusal after it, to a quarter of an hour. */
#define COOLDOWN_FIRST_MS INT64_C(60000)
#define COOLDOWN_LONGEST_MS INT64_C(900000)
/* How long one request may take to find out. */
#define COOLDOWN_PROBE_MS INT64_C(120000)
/* A cooldown whose end was not stated is forgotten so long after it: nobody has asked since. */
#define COOLDOWN_STALE_MS INT64_C(3600000)

struct cooldown {
	bool machine; /* all keys; else the one with that hash */
	struct key_hash key;
	char model[LIMIT_BUDGET_MODEL]; /* "": all */
	int64_t set_at; /* 0: there is none */
	int64_t until;
	bool stated; /* the end is known: it ends then */
	unsigned tries; /* refusals in a row without one */
	uint64_t probe; /* reservation that finds out, or 0 … */
	int64_t probe_until; /* … for at most so long */
	char message[LIMIT_ERR_MESSAGE];
};

enum cooldown_verdict {
	COOLDOWN_OVER, /* does not hold (any more) */
	COOLDOWN_HOLDS, /* until cooldown->until */
	COOLDOWN_PROBE, /* this request may go, as the probe */
	COOLDOWN_PROBING, /* another one is finding out */
	COOLDOWN_UNSURE, /* the time is up, but an automatic request does not find out */
};
enum cooldown_verdict cooldown_judge(const struct cooldown *cooldown, enum budget_use use, int64_t now);

struct cooldown_facts {
	int64_t now;
	int64_t sent_at; /* the refused request's reservation */
	int64_t midnight; /* when the provider's next day begins */
	int64_t full_until; /* when a window of ours that is full has room again; 0: none is full */
};
/*
 * Sets or prolongs the cooldown after a refusal. `cooldown` is the one there was, or all zeroes but for its key and
 * model.
 */
void cooldown_refused(struct cooldown *cooldown, const struct budget_refusal *refusal,
		      const struct cooldown_facts *facts);
/* Does an answer to a request that was sent at that time end it? */
bool cooldown_is_lifted(const struct cooldown *cooldown, int64_t sent_at);

#endif
