/*
 * The ledger on real files: what two of them see, clocks that are set, files that fail, and that no key is in it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "eke/base/clock.h"
#include "eke/base/log.h"
#include "eke/base/paths.h"
#include "eke/base/strbuf.h"
#include "eke/budget/ledger.h"
#include "eke/budget/ledger_rows.h"
#include "eke/budget/provider_limits.h"
#include "eke/store/file.h"
#include "state_dir.h"

/* 2026-11-24T03:00:00Z */
#define NOW INT64_C(1795489200000)
#define HOUR_MS INT64_C(3600000)
#define DAY_MS INT64_C(86400000)

static const char *const all[] = { "*", NULL };
static const char *const minis[] = { "mini*", NULL };
static const struct plan plan_a = { .name = "a" };
static const struct plan plan_b = { .name = "b" };
static const struct config_endpoint one = { .name = "one", .base_url = "https://api.example.com",
		.service = "api.example.com",
		.plan = &plan_a };
static const struct config_endpoint same_host = { .name = "two", .base_url = "https://api.example.com/v1",
		.service = "api.example.com",
								  .plan = &plan_b };
static const struct config_endpoint same_plan = { .name = "three", .base_url = "https://other.example.com",
		.service = "other.example.com",
								  .plan = &plan_a };
static const struct config_endpoint neither = { .name = "four", .base_url = "https://third.example.com",
		.service = "third.example.com",
								.plan = &plan_b };

#define KEY_1 "sk-the-first-key-of-this-test"
#define KEY_2 "sk-the-second-key-of-this-test"

static struct strbuf warnings;

static void on_log(void *ctx, enum log_level level, const char *line)
{
	(void)ctx;
	if (level <= LOG_WARN)
		strbuf_addf(&warnings, "%s\n", line);
}

static int setup(void **state)
{
	*state = NULL;
	state_dir_begin();
	clock_set_for_test(NOW, 0);
	strbuf_init(&warnings, KIB(64));
	log_set_level(LOG_BROKEN);
	log_set_listener(on_log, NULL, LOG_WARN);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	log_set_listener(NULL, NULL, LOG_BROKEN);
	strbuf_release(&warnings);
	clock_unset_for_test();
	state_dir_end();
	return 0;
}

static void at(int64_t ms)
{
	clock_set_for_test(NOW + ms, ms);
}

/* What was warned about since the last time must contain it; "" : nothing was. */
static void expect_warning(const char *part)
{
	if (part[0] ? !strstr(warnings.data, part) : warnings.len != 0)
		fail_msg("%s", warnings.data);
	strbuf_reset(&warnings);
}

/* --- small steps --- */

static void begin(struct ledger *l, enum store_mode mode)
{
	for (int tries = 0; ledger_begin(l, mode) != STORE_OK; tries++)
		assert_true(tries < 3);
}

static void add(struct ledger *l, uint64_t id, const struct config_endpoint *e, const char *key, const char *model)
{
	struct key_hash hash;
	struct account account;

	account_make(e, key, &account);
	for (int tries = 0;; tries++) {
		assert_true(tries < 3);
		begin(l, STORE_WRITE);
		ledger_key_hash(l, &account.key, &hash);
		ledger_rows_add(l, id, &account, &hash, model, ledger_now(l) + 2 * HOUR_MS);
		if (ledger_commit(l) == STORE_OK)
			return;
	}
}

static void drop(struct ledger *l, uint64_t id)
{
	begin(l, STORE_WRITE);
	ledger_rows_drop(l, id);
	assert_int_equal(ledger_commit(l), STORE_OK);
}

/* The times (ms after NOW) of what a window of an endpoint counts, as "0,1000". */
static void expect_times(struct ledger *l, const struct config_endpoint *e, const char *key, enum plan_scope scope,
			 const char *const *models, const char *wanted)
{
	struct plan_window window = { .scope = scope, .models = models };
	struct ledger_rows log = { .rows = NULL };
	struct key_hash hash;
	struct account account;
	struct strbuf text;
	int64_t *times;
	size_t n;

	account_make(e, key, &account);
	begin(l, STORE_READ);
	ledger_key_hash(l, &account.key, &hash);
	ledger_rows_read(l, &account, &hash, NOW - 30 * DAY_MS, &log);
	assert_int_equal(ledger_commit(l), STORE_OK);
	times = ledger_rows_times(&log, &window, NOW - 30 * DAY_MS, &n);
	strbuf_init(&text, KIB(64));
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&text, "%s%lld", i ? "," : "", (long long)(times[i] - NOW));
	assert_string_equal(text.data, wanted);
	strbuf_release(&text);
	free(times);
	ledger_rows_release(&log);
}

