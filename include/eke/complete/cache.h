#ifndef EKE_COMPLETE_CACHE_H
#define EKE_COMPLETE_CACHE_H
/*
 * Answers that were paid for, found again while the user types through them, goes back, or accepts a
 * part. In memory; no clock, no I/O.
 *
 * An answer is stored under its context: the model that gave it, the document, the last
 * LIMIT_CACHE_TAIL bytes before and the first LIMIT_CACHE_HEAD bytes after the cursor. Nothing farther
 * away counts, so edits above and below and an excerpt that moves keep it. A lookup walks back over
 * what was typed, up to LIMIT_CACHE_TYPED bytes: an answer stored k bytes earlier holds if it begins
 * with the last k bytes before the cursor; the rest of it is the answer here. Thus every position
 * inside an answer hits, also after backspace, and after accepting a word or a line. One rolling hash
 * serves the whole walk: microseconds, no allocation.
 *
 * The text after the cursor must be the stored one, with two exceptions, both made by editors behind
 * the user's back:
 *  - closers (up to 4 of ) ] } > " ' `) that the editor put right of the cursor because their openers
 *    were typed since: the answer is then cut before the closer that stands there already (struct
 *    cache_hit, cut); once the user has typed over it, the rest is found again;
 *  - Enter between two brackets, which moves the closing one to a line of its own: a line end at the
 *    end of the answer is then dropped, as the editor has made it. Not supported: an editor that
 *    re-indents the typed line differently from the answer (miss), and pasting between (miss).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the cursor is. Borrowed. */
struct cache_context {
	const char *model_id; /* endpoint and model, as one string: answers of another are not mixed in */
	const char *uri;
	/*
	 * Everything before the cursor, or at least its last LIMIT_CACHE_TAIL + LIMIT_CACHE_TYPED bytes:
	 * every excerpt qualifies.
	 */
	const char *prefix;
	size_t prefix_len;
	/* Everything after it, or at least LIMIT_CACHE_HEAD + 8 bytes. */
	const char *suffix;
	size_t suffix_len;
};

/* Stable over processes and machines, so that it can be stored. */
struct cache_key {
	unsigned char bytes[16];
};

void cache_key_make(const struct cache_context *context, struct cache_key *out);
bool cache_key_equal(const struct cache_key *a, const struct cache_key *b);
/* Of the same model, document and text after the cursor, wherever before it. */
bool cache_key_same_after(const struct cache_key *a, const struct cache_key *b);

enum cache_status {
	CACHE_MISS, /* nothing known, or a known answer is used up */
	CACHE_HIT, /* out is filled, len > 0 */
	CACHE_INCOMPLETE, /* what was typed agrees with an answer that is not complete and has caught up with it: wait, do
			  not ask again. out is filled, len 0 */
	/*
	 * the model had nothing to say right here, less than LIMIT_CACHE_NEGATIVE_MS ago. out is filled,
	 * len 0
	 */
	CACHE_NOTHING,
};

struct cache_hit {
	const char *text; /* borrowed until the next call that changes the cache; not terminated */
	size_t len;
	size_t cut; /* bytes of the answer behind text[0..len) that a closer right of the cursor cut off */
	struct cache_key key; /* as stored, like the next two */
	unsigned rank;
	uint64_t item;
	bool complete;    /* no more of this answer will come (but a closer may have cut it, see above) */
	size_t typed;     /* bytes of the answer that are in the document already */
	int64_t stored_ms;
};

/* Candidates of one model request. */
#define CACHE_RANKS 3

struct cache;

/* 0: LIMIT_CACHE_ENTRIES, LIMIT_CACHE_BYTES (which count keys and bookkeeping, too). */
struct cache *cache_new(size_t max_entries, size_t max_bytes);
void cache_free(struct cache *c);

/* What is stored under a key. */
struct cache_answer {
	const char *text; /* copied */
	size_t len;
	uint64_t item;
	unsigned rank; /* of several candidates of one model request: 0 the best, below CACHE_RANKS */
	bool complete;
	int64_t stored_ms;
};

/*
 * Stores or replaces the answer of a key and rank. An incomplete answer is put again as it grows; put it with
 * length 0 when its request goes out, and everybody who comes later can join (CACHE_INCOMPLETE). Complete with
 * length 0: nothing to say here. The least recently used go when there are too many; false if this one alone is
 * too large (an older value is then forgotten).
 */
bool cache_put(struct cache *c, const struct cache_key *key, const struct cache_answer *answer);
/*
 * The answer that was stored the fewest typed bytes ago and has text left wins, of those with the best rank. out may be
 * NULL; untouched on CACHE_MISS.
 */
enum cache_status cache_find(
	struct cache *c, const struct cache_context *context, int64_t now_ms, struct cache_hit *out);
/*
 * All that go on from here with different texts, the winner first, at most `max`; their number. 0 if there is no
 * CACHE_HIT.
 */
size_t cache_find_all(
	struct cache *c, const struct cache_context *context, int64_t now_ms, struct cache_hit *out, size_t max);
/* What is stored under the key with this rank, all of it, with nothing typed; false if nothing is. No use of it. */
bool cache_get(const struct cache *c, const struct cache_key *key, unsigned rank, struct cache_hit *out);
/* Forgets what is stored under the key, or all of an item (rejected, or its request failed). */
void cache_forget(struct cache *c, const struct cache_key *key);
void cache_forget_item(struct cache *c, uint64_t item);
void cache_clear(struct cache *c);

size_t cache_count(const struct cache *c);
size_t cache_bytes(const struct cache *c);

#endif
