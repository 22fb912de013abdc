/*
 * What eke is for, as a test: the measured problem (tests/bench/trace_problem.h) through the program's own engine, at
 * a steady pace and as several people type. Simulated time: the same figures on any machine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../bench/trace_problem.h"

#define TYPISTS 5

static void assert_goals(const struct trace_result *r)
{
	assert_int_equal(r->keys, TRACE_PROBLEM_KEYS);
	assert_int_equal(r->client.wrong_ranges, 0);
	assert_int_equal(r->client.late_answers, 0);
	assert_int_equal(r->wrong, 0);
	assert_in_range(r->net.sent, 1, TRACE_PROBLEM_REQUESTS_MAX);
	assert_in_range(r->right + r->right_anyway, TRACE_PROBLEM_RIGHT_MIN, TRACE_PROBLEM_KEYS);
}

static void steady_typing_is_served(void **state)
{
	struct trace_result r = trace_problem(&trace_eke, TRACE_PROBLEM_STEADY_MS, 1);

	(void)state;
	assert_goals(&r);
}

static void people_are_served(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= TYPISTS; seed++) {
		struct trace_result r = trace_problem(&trace_eke, 0, seed);

		assert_goals(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steady_typing_is_served),
		cmocka_unit_test(people_are_served),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