#define MACHINE(l, e, wanted) expect_times(l, e, KEY_1, PLAN_SCOPE_MACHINE, all, wanted)

/* --- rows --- */

static void test_scopes(void **state)
{
	struct ledger *a = ledger_new();
	struct ledger *b = ledger_new();

	(void)state;
	add(a, 1, &one, KEY_1, "mini-1");
	at(1);
	add(b, 2, &same_host, KEY_2, "big");
	at(2);
	add(a, 3, &same_plan, KEY_1, "big");
	at(3);
	add(b, 4, &neither, KEY_1, "big");
	/* The machine's: same service or same plan. The key's: same key, wherever. */
	expect_times(a, &one, KEY_1, PLAN_SCOPE_MACHINE, all, "0,1,2");
	expect_times(b, &one, KEY_1, PLAN_SCOPE_MACHINE, all, "0,1,2");
	expect_times(a, &one, KEY_1, PLAN_SCOPE_KEY, all, "0,2,3");
	expect_times(a, &one, KEY_2, PLAN_SCOPE_KEY, all, "1");
	expect_times(a, &one, NULL, PLAN_SCOPE_KEY, all, "");
	expect_times(a, &same_host, KEY_1, PLAN_SCOPE_MACHINE, all, "0,1,3");
	expect_times(a, &neither, KEY_1, PLAN_SCOPE_MACHINE, all, "1,3");
	expect_times(a, &one, KEY_1, PLAN_SCOPE_MACHINE, minis, "0");
	drop(a, 2);
	drop(a, 77);
	expect_times(b, &one, KEY_1, PLAN_SCOPE_MACHINE, all, "0,2");
	expect_warning("");
	ledger_free(a);
	ledger_free(b);
}

static void test_tidy(void **state)
{
	struct ledger *l = ledger_new();

	(void)state;
	add(l, 1, &one, KEY_1, "m");
	at(2 * HOUR_MS - 1);
	begin(l, STORE_WRITE);
	ledger_rows_tidy(l);
	assert_int_equal(ledger_commit(l), STORE_OK);
	MACHINE(l, &one, "0");
	/* Kept for two hours, looked after once an hour. */
	at(2 * HOUR_MS + 1000);
	begin(l, STORE_WRITE);
	ledger_rows_tidy(l);
	assert_int_equal(ledger_commit(l), STORE_OK);
	MACHINE(l, &one, "0");
	at(3 * HOUR_MS);
	begin(l, STORE_WRITE);
	ledger_rows_tidy(l);
	assert_int_equal(ledger_commit(l), STORE_OK);
	MACHINE(l, &one, "");
	ledger_free(l);
}

static void test_long_names(void **state)
{
	struct ledger *l = ledger_new();
	char model[3 * LIMIT_BUDGET_MODEL];

	(void)state;
	memset(model, 'm', sizeof(model) - 1);
	model[sizeof(model) - 1] = '\0';
	add(l, 1, &one, KEY_1, model);
	add(l, 2, &one, KEY_1, "");
	MACHINE(l, &one, "0,0");
	ledger_free(l);
}

/* Many models and many requests: the log grows as it must. */
static void test_many(void **state)
{
	struct ledger *l = ledger_new();
	struct key_hash hash;
	struct account account;
	struct strbuf wanted;

	(void)state;
	account_make(&one, KEY_1, &account);
	strbuf_init(&wanted, KIB(64));
	begin(l, STORE_WRITE);
	ledger_key_hash(l, &account.key, &hash);
	for (unsigned i = 0; i < 1000; i++) {
		char model[32];

		snprintf(model, sizeof(model), "%s-%u", i % 2 ? "mini" : "big", i);
		ledger_rows_add(l, i + 1, &account, &hash, model, NOW + DAY_MS);
		if (i % 2)
			strbuf_adds(&wanted, wanted.len ? ",0" : "0");
	}
	assert_int_equal(ledger_commit(l), STORE_OK);
	expect_times(l, &one, KEY_1, PLAN_SCOPE_MACHINE, minis, wanted.data);
	strbuf_release(&wanted);
	ledger_free(l);
}

/* --- keys --- */

