/*
 * Stores. A struct store is a connection that comes and goes: it is opened by the first transaction, closed when the
 * file is found damaged, unusable, or replaced by another, and opened again by the next transaction. Its prepared
 * statements go with it.
 *
 * `result` is the fate of the transaction under way: the first failure stays and stops everything behind it.
 */
#include "eke/store/store.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eke/base/err.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/store/file.h"
#include "salvage.h"

/* Pages of the log after which it is copied into the file; each request of the ledger writes some three. */
#define CHECKPOINT_PAGES "128"
#define LOG_BYTES "524288"
/* KiB of pages kept in memory: the files are small, and every process has its own. */
#define CACHE_KIB "-256"
/* For how long a process that makes or repairs the file is waited for. */
#define OPEN_WAIT_MS 200

struct store {
	const struct store_schema *schema;
	bool in_memory;
	char *path;         /* NULL: in memory, or no directory for it */
	sqlite3 *db;        /* NULL: not open */
	struct file_id id; /* of the file that is open */
	int lock; /* file_share_directory() */
	int patience_ms; /* for how long others are waited for while the file is opened */
	sqlite3_stmt **statements; /* by number; NULL where not prepared */
	sqlite3_stmt *current;
	int parameter;
	bool in_transaction;
	bool connection_is_stuck;
	enum store_mode mode; /* of the transaction */
	enum store_result result;
	bool damaged; /* what is open was found to be, … */
	char damage[128]; /* … and why */
	unsigned doubts; /* how often it was found damaged, and then sound; since it was repaired */
	int64_t commits; /* that wrote */
	bool has_trouble;
	bool remote_told;
	struct store_trouble trouble;
};

/* --- troubles --- */

static PRINTF_LIKE(3, 4) void set_trouble(struct store *store, enum store_trouble_kind kind, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(store->trouble.sentence, sizeof(store->trouble.sentence), fmt, ap);
	va_end(ap);
	store->trouble.kind = kind;
	store->has_trouble = true;
}

bool store_take_trouble(struct store *store, struct store_trouble *out)
{
	if (!store->has_trouble)
		return false;
	store->has_trouble = false;
	*out = store->trouble;
	return true;
}

/* The next transaction sets the file aside, and so is worth a try. */
static void note_damage(struct store *store, const char *reason)
{
	store->damaged = true;
	store->result = STORE_BUSY;
	snprintf(store->damage, sizeof(store->damage), "%s", reason);
}

/* Takes a failure of SQLite into the transaction's result; the first one counts. */
static void note_failure(struct store *store, int code)
{
	const char *reason = sqlite3_errmsg(store->db);

	if (store->result != STORE_OK)
		return;
	store->result = STORE_FAILED;
	switch (code & 0xFF) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		store->result = STORE_BUSY;
		return;
	case SQLITE_PROTOCOL:
		/* A lock that the system did not give back, as far as this connection knows: another one begins anew. */
		store->result = STORE_BUSY;
		store->connection_is_stuck = true;
		return;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		note_damage(store, reason);
		return;
	case SQLITE_ERROR:
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_MISUSE:
	case SQLITE_RANGE:
		log_broken("%s: %s", store->schema->file, reason);
		set_trouble(store, STORE_UNUSABLE, "%s cannot be used: %s", store->schema->subject, reason);
		return;
	case SQLITE_FULL:
		set_trouble(store, STORE_UNUSABLE, "%s cannot be written: the disk is full (%s)", store->schema->subject,
			    store->path ? store->path : "memory");
		return;
	default:
		/* READONLY, PERM, CANTOPEN, IOERR: the system's reason says more where there is one. */
		if (sqlite3_system_errno(store->db))
			reason = strerror(sqlite3_system_errno(store->db));
		set_trouble(store, STORE_UNUSABLE, "%s cannot be written: %s: %s", store->schema->subject,
			    store->path ? store->path : "memory", reason);
		return;
	}
}

