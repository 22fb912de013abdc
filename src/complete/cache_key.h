#ifndef EKE_COMPLETE_CACHE_KEY_H
#define EKE_COMPLETE_CACHE_KEY_H
/*
 * The two halves of a cache key: hashes of the text before the cursor (its tail of LIMIT_CACHE_TAIL bytes) and of the
 * text after it (its head of LIMIT_CACHE_HEAD).
 */
#include <stddef.h>
#include <stdint.h>

#include "eke/base/limits.h"
#include "eke/complete/cache.h"

/* Of the model and the document; goes into both halves. */
uint64_t cache_seed(const struct cache_context *context);
uint64_t cache_after_key(uint64_t seed, const char *s, size_t len);

/* The powers of the hash's base. */
struct cache_powers {
	uint64_t of[LIMIT_CACHE_TAIL + 1];
};

void cache_powers_init(struct cache_powers *powers);

/* The tail of text[0..end), which is borrowed, and its hash. */
struct cache_tail {
	const char *text;
	size_t end;
	size_t len;
	uint64_t hash;
};

void cache_tail_init(struct cache_tail *tail, const char *text, size_t end);
/* Makes it the tail of text[0..end - 1); end is not 0. */
void cache_tail_back(struct cache_tail *tail, const struct cache_powers *powers);
uint64_t cache_before_key(uint64_t seed, const struct cache_tail *tail);

/* The halves of a key, which are bytes on disk. */
void cache_key_put(struct cache_key *key, uint64_t before, uint64_t after);
uint64_t cache_key_before(const struct cache_key *key);
uint64_t cache_key_after(const struct cache_key *key);

#endif