static void test_keys_are_nowhere(void **state)
{
	static const char *const files[] = { "ledger.db", "ledger.db-wal", "ledger.db-shm" };
	struct ledger *l = ledger_new();
	struct ledger *other = ledger_new();
	struct key_digest digest;
	struct key_digest digest_2;
	struct key_hash hash;
	struct key_hash again;
	size_t seen = 0;

	(void)state;
	add(l, 1, &one, KEY_1, "m");
	key_digest_make(KEY_1, "api.example.com", &digest);
	key_digest_make(KEY_2, "api.example.com", &digest_2);
	begin(l, STORE_WRITE);
	ledger_key_hash(l, &digest, &hash);
	ledger_rows_note_key(l, "one", &hash);
	assert_int_equal(ledger_commit(l), STORE_OK);
	/* The same in every process; another one for another key. */
	begin(other, STORE_READ);
	ledger_key_hash(other, &digest, &again);
	assert_true(key_hash_same(&hash, &again));
	ledger_key_hash(other, &digest_2, &again);
	assert_false(key_hash_same(&hash, &again));
	assert_true(ledger_rows_noted_key(other, "one", &again));
	assert_true(key_hash_same(&hash, &again));
	assert_false(ledger_rows_noted_key(other, "nobody", &again));
	assert_int_equal(ledger_commit(other), STORE_OK);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char *path = in_state_dir(files[i]);
		struct strbuf bytes;
		struct err err;

		strbuf_init(&bytes, MIB(8));
		assert_true(file_read(path, MIB(8), &bytes, &err));
		assert_null(memmem(bytes.data, bytes.len, KEY_1, strlen(KEY_1)));
		assert_null(memmem(bytes.data, bytes.len, KEY_1 + 3, strlen(KEY_1) - 3));
		/* Not even the digest, which would tell the same key in another file. */
		assert_null(memmem(bytes.data, bytes.len, digest.bytes, sizeof(digest.bytes)));
		seen += memmem(bytes.data, bytes.len, hash.bytes, sizeof(hash.bytes)) != NULL;
		strbuf_release(&bytes);
		free(path);
	}
	assert_true(seen > 0);
	ledger_free(l);
	ledger_free(other);
	/* Another file, another salt. */
	state_dir_end();
	state_dir_begin();
	l = ledger_new();
	add(l, 1, &one, KEY_1, "m");
	begin(l, STORE_READ);
	ledger_key_hash(l, &digest, &again);
	assert_int_equal(ledger_commit(l), STORE_OK);
	assert_false(key_hash_same(&hash, &again));
	ledger_free(l);
}

static void test_digests(void **state)
{
	struct key_digest a;
	struct key_digest b;

	(void)state;
	key_digest_make(NULL, "api.example.com", &a);
	key_digest_make(NULL, "other.example.com", &b);
	assert_false(key_digest_same(&a, &b));
	key_digest_make(KEY_1, "api.example.com", &b);
	assert_false(key_digest_same(&a, &b));
	/* A key is the same wherever it is sent. */
	key_digest_make(KEY_1, "other.example.com", &a);
	assert_true(key_digest_same(&a, &b));
	/* SHA-256 of "abc", FIPS 180-4's own example. */
	key_digest_make("abc", "", &a);
	assert_memory_equal(a.bytes, "\xBA\x78\x16\xBF\x8F\x01\xCF\xEA\x41\x41\x40\xDE\x5D\xAE\x22\x23"
				     "\xB0\x03\x61\xA3\x96\x17\x7A\x9C\xB4\x10\xFF\x61\xF2\x00\x15\xAD", 32);
}

/* --- clocks --- */

/* The wall clock is set by so much, while nothing but `passed` has passed. */
static void step(int64_t passed, int64_t by)
{
	clock_set_for_test(NOW + passed + by, passed);
	clock_set_step_for_test("test", by);
}

static void test_steps(void **state)
{
	struct ledger *l = ledger_new();
	struct ledger *other = ledger_new();

	(void)state;
	add(l, 1, &one, KEY_1, "m");
	/* A correction by less than two seconds is none. */
	step(10000, 1999);
	add(l, 2, &one, KEY_1, "m");
	MACHINE(l, &one, "0,11999");
	/* Two hours forward: they are as old as they were. First seen by one who reads. */
	step(20000, 2 * HOUR_MS);
	MACHINE(other, &one, "7200000,7211999");
	add(l, 3, &one, KEY_1, "m");
	MACHINE(l, &one, "7200000,7211999,7220000");
	MACHINE(other, &one, "7200000,7211999,7220000");
	/* Back, to before they were made. */
	step(30000, -DAY_MS);
	MACHINE(other, &one, "-86400000,-86388001,-86380000");
	add(other, 4, &one, KEY_1, "m");
	MACHINE(l, &one, "-86400000,-86388001,-86380000,-86370000");
	/* And right again. */
	step(40000, 0);
	add(l, 5, &one, KEY_1, "m");
	MACHINE(other, &one, "0,11999,20000,30000,40000");
	ledger_free(l);
	ledger_free(other);
}