/* --- the connection --- */

static void close_connection(struct store *store, bool keep_log)
{
	if (!store->db)
		return;
	for (size_t i = 0; i < store->schema->statement_count; i++) {
		sqlite3_finalize(store->statements[i]);
		store->statements[i] = NULL;
	}
	store->current = NULL;
	/* Closing the last connection folds the log into the file and deletes it by name: not if the name is another's. */
	if (keep_log)
		sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	if (sqlite3_close(store->db) != SQLITE_OK)
		log_broken("%s: closed with a statement left", store->schema->file);
	store->db = NULL;
}

static bool run_sql(struct store *store, const char *sql)
{
	int code = store->result == STORE_OK ? sqlite3_exec(store->db, sql, NULL, NULL, NULL) : SQLITE_OK;

	if (code != SQLITE_OK)
		note_failure(store, code);
	return store->result == STORE_OK;
}

/* The first column of a statement's first row, as a number; 0 if it fails or has none. `text`: compare with that. */
static int64_t ask(struct store *store, const char *sql, const char *text)
{
	sqlite3_stmt *statement = NULL;
	int64_t answer = 0;
	int code;

	if (store->result != STORE_OK)
		return 0;
	code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW) {
		const char *got = text ? (const char *)sqlite3_column_text(statement, 0) : NULL;

		answer = text ? got && !strcmp(got, text) : sqlite3_column_int64(statement, 0);
		code = SQLITE_DONE;
	}
	sqlite3_finalize(statement);
	if (code != SQLITE_DONE)
		note_failure(store, code);
	return answer;
}

static int newest_version(const struct store_schema *schema)
{
	int n = 0;

	while (schema->migrations[n])
		n++;
	return n;
}

/* Is this a file of ours, and one that this program knows? */
static bool check_identity(struct store *store)
{
	int64_t version;
	int64_t id;
	int64_t objects;

	/* All three of one moment: another process may be making the file. */
	run_sql(store, "BEGIN");
	version = ask(store, "PRAGMA user_version", NULL);
	id = ask(store, "PRAGMA application_id", NULL);
	objects = ask(store, "SELECT count(*) FROM sqlite_schema", NULL);
	if (!run_sql(store, "COMMIT"))
		return false;
	if (!id && !version && !objects)
		return true;
	if (id != store->schema->application_id) {
		note_damage(store, "it is no file of eke's");
		return false;
	}
	if (version <= newest_version(store->schema))
		return true;
	store->result = STORE_FAILED;
	set_trouble(store, STORE_NEWER, "%s was made by a newer eke and is left alone: %s", store->schema->subject,
		    store->path);
	return false;
}

static bool migrate(struct store *store, bool after_damage)
{
	int newest = newest_version(store->schema);
	char sql[64];
	int64_t from;

	if (ask(store, "PRAGMA user_version", NULL) == newest && store->result == STORE_OK)
		return true;
	if (!run_sql(store, "BEGIN IMMEDIATE"))
		return false;
	/* Another process may have been faster. */
	from = ask(store, "PRAGMA user_version", NULL);
	for (int64_t i = from; i < newest; i++)
		run_sql(store, store->schema->migrations[i]);
	if (!from && after_damage && store->schema->after_damage)
		run_sql(store, store->schema->after_damage);
	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d", store->schema->application_id);
	run_sql(store, sql);
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", newest);
	run_sql(store, sql);
	if (run_sql(store, "COMMIT"))
		return true;
	sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return false;
}

