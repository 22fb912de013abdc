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
 * Every call is one short transaction, never blocks, and may say STORE_BUSY (again in some milliseconds) or
 * STORE_FAILED (disk_cache_take_trouble() has the reason once). Nothing is opened before the first of them. Uses the
 * wall clock (milliseconds since the Unix epoch): processes and restarts have no other in common.
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
/* As store_version(): changes with every commit of anybody. */
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
 * Tells the document's answers that other processes wrote after *seen, the oldest first: at most
 * LIMIT_DISK_CACHE_DOCUMENT_ROWS rows of LIMIT_DISK_CACHE_DOCUMENT_BYTES, and none that is too old. Begin with *seen
 * all zero. STORE_OK: *seen is now the newest row of the file. Else not everything may have been told, and *seen is as
 * it was.
 */
MUST_USE enum store_result disk_cache_load(
	struct disk_cache *disk, const char *uri, struct disk_cache_id *seen, disk_cache_row_fn *fn, void *ctx);

/* --- who requests --- */

enum disk_cache_claim {
	DISK_CACHE_MINE, /* no other process has this request under way: we do, from now on */
	DISK_CACHE_OTHERS, /* a living process is, and has time left */
	DISK_CACHE_ANSWERED, /* an answer has come since `seen`: disk_cache_load() has it */
};

/*
 * Claims a request for this process, for `lease_ms` at the most. `force`: even if another process has it (it was
 * waited for long enough).
 */
MUST_USE enum store_result disk_cache_claim(struct disk_cache *disk, const char *uri, const struct cache_key *key,
	const struct disk_cache_id *seen, int64_t lease_ms, bool force, enum disk_cache_claim *out);
/* Is it still another process's that lives and has time left? Cheaper than claiming it. */
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
/* The id is good once disk_cache_end() said STORE_OK. */
struct disk_cache_id disk_cache_put(struct disk_cache *disk, const struct disk_cache_answer *answer);
/* It was of use: others go first when there are too many. */
void disk_cache_use(struct disk_cache *disk, struct disk_cache_id id);
/* It was turned down. */
void disk_cache_drop(struct disk_cache *disk, struct disk_cache_id id);
/* The request is no longer this process's. */
void disk_cache_release(struct disk_cache *disk, const char *uri, const struct cache_key *key);
/* Trims now and then. After anything but STORE_OK nothing was written. */
MUST_USE enum store_result disk_cache_end(struct disk_cache *disk);

/* --- no history --- */

/* Is there a file that disk_cache_purge() would remove? Opens nothing. */
bool disk_cache_exists(void);
/* Removes the file, and those that were set aside as damaged. Other processes that have it open begin a new one. */
MUST_USE enum store_result disk_cache_purge(struct disk_cache *disk);

#endif