static void test_steps_of_verdicts(void **state)
{
	struct ledger *l = ledger_new();
	struct cooldown cooldown = { .machine = true, .set_at = NOW, .until = NOW + HOUR_MS, .probe_until = NOW + 5000 };
	struct learned_limit limit = { .model = "*", .limit = 5, .period = 60, .seen_at_ms = NOW };
	struct cooldown cooldowns[LIMIT_COOLDOWNS];
	struct learned_limit learned[LIMIT_LEARNED_WINDOWS];
	struct key_hash none = { .bytes = { 0 } };

	(void)state;
	begin(l, STORE_WRITE);
	provider_limits_put_cooldown(l, "s", &cooldown);
	provider_limits_put_learned(l, "s", &limit);
	assert_true(ledger_rows_take_usage_turn(l, &none));
	assert_int_equal(ledger_commit(l), STORE_OK);
	for (int mode = STORE_READ; mode <= STORE_WRITE; mode++) {
		step(1000, -5 * HOUR_MS);
		begin(l, (enum store_mode)mode);
		assert_int_equal(provider_limits_read_cooldowns(l, "s", &none, cooldowns, LIMIT_COOLDOWNS), 1);
		assert_true(cooldowns[0].set_at == NOW - 5 * HOUR_MS);
		assert_true(cooldowns[0].until == NOW - 4 * HOUR_MS);
		assert_true(cooldowns[0].probe_until == NOW + 5000 - 5 * HOUR_MS);
		assert_int_equal(provider_limits_read_learned(l, "s", learned), 1);
		assert_true(learned[0].seen_at_ms == NOW - 5 * HOUR_MS);
		assert_int_equal(ledger_commit(l), STORE_OK);
	}
	/* The turn, too, is a second old. */
	begin(l, STORE_WRITE);
	assert_false(ledger_rows_take_usage_turn(l, &none));
	assert_int_equal(ledger_commit(l), STORE_OK);
	ledger_free(l);
}

/* The machine was started anew: nothing is known of its clock, but the future is not. */
static void test_another_start(void **state)
{
	struct ledger *l = ledger_new();
	struct cooldown cooldown = { .machine = true, .set_at = NOW + 20000, .until = NOW + 400 * DAY_MS,
			       .probe_until = NOW + 99999 };
	struct cooldown cooldowns[LIMIT_COOLDOWNS];
	struct key_hash none = { .bytes = { 0 } };

	(void)state;
	add(l, 1, &one, KEY_1, "m");
	at(20000);
	add(l, 2, &one, KEY_1, "m");
	begin(l, STORE_WRITE);
	provider_limits_put_cooldown(l, "s", &cooldown);
	assert_int_equal(ledger_commit(l), STORE_OK);
	clock_set_for_test(NOW + 5000, 0);
	clock_set_step_for_test("another", 123456789);
	/* Who only reads counts the future. */
	MACHINE(l, &one, "0,20000");
	add(l, 3, &one, KEY_1, "m");
	MACHINE(l, &one, "0,5000,5000");
	begin(l, STORE_READ);
	assert_int_equal(provider_limits_read_cooldowns(l, "s", &none, cooldowns, LIMIT_COOLDOWNS), 1);
	assert_true(cooldowns[0].set_at == NOW + 5000);
	assert_true(cooldowns[0].until == NOW + 5000 + (int64_t)LIMIT_RETRY_SECONDS * 1000);
	assert_int_equal(cooldowns[0].probe_until, 0);
	assert_int_equal(ledger_commit(l), STORE_OK);
	/* Its clock is known from now on. */
	clock_set_for_test(NOW + 6000 + HOUR_MS, 0);
	clock_set_step_for_test("another", 123456789 + HOUR_MS);
	MACHINE(l, &one, "3600000,3605000,3605000");
	ledger_free(l);
}

static void test_no_clock_of_the_start(void **state)
{
	struct ledger *l = ledger_new();

	(void)state;
	clock_set_step_for_test(NULL, 0);
	add(l, 1, &one, KEY_1, "m");
	clock_set_for_test(NOW - HOUR_MS, 0);
	clock_set_step_for_test(NULL, 0);
	add(l, 2, &one, KEY_1, "m");
	MACHINE(l, &one, "-3600000,-3600000");
	clock_set_for_test(NOW + HOUR_MS, 0);
	clock_set_step_for_test(NULL, 0);
	add(l, 3, &one, KEY_1, "m");
	MACHINE(l, &one, "-3600000,-3600000,3600000");
	ledger_free(l);
}

/* --- the provider's counter --- */

static void correct(struct ledger *l, int64_t hour, int64_t count)
{
	struct budget_usage_hour h = { .start = (NOW + hour * HOUR_MS) / 1000, .count = count };
	struct key_hash hash;
	struct account account;

	account_make(&one, KEY_1, &account);
	begin(l, STORE_WRITE);
	ledger_key_hash(l, &account.key, &hash);
	ledger_rows_correct(l, &account, &hash, &h, 1);
	assert_int_equal(ledger_commit(l), STORE_OK);
}

