/*
 * The ledger's file: one that an older eke made, and has open while this one uses it; one that is removed or renamed
 * while two processes use it; one that cannot be used until the end. Nothing that was counted is lost or misread. The
 * tables and statements of the older eke are copies from when it was the newest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/log.h"
#include "eke/base/zone.h"
#include "eke/budget/ledger_rows.h"
#include "eke/budget/provider_limits.h"
#include "eke/store/store.h"
#include "state_dir.h"

#define NOW INT64_C(1767225600000)
#define DAY 86400

/* Version 2, before a stated limit had the name of its kind of window. */
static const char *const migrations[] = {
	"CREATE TABLE fact (name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
	"CREATE TABLE request (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, keep_until INTEGER NOT NULL,"
	" service TEXT NOT NULL, plan TEXT NOT NULL, key BLOB NOT NULL, model TEXT NOT NULL,"
	" weight INTEGER NOT NULL, hour INTEGER);"
	"CREATE INDEX request_at ON request (at);"
	"CREATE TABLE block (service TEXT NOT NULL, key BLOB NOT NULL, model TEXT NOT NULL, set_at INTEGER NOT NULL,"
	" until INTEGER NOT NULL, stated INTEGER NOT NULL, tries INTEGER NOT NULL, probe INTEGER NOT NULL,"
	" probe_until INTEGER NOT NULL, message TEXT NOT NULL, PRIMARY KEY (service, key, model)) WITHOUT ROWID;"
	"CREATE TABLE learned (service TEXT NOT NULL, model TEXT NOT NULL, period INTEGER NOT NULL,"
	" most INTEGER NOT NULL, calendar INTEGER NOT NULL, zone TEXT NOT NULL, seen_at INTEGER NOT NULL,"
	" PRIMARY KEY (service, model, period)) WITHOUT ROWID;"
	"CREATE TABLE endpoint (name TEXT PRIMARY KEY, key BLOB NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE usage (key BLOB PRIMARY KEY, asked_at INTEGER NOT NULL) WITHOUT ROWID",
	"ALTER TABLE request ADD COLUMN elsewhere INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE owed (number INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, id INTEGER NOT NULL,"
	" service TEXT NOT NULL, key BLOB NOT NULL, model TEXT NOT NULL, at INTEGER NOT NULL,"
	" UNIQUE (kind, id, service, key, model));"
	"CREATE TABLE shared_mark (key BLOB PRIMARY KEY, shared BLOB NOT NULL) WITHOUT ROWID",
	NULL,
};

enum { PUT_LEARNED, GET_LEARNED, ADD_REQUEST, COUNT_REQUESTS };
static const char *const statements[] = {
	[PUT_LEARNED] = "INSERT OR REPLACE INTO learned (service, model, period, most, calendar, zone, seen_at)"
			" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[GET_LEARNED] = "SELECT most, calendar FROM learned WHERE model = ?1",
	[ADD_REQUEST] = "INSERT INTO request (id, at, keep_until, service, plan, key, model, weight, hour)"
			" VALUES (?1, ?2, ?3, 's', 'p', x'00', 'm', 1, NULL)",
	[COUNT_REQUESTS] = "SELECT count(*) FROM request",
};
static const struct store_schema schema = {
	.file = "ledger.db",
	.subject = "the older ledger",
	.application_id = 0x656B6501,
	.migrations = migrations,
	.statements = statements,
	.statement_count = sizeof(statements) / sizeof(statements[0]),
};

static struct store *old;

static int setup(void **state)
{
	(void)state;
	state_dir_begin();
	clock_set_for_test(NOW, NOW);
	old = store_new(&schema);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	store_free(old);
	clock_unset_for_test();
	state_dir_end();
	return 0;
}

static void old_begin(void)
{
	assert_int_equal(store_begin(old, STORE_WRITE), STORE_OK);
}

static void old_commit(void)
{
	assert_int_equal(store_commit(old), STORE_OK);
}

static void old_learns(const char *model, bool calendar)
{
	store_start(old, PUT_LEARNED);
	store_put_text(old, "s");
	store_put_text(old, model);
	store_put_int(old, DAY);
	store_put_int(old, 200);
	store_put_int(old, calendar);
	store_put_text(old, calendar ? "UTC" : "");
	store_put_int(old, NOW);
	store_run(old);
}

/* What the older one reads of a limit: 1 for a calendar window, 0 for a sliding one, -1 for none. */
static int old_reads(const char *model)
{
	int calendar = -1;

	store_start(old, GET_LEARNED);
	store_put_text(old, model);
	while (store_next(old)) {
		assert_int_equal(store_int(old, 0), 200);
		calendar = (int)store_int(old, 1);
	}
	return calendar;
}

static void check(struct ledger *l, const char *model, enum plan_kind kind)
{
	struct learned_limit got[LIMIT_LEARNED_WINDOWS];
	size_t n = provider_limits_read_learned(l, "s", got);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(got[i].model, model))
			continue;
		assert_int_equal(got[i].kind, kind);
		assert_true(got[i].limit == 200 && got[i].period == DAY);
		return;
	}
	fail_msg("%s is not there", model);
}

