#ifndef EKE_COMPLETE_SHELF_H
#define EKE_COMPLETE_SHELF_H
/*
 * The answers that outlive the process: answers.db in the state directory (store/store.h), shared by all eke processes
 * of the user. It holds the answers' texts, and *claims*: which process is asking which question right now. What is in
 * it may be lost at any time; nobody waits for it.
 *
 * Which file an answer belongs to cannot be read from it. Rows carry the first half of a SHA-256 of a random salt and
 * the URI; their keys (complete/cache.h, from which something about the URI could be computed) are masked with its
 * second half. Who knows a URI finds its answers; who does not can only guess and try.
 *
 * Every call is one short transaction, never blocks, and may say STORE_BUSY (again in some milliseconds) or
 * STORE_FAILED (shelf_take_trouble() has the reason once). Nothing is opened before the first of them. Uses the wall
 * clock (milliseconds since the Unix epoch): processes and restarts have no other in common.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "eke/complete/cache.h"
#include "eke/store/store.h"

struct shelf;

/* Zeroes: LIMIT_SHELF_ROWS, LIMIT_SHELF_BYTES, LIMIT_SHELF_AGE_MS. */
struct shelf_caps {
	int64_t rows;
	int64_t bytes;
	int64_t age_ms;
};

/* NULL: the limits of limits.h. */
struct shelf *shelf_new(const struct shelf_caps *caps);
/* What this process claims stays claimed until others see that it is gone. */
void shelf_free(struct shelf *shelf);
bool shelf_take_trouble(struct shelf *shelf, struct store_trouble *out);
/* As store_version(): changes with every commit of anybody. */
int64_t shelf_version(struct shelf *shelf);

/* --- reading --- */

/* A row of one file: after damage a new file is begun, and the old one's numbers mean nothing any more. */
struct shelf_id {
	uint64_t file; /* 0: none */
	int64_t row;
};

struct shelf_row {
	struct shelf_id id;
	struct cache_key key;
	unsigned rank;
	const char *text; /* borrowed for the callback; len 0: the model had nothing to say */
	size_t len;
	int64_t age_ms; /* since it was answered; never negative */
};
typedef void shelf_row_fn(void *ctx, const struct shelf_row *row);

/*
 * Tells the document's newest answers by other processes that came after *seen, the oldest first; at most
 * LIMIT_SHELF_DOCUMENT_ROWS of LIMIT_SHELF_DOCUMENT_BYTES, and none that is too old. Then *seen is the newest row of
 * all. Begin with zeroes. Unless the result is STORE_OK not everything may have been told, and *seen is as it was.
 */
MUST_USE enum store_result shelf_load(
	struct shelf *shelf, const char *uri, struct shelf_id *seen, shelf_row_fn *fn, void *ctx);

/* --- who asks --- */

enum shelf_claim {
	SHELF_MINE,     /* nobody else is asking this: we are, from now on */
	SHELF_OTHERS,   /* a living process is, and has time left */
	SHELF_ANSWERED, /* an answer has come since `seen`: shelf_load() has it */
};

/*
 * Claims a question for this process, for `lease_ms` at the most. `force`: even if another has it (it was waited for
 * long enough).
 */
MUST_USE enum store_result shelf_claim(struct shelf *shelf, const char *uri, const struct cache_key *key,
	const struct shelf_id *seen, int64_t lease_ms, bool force, enum shelf_claim *out);
/* Is it still another process's that lives and has time left? Cheaper than claiming it. */
MUST_USE enum store_result shelf_is_others(
	struct shelf *shelf, const char *uri, const struct cache_key *key, bool *out);

/* --- writing: one transaction from begin to end --- */

/* One answer of a question; ranks in their order: those above that are left of an older answer go. */
struct shelf_answer {
	const char *uri;
	struct cache_key key;
	unsigned rank;
	const char *text;
	size_t len;
	int64_t at_ms; /* wall clock */
};

MUST_USE enum store_result shelf_begin(struct shelf *shelf);
/* The id is good once shelf_end() said STORE_OK. */
struct shelf_id shelf_put(struct shelf *shelf, const struct shelf_answer *answer);
/* It was of use: others go first when there are too many. */
void shelf_use(struct shelf *shelf, struct shelf_id id);
/* It was turned down. */
void shelf_drop(struct shelf *shelf, struct shelf_id id);
/* The question is no longer this process's. */
void shelf_release(struct shelf *shelf, const char *uri, const struct cache_key *key);
/* Trims now and then. After anything but STORE_OK nothing was written. */
MUST_USE enum store_result shelf_end(struct shelf *shelf);

/* --- no history --- */

/* Is there a file that shelf_purge() would remove? Opens nothing. */
bool shelf_exists(void);
/* Removes the file, and those that were set aside as damaged. Other processes that have it open begin a new one. */
MUST_USE enum store_result shelf_purge(struct shelf *shelf);

#endif
