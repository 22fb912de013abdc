/*
 * Two caches that share: what one knows the other finds, what one asks the other waits for, and what happens when the
 * one fails, is gone, takes too long, or there is nothing to share through. Both are in this process and on one loop;
 * the disk cache between them is the real file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/complete/disk_cache.h"
#include "eke/io/loop.h"

#include "../../src/complete/cache_sync.h"
#include "state_dir.h"

/* 2026-11-24T03:00:00Z, ms; the monotonic clock is another. */
#define NOW INT64_C(1795489200000)
#define MONO INT64_C(5000)
#define URI "file:///home/user/parser.c"
#define PATIENCE 20000

struct side {
	struct cache *cache;
	struct cache_sync *sync;
	uint64_t last_item;
};

struct fixture {
	struct loop *loop;
	struct timer *guard;
	struct timer *timer; /* of the test */
	struct side sides[2];
	struct strbuf seen; /* what was called, in order */
	size_t wanted; /* the loop stops at so many bytes of it */
};

static void on_guard(void *ctx)
{
	struct fixture *f = ctx;

	loop_stop(f->loop);
	fail_msg("waited too long; so far: %s", f->seen.data);
}

static void side_open(struct fixture *f, struct side *side)
{
	side->cache = cache_new(0, 0);
	side->sync = cache_sync_new(f->loop, side->cache, &side->last_item);
	cache_sync_configure(side->sync, true, false);
}

static void side_close(struct side *side)
{
	cache_sync_free(side->sync);
	cache_free(side->cache);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	state_dir_begin();
	clock_set_for_test(NOW, MONO);
	f->loop = loop_new();
	f->guard = timer_new(f->loop, on_guard, f);
	timer_start(f->guard, PATIENCE);
	strbuf_init(&f->seen, KIB(1));
	for (size_t i = 0; i < ARRAY_LEN(f->sides); i++)
		side_open(f, &f->sides[i]);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(f->sides); i++)
		side_close(&f->sides[i]);
	timer_free(f->guard);
	timer_free(f->timer);
	loop_free(f->loop);
	strbuf_release(&f->seen);
	free(f);
	state_dir_end();
	clock_unset_for_test();
	return 0;
}

/* --- the parts --- */

static void see(struct fixture *f, const char *what)
{
	strbuf_adds(&f->seen, what);
	if (f->wanted && f->seen.len >= f->wanted)
		loop_stop(f->loop);
}

/* Runs until the test has seen this. */
static void run_until(struct fixture *f, const char *wanted)
{
	f->wanted = strlen(wanted);
	if (f->seen.len < f->wanted)
		loop_run(f->loop);
	assert_string_equal(f->seen.data, wanted);
	f->wanted = 0;
}

static void on_test_time(void *ctx)
{
	loop_stop(((struct fixture *)ctx)->loop);
}

/* Lets timers of up to that time come. */
static void run_for(struct fixture *f, int64_t milliseconds)
{
	if (!f->timer)
		f->timer = timer_new(f->loop, on_test_time, f);
	timer_start(f->timer, milliseconds);
	loop_run(f->loop);
}

static struct cache_context context_at(const char *before)
{
	return (struct cache_context){
		.model_id = "free/coder", .uri = URI, .prefix = before, .prefix_len = strlen(before), .suffix = ""
	};
}

static struct cache_key key_of(const char *before)
{
	struct cache_context context = context_at(before);
	struct cache_key key;

	cache_key_make(&context, &key);
	return key;
}

/* As a question does: into the cache, and to be kept. */
static void answer(struct side *side, const char *before, const char *text, uint64_t item)
{
	struct cache_key key = key_of(before);
	struct cache_answer a = {
		.text = text, .len = strlen(text), .item = item, .complete = true, .stored_ms = clock_mono_ms()
	};

	cache_put(side->cache, &key, &a);
	cache_sync_keep(side->sync, URI, &key, &a);
}