static void learn(struct ledger *l, const char *model, enum plan_kind kind)
{
	struct learned_limit limit = { .limit = 200, .period = DAY, .kind = kind, .seen_at_ms = NOW };

	snprintf(limit.model, sizeof(limit.model), "%s", model);
	snprintf(limit.time_zone, sizeof(limit.time_zone), "%s", kind == PLAN_CALENDAR ? "UTC" : "");
	provider_limits_put_learned(l, "s", &limit);
}

static void test_side_by_side(void **state)
{
	struct ledger *l = ledger_new();

	(void)state;
	old_begin();
	old_learns("day", true);
	old_learns("hours", false);
	store_start(old, ADD_REQUEST);
	store_put_int(old, 7);
	store_put_int(old, NOW);
	store_put_int(old, NOW + 1000);
	store_run(old);
	old_commit();
	/* The newer one migrates under its feet. */
	assert_int_equal(ledger_begin(l, STORE_WRITE), STORE_OK);
	check(l, "day", PLAN_CALENDAR);
	check(l, "hours", PLAN_SLIDING);
	learn(l, "new day", PLAN_CALENDAR);
	learn(l, "new hours", PLAN_SLIDING);
	learn(l, "hours", PLAN_CALENDAR);
	assert_int_equal(ledger_commit(l), STORE_OK);
	assert_true(ledger_is_shared(l));
	old_begin();
	assert_int_equal(old_reads("new day"), 1);
	assert_int_equal(old_reads("new hours"), 0);
	assert_int_equal(old_reads("hours"), 1);
	assert_int_equal(old_reads("day"), 1);
	/* The other way round. */
	old_learns("new day", false);
	old_learns("late", true);
	store_start(old, COUNT_REQUESTS);
	assert_true(store_next(old));
	assert_int_equal(store_int(old, 0), 1);
	old_commit();
	assert_int_equal(ledger_begin(l, STORE_READ), STORE_OK);
	check(l, "new day", PLAN_SLIDING);
	check(l, "late", PLAN_CALENDAR);
	assert_int_equal(ledger_commit(l), STORE_OK);
	ledger_free(l);
	assert_int_equal(count_in_state_dir("ledger.db.damaged"), 0);
}

/* --- lifetimes of the file --- */

static const struct account account = { .service = "s", .plan = "p" };
static const struct key_hash no_key = { .bytes = { 0 } };

static void add(struct ledger *l, uint64_t id)
{
	assert_int_equal(ledger_begin(l, STORE_WRITE), STORE_OK);
	ledger_rows_add(l, id, &account, &no_key, "m", NOW + 86400000);
	assert_int_equal(ledger_commit(l), STORE_OK);
}

static size_t count(struct ledger *l)
{
	struct ledger_rows rows = { .rows = NULL };
	size_t n;

	assert_int_equal(ledger_begin(l, STORE_READ), STORE_OK);
	ledger_rows_read(l, &account, &no_key, 0, &rows);
	assert_int_equal(ledger_commit(l), STORE_OK);
	n = rows.count;
	ledger_rows_release(&rows);
	return n;
}

static void remove_file(bool rename_it)
{
	static const char *const names[] = { "ledger.db", "ledger.db-wal", "ledger.db-shm" };

	for (int i = 0; i < 3; i++) {
		char *path = in_state_dir(names[i]);
		char *other = xasprintf("%s.moved", path);

		if (rename_it)
			rename(path, other);
		else
			unlink(path);
		free(path);
		free(other);
	}
}

/* Somebody removes or renames the file while two processes use it: what they have counted they keep. */
static void test_removed(void **state)
{
	(void)state;
	for (int renamed = 0; renamed < 2; renamed++) {
		struct ledger *a = ledger_new();
		struct ledger *b = ledger_new();

		add(a, 10);
		add(b, 11);
		remove_file(renamed);
		add(b, 12);
		add(a, 13);
		assert_int_equal(count(a), 4);
		assert_int_equal(count(b), 4);
		/* One that ends right then. */
		remove_file(renamed);
		ledger_free(b);
		assert_int_equal(count(a), 4);
		ledger_free(a);
		a = ledger_new();
		assert_int_equal(count(a), 4);
		ledger_free(a);
		remove_file(false);
	}
}

/* What was counted in memory goes into the file at the end, if that can be used by then. */
static void test_memory_at_the_end(void **state)
{
	char *nowhere = in_state_dir("file/state");
	char *real = xstrdup(state_dir);
	struct ledger *l = ledger_new();

	(void)state;
	assert_int_equal(mkdir(state_dir, 0700), 0);
	write_in_state_dir("file", "", 0, 0);
	setenv("EKE_STATE_DIR", nowhere, 1);
	add(l, 20);
	assert_false(ledger_is_shared(l));
	setenv("EKE_STATE_DIR", real, 1);
	add(l, 21);
	assert_false(ledger_is_shared(l));
	ledger_free(l);
	l = ledger_new();
	assert_int_equal(count(l), 2);
	ledger_free(l);
	free(nowhere);
	free(real);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_side_by_side, setup, teardown),
		cmocka_unit_test_setup_teardown(test_removed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_memory_at_the_end, setup, teardown),
	};

	zone_init();
	log_set_level(LOG_BROKEN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
