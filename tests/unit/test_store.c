/*
 * Stores on real files: transactions, what two of them see of each other, and every way in which a file can be bad.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "eke/base/clock.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/store/file.h"
#include "eke/store/store.h"
#include "state_dir.h"

/* 2026-11-24T03:00:00Z */
#define NOW INT64_C(1795489200)

enum { SQL_INSERT, SQL_ALL, SQL_COUNT, SQL_CHECK, SQL_TYPES };

static const char *const statements[] = {
	[SQL_INSERT] = "INSERT INTO note (text) VALUES (?1)",
	[SQL_ALL] = "SELECT text FROM note ORDER BY id",
	[SQL_COUNT] = "SELECT count(*) FROM note",
	[SQL_CHECK] = "PRAGMA integrity_check",
	[SQL_TYPES] = "SELECT ?1, ?2, ?3, ?4",
};
static const char *const first[] = { "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL)", NULL };
static const char *const second[] = { "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL)",
				      "ALTER TABLE note ADD COLUMN stars INTEGER NOT NULL DEFAULT 5", NULL };
static const struct store_schema schema = {
	.file = "notes.db", .subject = "the notebook", .application_id = 0x656B6501, .migrations = first,
	.statements = statements, .statement_count = ARRAY_LEN(statements),
	.after_damage = "INSERT INTO note (text) VALUES ('pages are missing')",
};