/* What a side finds, as the engine looks; the item in *item if not NULL. */
static void expect(struct side *side, const char *before, const char *wanted, uint64_t *item)
{
	struct cache_context context = context_at(before);
	struct cache_hit hit;
	enum cache_status status;

	cache_sync_refresh(side->sync, URI);
	status = cache_find(side->cache, &context, clock_mono_ms(), &hit);
	if (!wanted) {
		assert_int_equal(status, CACHE_MISS);
		return;
	}
	assert_int_equal(status, *wanted ? CACHE_HIT : CACHE_NOTHING);
	assert_int_equal(hit.len, strlen(wanted));
	assert_memory_equal(hit.text, wanted, hit.len);
	assert_true(hit.complete);
	if (item)
		*item = hit.item;
}

static void on_ask(void *ctx, bool waited)
{
	see(ctx, waited ? "Ask" : "ask");
}

static void on_answered(void *ctx)
{
	see(ctx, "answered");
}

static struct claim *claim(struct fixture *f, struct side *side, const char *before)
{
	struct claim_callbacks callbacks = { .send = on_ask, .answered = on_answered, .ctx = f };
	struct cache_key key = key_of(before);

	return claim_start(side->sync, URI, &key, 25000, &callbacks);
}

static bool file_exists(void)
{
	char *path = in_state_dir("answers.db");
	bool exists = !access(path, F_OK);

	free(path);
	return exists;
}

/* --- answers --- */

static void test_shared(void **state)
{
	struct fixture *f = *state;
	uint64_t item = 0;

	expect(&f->sides[1], "int x", NULL, NULL);
	answer(&f->sides[0], "int x", " = 1;", 10);
	answer(&f->sides[0], "int x = 1;", "", 10);
	/* Not from within the call. */
	expect(&f->sides[1], "int x", NULL, NULL);
	run_for(f, 40);
	expect(&f->sides[1], "int x", " = 1;", &item);
	assert_true(item != 0 && item == f->sides[1].last_item - CACHE_RANKS);
	expect(&f->sides[1], "int x =", " 1;", NULL);
	expect(&f->sides[1], "int x = 1;", "", NULL);
	/* One's own stays what it was. */
	expect(&f->sides[0], "int x", " = 1;", &item);
	assert_int_equal(item, 10);
	/* A later process: what waits is written at the end. */
	answer(&f->sides[0], "int y", " = 2;", 11);
	side_close(&f->sides[0]);
	side_open(f, &f->sides[0]);
	expect(&f->sides[0], "int y", " = 2;", NULL);
	expect(&f->sides[0], "int x", " = 1;", NULL);
}

static void test_age_counts(void **state)
{
	struct fixture *f = *state;

	answer(&f->sides[0], "x", "", 10);
	run_for(f, 40);
	/* The machine was off for five minutes, and its monotonic clock began anew. */
	clock_set_for_test(NOW + LIMIT_CACHE_NEGATIVE_MS / 2, 1);
	expect(&f->sides[1], "x", "", NULL);
	clock_set_for_test(NOW + LIMIT_CACHE_NEGATIVE_MS - 1, LIMIT_CACHE_NEGATIVE_MS / 2);
	expect(&f->sides[1], "x", "", NULL);
	clock_set_for_test(NOW + LIMIT_CACHE_NEGATIVE_MS, LIMIT_CACHE_NEGATIVE_MS / 2 + 1);
	expect(&f->sides[1], "x", NULL, NULL);
}

