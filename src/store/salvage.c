/*
 * Reading around the damage. Three attempts, each on the same copy: as it is; with a sound header; with the first page
 * of a new file, whose tables have the same roots because they were made in the same order. The first in which tables
 * can be found counts. Each table is read forward until a page cannot be read, and on behind that page; then what
 * nothing leads to any more (salvage_leaves.h).
 */
#include "salvage.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "salvage_leaves.h"

#define PAGE 4096
#define HEADER 100
/* Ids may be random numbers of 63 bits. */
#define LONGEST_LEAP (INT64_C(1) << 61)

/* --- the file's first page --- */

/* See sqlite.org/fileformat2.html, 1.3: page size 4096, write-ahead log, one freelist that is empty, UTF-8. */
static void make_header(unsigned char header[HEADER])
{
	memset(header, 0, HEADER);
	memcpy(header, "SQLite format 3", 16);
	header[16] = PAGE >> 8;
	header[18] = header[19] = 2;
	header[21] = 64;
	header[22] = header[23] = 32;
	header[47] = 4;
	header[59] = 1;
}

bool salvage_fix_header(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	unsigned char header[HEADER];
	unsigned char sound[HEADER];
	ssize_t len = fd < 0 ? -1 : pread(fd, header, HEADER, 0);
	bool ok = len >= 0;

	make_header(sound);
	/* What never differs in a file of ours; an empty one is none yet. */
	if (len > 0 && (len < HEADER || memcmp(header, sound, 18) || memcmp(header + 20, sound + 20, 4) ||
			header[18] > 2 || header[19] > 2))
		ok = pwrite(fd, sound, HEADER, 0) == HEADER;
	if (fd >= 0)
		close(fd);
	return ok;
}

/* Puts the first page of a new database in the place of the file's. */
static bool replace_first_page(sqlite3 *like, const char *path)
{
	sqlite3_int64 size = 0;
	unsigned char *image = sqlite3_serialize(like, "main", &size, 0);
	int fd = image && size >= PAGE ? open(path, O_WRONLY | O_CLOEXEC) : -1;
	bool ok = false;

	if (fd >= 0) {
		/* The number of pages is the file's. */
		memset(image + 28, 0, 4);
		image[18] = image[19] = 2;
		ok = pwrite(fd, image, PAGE, 0) == PAGE;
		close(fd);
	}
	sqlite3_free(image);
	return ok;
}

/* --- rows --- */

/* The columns that both have, as a list of SQL; NULL: the old one has no such table. */
static char *common_columns(sqlite3 *to, sqlite3 *from, const char *table)
{
	sqlite3_stmt *columns = NULL;
	char *sql = xasprintf("SELECT name FROM pragma_table_info('%s')", table);
	char *list = NULL;

	if (sqlite3_prepare_v2(to, sql, -1, &columns, NULL) == SQLITE_OK) {
		while (sqlite3_step(columns) == SQLITE_ROW) {
			const char *name = (const char *)sqlite3_column_text(columns, 0);
			char *probe = xasprintf("SELECT \"%s\" FROM \"%s\"", name, table);
			sqlite3_stmt *test = NULL;
			/* A quoted name that is no column would be taken for a text. */
			bool has = sqlite3_table_column_metadata(from, "main", table, name, NULL, NULL, NULL, NULL,
								 NULL) == SQLITE_OK &&
				   sqlite3_prepare_v2(from, probe, -1, &test, NULL) == SQLITE_OK;

			sqlite3_finalize(test);
			free(probe);
			if (has) {
				char *longer = list ? xasprintf("%s, \"%s\"", list, name) : xasprintf("\"%s\"", name);

				free(list);
				list = longer;
			}
		}
	}
	sqlite3_finalize(columns);
	free(sql);
	return list;
}

static bool copy_row(sqlite3_stmt *insert, sqlite3_stmt *row, int first)
{
	int n = sqlite3_column_count(row) - first;
	bool ok;

	for (int i = 0; i < n; i++)
		sqlite3_bind_value(insert, i + 1, sqlite3_column_value(row, first + i));
	ok = sqlite3_step(insert) == SQLITE_DONE;
	sqlite3_reset(insert);
	sqlite3_clear_bindings(insert);
	return ok;
}

/* Rows from one statement until it fails or ends. `last` is the rowid of the last one. */
static int copy_run(sqlite3_stmt *rows, sqlite3_stmt *insert, int64_t from, int64_t *last, int64_t *count)
{
	int code;

	sqlite3_reset(rows);
	sqlite3_bind_int64(rows, 1, from);
	while ((code = sqlite3_step(rows)) == SQLITE_ROW) {
		*last = sqlite3_column_int64(rows, 0);
		*count += copy_row(insert, rows, 1);
	}
	return code;
}

/*
 * By rowid. Where a page cannot be read, on from the next that can, found by leaps that grow, and from there also back
 * to the damage.
 */
