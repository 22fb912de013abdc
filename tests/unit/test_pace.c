/*
 * The pace as tables, and what it comes to over a day of typing: never more than the window, and never all at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/mem.h"
#include "eke/budget/pace.h"

#define HOUR_MS INT64_C(3600000)

/* An hour of 60 of which 20 are not for automatic requests: 40 an hour, one in 90 s, bursts of 8. Seconds. */
static const struct {
	enum plan_kind kind;
	int64_t limit;
	int64_t reserved;
	int64_t now;      /* an hour is [3600, 7200) for a calendar */
	int64_t times[8];
	size_t count;
	double tokens;
	int64_t next_at; /* -1: never */
	double level;
} paces[] = {
	{ PLAN_SLIDING, 60, 20, 5000, { 0 }, 0, 8, 5000, 1 },
	{ PLAN_SLIDING, 60, 20, 5000, { 5000 }, 1, 7, 5000, 39 / 40.0 },
	{ PLAN_SLIDING, 60, 20, 5000, { 4910 }, 1, 8, 5000, 39 / 40.0 },
	{ PLAN_SLIDING, 60, 20, 5000, { 4955 }, 1, 7.5, 5000, 39 / 40.0 },
	/* eight in a row: the next in 90 s */
	{ PLAN_SLIDING, 60, 20, 5000, { 5000, 5000, 5000, 5000, 5000, 5000, 5000, 5000 }, 8, 0, 5090, 32 / 40.0 },
	{ PLAN_SLIDING, 60, 20, 5045, { 5000, 5000, 5000, 5000, 5000, 5000, 5000, 5000 }, 8, 0.5, 5090, 32 / 40.0 },
	{ PLAN_SLIDING, 60, 20, 5090, { 5000, 5000, 5000, 5000, 5000, 5000, 5000, 5000 }, 8, 1, 5090, 32 / 40.0 },
	/* a small plan: a burst of four, but not more than there is */
	{ PLAN_SLIDING, 10, 4, 5000, { 0 }, 0, 4, 5000, 1 },
	{ PLAN_SLIDING, 4, 1, 5000, { 0 }, 0, 3, 5000, 1 },
	{ PLAN_SLIDING, 4, 1, 5000, { 4000, 4500 }, 2, 1, 5000, 1 / 3.0 },
	/* all of the share is used: when the oldest leaves */
	{ PLAN_SLIDING, 4, 1, 5000, { 3000, 4000, 4500 }, 3, 0, 6600, 0 },
	/* chats have taken of it: when so many have left that there is one again */
	{ PLAN_SLIDING, 4, 1, 5000, { 3000, 4000, 4200, 4500 }, 4, 0, 7600, 0 },
	/* explicit requests take tokens, but leave no debt */
	{ PLAN_SLIDING, 20, 10, 5000, { 4999, 4999, 4999, 4999, 4999, 4999, 4999, 4999 }, 8, 10 / 3600.0, 5359, 0.2 },
	/* everything is kept for others */
	{ PLAN_SLIDING, 60, 60, 5000, { 0 }, 0, 0, -1, 0 },
	{ PLAN_SLIDING, 1, 1, 5000, { 4000 }, 1, 0, -1, 0 },
	/* what a set-back clock left in the future was just now */
	{ PLAN_SLIDING, 60, 20, 5000, { 9000 }, 1, 7, 5000, 39 / 40.0 },
	/* calendar: what is left over the time left */
	{ PLAN_CALENDAR, 60, 20, 5400, { 0 }, 0, 8, 5400, 1 },
	{ PLAN_CALENDAR, 60, 20, 7190, { 7190, 7190 }, 2, 6, 7190, 38 / 40.0 },
	{ PLAN_CALENDAR, 8, 2, 5400, { 5300, 5400, 5400 }, 3, 1 + 100 / 600.0, 5400, 0.5 },
	{ PLAN_CALENDAR, 8, 2, 5400, { 5400, 5400, 5400, 5400, 5400 }, 5, 0, 7200, 1 / 6.0 },
	{ PLAN_CALENDAR, 4, 1, 5000, { 4000, 4000, 4000 }, 3, 0, 7200, 0 },
};

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paces); i++) {
		int64_t times[8];
		struct pace_input in = { .limit = paces[i].limit, .reserved = paces[i].reserved, .period_ms = HOUR_MS,
					 .kind = paces[i].kind, .reset_at_ms = 7200000, .times_ms = times,
					 .count = paces[i].count, .now_ms = paces[i].now * 1000 };
		struct pace pace;
		int64_t next;

		for (size_t k = 0; k < paces[i].count; k++)
			times[k] = paces[i].times[k] * 1000;
		pace_evaluate(&in, &pace);
		next = pace.next_at_ms == INT64_MAX ? -1 : (pace.next_at_ms + 999) / 1000;
		if (fabs(pace.tokens - paces[i].tokens) > 1e-6 || next != paces[i].next_at ||
		    fabs(pace.level - paces[i].level) > 1e-9)
			fail_msg("%zu: %.9f tokens, next at %lld, level %.3f", i, pace.tokens, (long long)next, pace.level);
	}
}

static void test_unlimited(void **state)
{
	struct pace pace;

	(void)state;
	pace_unlimited(77, &pace);
	assert_true(pace.tokens > 1e6);
	assert_int_equal(pace.next_at_ms, 77);
	assert_true(pace.level == 1);
}

/* Somebody types all day and each time there is a token a request goes out. */
static void greedy(enum plan_kind kind, int64_t limit, int64_t reserved, int64_t *total, int64_t *longest_wait)
{
	int64_t *times = xcalloc(100000, sizeof(*times));
	size_t from = 0;
	size_t n = 0;
	int64_t last = 0;

	*total = *longest_wait = 0;
	for (int64_t now = 0; now < 8 * HOUR_MS; now += 500) {
		struct pace_input in = { .limit = limit, .reserved = reserved, .period_ms = HOUR_MS, .kind = kind,
					 .reset_at_ms = (now / HOUR_MS + 1) * HOUR_MS, .now_ms = now };
		struct pace pace;

		while (from < n && times[from] <= (kind == PLAN_CALENDAR ? in.reset_at_ms - HOUR_MS - 1 : now - HOUR_MS))
			from++;
		in.times_ms = times + from;
		in.count = n - from;
		assert_true((int64_t)in.count <= limit - reserved);
		pace_evaluate(&in, &pace);
		/* A token is there if and only if its time has come, and never more of them than is left. */
		assert_int_equal(pace.tokens >= 1 - 1e-9, pace.next_at_ms <= now);
		assert_true(pace.tokens <= (double)(limit - reserved - (int64_t)in.count));
		if (pace.tokens < 1 - 1e-9)
			continue;
		if (now - last > *longest_wait)
			*longest_wait = now - last;
		last = now;
		times[n++] = now;
	}
	*total = (int64_t)n;
	free(times);
}

static void test_greedy(void **state)
{
	int64_t total;
	int64_t wait;

	(void)state;
	/* 40 an hour: all of them are used, and no pause is long. */
	greedy(PLAN_SLIDING, 60, 20, &total, &wait);
	assert_in_range(total, 7 * 40, 8 * 40 + 8);
	assert_in_range(wait, 90000, 15 * 60000);
	greedy(PLAN_CALENDAR, 60, 20, &total, &wait);
	assert_in_range(total, 8 * 38, 8 * 40);
	assert_in_range(wait, 60000, 8 * 60000);
	greedy(PLAN_SLIDING, 5, 2, &total, &wait);
	assert_in_range(total, 7 * 3, 8 * 3 + 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_unlimited),
		cmocka_unit_test(test_greedy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
