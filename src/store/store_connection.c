/*
 * The connection to SQLite, and what its failures mean to the transaction under way and to the user.
 */
#include "store_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "eke/base/log.h"

/* Pages of the log after which it is copied into the file; each request of the ledger writes some three. */
#define CHECKPOINT_PAGES "128"
#define LOG_BYTES "524288"
/* KiB of pages kept in memory: the files are small, and every process has its own. */
#define CACHE_KIB "-256"

/* --- troubles --- */

void store_set_trouble(struct store *store, enum store_trouble_kind kind, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(store->trouble.sentence, sizeof(store->trouble.sentence), fmt, ap);
	va_end(ap);
	store->trouble.kind = kind;
	store->has_trouble = true;
}

void store_note_damage(struct store *store, const char *reason)
{
	store->damaged = true;
	store->result = STORE_BUSY;
	snprintf(store->damage, sizeof(store->damage), "%s", reason);
}

void store_note_failure(struct store *store, int code)
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
		store_note_damage(store, reason);
		return;
	case SQLITE_ERROR:
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_MISUSE:
	case SQLITE_RANGE:
		log_broken("%s: %s", store->schema->file, reason);
		store_set_trouble(store, STORE_UNUSABLE, "%s cannot be used: %s", store->schema->subject, reason);
		return;
	case SQLITE_FULL:
		store_set_trouble(store, STORE_UNUSABLE, "%s cannot be written: the disk is full (%s)", store->schema->subject,
			store->path ? store->path : "memory");
		return;
	default:
		/* READONLY, PERM, CANTOPEN, IOERR: the system's reason says more where there is one. */
		if (sqlite3_system_errno(store->db))
			reason = strerror(sqlite3_system_errno(store->db));
		store_set_trouble(store, STORE_UNUSABLE, "%s cannot be written: %s: %s", store->schema->subject,
			store->path ? store->path : "memory", reason);
		return;
	}
}

/* --- the connection --- */

void store_disconnect(struct store *store, bool keep_log)
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

bool store_run_sql(struct store *store, const char *sql)
{
	int code = store->result == STORE_OK ? sqlite3_exec(store->db, sql, NULL, NULL, NULL) : SQLITE_OK;

	if (code != SQLITE_OK)
		store_note_failure(store, code);
	return store->result == STORE_OK;
}

int64_t store_ask(struct store *store, const char *sql, const char *text)
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
		store_note_failure(store, code);
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
	store_run_sql(store, "BEGIN");
	version = store_ask(store, "PRAGMA user_version", NULL);
	id = store_ask(store, "PRAGMA application_id", NULL);
	objects = store_ask(store, "SELECT count(*) FROM sqlite_schema", NULL);
	if (!store_run_sql(store, "COMMIT"))
		return false;
	if (!id && !version && !objects)
		return true;
	if (id != store->schema->application_id) {
		store_note_damage(store, "it is no file of eke's");
		return false;
	}
	if (version <= newest_version(store->schema))
		return true;
	store->result = STORE_FAILED;
	store_set_trouble(
		store, STORE_NEWER, "%s was made by a newer eke and is left alone: %s", store->schema->subject, store->path);
	return false;
}

static bool migrate(struct store *store, bool after_damage)
{
	int newest = newest_version(store->schema);
	char sql[64];
	int64_t from;

	if (store_ask(store, "PRAGMA user_version", NULL) == newest && store->result == STORE_OK)
		return true;
	if (!store_run_sql(store, "BEGIN IMMEDIATE"))
		return false;
	/* Another process may have been faster. */
	from = store_ask(store, "PRAGMA user_version", NULL);
	for (int64_t i = from; i < newest; i++)
		store_run_sql(store, store->schema->migrations[i]);
	if (!from && after_damage && store->schema->after_damage)
		store_run_sql(store, store->schema->after_damage);
	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d", store->schema->application_id);
	store_run_sql(store, sql);
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", newest);
	store_run_sql(store, sql);
	if (store_run_sql(store, "COMMIT"))
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
		store_set_trouble(store, STORE_REMOTE,
			"%s is on a network file system, whose locks cannot be relied upon: set EKE_STATE_DIR to a local "
			"directory (now %s)",
			store->schema->subject, store->path);
	}
	/* Where shared memory does not work the answer is another mode. */
	if (!remote && store_ask(store, "PRAGMA journal_mode = WAL", "wal"))
		return true;
	if (store->result == STORE_FAILED) {
		store->result = STORE_OK;
		store->has_trouble = false;
	}
	if (store->result == STORE_OK)
		store_ask(store, "PRAGMA journal_mode = TRUNCATE", "truncate");
	return store->result == STORE_OK;
}

bool store_set_up(struct store *store, bool after_damage)
{
	return store_run_sql(store,
			   "PRAGMA cache_size = " CACHE_KIB ";"
			   "PRAGMA foreign_keys = ON;"
			   "PRAGMA temp_store = MEMORY;"
			   "PRAGMA synchronous = NORMAL") &&
		(store->in_memory ||
			(check_identity(store) && set_journal(store) &&
				store_run_sql(store,
					"PRAGMA wal_autocheckpoint = " CHECKPOINT_PAGES ";"
					"PRAGMA journal_size_limit = " LOG_BYTES))) &&
		migrate(store, after_damage);
}

bool store_connect(struct store *store)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int code = sqlite3_open_v2(store->in_memory ? ":memory:" : store->path, &store->db,
		flags | (store->in_memory ? SQLITE_OPEN_CREATE : 0), NULL);

	if (code != SQLITE_OK)
		store_note_failure(store, code);
	return code == SQLITE_OK;
}

void store_open_file(struct store *store, bool after_damage)
{
	struct file_id before = file_identify(store->path);

	if (!store_connect(store) || !store_set_up(store, after_damage)) {
		store_disconnect(store, store->damaged);
		return;
	}
	store->id = file_identify(store->path);
	/* Replaced while it was being opened. */
	if (!file_same(before, store->id)) {
		store_disconnect(store, true);
		store->result = STORE_BUSY;
	}
}