#define OF_KEY(l, wanted) expect_times(l, &one, KEY_1, PLAN_SCOPE_KEY, all, wanted)

static void test_corrections(void **state)
{
	struct ledger *l = ledger_new();

	(void)state;
	add(l, 1, &one, KEY_1, "m");
	at(60000);
	add(l, 2, &one, KEY_1, "mini");
	add(l, 3, &one, KEY_2, "m");
	/* As many as we have. */
	correct(l, 0, 2);
	OF_KEY(l, "0,60000");
	/* Two more, from elsewhere: now, as late as is possible. Of the key, whatever the model; not of the machine. */
	correct(l, 0, 4);
	OF_KEY(l, "0,60000,60000,60000");
	MACHINE(l, &one, "0,60000,60000");
	expect_times(l, &one, KEY_1, PLAN_SCOPE_KEY, minis, "60000");
	expect_times(l, &one, KEY_2, PLAN_SCOPE_KEY, all, "60000");
	/* It replaces what was said before. */
	at(120000);
	correct(l, 0, 3);
	OF_KEY(l, "0,60000,120000");
	/* What we ask meanwhile is part of what they count then. */
	add(l, 4, &one, KEY_1, "m");
	correct(l, 0, 3);
	OF_KEY(l, "0,60000,120000");
	/* Less than we have: not yet, ours may still be on its way to their books. */
	correct(l, 0, 1);
	OF_KEY(l, "0,60000,120000");
	at(HOUR_MS + 599999);
	correct(l, 0, 1);
	OF_KEY(l, "0,60000,120000");
	at(HOUR_MS + 600000);
	correct(l, 0, 1);
	OF_KEY(l, "120000");
	/* Never below nothing, and not at the cost of the next hour. */
	add(l, 5, &one, KEY_1, "m");
	drop(l, 1);
	drop(l, 2);
	drop(l, 4);
	OF_KEY(l, "4200000");
	/* An hour of theirs that has not begun here, and nonsense. */
	correct(l, 5, 9);
	correct(l, 1, -7);
	correct(l, -1, INT64_MIN);
	OF_KEY(l, "4200000");
	/* A past hour: at its end. */
	correct(l, -2, 1);
	OF_KEY(l, "-3600001,4200000");
	ledger_free(l);
}

static void test_usage_turns(void **state)
{
	struct ledger *a = ledger_new();
	struct ledger *b = ledger_new();
	struct key_hash first = { .bytes = { 1 } };
	struct key_hash second = { .bytes = { 2 } };
	static const struct {
		int64_t at;
		int who;
		int key;
		bool granted;
	} turns[] = { { 0, 0, 0, true },	{ 0, 1, 0, false },	 { 0, 1, 1, true },	 { 599999, 1, 0, false },
		      { 600000, 1, 0, true }, { 600000, 0, 0, false }, { 1200000, 0, 0, true } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(turns); i++) {
		struct ledger *l = turns[i].who ? b : a;

		at(turns[i].at);
		begin(l, STORE_WRITE);
		assert_int_equal(ledger_rows_take_usage_turn(l, turns[i].key ? &second : &first), turns[i].granted);
		assert_int_equal(ledger_commit(l), STORE_OK);
	}
	ledger_free(a);
	ledger_free(b);
}

/* --- what providers say --- */

static void expect_block(const struct cooldown *got, const struct cooldown *wanted)
{
	assert_int_equal(got->machine, wanted->machine);
	assert_true(key_hash_same(&got->key, &wanted->key));
	assert_string_equal(got->model, wanted->model);
	assert_true(got->set_at == wanted->set_at && got->until == wanted->until);
	assert_int_equal(got->stated, wanted->stated);
	assert_int_equal(got->tries, wanted->tries);
	assert_true(got->probe == wanted->probe && got->probe_until == wanted->probe_until);
	assert_string_equal(got->message, wanted->message);
}