static int64_t copy_by_rowid(sqlite3 *from, sqlite3_stmt *insert, const char *table, const char *columns)
{
	char *up = xasprintf("SELECT rowid, %s FROM \"%s\" WHERE rowid > ?1 ORDER BY rowid", columns, table);
	char *down = xasprintf("SELECT rowid, %s FROM \"%s\" WHERE rowid < ?1 ORDER BY rowid DESC", columns, table);
	sqlite3_stmt *ahead = NULL;
	sqlite3_stmt *back = NULL;
	int64_t last = 0, leap = 0, count = 0;

	if (sqlite3_prepare_v2(from, up, -1, &ahead, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(from, down, -1, &back, NULL) == SQLITE_OK) {
		/* Ids are positive. */
		while (leap <= INT64_MAX - last) {
			int64_t begun = last + leap;
			int64_t reached = begun;
			int64_t ignored;
			int code = copy_run(ahead, insert, begun, &reached, &count);

			if (leap && reached > begun)
				copy_run(back, insert, begun + 1, &ignored, &count);
			if (code == SQLITE_DONE || leap > LONGEST_LEAP)
				break;
			leap = reached > begun ? 1 : leap ? 2 * leap : 1;
			last = reached > begun ? reached : last;
		}
	}
	sqlite3_finalize(ahead);
	sqlite3_finalize(back);
	free(up);
	free(down);
	return count;
}

static int64_t copy_in_order(sqlite3 *from, sqlite3_stmt *insert, const char *table, const char *columns,
			     const char *order)
{
	char *sql = xasprintf("SELECT %s FROM \"%s\" %s", columns, table, order);
	sqlite3_stmt *rows = NULL;
	int64_t count = 0;

	if (sqlite3_prepare_v2(from, sql, -1, &rows, NULL) == SQLITE_OK)
		while (sqlite3_step(rows) == SQLITE_ROW)
			count += copy_row(insert, rows, 0);
	sqlite3_finalize(rows);
	free(sql);
	return count;
}

int64_t salvage_copy(const struct salvage_table *t, sqlite3 *from)
{
	return copy_in_order(from, t->insert, t->name, t->columns, "ORDER BY rowid");
}

static sqlite3_stmt *prepare_insert(sqlite3 *to, const char *table, const char *columns)
{
	sqlite3_stmt *insert = NULL;
	char *marks = xstrdup("?");
	char *sql;

	for (const char *p = columns; (p = strstr(p, "\", \"")); p++) {
		char *longer = xasprintf("%s, ?", marks);

		free(marks);
		marks = longer;
	}
	sql = xasprintf("INSERT OR IGNORE INTO \"%s\" (%s) VALUES (%s)", table, columns, marks);
	sqlite3_prepare_v2(to, sql, -1, &insert, NULL);
	free(marks);
	free(sql);
	return insert;
}

static int64_t copy_table(sqlite3 *from, const struct salvage_table *t)
{
	int64_t count = copy_by_rowid(from, t->insert, t->name, t->columns);

	count += copy_in_order(from, t->insert, t->name, t->columns, "ORDER BY rowid DESC");
	/* Tables without rowid. */
	return count ? count : copy_in_order(from, t->insert, t->name, t->columns, "");
}

/* The tables of `to`, but SQLite's own and those of its indexes of text. */
static int64_t copy_tables(sqlite3 *to, sqlite3 *from, struct leaves *leaves)
{
	static const char names[] =
		"SELECT name FROM sqlite_schema AS t WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
		" AND sql NOT LIKE 'CREATE VIRTUAL%' AND NOT EXISTS (SELECT 1 FROM sqlite_schema AS v WHERE"
		" v.sql LIKE 'CREATE VIRTUAL%' AND t.name LIKE v.name || '\\_%' ESCAPE '\\')";
	sqlite3_stmt *tables = NULL;
	int64_t count = 0;

	sqlite3_exec(to, "PRAGMA foreign_keys = OFF", NULL, NULL, NULL);
	if (sqlite3_prepare_v2(to, names, -1, &tables, NULL) == SQLITE_OK) {
		while (sqlite3_step(tables) == SQLITE_ROW) {
			const char *name = (const char *)sqlite3_column_text(tables, 0);
			char *columns = common_columns(to, from, name);
			struct salvage_table t = { .name = name, .columns = columns };

			t.insert = columns ? prepare_insert(to, name, columns) : NULL;
			if (t.insert)
				count += leaves ? salvage_leaves_table(leaves, name, &t) : copy_table(from, &t);
			sqlite3_finalize(t.insert);
			free(columns);
		}
	}
	sqlite3_finalize(tables);
	sqlite3_exec(to, "PRAGMA foreign_keys = ON", NULL, NULL, NULL);
	return count;
}

static int64_t attempt(sqlite3 *to, const char *path)
{
	sqlite3 *from = NULL;
	int64_t count = 0;

	if (sqlite3_open_v2(path, &from, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL) ==
	    SQLITE_OK) {
		sqlite3_db_config(from, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		sqlite3_db_config(from, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
		count = copy_tables(to, from, NULL);
	}
	sqlite3_close(from);
	return count;
}

/* What nothing leads to any more. */
static int64_t attempt_leaves(sqlite3 *to, const char *path)
{
	struct leaves *leaves = salvage_leaves_new(to, path);
	int64_t count = 0;

	if (leaves)
		count = copy_tables(to, salvage_leaves_from(leaves), leaves);
	salvage_leaves_free(leaves);
	return count;
}

/* SQLite would take what is missing of the last page for zeros, and a row that goes on there for whole. */
static void cut_to_pages(const char *path)
{
	struct stat st;

	if (!stat(path, &st) && st.st_size % PAGE && truncate(path, st.st_size - st.st_size % PAGE) < 0)
		log_info("%s: cannot be cut to whole pages", path);
}

int64_t salvage_rows(sqlite3 *to, const char *path)
{
	int64_t count;

	cut_to_pages(path);
	count = attempt(to, path);

	if (!count && salvage_fix_header(path))
		count = attempt(to, path);
	if (!count && replace_first_page(to, path))
		count = attempt(to, path);
	return count + attempt_leaves(to, path);
}

int64_t salvage_open(sqlite3 *to, sqlite3 *from)
{
	return copy_tables(to, from, NULL);
}

bool salvage_is_sound(sqlite3 *db)
{
	sqlite3_stmt *check = NULL;
	bool sound = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &check, NULL) == SQLITE_OK &&
		     sqlite3_step(check) == SQLITE_ROW && !strcmp((const char *)sqlite3_column_text(check, 0), "ok");

	sqlite3_finalize(check);
	return sound;
}
