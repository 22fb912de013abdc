/*
 * A damaged file is kept as a copy and made anew with what can be read of it, under the directory's lock, so that one
 * process does. Nothing is renamed under those who have it open, unless nothing else helps.
 */
#include "store_private.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/err.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "salvage.h"

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
	store_open_file(store, false);
	if (!store->db && store->result == STORE_BUSY && !store->damaged) {
		store->doubts = 0;
		store->damaged = true;
		return true;
	}
	if (store->db && store_ask(store, "PRAGMA quick_check(1)", "ok") && store->result == STORE_OK &&
		has_all_tables(store))
		return true;
	if (store->db)
		store_disconnect(store, true);
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
	if (!store_connect(fresh) || !store_set_up(fresh, true)) {
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
	int code = sqlite3_open_v2(
		store->path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);

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
	store_set_trouble(store, STORE_UNUSABLE, "%s is damaged and cannot be set aside: %s: %s", store->schema->subject,
		store->path, reason);
}

static void say_repaired(struct store *store, const char *kept, int64_t rows)
{
	if (rows)
		store_set_trouble(store, STORE_DAMAGED,
			"%s was damaged (%s); it is kept as %s, and a new one is begun with what could be read of it",
			store->schema->subject, store->damage, kept);
	else
		store_set_trouble(store, STORE_DAMAGED, "%s was damaged (%s); it is kept as %s, and a new one is begun",
			store->schema->subject, store->damage, kept);
}

bool store_wait_a_little(struct store *store)
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
	while ((code & 0xFF) == SQLITE_BUSY && store_wait_a_little(store))
		code = write_over(store, fresh);
	if (code != SQLITE_DONE && !(fresh && begin_another(store, kept, sizeof(kept), fresh))) {
		fail_repair(store, errno ? strerror(errno) : sqlite3_errstr(code));
	} else {
		store_open_file(store, false);
		store->doubts = 0;
		if (store->result == STORE_OK)
			say_repaired(store, kept, rows);
	}
	store_free(fresh);
}

void store_repair(struct store *store)
{
	int lock;

	while (!file_lock_directory(store->path, &lock)) {
		if (!store_wait_a_little(store)) {
			store->result = STORE_BUSY;
			return;
		}
	}
	repair(store);
	file_unlock_directory(lock);
}
