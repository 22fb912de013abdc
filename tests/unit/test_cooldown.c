/*
 * Cooldowns as stories: what is refused when, and what that means for who asks next.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/budget/cooldown.h"

#define NOW INT64_C(1795489200000)
#define AUTO BUDGET_AUTOMATIC
#define ASKED BUDGET_EXPLICIT

/* --- one refusal --- */

/* Seconds from NOW; 0: none. */
static const struct {
	int64_t retry_at;
	bool day;
	int64_t full_until;
	int64_t until;
	bool stated;
} refusals[] = {
	{ 0, false, 0, 60, false },
	{ 20, false, 0, 20, true },
	/* what is past says nothing */
	{ -5, false, 0, 60, false },
	/* the words name a day: its end, wherever the provider lives */
	{ 0, true, 0, 7200, true },
	{ 20, true, 0, 20, true },
	/* our own log is full: when it has room */
	{ 0, false, 300, 300, true },
	{ 0, true, 300, 7200, true },
	{ 0, false, -300, 60, false },
	/* nobody can make us wait for ever */
	{ 400 * 86400, false, 0, LIMIT_RETRY_SECONDS, true },
};

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct cooldown cooldown = { .machine = true };
		struct budget_refusal r = { .retry_at = refusals[i].retry_at ? NOW / 1000 + refusals[i].retry_at : 0,
					    .day = refusals[i].day,
					    .message = "no" };
		struct cooldown_facts f = { .now = NOW,
					    .sent_at = NOW - 1000,
					    .midnight = NOW + 7200000,
					    .full_until =
						    refusals[i].full_until ? NOW + refusals[i].full_until * 1000 : 0 };

		cooldown_refused(&cooldown, &r, &f);
		if (cooldown.until != NOW + refusals[i].until * 1000 || cooldown.stated != refusals[i].stated)
			fail_msg("%zu: until %lld", i, (long long)(cooldown.until - NOW) / 1000);
		assert_true(cooldown.set_at == NOW);
		assert_string_equal(cooldown.message, "no");
		assert_int_equal(cooldown_judge(&cooldown, ASKED, NOW), COOLDOWN_HOLDS);
		assert_int_equal(cooldown_judge(&cooldown, ASKED, cooldown.until - 1), COOLDOWN_HOLDS);
		assert_int_equal(cooldown_judge(&cooldown, ASKED, cooldown.until),
				 cooldown.stated ? COOLDOWN_OVER : COOLDOWN_PROBE);
		assert_int_equal(cooldown_judge(&cooldown, AUTO, cooldown.until),
				 cooldown.stated ? COOLDOWN_OVER : COOLDOWN_UNSURE);
	}
}

static void test_none(void **state)
{
	struct cooldown none = { .machine = true };

	(void)state;
	assert_int_equal(cooldown_judge(&none, AUTO, NOW), COOLDOWN_OVER);
	assert_false(cooldown_is_lifted(&none, NOW));
}

/* --- one after the other --- */

/* At a second something was sent that is refused at another; then the cooldown is as said. */
static const struct {
	int64_t sent_at;
	int64_t now;
	int64_t retry_at;
	int64_t until;
	unsigned tries;
	bool stated;
} story[] = {
	{ 0, 1, 0, 61, 1, false },
	/* two more that were under way: the same refusal */
	{ 0, 2, 0, 61, 1, false },
	{ 1, 3, 0, 61, 1, false },
	/* the probe, and the next ones: double each time, but not for ever */
	{ 62, 63, 0, 63 + 120, 2, false },
	{ 200, 201, 0, 201 + 240, 3, false },
	{ 500, 501, 0, 501 + 480, 4, false },
	{ 1000, 1001, 0, 1001 + 900, 5, false },
	{ 2000, 2001, 0, 2001 + 900, 6, false },
	/* one of those under way knows the end, and it is later */
	{ 1999, 2002, 5000, 5000, 6, true },
	/* earlier: what was said last is not taken back */
	{ 1999, 2003, 3000, 5000, 6, true },
	/* that was over; the next begins anew */
	{ 5001, 5002, 0, 5062, 1, false },
	/* nobody asked for an hour and more: no row of refusals */
	{ 9000, 9001, 0, 9061, 1, false },
	{ 9062, 9063, 9100, 9100, 0, true },
};

static void test_story(void **state)
{
	struct cooldown cooldown = { .machine = true };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(story); i++) {
		struct budget_refusal r = { .retry_at = story[i].retry_at ? NOW / 1000 + story[i].retry_at : 0 };
		struct cooldown_facts f = { .now = NOW + story[i].now * 1000,
					    .sent_at = NOW + story[i].sent_at * 1000 };

		cooldown_refused(&cooldown, &r, &f);
		if (cooldown.until != NOW + story[i].until * 1000 || cooldown.tries != story[i].tries ||
		    cooldown.stated != story[i].stated)
			fail_msg("%zu: until %lld, %u tries", i, (long long)(cooldown.until - NOW) / 1000,
				 cooldown.tries);
	}
}

static void test_probe(void **state)
{
	struct cooldown cooldown = { .machine = true, .set_at = NOW, .until = NOW + 60000, .tries = 1 };
	struct budget_refusal r = { .message = "still no" };
	struct cooldown_facts f = { .now = NOW + 70000, .sent_at = NOW + 61000 };

	(void)state;
	assert_int_equal(cooldown_judge(&cooldown, ASKED, NOW + 60000), COOLDOWN_PROBE);
	cooldown.probe = 7;
	cooldown.probe_until = NOW + 61000 + COOLDOWN_PROBE_MS;
	/* One at a time; automatic ones never. */
	assert_int_equal(cooldown_judge(&cooldown, ASKED, NOW + 62000), COOLDOWN_PROBING);
	assert_int_equal(cooldown_judge(&cooldown, AUTO, NOW + 62000), COOLDOWN_PROBING);
	/* It never came back. */
	assert_int_equal(cooldown_judge(&cooldown, ASKED, cooldown.probe_until), COOLDOWN_PROBE);
	assert_int_equal(cooldown_judge(&cooldown, AUTO, cooldown.probe_until), COOLDOWN_UNSURE);
	/* An answer to what was sent after the refusal lifts it, to what was sent before it does not. */
	assert_false(cooldown_is_lifted(&cooldown, NOW - 1));
	assert_false(cooldown_is_lifted(&cooldown, NOW));
	assert_true(cooldown_is_lifted(&cooldown, NOW + 61000));
	cooldown_refused(&cooldown, &r, &f);
	assert_int_equal(cooldown.probe, 0);
	assert_int_equal(cooldown.tries, 2);
	assert_int_equal(cooldown_judge(&cooldown, ASKED, NOW + 70000), COOLDOWN_HOLDS);
	/* After an hour without anybody it is no news. */
	assert_int_equal(cooldown_judge(&cooldown, AUTO, cooldown.until + COOLDOWN_STALE_MS - 1), COOLDOWN_UNSURE);
	assert_int_equal(cooldown_judge(&cooldown, AUTO, cooldown.until + COOLDOWN_STALE_MS), COOLDOWN_OVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_story),
		cmocka_unit_test(test_probe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
