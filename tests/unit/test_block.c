/*
 * Blocks as stories: what is refused when, and what that means for who asks next.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/budget/block.h"

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
		struct block block = { .machine = true };
		struct budget_refusal r = { .retry_at = refusals[i].retry_at ? NOW / 1000 + refusals[i].retry_at : 0,
					    .day = refusals[i].day,
					    .message = "no" };
		struct block_facts f = { .now = NOW,
					 .sent_at = NOW - 1000,
					 .midnight = NOW + 7200000,
					 .full_until = refusals[i].full_until ? NOW + refusals[i].full_until * 1000 : 0 };

		block_refused(&block, &r, &f);
		if (block.until != NOW + refusals[i].until * 1000 || block.stated != refusals[i].stated)
			fail_msg("%zu: until %lld", i, (long long)(block.until - NOW) / 1000);
		assert_true(block.set_at == NOW);
		assert_string_equal(block.message, "no");
		assert_int_equal(block_judge(&block, ASKED, NOW), BLOCK_HOLDS);
		assert_int_equal(block_judge(&block, ASKED, block.until - 1), BLOCK_HOLDS);
		assert_int_equal(block_judge(&block, ASKED, block.until), block.stated ? BLOCK_OVER : BLOCK_PROBE);
		assert_int_equal(block_judge(&block, AUTO, block.until), block.stated ? BLOCK_OVER : BLOCK_UNSURE);
	}
}

static void test_none(void **state)
{
	struct block none = { .machine = true };

	(void)state;
	assert_int_equal(block_judge(&none, AUTO, NOW), BLOCK_OVER);
	assert_false(block_is_lifted(&none, NOW));
}

/* --- one after the other --- */

/* At a second something was sent that is refused at another; then the block is as said. */
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
	struct block block = { .machine = true };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(story); i++) {
		struct budget_refusal r = { .retry_at = story[i].retry_at ? NOW / 1000 + story[i].retry_at : 0 };
		struct block_facts f = { .now = NOW + story[i].now * 1000, .sent_at = NOW + story[i].sent_at * 1000 };

		block_refused(&block, &r, &f);
		if (block.until != NOW + story[i].until * 1000 || block.tries != story[i].tries ||
		    block.stated != story[i].stated)
			fail_msg("%zu: until %lld, %u tries", i, (long long)(block.until - NOW) / 1000, block.tries);
	}
}

static void test_probe(void **state)
{
	struct block block = { .machine = true, .set_at = NOW, .until = NOW + 60000, .tries = 1 };
	struct budget_refusal r = { .message = "still no" };
	struct block_facts f = { .now = NOW + 70000, .sent_at = NOW + 61000 };

	(void)state;
	assert_int_equal(block_judge(&block, ASKED, NOW + 60000), BLOCK_PROBE);
	block.probe = 7;
	block.probe_until = NOW + 61000 + BLOCK_PROBE_MS;
	/* One at a time; automatic ones never. */
	assert_int_equal(block_judge(&block, ASKED, NOW + 62000), BLOCK_PROBING);
	assert_int_equal(block_judge(&block, AUTO, NOW + 62000), BLOCK_PROBING);
	/* It never came back. */
	assert_int_equal(block_judge(&block, ASKED, block.probe_until), BLOCK_PROBE);
	assert_int_equal(block_judge(&block, AUTO, block.probe_until), BLOCK_UNSURE);
	/* An answer to what was sent after the refusal lifts it, to what was sent before it does not. */
	assert_false(block_is_lifted(&block, NOW - 1));
	assert_false(block_is_lifted(&block, NOW));
	assert_true(block_is_lifted(&block, NOW + 61000));
	block_refused(&block, &r, &f);
	assert_int_equal(block.probe, 0);
	assert_int_equal(block.tries, 2);
	assert_int_equal(block_judge(&block, ASKED, NOW + 70000), BLOCK_HOLDS);
	/* After an hour without anybody it is no news. */
	assert_int_equal(block_judge(&block, AUTO, block.until + BLOCK_STALE_MS - 1), BLOCK_UNSURE);
	assert_int_equal(block_judge(&block, AUTO, block.until + BLOCK_STALE_MS), BLOCK_OVER);
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