static void test_rejected(void **state)
{
	struct fixture *f = *state;
	uint64_t item = 0;

	/* Before it is written. */
	answer(&f->sides[0], "a", "text", 10);
	answer(&f->sides[0], "b", "text", 11);
	cache_sync_rejected(f->sides[0].sync, 10);
	run_for(f, 40);
	expect(&f->sides[1], "a", NULL, NULL);
	expect(&f->sides[1], "b", "text", &item);
	/* Another's. */
	cache_sync_rejected(f->sides[1].sync, item);
	cache_sync_rejected(f->sides[1].sync, item);
	/* After it is written. */
	answer(&f->sides[0], "c", "text", 12);
	run_for(f, 40);
	cache_sync_rejected(f->sides[0].sync, 12);
	run_for(f, 40);
	side_close(&f->sides[1]);
	side_open(f, &f->sides[1]);
	for (const char *before = "a"; *before; before = *before == 'a' ? "b" : *before == 'b' ? "c" : "")
		expect(&f->sides[1], before, NULL, NULL);
}

/* More than the queue holds: the first are lost, and nothing else. */
static void test_queue_is_bounded(void **state)
{
	struct fixture *f = *state;
	char before[16];

	for (int i = 0; i < LIMIT_DISK_CACHE_QUEUE + 3; i++) {
		snprintf(before, sizeof(before), "%d;", i);
		answer(&f->sides[0], before, "text", (uint64_t)i + 10);
	}
	run_for(f, 60);
	expect(&f->sides[1], "130;", "text", NULL);
	expect(&f->sides[1], "2;", NULL, NULL);
}

/* --- questions --- */

static void test_one_asks(void **state)
{
	struct fixture *f = *state;
	struct claim *first = claim(f, &f->sides[0], "x");
	struct claim *second;

	/* Never from within the call. */
	assert_int_equal(f->seen.len, 0);
	run_until(f, "ask");
	second = claim(f, &f->sides[1], "x");
	run_for(f, 120);
	assert_string_equal(f->seen.data, "ask");
	answer(&f->sides[0], "x", "text", 10);
	claim_end(first);
	run_until(f, "askanswered");
	expect(&f->sides[1], "x", "text", NULL);
	claim_end(second);
	/* Nobody has it now; and what is known is no news. */
	second = claim(f, &f->sides[1], "x");
	run_until(f, "askansweredask");
	claim_end(second);
}

static void test_the_one_fails(void **state)
{
	struct fixture *f = *state;
	struct claim *first = claim(f, &f->sides[0], "x");
	struct claim *second = claim(f, &f->sides[1], "x");
	struct claim *elsewhere = claim(f, &f->sides[1], "y");

	run_until(f, "askask");
	claim_end(first);
	run_until(f, "askaskAsk");
	claim_end(second);
	claim_end(elsewhere);
}

/* Answered between the look into the cache and the question. */
static void test_answered_meanwhile(void **state)
{
	struct fixture *f = *state;
	struct claim *second;

	expect(&f->sides[1], "x", NULL, NULL);
	answer(&f->sides[0], "x", "text", 10);
	run_for(f, 40);
	second = claim(f, &f->sides[1], "x");
	run_until(f, "answered");
	claim_end(second);
}

static void test_waited_long_enough(void **state)
{
	struct fixture *f = *state;
	struct claim *first = claim(f, &f->sides[0], "x");
	struct claim *second = claim(f, &f->sides[1], "x");

	run_until(f, "ask");
	run_for(f, 120);
	/* Our own clock decides: the wall clock may be set back meanwhile. */
	clock_set_for_test(NOW - 1000000, MONO + LIMIT_DISK_CACHE_WAIT_MS);
	run_until(f, "askAsk");
	claim_end(first);
	claim_end(second);
}

static void test_given_up(void **state)
{
	struct fixture *f = *state;
	struct claim *first = claim(f, &f->sides[0], "x");
	struct claim *second = claim(f, &f->sides[1], "x");

	run_until(f, "ask");
	run_for(f, 60);
	claim_end(second);
	claim_end(first);
	/* At once, too: neither is told anything any more. */
	claim_end(claim(f, &f->sides[1], "z"));
	run_for(f, 120);
	assert_string_equal(f->seen.data, "ask");
}

/* --- nothing to share through --- */

