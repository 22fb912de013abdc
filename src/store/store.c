/*
 * Stores. A struct store is a connection that comes and goes: it is opened by the first transaction, closed when the
 * file is found damaged, unusable, or replaced by another, and opened again by the next transaction. Its prepared
 * statements go with it.
 *
 * `result` is the fate of the transaction under way: the first failure stays and stops everything behind it.
 */
#include "eke/store/store.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "eke/base/err.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "salvage.h"
#include "store_private.h"

/* For how long a process that makes or repairs the file is waited for. */
#define OPEN_WAIT_MS 200

/* --- opening --- */

static bool find_path(struct store *store)
{
	char *dir = path_state();
	struct err err;
	bool ok;

	free(store->path);
	store->path = NULL;
	if (!dir) {
		store->result = STORE_FAILED;
		store_set_trouble(store, STORE_NO_DIRECTORY, "%s cannot be kept: there is no home directory; set EKE_STATE_DIR",
			store->schema->subject);
		return false;
	}
	store->path = xasprintf("%s/%s", dir, store->schema->file);
	free(dir);
	ok = file_make_directory(store->path, &err);
	if (!ok) {
		store->result = STORE_FAILED;
		store_set_trouble(store, STORE_UNUSABLE, "%s: %s", store->schema->subject, err.message);
	}
	return ok;
}

/* Makes the file if there is none, under a lock: whoever sets one aside makes the next. */
static bool make_file(struct store *store, int *lock)
{
	struct err err;
	bool made;

	if (file_identify(store->path).inode)
		*lock = -1;
	else if (!file_lock_directory(store->path, lock)) {
		store->result = STORE_BUSY;
		return false;
	}
	/* A log that was left behind belongs to the file of those who still have that open. */
	if (file_is_missing(store->path))
		file_remove_logs(store->path);
	if (file_make(store->path, &made, &err))
		return true;
	file_unlock_directory(*lock);
	store->result = STORE_FAILED;
	store_set_trouble(store, STORE_UNUSABLE, "%s: %s", store->schema->subject, err.message);
	return false;
}

static void open_store(struct store *store)
{
	int lock;

	if (store->in_memory) {
		if (store_connect(store) && !store_set_up(store, false))
			store_disconnect(store, false);
		return;
	}
	if (!find_path(store) || !make_file(store, &lock))
		return;
	store->damaged = false;
	/* What another process has half repaired looks like a new file. */
	if (lock < 0 && !file_share_directory(store->path, &store->lock)) {
		store->result = STORE_BUSY;
		return;
	}
	store_open_file(store, false);
	file_unshare_directory(store->lock);
	file_unlock_directory(lock);
	if (store->damaged)
		store_repair(store);
}

/* Does the name stand for another file now than the one that is open? */
static bool was_replaced(const struct store *store)
{
	return !store->in_memory && !file_same(store->id, file_identify(store->path));
}

/* --- life --- */

bool store_take_trouble(struct store *store, struct store_trouble *out)
{
	if (!store->has_trouble)
		return false;
	store->has_trouble = false;
	*out = store->trouble;
	return true;
}

struct store *store_new(const struct store_schema *schema)
{
	struct store *store = xcalloc(1, sizeof(*store));

	store->schema = schema;
	store->lock = -1;
	store->statements = xcalloc(schema->statement_count, sizeof(sqlite3_stmt *));
	return store;
}

struct store *store_new_in_memory(const struct store_schema *schema)
{
	struct store *store = store_new(schema);

	store->in_memory = true;
	return store;
}

void store_free(struct store *store)
{
	if (!store)
		return;
	if (store->in_transaction)
		store_rollback(store);
	if (store->db)
		store_disconnect(store, store->damaged || was_replaced(store));
	if (store->lock >= 0)
		close(store->lock);
	free(store->statements);
	free(store->path);
	free(store);
}

const char *store_path(const struct store *store)
{
	return store->path;
}

bool store_is_open(const struct store *store)
{
	return store->db != NULL;
}

bool store_was_replaced(const struct store *store)
{
	return store->db && was_replaced(store);
}

bool store_exists(const struct store *store)
{
	char *dir = store->in_memory || store->db ? NULL : path_state();
	char *path;
	bool there;

	if (!dir)
		return store->db != NULL;
	path = xasprintf("%s/%s", dir, store->schema->file);
	there = !file_is_missing(path);
	free(path);
	free(dir);
	return there;
}

bool store_copy(struct store *store, struct store *memory)
{
	sqlite3_backup *backup;

	store->result = STORE_OK;
	memory->result = STORE_OK;
	if (!store->db)
		return false;
	if (!memory->db)
		open_store(memory);
	backup = memory->db ? sqlite3_backup_init(memory->db, "main", store->db, "main") : NULL;
	if (!backup)
		return false;
	sqlite3_backup_step(backup, -1);
	if (sqlite3_backup_finish(backup) == SQLITE_OK && salvage_is_sound(memory->db))
		return true;
	/* Pages were copied as they are, damaged ones too. */
	store_disconnect(memory, false);
	memory->result = STORE_OK;
	open_store(memory);
	if (memory->db)
		salvage_open(memory->db, store->db);
	return memory->db != NULL;
}

/* --- transactions --- */

static void leave_stuck(struct store *store)
{
	store_disconnect(store, true);
	store->connection_is_stuck = false;
}

/* The file behind the name is no longer the one that is open, or was found damaged. */
static void look_after_file(struct store *store)
{
	if (!store->db)
		return;
	if (store->damaged && store->in_memory) {
		/* There is no file to repair it from: it begins anew. */
		store_disconnect(store, false);
		store->damaged = false;
	} else if (store->damaged) {
		store_disconnect(store, true);
		store_repair(store);
	} else if (was_replaced(store)) {
		store_disconnect(store, true);
	}
}

