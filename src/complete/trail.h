#ifndef EKE_COMPLETE_TRAIL_H
#define EKE_COMPLETE_TRAIL_H
/*
 * The answers in the cache that the typing followed last in a document, so that one that was left can be found where it
 * goes on (rejoin.h). In memory; no clock. For the engine's own files.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/complete/cache.h"
#include "eke/complete/rejoin.h"

#define TRAIL_STEPS 6

struct trail_step {
	struct cache_key key; /* of the answer in the cache, and its rank */
	unsigned rank;
	size_t offset;  /* of the answer's place in the document */
	size_t reached; /* bytes of it that were typed through */
};

/* All zero: empty. */
struct trail {
	struct trail_step steps[TRAIL_STEPS]; /* the last one first */
	size_t count;
};

/* The typing is inside this answer, at an offset in the document. */
void trail_follow(struct trail *trail, const struct cache_hit *hit, size_t offset);

struct trail_match {
	size_t step;             /* in trail->steps */
	struct cache_hit answer; /* the whole of it, borrowed from the cache until that changes */
	size_t at;               /* from where on it goes on here; below answer.len */
	struct rejoin_words words; /* that differ; none where lines were found */
	const char *typed;         /* since the answer's place; borrowed from `here` */
};

/*
 * Which answer goes on here, at the offset; of several the one followed last. Only those whose question would still be
 * the same count: the text before their place, and after the cursor. False if none does.
 */
bool trail_find(const struct trail *trail, const struct cache *cache, const struct cache_context *here, size_t offset,
	struct trail_match *out);
/* The rest of a step's answer is in the cache under the key of this offset, too: that is the step from now on. */
void trail_move(struct trail *trail, size_t step, const struct cache_key *here, size_t offset);

#endif