static void test_no_history(void **state)
{
	struct fixture *f = *state;
	struct claim *first;
	struct claim *second;

	answer(&f->sides[0], "x", "text", 10);
	run_for(f, 40);
	assert_true(file_exists());
	answer(&f->sides[0], "y", "text", 11);
	for (size_t i = 0; i < ARRAY_LEN(f->sides); i++)
		cache_sync_configure(f->sides[i].sync, false, true);
	/* What is there goes, once. */
	run_for(f, 700);
	assert_false(file_exists());
	answer(&f->sides[0], "z", "text", 12);
	expect(&f->sides[1], "x", NULL, NULL);
	first = claim(f, &f->sides[0], "x");
	second = claim(f, &f->sides[1], "x");
	run_until(f, "askask");
	claim_end(first);
	claim_end(second);
	run_for(f, 40);
	assert_false(file_exists());
	/* And back. */
	for (size_t i = 0; i < ARRAY_LEN(f->sides); i++)
		cache_sync_configure(f->sides[i].sync, true, false);
	answer(&f->sides[0], "x", "text", 10);
	run_for(f, 40);
	expect(&f->sides[1], "x", "text", NULL);
}

/* A process too short-lived for the timer removes it at its end. */
static void test_no_history_for_short(void **state)
{
	struct fixture *f = *state;

	answer(&f->sides[0], "x", "text", 10);
	run_for(f, 40);
	cache_sync_configure(f->sides[1].sync, false, true);
	side_close(&f->sides[1]);
	assert_false(file_exists());
	side_open(f, &f->sides[1]);
}

static void test_unusable(void **state)
{
	struct fixture *f = *state;
	struct claim *first;
	FILE *file = fopen(state_dir, "w");

	assert_non_null(file);
	fclose(file);
	answer(&f->sides[0], "x", "text", 10);
	expect(&f->sides[0], "x", "text", NULL);
	first = claim(f, &f->sides[0], "x");
	run_until(f, "ask");
	claim_end(first);
	/* It is left alone for a while, and then tried again. */
	unlink(state_dir);
	answer(&f->sides[0], "x", "text", 10);
	run_for(f, 40);
	assert_false(file_exists());
	clock_set_for_test(NOW, MONO + 60000);
	answer(&f->sides[0], "x", "text", 10);
	run_for(f, 40);
	assert_true(file_exists());
}

/* Another process is in the middle of something. */
static void test_busy(void **state)
{
	struct fixture *f = *state;
	struct disk_cache *other = disk_cache_new(NULL);
	struct claim *first;

	assert_int_equal(disk_cache_begin(other), STORE_OK);
	answer(&f->sides[0], "x", "text", 10);
	first = claim(f, &f->sides[0], "y");
	run_for(f, 40);
	assert_int_equal(f->seen.len, 0);
	assert_int_equal(disk_cache_end(other), STORE_OK);
	run_until(f, "ask");
	claim_end(first);
	run_for(f, 40);
	expect(&f->sides[1], "x", "text", NULL);
	/* For too long: it is asked without. */
	assert_int_equal(disk_cache_begin(other), STORE_OK);
	first = claim(f, &f->sides[0], "z");
	run_until(f, "askask");
	assert_int_equal(disk_cache_end(other), STORE_OK);
	claim_end(first);
	disk_cache_free(other);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_shared, setup, teardown),
		cmocka_unit_test_setup_teardown(test_age_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rejected, setup, teardown),
		cmocka_unit_test_setup_teardown(test_queue_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_asks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_one_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_answered_meanwhile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_waited_long_enough, setup, teardown),
		cmocka_unit_test_setup_teardown(test_given_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_history, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_history_for_short, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unusable, setup, teardown),
		cmocka_unit_test_setup_teardown(test_busy, setup, teardown),
	};

	return cmocka_run_group_tests_name("cache_sync", tests, NULL, NULL);
}
