/*
 * Rows of a table whose upper pages are gone: damaged, or cut off. All that stand on pages which are still there come
 * back, none of another table among them, and nothing that was deleted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../src/store/salvage.h"

#define PAGE 4096
#define NOTES 3000
#define WORDS 2000

static const char schema[] =
	"PRAGMA page_size = 4096; PRAGMA secure_delete = OFF;"
	"CREATE TABLE note (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, text TEXT NOT NULL, key BLOB, more TEXT);"
	"CREATE TABLE word (n INTEGER PRIMARY KEY, word TEXT NOT NULL, times INTEGER NOT NULL)";
/* Every tenth note is longer than a page. */
static const char rows[] =
	"WITH RECURSIVE i (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i WHERE i < 3000)"
	" INSERT INTO note SELECT i, i * 1000, CASE WHEN i % 10 THEN 'note ' || i ELSE printf('%09000d', i) END,"
	" CASE WHEN i % 3 THEN x'0102' END, NULL FROM i;"
	"WITH RECURSIVE i (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i WHERE i < 2000)"
	" INSERT INTO word SELECT i, 'word ' || i, i FROM i";

static char path[64];

static void run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

static int64_t ask(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	int64_t answer;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	answer = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return answer;
}

/* A file with all rows, in which `sql` was done then. */
static sqlite3 *make_file(const char *sql)
{
	sqlite3 *db = NULL;
	int fd;

	snprintf(path, sizeof(path), "/tmp/test-salvage-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	run(db, schema);
	run(db, rows);
	run(db, sql);
	return db;
}

static void overwrite(int64_t page, int byte)
{
	unsigned char data[PAGE];
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	memset(data, byte, sizeof(data));
	assert_int_equal(pwrite(fd, data, PAGE, (page - 1) * PAGE), PAGE);
	close(fd);
}

static sqlite3 *salvage(void)
{
	sqlite3 *to = NULL;

	assert_int_equal(sqlite3_open(":memory:", &to), SQLITE_OK);
	run(to, schema);
	salvage_rows(to, path);
	unlink(path);
	return to;
}

/* Are those that are there as they were? */
static void check_rows(sqlite3 *db)
{
	assert_int_equal(ask(db,
						 "SELECT count(*) FROM note WHERE at <> id * 1000 OR more IS NOT NULL OR"
						 " text <> CASE WHEN id % 10 THEN 'note ' || id ELSE printf('%09000d', id) END"),
		0);
	assert_int_equal(ask(db, "SELECT count(*) FROM word WHERE word <> 'word ' || n OR times <> n"), 0);
}

/* Every row is there. Closes it. */
static void check_all(sqlite3 *db)
{
	check_rows(db);
	assert_int_equal(ask(db, "SELECT count(*) FROM note"), NOTES);
	assert_int_equal(ask(db, "SELECT count(*) FROM word"), WORDS);
	sqlite3_close(db);
}

static void test_upper_pages(void **state)
{
	static const int bytes[] = { 0, 0xA5, 13 };

	(void)state;
	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		sqlite3 *db = make_file("");
		int64_t note = ask(db, "SELECT rootpage FROM sqlite_schema WHERE name = 'note'");
		int64_t word = ask(db, "SELECT rootpage FROM sqlite_schema WHERE name = 'word'");

		sqlite3_close(db);
		overwrite(note, bytes[i]);
		overwrite(word, bytes[i]);
		check_all(salvage());
	}
}

/* An upper page and the first page of all, whose header says where the free ones are. */
static void test_first_page_too(void **state)
{
	sqlite3 *db = make_file("");
	int64_t note = ask(db, "SELECT rootpage FROM sqlite_schema WHERE name = 'note'");

	(void)state;
	sqlite3_close(db);
	overwrite(note, 0);
	overwrite(1, 0);
	check_all(salvage());
}

static void test_cut_off(void **state)
{
	sqlite3 *db = make_file("");
	int64_t pages = ask(db, "PRAGMA page_count");
	int64_t got, before = 0;

	(void)state;
	sqlite3_close(db);
	unlink(path);
	/* More pages, more rows. */
	for (int64_t part = 1; part <= 4; part++) {
		sqlite3_close(make_file(""));
		assert_int_equal(truncate(path, pages * part / 4 * PAGE + 100), 0);
		db = salvage();
		check_rows(db);
		got = ask(db, "SELECT (SELECT count(*) FROM note) + (SELECT count(*) FROM word)");
		assert_true(got > before);
		before = got;
		sqlite3_close(db);
	}
	/* But for what was on the last page, or went on there. */
	assert_in_range(before, NOTES + WORDS - 200, NOTES + WORDS);
}

static void test_deleted(void **state)
{
	sqlite3 *db = make_file("DELETE FROM note WHERE id BETWEEN 500 AND 2500");
	int64_t note = ask(db, "SELECT rootpage FROM sqlite_schema WHERE name = 'note'");

	(void)state;
	assert_true(ask(db, "PRAGMA freelist_count") > 100);
	sqlite3_close(db);
	overwrite(note, 0xA5);
	db = salvage();
	check_rows(db);
	assert_int_equal(ask(db, "SELECT count(*) FROM note WHERE id BETWEEN 500 AND 2500"), 0);
	assert_int_equal(ask(db, "SELECT count(*) FROM note"), NOTES - 2001);
	sqlite3_close(db);
}

/* Whatever stands on the pages, it ends, and what it makes is sound. */
static void test_anything(void **state)
{
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 20; round++) {
		sqlite3 *db = make_file("");
		int64_t pages = ask(db, "PRAGMA page_count");
		int64_t note = ask(db, "SELECT rootpage FROM sqlite_schema WHERE name = 'note'");
		int fd;

		sqlite3_close(db);
		overwrite(note, 0);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		for (int i = 0; i < 2000; i++) {
			unsigned char byte;
			off_t at;

			seed = seed * 1103515245u + 12345u;
			byte = (unsigned char)(seed >> 24);
			seed = seed * 1103515245u + 12345u;
			/* Headers of pages, and the types of their rows, above all. */
			at = (off_t)(seed >> 8) % pages * PAGE + (i % 2 ? seed % 64 : PAGE - 1 - seed % 64);
			assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		}
		close(fd);
		db = salvage();
		assert_true(salvage_is_sound(db));
		sqlite3_close(db);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_upper_pages),
		cmocka_unit_test(test_first_page_too),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_deleted),
		cmocka_unit_test(test_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