/* Sets the kind of journal that the file system can do. False: not now. */
static bool set_journal(struct store *store)
{
	bool remote = file_is_remote(store->path);

	if (remote && !store->remote_told) {
		store->remote_told = true;
		set_trouble(store, STORE_REMOTE,
			    "%s is on a network file system, whose locks cannot be relied upon: set EKE_STATE_DIR to a local "
			    "directory (now %s)",
			    store->schema->subject, store->path);
	}
	/* Where shared memory does not work the answer is another mode. */
	if (!remote && ask(store, "PRAGMA journal_mode = WAL", "wal"))
		return true;
	if (store->result == STORE_FAILED) {
		store->result = STORE_OK;
		store->has_trouble = false;
	}
	if (store->result == STORE_OK)
		ask(store, "PRAGMA journal_mode = TRUNCATE", "truncate");
	return store->result == STORE_OK;
}

static bool set_up(struct store *store, bool after_damage)
{
	return run_sql(store, "PRAGMA cache_size = " CACHE_KIB ";"
			      "PRAGMA foreign_keys = ON;"
			      "PRAGMA temp_store = MEMORY;"
			      "PRAGMA synchronous = NORMAL") &&
	       (store->in_memory ||
		(check_identity(store) && set_journal(store) &&
		 run_sql(store, "PRAGMA wal_autocheckpoint = " CHECKPOINT_PAGES ";"
				"PRAGMA journal_size_limit = " LOG_BYTES))) &&
	       migrate(store, after_damage);
}

static bool connect(struct store *store)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int code = sqlite3_open_v2(store->in_memory ? ":memory:" : store->path, &store->db,
				   flags | (store->in_memory ? SQLITE_OPEN_CREATE : 0), NULL);

	if (code != SQLITE_OK)
		note_failure(store, code);
	return code == SQLITE_OK;
}

/* Opens the file, which is locked against others who make or set aside; see open_store(). */
static void open_file(struct store *store, bool after_damage)
{
	struct file_id before = file_identify(store->path);

	if (!connect(store) || !set_up(store, after_damage)) {
		close_connection(store, store->damaged);
		return;
	}
	store->id = file_identify(store->path);
	/* Replaced while it was being opened. */
	if (!file_same(before, store->id)) {
		close_connection(store, true);
		store->result = STORE_BUSY;
	}
}

/* --- repair --- */

/* The path of what was kept under that name. */
static char *path_of(const struct store *store, const char *name)
{
	const char *own = path_basename(store->path);

	return xasprintf("%.*s%s", (int)(own - store->path), store->path, name);
}

/* Can all that is asked of it be asked? */
static bool has_all_tables(struct store *store)
{
	for (size_t i = 0; i < store->schema->statement_count; i++) {
		sqlite3_stmt *statement = NULL;
		int code = sqlite3_prepare_v2(store->db, store->schema->statements[i], -1, &statement, NULL);

		sqlite3_finalize(statement);
		if (code != SQLITE_OK)
			return false;
	}
	return true;
}

/*
 * Is the file sound after all? Another process may have repaired it. Then it is open, or BUSY says that this cannot be
 * known now. One whose damage does not show here is damaged when it is found so again.
 */
static bool is_sound(struct store *store)
{
	if (store->doubts++)
		return false;
	open_file(store, false);
	if (!store->db && store->result == STORE_BUSY && !store->damaged) {
		store->doubts = 0;
		store->damaged = true;
		return true;
	}
	if (store->db && ask(store, "PRAGMA quick_check(1)", "ok") && store->result == STORE_OK &&
	    has_all_tables(store))
		return true;
	if (store->db)
		close_connection(store, true);
	store->damaged = false;
	return false;
}

/* A new database in memory, with what could be read of the copy under that name; NULL: it cannot be made. */
static struct store *make_anew(struct store *store, const char *kept, int64_t *rows)
{
	struct store *fresh = store_new_in_memory(store->schema);
	char *from = path_of(store, kept);
	char *work = xasprintf("%s.tmp", from);

	*rows = 0;
	if (!connect(fresh) || !set_up(fresh, true)) {
		store_free(fresh);
		fresh = NULL;
	} else if (!store->schema->is_cache && file_copy(from, work)) {
		*rows = salvage_rows(fresh->db, work);
		if (*rows && store->schema->after_salvage)
			sqlite3_exec(fresh->db, store->schema->after_salvage, NULL, NULL, NULL);
	}
	file_remove(work);
	free(work);
	free(from);
	return fresh;
}

