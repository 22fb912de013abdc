#ifndef EKE_COMPLETE_ASK_H
#define EKE_COMPLETE_ASK_H
/*
 * One question to an endpoint: what belongs at a place. Its answer goes into the cache as it grows, from the moment the
 * question is made (with nothing yet): whoever comes to a place that it covers finds it there. For the engine's
 * own files.
 */
#include <stdbool.h>
#include <stdint.h>

#include "eke/base/err.h"
#include "eke/complete/cache.h"
#include "eke/complete/rename.h"
#include "eke/config/config.h"
#include "eke/upstream/upstream.h"
#include "place.h"

struct ask;

struct ask_callbacks {
	/* More of the answer is in the cache. */
	void (*grown)(void *ctx, struct ask *ask);
	/* This complete answer is in the cache, and will not change. Borrowed. */
	void (*kept)(void *ctx, const struct cache_key *key, const struct cache_answer *answer);
	/* Once, the last: the whole answer is in the cache, or err. The ask ends after it. */
	void (*done)(void *ctx, struct ask *ask, const struct err *err);
	void *ctx;
};

/* Borrowed for the call, but for upstream and cache, which must outlive the ask. */
struct ask_wanted {
	uint64_t id; /* also the first item's, in the cache; the other candidates have the next ones, up to CACHE_RANKS */
	struct upstream *upstream;
	struct cache *cache;
	struct endpoint *endpoint;
	struct config *config; /* a reference is taken */
	const struct place *place;
	bool automatic;
	bool insert_spaces;
	unsigned tab_size;
	bool project_style;
};

/*
 * A question that can be joined, but is not asked before ask_send(). NULL with ERR_PROMPT_TOO_LONG if the plan's cap on
 * prompts leaves no room for any.
 */
struct ask *ask_start(const struct ask_wanted *wanted, const struct ask_callbacks *callbacks, struct err *err);
/* Sends it, once. Callbacks come later, from the loop. */
void ask_send(struct ask *ask);
/* Ends it: no more callbacks, nothing of it in the cache. */
void ask_cancel(struct ask *ask);

/* Is it one of its items in the cache? */
bool ask_has_item(const struct ask *ask, uint64_t item);
/*
 * Of a text that goes on from `place`, the beginning of its answer so far: how many bytes are worth showing by
 * themselves (post_first_useful()).
 */
size_t ask_first_useful(const struct ask *ask, const struct place *place, const char *text, size_t len);
/* Who is asked; lives as long as the ask. */
struct endpoint *ask_endpoint(const struct ask *ask);
/* "endpoint/model": whose answers these are, for the cache. */
const char *ask_who(const struct ask *ask);
/*
 * What is in the cache under `from` is its first item, which from byte `at` of that on is also kept under `to`, with
 * these names, and what comes of it. False if that is none of its keys, or the item is too short.
 */
bool ask_goes_on_at(struct ask *ask, const struct cache_key *from, size_t at, const struct cache_key *to,
		    const struct renames *renames);
/* Its answer's key in the cache. */
const struct cache_key *ask_key(const struct ask *ask);
/* Until when it may be without an answer at all, ms. */
int64_t ask_patience_ms(const struct ask *ask);
/* It was sent, and its plan counts requests: the answer is paid for, whether anybody waits or not. */
bool ask_is_paid(const struct ask *ask);
/* ask_who() of a question to this endpoint; owned by the caller. */
char *ask_who_of(const struct endpoint *endpoint);

#endif
