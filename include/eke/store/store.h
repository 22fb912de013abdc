#ifndef EKE_STORE_STORE_H
#define EKE_STORE_STORE_H
/*
 * One SQLite file in the state directory, shared by all eke processes of the user: opened when it is first used,
 * migrated, repaired by setting it aside, and never waited for. Each subject has a file of its own (the ledger, the
 * answers, the chats), so that neither the damage nor the load of one is felt by another.
 *
 * Nothing here blocks longer than the disk does: where another process holds the lock the result is STORE_BUSY, and
 * the caller comes back by a timer. Write-ahead log, synchronous=NORMAL: what is committed survives the death of
 * the process at any instruction (a power cut may take the last commits, never the file). On network file systems
 * there is no shared memory, so no write-ahead log; it still works, and a warning says what to do.
 *
 * Work is a transaction: store_begin(), statements, store_commit(). A statement that fails makes all that follow
 * do nothing and the commit fail, so only begin and commit need to be looked at. One statement at a time.
 *
 * Facts: sqlite.org/wal.html, sqlite.org/pragma.html, sqlite.org/howtocorrupt.html (why the file is never renamed
 * while we keep it open).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"

struct store;

/* What a file holds; constant data of its owner. */
struct store_schema {
	const char *file;    /* name in the state directory: "ledger.db" */
	const char *subject; /* in sentences: "the ledger" */
	int application_id;  /* tells the file from anybody else's */
	const char *const *migrations; /* SQL; entry n takes user_version from n to n + 1; ends with NULL */
	const char *const *statements; /* SQL, by the numbers of store_start() */
	size_t statement_count;
	const char *after_damage; /* SQL for a new file in the place of a damaged one, or NULL */
	bool is_cache; /* of a damaged one nothing need be kept */
	const char *after_salvage; /* SQL for when rows of a damaged one are in the new one, or NULL */
};

enum store_result {
	STORE_OK,
	STORE_BUSY,   /* another process has the lock: again in some milliseconds */
	STORE_FAILED, /* it cannot be used; store_take_trouble() has the reason once */
};

enum store_mode {
	STORE_READ,  /* sees one state of the file throughout */
	STORE_WRITE, /* nobody else writes meanwhile */
};

enum store_trouble_kind {
	STORE_DAMAGED, /* was set aside; a new one is in use */
	STORE_NEWER,   /* made by a newer eke: not touched */
	STORE_UNUSABLE, /* permission, disk full, input or output error */
	STORE_NO_DIRECTORY, /* no home directory, and EKE_STATE_DIR is not set */
	STORE_REMOTE,  /* works, but on a network file system */
};

struct store_trouble {
	enum store_trouble_kind kind;
	char sentence[LIMIT_ERR_MESSAGE];
};

/* Opens nothing yet. The schema is borrowed for the store's life. */
RETURNS_NONNULL MUST_USE struct store *store_new(const struct store_schema *schema);
/* The same in memory, for this process alone: where there is no file. Never BUSY. */
RETURNS_NONNULL MUST_USE struct store *store_new_in_memory(const struct store_schema *schema);
/* A transaction under way is rolled back. */
void store_free(struct store *store);
/* Replaces what `memory` holds by what can be read of `store`, which has no transaction under way. */
bool store_copy(struct store *store, struct store *memory);

/* What happened since it was last asked; false if nothing did. Each trouble is told once, when it begins. */
bool store_take_trouble(struct store *store, struct store_trouble *out);
/* Of the file that is or was to be opened; NULL before that, in memory, and where there is no directory for it. */
const char *store_path(const struct store *store);
bool store_is_open(const struct store *store);
/* Was the open file removed, renamed or replaced? It can still be read, by store_copy(), until the next transaction. */
bool store_was_replaced(const struct store *store);
/* Is there a file? Looks without opening it. */
bool store_exists(const struct store *store);

/* --- transactions --- */

/* Opens the file if need be. After anything but OK there is no transaction. */
MUST_USE enum store_result store_begin(struct store *store, enum store_mode mode);
/* Ends it either way: after anything but OK nothing of it is in the file. */
MUST_USE enum store_result store_commit(struct store *store);
void store_rollback(struct store *store);

/*
 * A number that changes with every commit that wrote, of any process, for caches of what was read: ask before reading,
 * so that what is written meanwhile makes a difference. 0: it cannot be told, read again. Costs a lock of shared
 * memory, no reading. Not within a transaction.
 */
int64_t store_version(struct store *store);

/* --- statements, within a transaction --- */

/* The statement that all of the following mean, without parameters yet. */
void store_start(struct store *store, unsigned statement);
/* Its parameters, in their order. */
void store_put_int(struct store *store, int64_t value);
void store_put_text(struct store *store, const char *text); /* copied; NULL: null */
void store_put_blob(struct store *store, const void *data, size_t len);
/* Runs it to its end. */
void store_run(struct store *store);
/* The next row; false after the last, and on failure. */
bool store_next(struct store *store);
/* Columns of the row, from 0. Text and blobs are borrowed until the next store_next() or store_start(). */
int64_t store_int(struct store *store, int column);
const char *store_text(struct store *store, int column); /* NULL: null */
const void *store_blob(struct store *store, int column, size_t *len);
enum store_type { STORE_NULL, STORE_INT, STORE_DOUBLE, STORE_TEXT, STORE_BLOB };
enum store_type store_type(struct store *store, int column);

#endif