/*
 * Writes the whole of it over the file in one transaction, under SQLite's own locks: other processes that have it open
 * see it change, and nothing is renamed under them.
 */
static int write_over(struct store *store, const struct store *fresh)
{
	sqlite3 *db = NULL;
	sqlite3_backup *backup;
	int code = sqlite3_open_v2(store->path, &db,
				   SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);

	if (code == SQLITE_OK) {
		/* Has it find out about its log, while it may look at the header. */
		sqlite3_exec(db, "SELECT 1 FROM sqlite_schema", NULL, NULL, NULL);
		sqlite3_db_config(db, SQLITE_DBCONFIG_RESET_DATABASE, 1, NULL);
		backup = sqlite3_backup_init(db, "main", fresh->db, "main");
		code = backup ? sqlite3_backup_step(backup, -1) : sqlite3_errcode(db);
		if (backup)
			sqlite3_backup_finish(backup);
		sqlite3_db_config(db, SQLITE_DBCONFIG_RESET_DATABASE, 0, NULL);
	}
	sqlite3_close(db);
	return code;
}

/* The last resort: another file under the name. */
static bool begin_another(struct store *store, char *kept, size_t size, const struct store *fresh)
{
	struct err err;
	bool made;
	char *copy = path_of(store, kept);

	file_remove(copy);
	free(copy);
	return file_set_aside(store->path, kept, size) && file_make(store->path, &made, &err) &&
	       write_over(store, fresh) == SQLITE_DONE;
}

static void fail_repair(struct store *store, const char *reason)
{
	store->result = STORE_FAILED;
	set_trouble(store, STORE_UNUSABLE, "%s is damaged and cannot be set aside: %s: %s", store->schema->subject,
		    store->path, reason);
}

static void say_repaired(struct store *store, const char *kept, int64_t rows)
{
	if (rows)
		set_trouble(
			store, STORE_DAMAGED,
			"%s was damaged (%s); it is kept as %s, and a new one is begun with what could be read of it",
			store->schema->subject, store->damage, kept);
	else
		set_trouble(store, STORE_DAMAGED, "%s was damaged (%s); it is kept as %s, and a new one is begun",
			    store->schema->subject, store->damage, kept);
}

/* For whoever finds the file locked while it is made or repaired. False: it has been waited for long enough. */
static bool wait_a_little(struct store *store)
{
	if (!store->patience_ms)
		return false;
	store->patience_ms--;
	(void)poll(NULL, 0, 1); /* allowed: nothing tells of the end of a lock, and the time is bounded */
	return true;
}

/* Keeps a copy of the damaged file and makes it anew. Under the directory's lock: one process does. */
static void repair(struct store *store)
{
	char kept[128] = "";
	struct store *fresh;
	int64_t rows;
	int code;

	store->damaged = false;
	store->result = STORE_OK;
	if (is_sound(store))
		return;
	store->result = STORE_OK;
	if (!file_copy_aside(store->path, kept, sizeof(kept))) {
		fail_repair(store, strerror(errno));
		return;
	}
	fresh = make_anew(store, kept, &rows);
	code = fresh && salvage_fix_header(store->path) ? write_over(store, fresh) : SQLITE_ERROR;
	/* Nobody may write now but programs that do not know this lock. */
	while ((code & 0xFF) == SQLITE_BUSY && wait_a_little(store))
		code = write_over(store, fresh);
	if (code != SQLITE_DONE && !(fresh && begin_another(store, kept, sizeof(kept), fresh))) {
		fail_repair(store, errno ? strerror(errno) : sqlite3_errstr(code));
	} else {
		open_file(store, false);
		store->doubts = 0;
		if (store->result == STORE_OK)
			say_repaired(store, kept, rows);
	}
	store_free(fresh);
}

