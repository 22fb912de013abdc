#ifndef EKE_COMPLETE_RECENT_H
#define EKE_COMPLETE_RECENT_H
/*
 * The answers in the cache that the typing followed last in a document, so that one that was left can be found where it
 * goes on (realign.h). In memory; no clock. For the engine's own files.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/complete/cache.h"
#include "eke/complete/realign.h"

#define RECENT_ENTRIES 6

struct recent_entry {
	struct cache_key key; /* of the answer in the cache, and its rank */
	unsigned rank;
	size_t offset; /* in the document, where the answer begins */
	size_t reached; /* bytes of it that were typed through */
};

/* All zero: empty. */
struct recent {
	struct recent_entry entries[RECENT_ENTRIES]; /* the last one first */
	size_t count;
};

/* The typing is inside this answer, at an offset in the document. */
void recent_touch(struct recent *recent, const struct cache_hit *hit, size_t offset);

struct recent_match {
	size_t entry; /* in recent->entries */
	struct cache_hit answer; /* the whole of it, borrowed from the cache until that changes */
	size_t at; /* from where on it goes on here; below answer.len */
	struct realign_words words; /* that differ; none where lines were found */
	const char *typed; /* since the answer's offset; borrowed from `here` */
};

/*
 * Which answer goes on here, at the offset; of several the one followed last. Only those count whose request would
 * still be the same: the text before their offset, and after the cursor. False if none does.
 */
bool recent_find(const struct recent *recent, const struct cache *cache, const struct cache_context *here,
	size_t offset, struct recent_match *out);
/* The rest of an entry's answer is also in the cache under the key of this offset: the entry stands for that now. */
void recent_move(struct recent *recent, size_t entry, const struct cache_key *here, size_t offset);

#endif
