#ifndef EKE_STORE_STORE_PRIVATE_H
#define EKE_STORE_STORE_PRIVATE_H
/*
 * What the files of store.c share: store.c has the transactions and their statements, store_connection.c the connection
 * to SQLite and what its failures mean, store_repair.c what is done about a damaged file.
 */
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "eke/base/attrs.h"
#include "eke/store/file.h"
#include "eke/store/store.h"

struct store {
	const struct store_schema *schema;
	bool in_memory;
	char *path; /* NULL: in memory, or no directory for it */
	sqlite3 *db; /* NULL: not open */
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

/* --- store_connection.c --- */

/* What store_take_trouble() will tell. */
PRINTF_LIKE(3, 4) void store_set_trouble(struct store *store, enum store_trouble_kind kind, const char *fmt, ...);
/* The next transaction sets the file aside, and so is worth a try. */
void store_note_damage(struct store *store, const char *reason);
/* Takes a failure of SQLite into the transaction's result; the first one counts. */
void store_note_failure(struct store *store, int code);

/* Opens SQLite's connection, nothing more. False: the result says why. */
bool store_connect(struct store *store);
/* Makes an open connection one to a file of this schema: its settings, its identity, its migrations. */
bool store_set_up(struct store *store, bool after_damage);
/* Both, for the file, which is locked against others who make or set aside. It is open if store->db is there then. */
void store_open_file(struct store *store, bool after_damage);
/* keep_log: the name of the file may be another's by now. */
void store_disconnect(struct store *store, bool keep_log);

/* Nothing once the result is not STORE_OK. */
bool store_run_sql(struct store *store, const char *sql);
/* The first column of a statement's first row, as a number; 0 if it fails or has none. `text`: compare with that. */
int64_t store_ask(struct store *store, const char *sql, const char *text);

/* --- store_repair.c --- */

/* Keeps a copy of the damaged file and makes it anew, unless another process has done so: then it is open. */
void store_repair(struct store *store);
/* For whoever finds the file locked while it is made or repaired. False: it has been waited for long enough. */
bool store_wait_a_little(struct store *store);

#endif