static bool find_path(struct store *store)
{
	char *dir = path_state();
	struct err err;
	bool ok;

	free(store->path);
	store->path = NULL;
	if (!dir) {
		store->result = STORE_FAILED;
		set_trouble(store, STORE_NO_DIRECTORY, "%s cannot be kept: there is no home directory; set EKE_STATE_DIR",
			    store->schema->subject);
		return false;
	}
	store->path = xasprintf("%s/%s", dir, store->schema->file);
	free(dir);
	ok = file_make_directory(store->path, &err);
	if (!ok) {
		store->result = STORE_FAILED;
		set_trouble(store, STORE_UNUSABLE, "%s: %s", store->schema->subject, err.message);
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
	if (!file_identify(store->path).inode)
		file_remove(store->path);
	if (file_make(store->path, &made, &err))
		return true;
	file_unlock_directory(*lock);
	store->result = STORE_FAILED;
	set_trouble(store, STORE_UNUSABLE, "%s: %s", store->schema->subject, err.message);
	return false;
}

static void repair_alone(struct store *store)
{
	int lock;

	while (!file_lock_directory(store->path, &lock)) {
		if (!wait_a_little(store)) {
			store->result = STORE_BUSY;
			return;
		}
	}
	repair(store);
	file_unlock_directory(lock);
}

static void open_store(struct store *store)
{
	int lock;

	if (store->in_memory) {
		if (connect(store) && !set_up(store, false))
			close_connection(store, false);
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
	open_file(store, false);
	file_unshare_directory(store->lock);
	file_unlock_directory(lock);
	if (store->damaged)
		repair_alone(store);
}

/* Does the name stand for another file now than the one that is open? */
static bool was_replaced(const struct store *store)
{
	return !store->in_memory && !file_same(store->id, file_identify(store->path));
}

/* --- life --- */

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
		close_connection(store, store->damaged || was_replaced(store));
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
	there = file_identify(path).inode != 0;
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
	close_connection(memory, false);
	memory->result = STORE_OK;
	open_store(memory);
	if (memory->db)
		salvage_open(memory->db, store->db);
	return memory->db != NULL;
}

/* --- transactions --- */

/* The file behind the name is no longer the one that is open, or was found damaged. */
static void look_after_file(struct store *store)
{
	if (!store->db)
		return;
	if (store->damaged && store->in_memory) {
		/* There is no file to repair it from: it begins anew. */
		close_connection(store, false);
		store->damaged = false;
	} else if (store->damaged) {
		close_connection(store, true);
		repair_alone(store);
	} else if (was_replaced(store)) {
		close_connection(store, true);
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
		close_connection(store, true);
	store->connection_is_stuck = false;
	do {
		store->result = STORE_OK;
		look_after_file(store);
		if (!store->db && store->result == STORE_OK)
			open_store(store);
	} while (!store->db && store->result == STORE_BUSY && wait_a_little(store));
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
	store->in_transaction = run_sql(store, mode == STORE_WRITE ? "BEGIN IMMEDIATE" : "BEGIN");
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
	if (!run_sql(store, "COMMIT")) {
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
	assert(!store->in_transaction);
	if (!store->db || store->damaged || was_replaced(store))
		return 0;
	store->result = STORE_OK;
	/* SQLite's number changes by others' commits only. */
	return (int64_t)((uint64_t)ask(store, "PRAGMA data_version", NULL) << 32 | (uint32_t)store->commits) + 1;
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
			note_damage(store, sqlite3_errmsg(store->db));
		else if (code != SQLITE_OK)
			note_failure(store, code);
		if (code != SQLITE_OK)
			return;
	}
	store->current = *at;
	store->parameter = 0;
}

static void check(struct store *store, int code)
{
	if (code != SQLITE_OK)
		note_failure(store, code);
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
		note_failure(store, code);
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