static void test_blocks(void **state)
{
	struct ledger *l = ledger_new();
	struct ledger *other = ledger_new();
	struct key_hash mine = { .bytes = { 1 } };
	struct key_hash yours = { .bytes = { 2 } };
	struct cooldown of_machine = { .machine = true, .set_at = NOW, .until = NOW + 1000, .tries = 3, .probe = 7,
				    .probe_until = NOW + 9, .message = "no \xE4\xB8\x80" };
	struct cooldown of_key = { .key = { .bytes = { 1 } }, .model = "gpt-4o", .set_at = NOW, .until = NOW + DAY_MS,
				.stated = true };
	struct cooldown got[LIMIT_COOLDOWNS];

	(void)state;
	begin(l, STORE_WRITE);
	provider_limits_put_cooldown(l, "s", &of_machine);
	provider_limits_put_cooldown(l, "s", &of_key);
	provider_limits_put_cooldown(l, "t", &of_machine);
	assert_int_equal(ledger_commit(l), STORE_OK);
	begin(other, STORE_READ);
	assert_int_equal(provider_limits_read_cooldowns(other, "s", &mine, got, LIMIT_COOLDOWNS), 2);
	expect_block(&got[0], &of_machine);
	expect_block(&got[1], &of_key);
	assert_int_equal(provider_limits_read_cooldowns(other, "s", &mine, got, 1), 1);
	assert_int_equal(provider_limits_read_cooldowns(other, "s", &yours, got, LIMIT_COOLDOWNS), 1);
	assert_int_equal(provider_limits_read_cooldowns(other, "u", &mine, got, LIMIT_COOLDOWNS), 0);
	assert_int_equal(ledger_commit(other), STORE_OK);
	/* Replaced, dropped; the long over go with the next that is written. */
	of_key.until++;
	begin(other, STORE_WRITE);
	provider_limits_put_cooldown(other, "s", &of_key);
	provider_limits_drop_cooldown(other, "s", &of_machine);
	assert_int_equal(provider_limits_read_cooldowns(other, "s", &mine, got, LIMIT_COOLDOWNS), 1);
	expect_block(&got[0], &of_key);
	assert_int_equal(ledger_commit(other), STORE_OK);
	at(2 * HOUR_MS);
	begin(other, STORE_WRITE);
	provider_limits_put_cooldown(other, "s", &of_key);
	assert_int_equal(provider_limits_read_cooldowns(other, "t", &mine, got, LIMIT_COOLDOWNS), 0);
	provider_limits_drop_cooldowns(other);
	assert_int_equal(provider_limits_read_cooldowns(other, "s", &mine, got, LIMIT_COOLDOWNS), 0);
	assert_int_equal(ledger_commit(other), STORE_OK);
	ledger_free(l);
	ledger_free(other);
}

static void test_learned(void **state)
{
	struct ledger *l = ledger_new();
	struct learned_limit got[LIMIT_LEARNED_WINDOWS];
	struct learned_limit day = { .model = "*", .limit = 200, .period = 86400, .kind = PLAN_CALENDAR,
				     .time_zone = "Asia/Shanghai", .seen_at_ms = NOW };

	(void)state;
	begin(l, STORE_WRITE);
	provider_limits_put_learned(l, "s", &day);
	assert_int_equal(provider_limits_read_learned(l, "s", got), 1);
	assert_string_equal(got[0].model, "*");
	assert_true(got[0].limit == 200 && got[0].period == 86400 && got[0].seen_at_ms == NOW);
	assert_int_equal(got[0].kind, PLAN_CALENDAR);
	assert_string_equal(got[0].time_zone, "Asia/Shanghai");
	assert_int_equal(provider_limits_read_learned(l, "t", got), 0);
	/* More than can be used: the newest. */
	for (int i = 0; i < LIMIT_LEARNED_WINDOWS; i++) {
		struct learned_limit hour = { .limit = 5, .period = 3600, .seen_at_ms = NOW + 1 + i };

		snprintf(hour.model, sizeof(hour.model), "m%d", i);
		provider_limits_put_learned(l, "s", &hour);
	}
	assert_int_equal(provider_limits_read_learned(l, "s", got), LIMIT_LEARNED_WINDOWS);
	assert_string_equal(got[0].model, "m7");
	assert_string_equal(got[LIMIT_LEARNED_WINDOWS - 1].model, "m0");
	assert_int_equal(ledger_commit(l), STORE_OK);
	/* Thirty days later they are forgotten. */
	at(LEARNED_DAYS * DAY_MS + 8);
	begin(l, STORE_READ);
	assert_int_equal(provider_limits_read_learned(l, "s", got), 0);
	assert_int_equal(ledger_commit(l), STORE_OK);
	ledger_free(l);
}

/* --- files that fail --- */

static int64_t known_since(struct ledger *l)
{
	int64_t since;

	begin(l, STORE_READ);
	since = ledger_known_since(l);
	assert_int_equal(ledger_commit(l), STORE_OK);
	return since;
}

