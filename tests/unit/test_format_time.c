/*
 * Words for times and limits, in a zone that is five hours and a half east.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/zone.h"
#include "eke/budget/format_time.h"

/* 2026-11-24T03:00:00Z, a Tuesday; 08:30 where the clocks of this test are. */
#define NOW INT64_C(1795489200)

static const struct {
	int64_t after;
	const char *at;
	const char *in;
} times[] = {
	{ 0, "at 08:30", "in 0 s" },
	{ 1, "at 08:31", "in 1 s" },
	{ 60, "at 08:31", "in 60 s" },
	{ 119, "at 08:32", "in 119 s" },
	{ 120, "at 08:32", "in 2 min" },
	{ 721, "at 08:43", "in 13 min" },
	{ 3540, "at 09:29", "in 59 min" },
	{ 3541, "at 09:30", "in 1 h 0 min" },
	{ 11100, "at 11:35", "in 3 h 5 min" },
	/* the last minute of the day, and midnight */
	{ 55740, "at 23:59", "in 16 h" },
	{ 55741, "on Wed at 00:00", "in 16 h" },
	{ 55800, "on Wed at 00:00", "in 16 h" },
	{ 5 * 86400, "on Sun at 08:30", "in 5 days" },
	{ 2 * 86400 + 8 * 3600 - 5, "on Thu at 16:30", "in 2 days 8 h" },
	{ 3 * 86400 - 5, "on Fri at 08:30", "in 3 days" },
	{ 6 * 86400, "on Mon at 08:30", "in 6 days" },
	{ 7 * 86400, "on 2026-12-01 at 08:30", "in 7 days" },
	{ 30 * 86400 + 1, "on 2026-12-24 at 08:31", "in 31 days" },
	/* past */
	{ -60, "at 08:29", "in 0 s" },
	{ -86400, "on 2026-11-23 at 08:30", "in 0 s" },
};

static void test_times(void **state)
{
	char text[64];
	char both[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		format_time_at(NOW + times[i].after, NOW, text, sizeof(text));
		assert_string_equal(text, times[i].at);
		format_time_in(times[i].after, text, sizeof(text));
		assert_string_equal(text, times[i].in);
	}
	format_time_when(NOW + 721, NOW, both, sizeof(both));
	assert_string_equal(both, "at 08:43 (in 13 min)");
	format_time_at(INT64_MAX / 4, NOW, text, sizeof(text));
	assert_string_equal(text, "some day");
	format_time_when(NOW + 721, NOW, text, 9);
	assert_string_equal(text, "at 08:43");
}

static const struct {
	int64_t limit;
	int64_t period;
	const char *words;
} limits[] = {
	{ 60, 3600, "60 requests an hour" },	{ 1, 3600, "1 request an hour" },    { 200, 86400, "200 requests a day" },
	{ 5, 60, "5 requests a minute" },	{ 2, 1, "2 requests a second" },     { 5, 600, "5 requests in 10 minutes" },
	{ 5, 172800, "5 requests in 2 days" },	{ 5, 90, "5 requests in 90 seconds" },
	{ 5, 5400, "5 requests in 90 minutes" },
	{ 10, 7200, "10 requests in 2 hours" },
};

static void test_limits(void **state)
{
	char text[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		format_limit(limits[i].limit, limits[i].period, text, sizeof(text));
		assert_string_equal(text, limits[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_times), cmocka_unit_test(test_limits) };

	setenv("TZ", "IST-5:30", 1);
	zone_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
