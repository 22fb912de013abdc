#ifndef EKE_STORE_SALVAGE_H
#define EKE_STORE_SALVAGE_H
/*
 * What can still be read of a damaged database.
 */
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Makes the first bytes of a file those of a database, if they are not; the rest stays. False: it cannot be read or
 * written.
 */
bool salvage_fix_header(const char *path);
/*
 * Copies into `to`, which has all tables, the rows of tables of the same name that can be read in the database at
 * `path`: a copy that nobody else has open, which may be changed. Rows that are there already stay. Returns how many
 * were copied.
 */
int64_t salvage_rows(sqlite3 *to, const char *path);
/* The same from a database that is open, and is not changed. */
int64_t salvage_open(sqlite3 *to, sqlite3 *from);
/* A table that rows are copied into, for salvage_leaves.c. */
struct salvage_table {
	const char *name;
	const char *columns; /* that both have, as SQL has them */
	sqlite3_stmt *insert;
};
/* All that can be read of it in its order; how many rows. */
int64_t salvage_copy(const struct salvage_table *t, sqlite3 *from);

/* Can all of it be read? */
bool salvage_is_sound(sqlite3 *db);

#endif
