#ifndef EKE_COMPLETE_DISK_CACHE_H
#define EKE_COMPLETE_DISK_CACHE_H
/*
 * The answers that outlive the process: answers.db in the state directory (store/store.h), shared by all eke processes
 * of the user. It holds the answers' texts, and *claims*: which process has which request under way. What is in it
 * may be lost at any time; nobody waits for it.
 *
 * Which file an answer belongs to cannot be read from it. Rows carry the first half of a SHA-256 of a random salt and
 * the URI; their keys (complete/cache.h, from which something about the URI could be computed) are masked with its
 * second half. Who knows a URI finds its answers; who does not can only guess and try.
 *
 * Every call is one short transaction and never blocks. It may return STORE_BUSY (try again some milliseconds later) or
 * STORE_FAILED (disk_cache_take_trouble() then has the reason, once). The first call opens the file. Times are of the
 * wall clock, Unix ms, which is the only clock that processes and restarts have in common.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "eke/complete/cache.h"
#include "eke/store/store.h"

struct disk_cache;

/* Zeroes: LIMIT_DISK_CACHE_ROWS, LIMIT_DISK_CACHE_BYTES, LIMIT_DISK_CACHE_AGE_MS. */
struct disk_cache_caps {
	int64_t rows;
	int64_t bytes;
	int64_t age_ms;
};

/* NULL: the limits of limits.h. */
struct disk_cache *disk_cache_new(const struct disk_cache_caps *caps);
/* What this process claims stays claimed until others see that it is gone. */
void disk_cache_free(struct disk_cache *disk);
bool disk_cache_take_trouble(struct disk_cache *disk, struct store_trouble *out);
/* As store_version(): changes with every commit of any process. */
int64_t disk_cache_version(struct disk_cache *disk);

/* --- reading --- */

/* A row of one file: after damage a new file is begun, and the old one's numbers mean nothing any more. */
struct disk_cache_id {
	uint64_t file; /* 0: none */
	int64_t row;
};

struct disk_cache_row {
	struct disk_cache_id id;
	struct cache_key key;
	unsigned rank;
	const char *text; /* borrowed for the callback; len 0: the model had nothing to say */
	size_t len;
	int64_t age_ms; /* since it was answered; never negative */
};
typedef void disk_cache_row_fn(void *ctx, const struct disk_cache_row *row);

/*
 * Calls fn for each of the document's answers that other processes wrote after *seen, the oldest first: at most
 * LIMIT_DISK_CACHE_DOCUMENT_ROWS rows with LIMIT_DISK_CACHE_DOCUMENT_BYTES together, none older than the caps allow. At
 * first *seen is all zero. After STORE_OK it is the newest row of the file; after anything else it is unchanged, and fn
 * may have got only a part.
 */
MUST_USE enum store_result disk_cache_load(
	struct disk_cache *disk, const char *uri, struct disk_cache_id *seen, disk_cache_row_fn *fn, void *ctx);

/* --- who requests --- */

enum disk_cache_claim {
	DISK_CACHE_MINE, /* no other process has this request under way; this one has claimed it now */
	DISK_CACHE_OTHERS, /* another living process has claimed it, and its lease has not run out */
	DISK_CACHE_ANSWERED, /* an answer was written since `seen`: disk_cache_load() tells it */
};

/*
 * Claims a request for this process, for `lease_ms` at most. `force` takes the claim of another process over, once that
 * was waited for long enough.
 */
MUST_USE enum store_result disk_cache_claim(struct disk_cache *disk, const char *uri, const struct cache_key *key,
	const struct disk_cache_id *seen, int64_t lease_ms, bool force, enum disk_cache_claim *out);
/* Would disk_cache_claim() say DISK_CACHE_OTHERS? Cheaper than claiming. */
MUST_USE enum store_result disk_cache_is_others(
	struct disk_cache *disk, const char *uri, const struct cache_key *key, bool *out);

/* --- writing: one transaction from begin to end --- */

/* One candidate of an answer, in the order of ranks: higher ranks that are left of an older answer are removed. */
struct disk_cache_answer {
	const char *uri;
	struct cache_key key;
	unsigned rank;
	const char *text;
	size_t len;
	int64_t at_ms; /* wall clock */
};

MUST_USE enum store_result disk_cache_begin(struct disk_cache *disk);
/* Writes one candidate. The id is valid once disk_cache_end() has returned STORE_OK. */
struct disk_cache_id disk_cache_put(struct disk_cache *disk, const struct disk_cache_answer *answer);
/* The answer was shown: when there are too many, answers that were not go first. */
void disk_cache_use(struct disk_cache *disk, struct disk_cache_id id);
/* The user turned the answer down: removes it. */
void disk_cache_drop(struct disk_cache *disk, struct disk_cache_id id);
/* The request is no longer this process's. */
void disk_cache_release(struct disk_cache *disk, const char *uri, const struct cache_key *key);
/* Commits, and now and then trims to the caps. After anything but STORE_OK nothing was written. */
MUST_USE enum store_result disk_cache_end(struct disk_cache *disk);

/* --- no history --- */

/* Is there a file that disk_cache_purge() would remove? Opens nothing. */
bool disk_cache_exists(void);
/* Removes the file, and those that were set aside as damaged. Other processes that have it open begin a new one. */
MUST_USE enum store_result disk_cache_purge(struct disk_cache *disk);

#endif