static void test_damaged(void **state)
{
	struct ledger *l = ledger_new();
	struct ledger *other;

	(void)state;
	add(l, 1, &one, KEY_1, "m");
	assert_int_equal(known_since(l), 0);
	ledger_free(l);
	write_in_state_dir("ledger.db", "nothing that SQLite would understand", 36, 0);
	at(5000);
	l = ledger_new();
	MACHINE(l, &one, "0"); /* what could be read of it */
	assert_true(known_since(l) == NOW + 5000);
	expect_warning("the ledger of requests was damaged (file is not a database); it is kept as "
		       "ledger.db.damaged-20261124-030005, and a new one is begun with what could be read of it; half of each "
		       "window counts as used until one period is over");
	assert_non_null(ledger_notice(l));
	assert_true(ledger_is_shared(l));
	/* Every process knows since when it is known, and later ones, too. */
	other = ledger_new();
	add(other, 2, &one, KEY_1, "m");
	at(9000);
	add(l, 3, &one, KEY_1, "m");
	assert_true(known_since(l) == NOW + 5000);
	assert_true(known_since(other) == NOW + 5000);
	assert_null(ledger_notice(other));
	ledger_free(l);
	ledger_free(other);
	l = ledger_new();
	assert_true(known_since(l) == NOW + 5000);
	MACHINE(l, &one, "0,5000,9000");
	/* A step of the clock moves that, too. */
	step(10000, HOUR_MS);
	assert_true(known_since(l) == NOW + 5000 + HOUR_MS);
	add(l, 4, &one, KEY_1, "m");
	assert_true(known_since(l) == NOW + 5000 + HOUR_MS);
	expect_warning("");
	ledger_free(l);
}

static void test_unusable(void **state)
{
	struct ledger *l = ledger_new();
	struct ledger *other = ledger_new();
	char *real = xstrdup(state_dir);
	char *nowhere = in_state_dir("file/state");

	(void)state;
	if (mkdir(state_dir, 0700) < 0)
		abort();
	/* The file has a row of another process, and a salt of its own. */
	add(other, 1, &one, KEY_1, "m");
	write_in_state_dir("file", "", 0, 0);
	setenv("EKE_STATE_DIR", nowhere, 1);
	at(1000);
	add(l, 2, &one, KEY_1, "m");
	expect_warning("file/state/ cannot be made: Not a directory; until it can be used this process counts for itself, "
		       "and half of each window counts as used until one period is over");
	assert_false(ledger_is_shared(l));
	assert_true(known_since(l) == NOW + 1000);
	MACHINE(l, &one, "1000");
	/* A minute later it is tried again, and the trouble is not told twice. */
	at(61000);
	add(l, 3, &one, KEY_1, "mini");
	expect_warning("");
	assert_false(ledger_is_shared(l));
	/* It can be used, but is not looked at yet. */
	setenv("EKE_STATE_DIR", real, 1);
	at(62000);
	add(l, 4, &same_host, KEY_2, "m");
	drop(l, 2);
	MACHINE(l, &one, "61000,62000");
	at(121000);
	MACHINE(l, &one, "0,61000,62000");
	assert_true(ledger_is_shared(l));
	assert_null(ledger_notice(l));
	assert_int_equal(known_since(l), 0);
	/* The marks have followed to the file's salt. */
	expect_times(other, &one, KEY_1, PLAN_SCOPE_KEY, all, "0,61000");
	expect_times(other, &one, KEY_2, PLAN_SCOPE_KEY, all, "62000");
	/* The ids, too: what is under way can be refunded. */
	drop(l, 3);
	MACHINE(other, &one, "0,62000");
	ledger_free(l);
	ledger_free(other);
	free(nowhere);
	free(real);
}

static void limit_files(rlim_t bytes)
{
	static struct rlimit old;
	static bool saved;
	struct rlimit now;

	if (!saved && getrlimit(RLIMIT_FSIZE, &old) < 0)
		abort();
	saved = true;
	now = (struct rlimit){ .rlim_cur = bytes ? bytes : old.rlim_cur, .rlim_max = old.rlim_max };
	signal(SIGXFSZ, bytes ? SIG_IGN : SIG_DFL);
	if (setrlimit(RLIMIT_FSIZE, &now) < 0)
		abort();
}

