#ifndef EKE_BUDGET_BLOCK_H
#define EKE_BUDGET_BLOCK_H
/*
 * What a provider's refusal means for the requests that follow: until when nobody asks, and who may find out whether it
 * takes requests again. The count of the ledger is a lower bound (other programs, other machines behind the same
 * address), the refusal is the truth (upstream.md 4.2 e). Pure; times are Unix ms.
 */
#include <stdbool.h>
#include <stdint.h>

#include "eke/base/limits.h"
#include "eke/budget/budget.h"
#include "eke/budget/fingerprint.h"

/* Where nothing is known of the end: a minute, doubled by each refusal after it, to a quarter of an hour. */
#define BLOCK_FIRST_MS INT64_C(60000)
#define BLOCK_LONGEST_MS INT64_C(900000)
/* How long one request may take to find out. */
#define BLOCK_PROBE_MS INT64_C(120000)
/* So long after its end a block of unknown end is no news any more: nobody has asked since. */
#define BLOCK_STALE_MS INT64_C(3600000)

struct block {
	bool machine;                   /* all keys; else the one of the mark */
	struct key_mark key;
	char model[LIMIT_BUDGET_MODEL]; /* "": all */
	int64_t set_at;                 /* 0: there is none */
	int64_t until;
	bool stated;      /* the end is known: it ends then */
	unsigned tries;   /* refusals in a row without one */
	uint64_t probe;   /* reservation that finds out, or 0 … */
	int64_t probe_until; /* … for at most so long */
	char message[LIMIT_ERR_MESSAGE];
};

enum block_verdict {
	BLOCK_OVER,    /* does not hold (any more) */
	BLOCK_HOLDS,   /* until block->until */
	BLOCK_PROBE,   /* this request may go, as the probe */
	BLOCK_PROBING, /* another one is finding out */
	BLOCK_UNSURE,  /* the time is up, but an automatic request does not find out */
};
enum block_verdict block_judge(const struct block *block, enum budget_use use, int64_t now);

struct block_facts {
	int64_t now;
	int64_t sent_at;     /* the refused request's reservation */
	int64_t midnight;    /* when the provider's next day begins */
	int64_t full_until;  /* when a window of ours that is full has room again; 0: none is full */
};
/* A request was refused that the block is to cover; `block` is what there was, or zeroes with its key and model set. */
void block_refused(struct block *block, const struct budget_refusal *refusal, const struct block_facts *facts);
/* Does the answer to a request sent then say that it is over? */
bool block_is_lifted(const struct block *block, int64_t sent_at);

#endif