static int setup(void **state)
{
	*state = NULL;
	state_dir_begin();
	clock_set_for_test(NOW * 1000, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	state_dir_end();
	clock_unset_for_test();
	return 0;
}

static int count_aside(void)
{
	return count_in_state_dir("notes.db.damaged-");
}

static void make_dir(void)
{
	assert_int_equal(mkdir(state_dir, 0700), 0);
}

/* --- one store --- */

static enum store_result add(struct store *store, const char *text)
{
	enum store_result r = store_begin(store, STORE_WRITE);

	if (r != STORE_OK)
		return r;
	store_start(store, SQL_INSERT);
	store_put_text(store, text);
	store_run(store);
	return store_commit(store);
}

/* All notes, joined by commas. */
static void expect_notes(struct store *store, const char *wanted)
{
	struct strbuf all;

	strbuf_init(&all, KIB(64));
	assert_int_equal(store_begin(store, STORE_READ), STORE_OK);
	store_start(store, SQL_ALL);
	while (store_next(store))
		strbuf_addf(&all, "%s%s", all.len ? "," : "", store_text(store, 0));
	assert_int_equal(store_commit(store), STORE_OK);
	assert_string_equal(all.data, wanted);
	strbuf_release(&all);
}

static int64_t count_notes(struct store *store)
{
	int64_t n;

	assert_int_equal(store_begin(store, STORE_READ), STORE_OK);
	store_start(store, SQL_COUNT);
	assert_true(store_next(store));
	n = store_int(store, 0);
	assert_int_equal(store_commit(store), STORE_OK);
	return n;
}

static void expect_trouble(struct store *store, enum store_trouble_kind kind, const char *part)
{
	struct store_trouble trouble;

	assert_true(store_take_trouble(store, &trouble));
	assert_int_equal(trouble.kind, kind);
	if (!strstr(trouble.sentence, part))
		fail_msg("%s", trouble.sentence);
	assert_false(store_take_trouble(store, &trouble));
}

static void expect_no_trouble(struct store *store)
{
	struct store_trouble trouble;

	if (store_take_trouble(store, &trouble))
		fail_msg("%s", trouble.sentence);
}

static void test_lazy_and_private(void **state)
{
	struct store *store = store_new(&schema);
	char *path = in_state_dir("notes.db");
	char *wal = in_state_dir("notes.db-wal");
	struct stat st;
	mode_t mask = umask(0);

	(void)state;
	assert_int_equal(access(state_dir, F_OK), -1);
	assert_null(store_path(store));
	assert_int_equal(add(store, "a"), STORE_OK);
	assert_string_equal(store_path(store), path);
	assert_int_equal(stat(state_dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(wal, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	umask(mask);
	expect_no_trouble(store);
	store_free(store);
	/* The last one folds the log in. */
	assert_int_equal(access(wal, F_OK), -1);
	store = store_new(&schema);
	expect_notes(store, "a");
	store_free(store);
	free(path);
	free(wal);
}

static void test_types(void **state)
{
	struct store *store = store_new_in_memory(&schema);
	size_t len;

	(void)state;
	assert_int_equal(store_begin(store, STORE_READ), STORE_OK);
	for (int round = 0; round < 2; round++) {
		store_start(store, SQL_TYPES);
		store_put_int(store, INT64_MIN);
		store_put_text(store, "ö");
		store_put_text(store, NULL);
		store_put_blob(store, "\0x", 2);
		assert_true(store_next(store));
		assert_true(store_int(store, 0) == INT64_MIN);
		assert_string_equal(store_text(store, 1), "ö");
		assert_null(store_text(store, 2));
		assert_memory_equal(store_blob(store, 3, &len), "\0x", 2);
		assert_int_equal(len, 2);
		assert_false(store_next(store));
		assert_false(store_next(store));
	}
	assert_int_equal(store_commit(store), STORE_OK);
	store_free(store);
}

static void test_rollback(void **state)
{
	struct store *store = store_new(&schema);

	(void)state;
	assert_int_equal(add(store, "kept"), STORE_OK);
	assert_int_equal(store_begin(store, STORE_WRITE), STORE_OK);
	store_start(store, SQL_INSERT);
	store_put_text(store, "not");
	store_run(store);
	store_rollback(store);
	expect_notes(store, "kept");
	/* Freed in the middle of one. */
	assert_int_equal(store_begin(store, STORE_WRITE), STORE_OK);
	store_start(store, SQL_INSERT);
	store_put_text(store, "not");
	store_free(store);
	store = store_new(&schema);
	expect_notes(store, "kept");
	store_free(store);
}

/* --- two at a time --- */

static void test_busy(void **state)
{
	struct store *a = store_new(&schema);
	struct store *b = store_new(&schema);

	(void)state;
	assert_int_equal(add(a, "1"), STORE_OK);
	assert_int_equal(add(b, "2"), STORE_OK);
	assert_int_equal(store_begin(a, STORE_WRITE), STORE_OK);
	store_start(a, SQL_INSERT);
	store_put_text(a, "3");
	store_run(a);
	/* One writes; the other can read what was, and write later. */
	assert_int_equal(add(b, "no"), STORE_BUSY);
	expect_notes(b, "1,2");
	assert_int_equal(store_commit(a), STORE_OK);
	expect_notes(b, "1,2,3");
	assert_int_equal(add(b, "4"), STORE_OK);
	expect_no_trouble(a);
	expect_no_trouble(b);
	store_free(a);
	store_free(b);
}

static void test_version(void **state)
{
	struct store *a = store_new(&schema);
	struct store *b = store_new(&schema);
	int64_t seen;

	(void)state;
	assert_int_equal(store_version(a), 0);
	assert_int_equal(add(a, "1"), STORE_OK);
	seen = store_version(a);
	assert_true(seen != 0);
	assert_true(seen == store_version(a));
	expect_notes(b, "1");
	assert_int_equal(add(b, "2"), STORE_OK);
	assert_true(seen != store_version(a));
	seen = store_version(a);
	/* Reading changes nothing. */
	expect_notes(a, "1,2");
	assert_true(seen == store_version(a));
	assert_int_equal(add(a, "3"), STORE_OK);
	assert_true(seen != store_version(a));
	store_free(a);
	store_free(b);
}

/* One of several processes: waits for the start, and writes its notes. */
static void write_notes(int start, int notes)
{
	struct store *store = store_new(&schema);
	struct store_trouble trouble;
	char byte;

	if (read(start, &byte, 1) != 0)
		_exit(2);
	while (notes) {
		enum store_result r = add(store, "x");

		if (r == STORE_FAILED || store_take_trouble(store, &trouble))
			_exit(1);
		notes -= r == STORE_OK;
	}
	store_free(store);
	_exit(0);
}

/* Eight processes make the file and write, all at once: none is lost, none finds it damaged, none waits inside. */
static void test_processes(void **state)
{
	(void)state;
	for (int round = 0; round < 20; round++) {
		struct store *store;
		pid_t pids[8];
		int start[2];

		assert_int_equal(pipe(start), 0);
		for (size_t p = 0; p < ARRAY_LEN(pids); p++) {
			pids[p] = fork();
			if (pids[p])
				continue;
			close(start[1]);
			write_notes(start[0], 5);
		}
		close(start[0]);
		close(start[1]);
		for (size_t p = 0; p < ARRAY_LEN(pids); p++) {
			int status;

			assert_int_equal(waitpid(pids[p], &status, 0), pids[p]);
			assert_int_equal(status, 0);
		}
		store = store_new(&schema);
		assert_int_equal(count_notes(store), 40);
		store_free(store);
		remove_tree(state_dir);
	}
}

/* Killed at any instruction: what was told to be written is there, and the file is whole. */
static void test_killed(void **state)
{
	int64_t known = 0;
	struct store *store;

	(void)state;
	for (int round = 0; round < 30; round++) {
		int told[2];
		char byte;
		pid_t pid;

		assert_int_equal(pipe(told), 0);
		pid = fork();
		if (!pid) {
			store = store_new(&schema);
			for (;;)
				if (add(store, "x") == STORE_OK && write(told[1], "x", 1) != 1)
					_exit(1);
		}
		close(told[1]);
		/* In the middle of whatever comes after that many. */
		for (int n = 0; n < round * 7 % 23; n++)
			known += read(told[0], &byte, 1) == 1;
		kill(pid, SIGKILL);
		while (read(told[0], &byte, 1) == 1)
			known++;
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		close(told[0]);
		store = store_new(&schema);
		assert_true(count_notes(store) >= known);
		known = count_notes(store);
		assert_int_equal(store_begin(store, STORE_READ), STORE_OK);
		store_start(store, SQL_CHECK);
		assert_true(store_next(store));
		assert_string_equal(store_text(store, 0), "ok");
		assert_int_equal(store_commit(store), STORE_OK);
		expect_no_trouble(store);
		store_free(store);
	}
	assert_int_equal(count_aside(), 0);
	assert_true(known > 0);
}

/* --- versions --- */

static void test_migration(void **state)
{
	struct store_schema newer = schema;
	struct store *store = store_new(&schema);
	char *path = in_state_dir("notes.db");

	(void)state;
	newer.migrations = second;
	assert_int_equal(add(store, "old"), STORE_OK);
	store_free(store);
	store = store_new(&newer);
	expect_notes(store, "old");
	assert_int_equal(add(store, "new"), STORE_OK);
	expect_no_trouble(store);
	store_free(store);
	/* A program that knows less leaves it alone. */
	store = store_new(&schema);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(store_begin(store, STORE_READ), STORE_FAILED);
		expect_trouble(store, STORE_NEWER, "the notebook was made by a newer eke and is left alone: ");
	}
	store_free(store);
	assert_int_equal(count_aside(), 0);
	store = store_new(&newer);
	expect_notes(store, "old,new");
	store_free(store);
	free(path);
}

/* --- damage --- */

static void test_no_database(void **state)
{
	struct store *store = store_new(&schema);
	char *wal = in_state_dir("notes.db.damaged-20261124-030000-wal");
	static const char text[] = "This is a shopping list, and quite a long one: bread, butter, and so on and so forth.";

	(void)state;
	make_dir();
	write_in_state_dir("notes.db", text, sizeof(text), 0);
	write_in_state_dir("notes.db-wal", text, sizeof(text), 0);
	expect_notes(store, "pages are missing");
	expect_trouble(store, STORE_DAMAGED,
		       "the notebook was damaged (file is not a database); it is kept as "
		       "notes.db.damaged-20261124-030000, and a new one is begun");
	assert_int_equal(count_aside(), 1);
	assert_int_equal(access(wal, F_OK), 0);
	store_free(store);
	/* The next one of the same second. */
	write_in_state_dir("notes.db", text, sizeof(text), 0);
	store = store_new(&schema);
	expect_notes(store, "pages are missing");
	expect_trouble(store, STORE_DAMAGED, "notes.db.damaged-20261124-030000-2,");
	assert_int_equal(count_aside(), 2);
	store_free(store);
	free(wal);
}

static void test_somebody_elses(void **state)
{
	struct store_schema other = schema;
	struct store *store;

	(void)state;
	other.application_id = 77;
	store = store_new(&other);
	assert_int_equal(add(store, "theirs"), STORE_OK);
	store_free(store);
	store = store_new(&schema);
	expect_notes(store, "pages are missing");
	expect_trouble(store, STORE_DAMAGED, "it is no file of eke's");
	assert_int_equal(count_aside(), 1);
	store_free(store);
}

/* Pages overwritten while two have it open: the first to notice sets it aside, the other follows to the new one. */
static void test_damage_while_open(void **state)
{
	struct store *a = store_new(&schema);
	struct store *b = store_new(&schema);
	char junk[8192];

	(void)state;
	memset(junk, 0xA5, sizeof(junk));
	assert_int_equal(add(a, "1"), STORE_OK);
	store_free(a);
	a = store_new(&schema);
	expect_notes(b, "1");
	write_in_state_dir("notes.db", junk, 4096, 4096);
	/* b has the page in its cache; a reads it. */
	assert_int_equal(store_begin(a, STORE_READ), STORE_OK);
	store_start(a, SQL_ALL);
	assert_false(store_next(a));
	assert_int_equal(store_commit(a), STORE_BUSY);
	expect_notes(a, "pages are missing");
	expect_trouble(a, STORE_DAMAGED, "the notebook was damaged (database disk image is malformed)");
	assert_int_equal(add(b, "2"), STORE_OK);
	expect_notes(a, "pages are missing,2");
	expect_no_trouble(b);
	store_free(b);
	expect_notes(a, "pages are missing,2");
	store_free(a);
	assert_int_equal(count_aside(), 1);
}

static void test_table_gone(void **state)
{
	static const char *const nothing[] = { "CREATE TABLE other (id)", NULL };
	struct store_schema empty = schema;
	struct store *store;

	(void)state;
	empty.migrations = nothing;
	empty.after_damage = NULL;
	store = store_new(&empty);
	assert_int_equal(store_begin(store, STORE_WRITE), STORE_OK);
	assert_int_equal(store_commit(store), STORE_OK);
	store_free(store);
	store = store_new(&schema);
	assert_int_equal(add(store, "1"), STORE_BUSY);
	assert_int_equal(add(store, "1"), STORE_OK);
	expect_trouble(store, STORE_DAMAGED, "no such table: note");
	store_free(store);
}

static void test_removed_while_open(void **state)
{
	struct store *store = store_new(&schema);
	char *path = in_state_dir("notes.db");

	(void)state;
	assert_int_equal(add(store, "1"), STORE_OK);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(add(store, "2"), STORE_OK);
	expect_notes(store, "2");
	store_free(store);
	store = store_new(&schema);
	expect_notes(store, "2");
	store_free(store);
	free(path);
}

/* --- no place to write --- */

static void test_no_place(void **state)
{
	struct store *store = store_new(&schema);
	char *file = in_state_dir("x");
	char *below = in_state_dir("x/state");

	(void)state;
	make_dir();
	write_in_state_dir("x", "", 0, 0);
	setenv("EKE_STATE_DIR", below, 1);
	assert_int_equal(add(store, "1"), STORE_FAILED);
	expect_trouble(store, STORE_UNUSABLE, "x/state/ cannot be made: Not a directory");
	setenv("EKE_STATE_DIR", file, 1);
	assert_int_equal(add(store, "1"), STORE_FAILED);
	expect_trouble(store, STORE_UNUSABLE, "cannot be made: Not a directory");
	/* A directory that takes no files, not even from root. */
	setenv("EKE_STATE_DIR", "/proc/self", 1);
	assert_int_equal(add(store, "1"), STORE_FAILED);
	expect_trouble(store, STORE_UNUSABLE, "the notebook: /proc/self/notes.db cannot be written: ");
	/* It is looked at again each time. */
	setenv("EKE_STATE_DIR", state_dir, 1);
	assert_int_equal(add(store, "1"), STORE_OK);
	expect_notes(store, "1");
	store_free(store);
	free(file);
	free(below);
}

/* The file cannot grow: as on a full disk. What was there can still be read and copied. */
static void test_full(void **state)
{
	struct store *store = store_new(&schema);
	struct store *memory = store_new_in_memory(&schema);
	struct rlimit old;
	struct rlimit small;
	char *text = xcalloc(1, 300001);

	(void)state;
	memset(text, 'x', 300000);
	assert_int_equal(add(store, "before"), STORE_OK);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){ .rlim_cur = 65536, .rlim_max = old.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(add(store, text), STORE_FAILED);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_DFL);
	expect_trouble(store, STORE_UNUSABLE, "the notebook cannot be written: ");
	assert_true(store_copy(store, memory));
	expect_notes(memory, "before");
	assert_int_equal(add(memory, "in memory"), STORE_OK);
	expect_notes(memory, "before,in memory");
	/* There is room again. */
	assert_int_equal(add(store, text), STORE_OK);
	store_free(memory);
	store_free(store);
	free(text);
}

/* What is copied into memory of a file that is damaged is what can be read of it, and it goes on. */
static void test_copy_of_damaged(void **state)
{
	static const off_t places[] = { 100, 1024, 4096 + 8, 2 * 4096 + 100, 3 * 4096, 5 * 4096 + 2000 };
	char *text = xcalloc(1, 2001);
	char *path = xasprintf("%s/notes.db", state_dir);

	(void)state;
	memset(text, 'x', 2000);
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		struct store *store = store_new(&schema);
		struct store *memory = store_new_in_memory(&schema);
		enum store_result result;
		char garbage[600];
		int fd;

		memset(garbage, 0xA5, sizeof(garbage));
		for (int n = 0; n < 20; n++)
			assert_int_equal(add(store, text), STORE_OK);
		store_free(store);
		fd = open(path, O_RDWR | O_CLOEXEC);
		assert_true(fd >= 0);
		assert_int_equal(pwrite(fd, garbage, sizeof(garbage), places[i]), sizeof(garbage));
		close(fd);
		store = store_new(&schema);
		/* It may be found damaged right away, and be repaired; or not before it is read. */
		if (store_begin(store, STORE_READ) == STORE_OK)
			store_rollback(store);
		store_copy(store, memory);
		for (int n = 0; n < 3; n++)
			result = add(memory, "in memory");
		assert_int_equal(result, STORE_OK);
		assert_true(count_notes(memory) >= 2);
		assert_true(count_notes(memory) <= 23 + 1);
		store_free(memory);
		store_free(store);
		assert_int_equal(unlink(path), 0);
		clock_set_for_test((NOW + (int64_t)i + 1) * 1000, 0);
	}
	free(path);
	free(text);
}

static void test_memory(void **state)
{
	struct store *store = store_new_in_memory(&schema);
	struct store *unopened = store_new(&schema);

	(void)state;
	assert_false(store_copy(unopened, store));
	assert_int_equal(add(store, "1"), STORE_OK);
	expect_notes(store, "1");
	assert_null(store_path(store));
	assert_int_equal(access(state_dir, F_OK), -1);
	store_free(store);
	store_free(unopened);
}

static void test_remote_kinds(void **state)
{
	static const struct {
		unsigned long magic;
		bool remote;
	} kinds[] = {
		{ 0x6969, true },      { 0xFF534D42, true }, { 0xFE534D42, true },  { 0x517B, true }, { 0x01021997, true },
		{ 0xEF53, false },     /* ext4 */
		{ 0x58465342, false }, /* xfs */
		{ 0x9123683E, false }, /* btrfs */
		{ 0x01021994, false }, /* tmpfs */
		{ 0x794C7630, false }, /* overlay */
		{ 0x65735546, false }, /* FUSE */
		{ 0x2FC12FC1, false }, /* ZFS */
		{ 0, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		assert_int_equal(file_system_is_remote(kinds[i].magic), kinds[i].remote);
}

/* On a network file system: no log that needs shared memory, one warning, and all else as ever. */
static void test_remote(void **state)
{
	struct store *a = store_new(&schema);
	struct store *b = store_new(&schema);
	char *wal = in_state_dir("notes.db-wal");

	(void)state;
	file_set_remote_for_test(true);
	assert_int_equal(add(a, "1"), STORE_OK);
	expect_trouble(a, STORE_REMOTE,
		       "the notebook is on a network file system, whose locks cannot be relied upon: set EKE_STATE_DIR to a "
		       "local directory (now ");
	assert_int_equal(access(wal, F_OK), -1);
	assert_int_equal(add(b, "2"), STORE_OK);
	expect_notes(a, "1,2");
	/* Whoever writes keeps others from writing, whoever reads from finishing that. */
	assert_int_equal(store_begin(a, STORE_WRITE), STORE_OK);
	assert_int_equal(add(b, "no"), STORE_BUSY);
	store_start(a, SQL_INSERT);
	store_put_text(a, "3");
	store_run(a);
	assert_int_equal(store_begin(b, STORE_READ), STORE_OK);
	store_start(b, SQL_ALL);
	assert_true(store_next(b));
	assert_int_equal(store_commit(a), STORE_BUSY);
	assert_int_equal(store_commit(b), STORE_OK);
	assert_int_equal(add(a, "3"), STORE_OK);
	expect_notes(b, "1,2,3");
	expect_no_trouble(a);
	store_free(a);
	store_free(b);
	/* The directory was moved to a local disk. */
	file_set_remote_for_test(false);
	a = store_new(&schema);
	assert_int_equal(add(a, "4"), STORE_OK);
	assert_int_equal(access(wal, F_OK), 0);
	expect_notes(a, "1,2,3,4");
	expect_no_trouble(a);
	store_free(a);
	free(wal);
}

/* Only one at a time makes or sets aside files of a directory. */
static void test_lock(void **state)
{
	struct store *store = store_new(&schema);
	char *path = in_state_dir("notes.db");
	int lock;
	int other;

	(void)state;
	make_dir();
	assert_true(file_lock_directory(path, &lock));
	assert_false(file_lock_directory(path, &other));
	assert_int_equal(add(store, "1"), STORE_BUSY);
	file_unlock_directory(lock);
	assert_int_equal(add(store, "1"), STORE_OK);
	expect_no_trouble(store);
	store_free(store);
	free(path);
}

int main(void)
{
#define STORE_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_lazy_and_private), STORE_TEST(test_types),	     STORE_TEST(test_rollback),
		STORE_TEST(test_busy),		   STORE_TEST(test_version),	     STORE_TEST(test_processes),
		STORE_TEST(test_killed),
		STORE_TEST(test_migration),	   STORE_TEST(test_no_database),     STORE_TEST(test_somebody_elses),
		STORE_TEST(test_damage_while_open), STORE_TEST(test_table_gone),     STORE_TEST(test_removed_while_open),
		STORE_TEST(test_no_place),	   STORE_TEST(test_full),	     STORE_TEST(test_memory),
		STORE_TEST(test_copy_of_damaged),
		STORE_TEST(test_remote_kinds),	   STORE_TEST(test_lock),
		STORE_TEST(test_remote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