/*
 * Opens the file. The one exception to never waiting: where another process makes or repairs it just now, what is in it
 * is known a few milliseconds later.
 */
static void open_soon(struct store *store)
{
	store->patience_ms = OPEN_WAIT_MS;
	if (store->connection_is_stuck)
		leave_stuck(store);
	do {
		store->result = STORE_OK;
		look_after_file(store);
		if (!store->db && store->result == STORE_OK)
			open_store(store);
	} while (!store->db && store->result == STORE_BUSY && store_wait_a_little(store));
}

static enum store_result try_to_begin(struct store *store, enum store_mode mode)
{
	open_soon(store);
	if (!store->db)
		return store->result == STORE_OK ? STORE_FAILED : store->result;
	store->mode = mode;
	/* While another process repairs the file nothing is written that it would not see. */
	if (mode == STORE_WRITE && !store->in_memory && !file_share_directory(store->path, &store->lock))
		return STORE_BUSY;
	store->in_transaction = store_run_sql(store, mode == STORE_WRITE ? "BEGIN IMMEDIATE" : "BEGIN");
	if (!store->in_transaction)
		file_unshare_directory(store->lock);
	return store->result;
}

enum store_result store_begin(struct store *store, enum store_mode mode)
{
	enum store_result result;

	assert(!store->in_transaction);
	result = try_to_begin(store, mode);
	/* SQLite has waited for it for 10 s: those who retry would give up now. */
	if (store->connection_is_stuck)
		result = try_to_begin(store, mode);
	return result;
}

static void reset_current(struct store *store)
{
	if (store->current) {
		sqlite3_reset(store->current);
		sqlite3_clear_bindings(store->current);
	}
	store->current = NULL;
}

void store_rollback(struct store *store)
{
	reset_current(store);
	/* Some failures have rolled back already. */
	if (!sqlite3_get_autocommit(store->db))
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	store->in_transaction = false;
	file_unshare_directory(store->lock);
}

enum store_result store_commit(struct store *store)
{
	assert(store->in_transaction);
	reset_current(store);
	if (!store_run_sql(store, "COMMIT")) {
		store_rollback(store);
		return store->result;
	}
	store->in_transaction = false;
	store->doubts = 0;
	file_unshare_directory(store->lock);
	store->commits += store->mode == STORE_WRITE;
	return STORE_OK;
}

int64_t store_version(struct store *store)
{
	int64_t number;

	assert(!store->in_transaction);
	if (!store->db || store->damaged || was_replaced(store))
		return 0;
	store->result = STORE_OK;
	/* SQLite's number changes by others' commits only. */
	number = store_ask(store, "PRAGMA data_version", NULL);
	if (store->connection_is_stuck)
		leave_stuck(store);
	return (int64_t)((uint64_t)number << 32 | (uint32_t)store->commits) + 1;
}

/* --- statements --- */

void store_start(struct store *store, unsigned statement)
{
	sqlite3_stmt **at = &store->statements[statement];

	assert(store->in_transaction && statement < store->schema->statement_count);
	reset_current(store);
	if (store->result != STORE_OK)
		return;
	if (!*at) {
		int code = sqlite3_prepare_v3(store->db, store->schema->statements[statement], -1,
					      SQLITE_PREPARE_PERSISTENT, at, NULL);

		/* A table that is not there: what is left of a file of ours. */
		if (code == SQLITE_ERROR)
			store_note_damage(store, sqlite3_errmsg(store->db));
		else if (code != SQLITE_OK)
			store_note_failure(store, code);
		if (code != SQLITE_OK)
			return;
	}
	store->current = *at;
	store->parameter = 0;
}

static void check(struct store *store, int code)
{
	if (code != SQLITE_OK)
		store_note_failure(store, code);
}

void store_put_int(struct store *store, int64_t value)
{
	if (store->result == STORE_OK)
		check(store, sqlite3_bind_int64(store->current, ++store->parameter, value));
}

void store_put_text(struct store *store, const char *text)
{
	if (store->result == STORE_OK)
		check(store, sqlite3_bind_text(store->current, ++store->parameter, text, -1, SQLITE_TRANSIENT));
}

void store_put_blob(struct store *store, const void *data, size_t len)
{
	if (store->result == STORE_OK)
		/* Without bytes it is a blob all the same, not null. */
		check(store, sqlite3_bind_blob64(store->current, ++store->parameter, len ? data : "", len, SQLITE_TRANSIENT));
}

bool store_next(struct store *store)
{
	int code;

	if (store->result != STORE_OK || !store->current)
		return false;
	code = sqlite3_step(store->current);
	if (code == SQLITE_ROW)
		return true;
	if (code != SQLITE_DONE)
		store_note_failure(store, code);
	reset_current(store);
	return false;
}

void store_run(struct store *store)
{
	while (store_next(store))
		continue;
}

int64_t store_int(struct store *store, int column)
{
	return sqlite3_column_int64(store->current, column);
}

const char *store_text(struct store *store, int column)
{
	return (const char *)sqlite3_column_text(store->current, column);
}

const void *store_blob(struct store *store, int column, size_t *len)
{
	const void *data = sqlite3_column_blob(store->current, column);

	*len = (size_t)sqlite3_column_bytes(store->current, column);
	return data;
}

enum store_type store_type(struct store *store, int column)
{
	switch (sqlite3_column_type(store->current, column)) {
	case SQLITE_INTEGER:
		return STORE_INT;
	case SQLITE_FLOAT:
		return STORE_DOUBLE;
	case SQLITE_TEXT:
		return STORE_TEXT;
	case SQLITE_BLOB:
		return STORE_BLOB;
	default:
		return STORE_NULL;
	}
}
