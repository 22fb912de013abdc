/*
 * The file of answers: what goes in comes out for who asks for the right document, and nobody else; how it is kept
 * small; who may ask a question while others live, die, or take too long. Two shelves of one test are two processes to
 * each other, but for their number; where the number matters there is a child.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/base/strbuf.h"
#include "eke/complete/disk_cache.h"

#include "state_dir.h"

/* 2026-11-24T03:00:00Z, ms */
#define NOW INT64_C(1795489200000)
#define DAY INT64_C(86400000)
#define URI "file:///home/user/project/parser.c"
#define LEASE 20000

static int setup(void **state)
{
	*state = NULL;
	state_dir_begin();
	clock_set_for_test(NOW, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	state_dir_end();
	clock_unset_for_test();
	return 0;
}

static struct cache_key key_of(const char *uri, const char *before)
{
	struct cache_context place = {
		.model_id = "free/coder", .uri = uri, .prefix = before, .prefix_len = strlen(before), .suffix = ""
	};
	struct cache_key key;

	cache_key_make(&place, &key);
	return key;
}

static struct disk_cache_id put(
	struct disk_cache *disk, const char *uri, const char *before, unsigned rank, const char *text)
{
	struct disk_cache_answer answer = { .uri = uri,
		.key = key_of(uri, before),
		.rank = rank,
		.text = text,
		.len = strlen(text),
		.at_ms = clock_wall_ms() };
	struct disk_cache_id id;

	assert_int_equal(disk_cache_begin(disk), STORE_OK);
	id = disk_cache_put(disk, &answer);
	assert_int_equal(disk_cache_end(disk), STORE_OK);
	assert_true(id.file && id.row);
	return id;
}

/* What a load tells, as "rank:text@age" with bars between; every key must be that of `before` in URI unless NULL. */
struct told {
	struct strbuf text;
	const struct cache_key *key;
	size_t count;
	struct disk_cache_id last;
};

static void on_row(void *ctx, const struct disk_cache_row *row)
{
	struct told *told = ctx;

	if (told->key)
		assert_memory_equal(&row->key, told->key, sizeof(row->key));
	strbuf_addf(&told->text, "%s%u:%.*s@%lld", told->count++ ? "|" : "", row->rank, (int)row->len,
		row->text ? row->text : "", (long long)row->age_ms);
	told->last = row->id;
}

/* The last row told. */
static struct disk_cache_id expect(
	struct disk_cache *disk, const char *uri, const char *before, struct disk_cache_id *seen, const char *wanted)
{
	struct cache_key key = key_of(uri, before ? before : "");
	struct told told = { .key = before ? &key : NULL };
	struct disk_cache_id none = { .file = 0 };

	strbuf_init(&told.text, MIB(1));
	assert_int_equal(disk_cache_load(disk, uri, seen ? seen : &none, on_row, &told), STORE_OK);
	assert_string_equal(told.text.data ? told.text.data : "", wanted);
	strbuf_release(&told.text);
	return told.last;
}

static size_t count_rows(struct disk_cache *disk, const char *uri)
{
	struct told told = { .count = 0 };
	struct disk_cache_id none = { .file = 0 };

	strbuf_init(&told.text, MIB(1));
	assert_int_equal(disk_cache_load(disk, uri, &none, on_row, &told), STORE_OK);
	strbuf_release(&told.text);
	return told.count;
}

/* Is the text in any file of the state directory? */
static bool on_disk(const char *text)
{
	DIR *d = opendir(state_dir);
	bool found = false;

	for (struct dirent *e; d && (e = readdir(d));) {
		char *path = in_state_dir(e->d_name);
		struct strbuf content;
		struct err err;

		strbuf_init(&content, MIB(64));
		if (file_read(path, MIB(64), &content, &err))
			found |= memmem(content.data, content.len, text, strlen(text)) != NULL;
		strbuf_release(&content);
		free(path);
	}
	if (d)
		closedir(d);
	return found;
}

/* Changes the file behind everybody's back. */
static void run_sql(const char *sql)
{
	char *path = in_state_dir("answers.db");
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	free(path);
}

/* --- answers --- */

static void test_nothing_is_opened_early(void **state)
{
	struct disk_cache *disk = disk_cache_new(NULL);

	(void)state;
	assert_false(disk_cache_exists());
	assert_int_equal(disk_cache_version(disk), 0);
	assert_int_equal(access(state_dir, F_OK), -1);
	expect(disk, URI, NULL, NULL, "");
	assert_true(disk_cache_exists());
	disk_cache_free(disk);
}

static void test_answers(void **state)
{
	struct disk_cache *disk = disk_cache_new(NULL);
	struct disk_cache *other = disk_cache_new(NULL);
	struct disk_cache_id seen = { .file = 0 };
	int64_t version;

	(void)state;
	put(disk, URI, "int x", 0, " = 1;\n");
	put(disk, URI, "int x", 1, " = 2;");
	put(disk, URI, "int x", 2, "");
	/* One's own are known already. */
	expect(disk, URI, NULL, NULL, "");
	clock_set_for_test(NOW + 5000, 0);
	expect(other, URI, "int x", &seen, "0: = 1;\n@5000|1: = 2;@5000|2:@5000");
	expect(other, URI, NULL, &seen, "");
	version = disk_cache_version(other);
	assert_true(version != 0);
	assert_true(disk_cache_version(other) == version);
	/* Only what is new, and the whole of it. */
	put(disk, URI, "int xy", 0, " = 3;");
	assert_true(disk_cache_version(other) != version);
	expect(other, URI, "int xy", &seen, "0: = 3;@0");
	/* The same question again: fewer answers. */
	put(disk, URI, "int x", 0, " = 4;");
	expect(other, URI, "int x", &seen, "0: = 4;@0");
	expect(other, URI, NULL, NULL, "0: = 3;@0|0: = 4;@0");
	/* A later process. */
	disk_cache_free(disk);
	disk_cache_free(other);
	disk = disk_cache_new(NULL);
	expect(disk, URI, NULL, NULL, "0: = 3;@0|0: = 4;@0");
	expect(disk, "file:///home/user/project/parser.h", NULL, NULL, "");
	disk_cache_free(disk);
}

static void test_any_bytes(void **state)
{
	struct disk_cache *disk = disk_cache_new(NULL);
	struct disk_cache_answer answer = {
		.uri = URI, .key = key_of(URI, "x"), .text = "a\0b\xff", .len = 4, .at_ms = NOW
	};
	struct told told = { .key = NULL };
	struct disk_cache_id seen = { .file = 0 };

	(void)state;
	assert_int_equal(disk_cache_begin(disk), STORE_OK);
	disk_cache_put(disk, &answer);
	assert_int_equal(disk_cache_end(disk), STORE_OK);
	disk_cache_free(disk);
	disk = disk_cache_new(NULL);
	strbuf_init(&told.text, KIB(1));
	assert_int_equal(disk_cache_load(disk, URI, &seen, on_row, &told), STORE_OK);
	assert_int_equal(told.count, 1);
	strbuf_release(&told.text);
	disk_cache_free(disk);
}

/* Neither the names nor the keys are in the file; two files name the same document differently. */
static void test_names_are_not_written(void **state)
{
	struct cache_key key = key_of(URI, "int x");
	struct disk_cache *disk = disk_cache_new(NULL);
	char raw[sizeof(key.bytes) + 1] = "";
	char half[sizeof(key.bytes) / 2 + 1] = "";

	(void)state;
	memcpy(raw, key.bytes, sizeof(key.bytes));
	memcpy(half, key.bytes, sizeof(key.bytes) / 2);
	assert_true(strlen(half) == sizeof(key.bytes) / 2);
	put(disk, URI, "int x", 0, "the answer's text");
	assert_true(on_disk("the answer's text"));
	assert_false(on_disk("parser"));
	assert_false(on_disk("project"));
	assert_false(on_disk("coder"));
	assert_false(on_disk("int x"));
	assert_false(on_disk(raw));
	assert_false(on_disk(half));
	/* With another salt nothing is found: the names depend on it. */
	run_sql("UPDATE salt SET salt = randomblob(32)");
	disk_cache_free(disk);
	disk = disk_cache_new(NULL);
	expect(disk, URI, NULL, NULL, "");
	disk_cache_free(disk);
}

static void test_age(void **state)
{
	struct disk_cache *disk = disk_cache_new(NULL);
	struct disk_cache *other = disk_cache_new(NULL);

	(void)state;
	put(disk, URI, "a", 0, "text");
	put(disk, URI, "b", 0, "");
	clock_set_for_test(NOW + LIMIT_CACHE_NEGATIVE_MS - 1, 0);
	expect(other, URI, NULL, NULL, "0:text@599999|0:@599999");
	/* That there is nothing to say holds for a while. */
	clock_set_for_test(NOW + LIMIT_CACHE_NEGATIVE_MS, 0);
	expect(other, URI, NULL, NULL, "0:text@600000");
	/* The clock was set back: nobody knows how long ago that was. */
	clock_set_for_test(NOW - 5000, 0);
	expect(other, URI, NULL, NULL, "0:text@0");
	clock_set_for_test(NOW + 14 * DAY - 1, 0);
	expect(other, URI, NULL, NULL, "0:text@1209599999");
	clock_set_for_test(NOW + 14 * DAY, 0);
	expect(other, URI, NULL, NULL, "");
	disk_cache_free(disk);
	disk_cache_free(other);
}

static void test_newest_of_many(void **state)
{
	struct disk_cache *disk = disk_cache_new(NULL);
	struct disk_cache *other = disk_cache_new(NULL);
	struct strbuf wanted;
	char before[32];
	char *large = xmalloc(LIMIT_COMPLETION_TEXT + 1);

	(void)state;
	strbuf_init(&wanted, KIB(8));
	for (int i = 0; i < LIMIT_DISK_CACHE_DOCUMENT_ROWS + 10; i++) {
		snprintf(before, sizeof(before), "%d", i);
		put(disk, URI, before, 0, before);
		if (i >= 10)
			strbuf_addf(&wanted, "%s0:%d@0", i > 10 ? "|" : "", i);
	}
	expect(other, URI, NULL, NULL, wanted.data);
	/* Large ones are limited by their bytes. */
	memset(large, 'x', LIMIT_COMPLETION_TEXT);
	large[LIMIT_COMPLETION_TEXT] = '\0';
	for (int i = 0; i < 10; i++) {
		snprintf(before, sizeof(before), "%d", i);
		put(disk, "file:///large", before, 0, large);
	}
	assert_int_equal(
		count_rows(other, "file:///large"), LIMIT_DISK_CACHE_DOCUMENT_BYTES / (LIMIT_COMPLETION_TEXT + 160));
	free(large);
	strbuf_release(&wanted);
	disk_cache_free(disk);
	disk_cache_free(other);
}

static void test_drop(void **state)
{
	struct disk_cache *disk = disk_cache_new(NULL);
	struct disk_cache *other = disk_cache_new(NULL);
	struct disk_cache_id id = put(disk, URI, "a", 0, "turned down");
	struct disk_cache_id strange = { .file = 77, .row = 2 };

	(void)state;
	put(disk, URI, "b", 0, "kept");
	assert_int_equal(disk_cache_begin(other), STORE_OK);
	disk_cache_drop(other, strange);
	disk_cache_drop(other, id);
	assert_int_equal(disk_cache_end(other), STORE_OK);
	expect(other, URI, "b", NULL, "0:kept@0");
	disk_cache_free(disk);
	disk_cache_free(other);
}

/* --- caps --- */

static void fill(struct disk_cache *disk, int from, int to, const char *text)
{
	for (int i = from; i < to; i++) {
		char uri[64];

		snprintf(uri, sizeof(uri), "file:///%d", i);
		put(disk, uri, "x", 0, text);
		clock_set_for_test(clock_wall_ms() + 1, 0);
	}
}

static bool has(struct disk_cache *disk, int i)
{
	char uri[64];

	snprintf(uri, sizeof(uri), "file:///%d", i);
	return count_rows(disk, uri) == 1;
}

static void test_trim_by_rows(void **state)
{
	struct disk_cache_caps caps = { .rows = 80 };
	struct disk_cache *disk = disk_cache_new(&caps);
	struct disk_cache *other = disk_cache_new(NULL);
	struct disk_cache_id none = { .file = 0 };
	struct told told = { .key = NULL };
	int kept = 0;

	(void)state;
	fill(disk, 0, 80, "text");
	/* The oldest is of use to somebody. */
	strbuf_init(&told.text, KIB(1));
	assert_int_equal(disk_cache_load(other, "file:///0", &none, on_row, &told), STORE_OK);
	strbuf_release(&told.text);
	assert_int_equal(disk_cache_begin(other), STORE_OK);
	disk_cache_use(other, told.last);
	assert_int_equal(disk_cache_end(other), STORE_OK);
	/* Looked at now and then: more than the cap for a while. */
	fill(disk, 80, 160, "text");
	for (int i = 0; i < 160; i++)
		kept += has(other, i);
	assert_in_range(kept, 80, 80 + 64);
	assert_true(has(other, 0));
	assert_false(has(other, 1));
	assert_true(has(other, 159));
	disk_cache_free(disk);
	disk_cache_free(other);
}

static void test_trim_by_bytes_and_age(void **state)
{
	struct disk_cache_caps caps = { .bytes = 10000, .age_ms = DAY };
	struct disk_cache *disk = disk_cache_new(&caps);
	struct disk_cache *other = disk_cache_new(NULL);
	char text[841];
	int kept = 0;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	fill(disk, 0, 20, text);
	disk_cache_free(disk);
	/* A process looks at its first change. */
	disk = disk_cache_new(&caps);
	fill(disk, 20, 21, text);
	for (int i = 0; i < 21; i++)
		kept += has(other, i);
	assert_int_equal(kept, 10000 / (840 + 160));
	assert_true(has(other, 20));
	clock_set_for_test(NOW + 2 * DAY, 0);
	disk_cache_free(disk);
	disk = disk_cache_new(&caps);
	put(disk, URI, "x", 0, "new");
	/* `other` would tell them. */
	assert_false(has(other, 20));
	expect(other, URI, NULL, NULL, "0:new@0");
	disk_cache_free(disk);
	disk_cache_free(other);
}

/* Many at once go in several steps, as the loop waits for each. */
static void test_trim_in_steps(void **state)
{
	struct disk_cache_caps caps = { .age_ms = DAY };
	struct disk_cache *disk = disk_cache_new(&caps);
	struct disk_cache *other = disk_cache_new(NULL);
	int left[3] = { 0 };

	(void)state;
	fill(disk, 0, 300, "text");
	disk_cache_free(disk);
	clock_set_for_test(NOW + DAY + 1000, 0);
	disk = disk_cache_new(&caps);
	for (size_t step = 0; step < ARRAY_LEN(left); step++) {
		put(disk, URI, "x", 0, "text");
		for (int i = 0; i < 300; i++)
			left[step] += has(other, i);
	}
	assert_int_equal(left[0], 44);
	assert_int_equal(left[1], 0);
	assert_int_equal(left[2], 0);
	disk_cache_free(disk);
	disk_cache_free(other);
}

/* --- claims --- */

static enum disk_cache_claim claim(struct disk_cache *disk, const char *uri, const char *before, bool force)
{
	struct disk_cache_id none = { .file = 0 };
	struct cache_key key = key_of(uri, before);
	enum disk_cache_claim out;

	assert_int_equal(disk_cache_claim(disk, uri, &key, &none, LEASE, force, &out), STORE_OK);
	return out;
}

static bool is_others(struct disk_cache *disk, const char *before)
{
	struct cache_key key = key_of(URI, before);
	bool out;

	assert_int_equal(disk_cache_is_others(disk, URI, &key, &out), STORE_OK);
	return out;
}

static void let_go(struct disk_cache *disk, const char *before)
{
	struct cache_key key = key_of(URI, before);

	assert_int_equal(disk_cache_begin(disk), STORE_OK);
	disk_cache_release(disk, URI, &key);
	assert_int_equal(disk_cache_end(disk), STORE_OK);
}

static void test_claims(void **state)
{
	struct disk_cache *a = disk_cache_new(NULL);
	struct disk_cache *b = disk_cache_new(NULL);
	struct disk_cache_id seen = { .file = 0 };
	struct cache_key key = key_of(URI, "x");
	enum disk_cache_claim out;

	(void)state;
	assert_int_equal(claim(a, URI, "x", false), DISK_CACHE_MINE);
	assert_int_equal(claim(a, URI, "x", false), DISK_CACHE_MINE);
	assert_int_equal(claim(b, URI, "x", false), DISK_CACHE_OTHERS);
	assert_true(is_others(b, "x"));
	assert_false(is_others(a, "x"));
	/* Elsewhere, and in another file, it is another question. */
	assert_int_equal(claim(b, URI, "y", false), DISK_CACHE_MINE);
	assert_int_equal(claim(b, "file:///other", "x", false), DISK_CACHE_MINE);
	/* Nobody lets go of another's. */
	let_go(b, "x");
	assert_int_equal(claim(b, URI, "x", false), DISK_CACHE_OTHERS);
	/* Failed: it is anybody's. */
	let_go(a, "x");
	assert_false(is_others(b, "x"));
	assert_int_equal(claim(b, URI, "x", false), DISK_CACHE_MINE);
	assert_int_equal(claim(a, URI, "x", false), DISK_CACHE_OTHERS);
	/* Answered. */
	put(b, URI, "x", 0, "text");
	let_go(b, "x");
	assert_int_equal(claim(a, URI, "x", false), DISK_CACHE_ANSWERED);
	expect(a, URI, "x", &seen, "0:text@0");
	/* ... which is known now: who asks all the same means it. */
	assert_int_equal(disk_cache_claim(a, URI, &key, &seen, LEASE, false, &out), STORE_OK);
	assert_int_equal(out, DISK_CACHE_MINE);
	disk_cache_free(a);
	disk_cache_free(b);
}

static void test_lease(void **state)
{
	struct disk_cache *a = disk_cache_new(NULL);
	struct disk_cache *b = disk_cache_new(NULL);

	(void)state;
	assert_int_equal(claim(a, URI, "x", false), DISK_CACHE_MINE);
	clock_set_for_test(NOW + LEASE - 1, 0);
	assert_int_equal(claim(b, URI, "x", false), DISK_CACHE_OTHERS);
	clock_set_for_test(NOW + LEASE, 0);
	assert_false(is_others(b, "x"));
	assert_int_equal(claim(b, URI, "x", false), DISK_CACHE_MINE);
	/* What comes late takes nothing away. */
	let_go(a, "x");
	assert_int_equal(claim(a, URI, "x", false), DISK_CACHE_OTHERS);
	/* The clock was set back: it would take long. */
	clock_set_for_test(NOW - DAY, 0);
	assert_int_equal(claim(a, URI, "x", false), DISK_CACHE_OTHERS);
	assert_int_equal(claim(a, URI, "x", true), DISK_CACHE_MINE);
	disk_cache_free(a);
	disk_cache_free(b);
}

/* A child that has claimed "x" and lives until `stay` is closed. */
static pid_t claim_in_child(int *stay)
{
	int ready[2];
	int until[2];
	char c = 0;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(until), 0);
	pid = fork();
	if (!pid) {
		struct disk_cache *disk = disk_cache_new(NULL);

		close(until[1]);
		if (claim(disk, URI, "x", false) != DISK_CACHE_MINE || write(ready[1], &c, 1) != 1)
			_exit(1);
		_exit((int)read(until[0], &c, 1));
	}
	close(ready[1]);
	close(until[0]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	*stay = until[1];
	return pid;
}

static void test_dead_process(void **state)
{
	struct disk_cache *disk = disk_cache_new(NULL);
	int stay;
	pid_t pid = claim_in_child(&stay);

	(void)state;
	assert_int_equal(claim(disk, URI, "x", false), DISK_CACHE_OTHERS);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(is_others(disk, "x"));
	assert_int_equal(claim(disk, URI, "x", false), DISK_CACHE_MINE);
	close(stay);
	disk_cache_free(disk);
}

/* The number lives, but it is another process's now. */
static void test_reused_number(void **state)
{
#ifdef __linux__
	struct disk_cache *disk = disk_cache_new(NULL);
	int stay;
	pid_t pid = claim_in_child(&stay);

	(void)state;
	assert_true(is_others(disk, "x"));
	run_sql("UPDATE claim SET started = started - 1");
	assert_false(is_others(disk, "x"));
	assert_int_equal(claim(disk, URI, "x", false), DISK_CACHE_MINE);
	close(stay);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	disk_cache_free(disk);
#else
	(void)state;
	skip();
#endif
}

/* --- trouble --- */

static void test_busy(void **state)
{
	struct disk_cache *a = disk_cache_new(NULL);
	struct disk_cache *b = disk_cache_new(NULL);
	struct disk_cache_id seen = { .file = 0 };
	struct cache_key key = key_of(URI, "x");
	struct store_trouble trouble;
	enum disk_cache_claim out;

	(void)state;
	put(a, URI, "x", 0, "text");
	assert_int_equal(disk_cache_begin(a), STORE_OK);
	/* Reading goes on; writing is for later. */
	expect(b, URI, "x", NULL, "0:text@0");
	assert_int_equal(disk_cache_begin(b), STORE_BUSY);
	assert_int_equal(disk_cache_claim(b, URI, &key, &seen, LEASE, false, &out), STORE_BUSY);
	assert_int_equal(disk_cache_end(a), STORE_OK);
	assert_int_equal(disk_cache_begin(b), STORE_OK);
	assert_int_equal(disk_cache_end(b), STORE_OK);
	assert_false(disk_cache_take_trouble(a, &trouble));
	assert_false(disk_cache_take_trouble(b, &trouble));
	disk_cache_free(a);
	disk_cache_free(b);
}

static void test_damaged_file(void **state)
{
	static const char text[] = "This is a shopping list, and quite a long one: bread, butter, and so on and so forth.";
	struct disk_cache *disk = disk_cache_new(NULL);
	char *path = in_state_dir("answers.db");
	struct disk_cache_id seen = { .file = 0 };
	struct store_trouble trouble;
	FILE *file;

	(void)state;
	put(disk, URI, "x", 0, "text");
	put(disk, URI, "y", 0, "text");
	disk_cache_free(disk);
	disk = disk_cache_new(NULL);
	expect(disk, URI, NULL, &seen, "0:text@0|0:text@0");
	/* Replaced behind our back by something else. */
	unlink(path);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	expect(disk, URI, NULL, &seen, "");
	assert_true(disk_cache_take_trouble(disk, &trouble));
	assert_int_equal(trouble.kind, STORE_DAMAGED);
	assert_non_null(strstr(trouble.sentence, "the store of completions was damaged"));
	/* The numbers begin again, and nothing is missed for that. */
	{
		struct disk_cache *other = disk_cache_new(NULL);

		put(other, URI, "z", 0, "new");
		disk_cache_free(other);
	}
	expect(disk, URI, "z", &seen, "0:new@0");
	disk_cache_free(disk);
	free(path);
}

static void test_unusable(void **state)
{
	struct disk_cache *disk = disk_cache_new(NULL);
	struct store_trouble trouble;
	struct disk_cache_id seen = { .file = 0 };
	struct cache_key key = key_of(URI, "x");
	enum disk_cache_claim out;
	FILE *file;

	(void)state;
	/* A file where the directory should be. */
	file = fopen(state_dir, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(disk_cache_begin(disk), STORE_FAILED);
	assert_true(disk_cache_take_trouble(disk, &trouble));
	assert_int_equal(trouble.kind, STORE_UNUSABLE);
	assert_int_equal(disk_cache_claim(disk, URI, &key, &seen, LEASE, false, &out), STORE_FAILED);
	assert_int_equal(disk_cache_load(disk, URI, &seen, on_row, NULL), STORE_FAILED);
	assert_false(disk_cache_exists());
	disk_cache_free(disk);
}

static void test_purge(void **state)
{
	struct disk_cache *disk = disk_cache_new(NULL);
	struct disk_cache *other = disk_cache_new(NULL);
	char *path = in_state_dir("answers.db.damaged-20261124-030000");
	FILE *file;

	(void)state;
	put(disk, URI, "x", 0, "some text");
	expect(other, URI, NULL, NULL, "0:some text@0");
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("some text", file);
	fclose(file);
	/* Even if another process has it open. */
	assert_int_equal(disk_cache_purge(disk), STORE_OK);
	assert_false(disk_cache_exists());
	assert_false(on_disk("some text"));
	/* That one begins a new file, and closes the old one without touching the new. */
	put(other, URI, "x", 0, "other text");
	expect(disk, URI, "x", NULL, "0:other text@0");
	disk_cache_free(other);
	assert_true(disk_cache_exists());
	assert_false(on_disk("some text"));
	assert_int_equal(disk_cache_purge(disk), STORE_OK);
	assert_int_equal(disk_cache_purge(disk), STORE_OK);
	assert_false(on_disk("other text"));
	assert_false(disk_cache_exists());
	disk_cache_free(disk);
	free(path);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_is_opened_early, setup, teardown),
		cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_any_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names_are_not_written, setup, teardown),
		cmocka_unit_test_setup_teardown(test_age, setup, teardown),
		cmocka_unit_test_setup_teardown(test_newest_of_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_drop, setup, teardown),
		cmocka_unit_test_setup_teardown(test_trim_by_rows, setup, teardown),
		cmocka_unit_test_setup_teardown(test_trim_by_bytes_and_age, setup, teardown),
		cmocka_unit_test_setup_teardown(test_trim_in_steps, setup, teardown),
		cmocka_unit_test_setup_teardown(test_claims, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lease, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dead_process, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reused_number, setup, teardown),
		cmocka_unit_test_setup_teardown(test_busy, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unusable, setup, teardown),
		cmocka_unit_test_setup_teardown(test_purge, setup, teardown),
	};

	return cmocka_run_group_tests_name("disk_cache", tests, NULL, NULL);
}