static void test_full_disk(void **state)
{
	struct ledger *l = ledger_new();
	struct ledger *other = ledger_new();
	struct cooldown cooldown = { .machine = true, .set_at = NOW + 3000, .until = NOW + DAY_MS, .stated = true };
	struct learned_limit limit = { .model = "*", .limit = 5, .period = 60, .seen_at_ms = NOW + 3000 };
	struct cooldown cooldowns[LIMIT_COOLDOWNS];
	struct learned_limit learned[LIMIT_LEARNED_WINDOWS];
	struct key_hash none = { .bytes = { 0 } };

	(void)state;
	add(l, 1, &one, KEY_1, "m");
	at(1000);
	add(other, 2, &one, KEY_1, "m");
	at(2000);
	/* As much as there is, so that nothing can be added. */
	limit_files(1);
	add(l, 3, &one, KEY_1, "m");
	expect_warning("the ledger of requests cannot be written: ");
	assert_false(ledger_is_shared(l));
	/* What could be read is known; what others do from now on is not. */
	MACHINE(l, &one, "0,1000,2000");
	assert_true(known_since(l) == NOW + 2000);
	at(3000);
	begin(l, STORE_WRITE);
	provider_limits_put_cooldown(l, "s", &cooldown);
	provider_limits_put_learned(l, "s", &limit);
	assert_int_equal(ledger_commit(l), STORE_OK);
	/* Still full a minute later. */
	at(62000);
	add(l, 4, &one, KEY_1, "m");
	assert_false(ledger_is_shared(l));
	MACHINE(l, &one, "0,1000,2000,62000");
	limit_files(0);
	at(63000);
	drop(other, 2);
	at(123000);
	add(l, 5, &one, KEY_1, "m");
	assert_true(ledger_is_shared(l));
	/* What was added in memory is in the file, what was dropped there meanwhile is not back. */
	MACHINE(other, &one, "0,2000,62000,123000");
	begin(other, STORE_READ);
	assert_int_equal(provider_limits_read_cooldowns(other, "s", &none, cooldowns, LIMIT_COOLDOWNS), 1);
	assert_int_equal(provider_limits_read_learned(other, "s", learned), 1);
	assert_int_equal(ledger_commit(other), STORE_OK);
	expect_warning("");
	ledger_free(l);
	ledger_free(other);
}

static void test_network_file_system(void **state)
{
	struct ledger *l = ledger_new();

	(void)state;
	file_set_remote_for_test(true);
	add(l, 1, &one, KEY_1, "m");
	file_set_remote_for_test(false);
	expect_warning("the ledger of requests is on a network file system");
	assert_non_null(strstr(ledger_notice(l), "set EKE_STATE_DIR to a local directory"));
	assert_true(ledger_is_shared(l));
	assert_int_equal(known_since(l), 0);
	add(l, 2, &one, KEY_1, "m");
	expect_warning("");
	ledger_free(l);
}

static void test_newer(void **state)
{
	static const char *const newer[] = { "SELECT 1", "SELECT 2", "SELECT 3", "SELECT 4", "SELECT 5",
					     "SELECT 6", "SELECT 7", NULL };
	static const struct store_schema schema = { .file = "ledger.db", .subject = "x", .application_id = 0x656B6501,
						    .migrations = newer };
	struct store *store = store_new(&schema);
	struct ledger *l = ledger_new();

	(void)state;
	assert_int_equal(store_begin(store, STORE_WRITE), STORE_OK);
	assert_int_equal(store_commit(store), STORE_OK);
	store_free(store);
	add(l, 1, &one, KEY_1, "m");
	expect_warning("the ledger of requests was made by a newer eke and is left alone: ");
	assert_false(ledger_is_shared(l));
	assert_int_equal(count_in_state_dir("ledger.db.damaged"), 0);
	ledger_free(l);
}

static void test_no_home(void **state)
{
	struct ledger *l = ledger_new();

	(void)state;
	/* Nothing is opened before it is used. */
	assert_false(ledger_exists(l));
	assert_int_equal(ledger_version(l), 0);
	assert_null(ledger_path(l));
	assert_int_equal(access(state_dir, F_OK), -1);
	add(l, 1, &one, KEY_1, "m");
	assert_true(ledger_exists(l));
	assert_true(ledger_version(l) != 0);
	assert_non_null(strstr(ledger_path(l), "/ledger.db"));
	assert_string_equal(ledger_watched_path(l), ledger_path(l));
	ledger_free(l);
	ledger_free(NULL);
}

int main(void)
{
#define LEDGER_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(test_scopes),
		LEDGER_TEST(test_tidy),
		LEDGER_TEST(test_long_names),
		LEDGER_TEST(test_many),
		LEDGER_TEST(test_keys_are_nowhere),
		LEDGER_TEST(test_digests),
		LEDGER_TEST(test_steps),
		LEDGER_TEST(test_steps_of_verdicts),
		LEDGER_TEST(test_another_start),
		LEDGER_TEST(test_no_clock_of_the_start),
		LEDGER_TEST(test_corrections),
		LEDGER_TEST(test_usage_turns),
		LEDGER_TEST(test_blocks),
		LEDGER_TEST(test_learned),
		LEDGER_TEST(test_damaged),
		LEDGER_TEST(test_unusable),
		LEDGER_TEST(test_full_disk),
		LEDGER_TEST(test_network_file_system),
		LEDGER_TEST(test_newer),
		LEDGER_TEST(test_no_home),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
