#ifndef EKE_STORE_SALVAGE_LEAVES_H
#define EKE_STORE_SALVAGE_LEAVES_H
/*
 * Leaves of tables that nothing points to any more.
 */
#include <sqlite3.h>
#include <stdint.h>

struct leaves;
struct salvage_table;

/*
 * For the database at `path`, a copy that nobody else has open and that is changed: its tables can be found, and what
 * can be read of them in the ordinary way is in `to`. NULL: it cannot be done. `to` is borrowed.
 */
struct leaves *salvage_leaves_new(sqlite3 *to, const char *path);
void salvage_leaves_free(struct leaves *l);
/* The damaged database; borrowed. */
sqlite3 *salvage_leaves_from(const struct leaves *l);
/* Copies what is missing of that table, if its rows have an integer for a key; how many rows. */
int64_t salvage_leaves_table(struct leaves *l, const char *table, const struct salvage_table *t);

#endif
