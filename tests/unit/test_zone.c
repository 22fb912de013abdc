/*
 * Zones against the system's tz database, and without one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "eke/base/attrs.h"
#include "eke/base/zone.h"

static const struct {
	const char *name;
	int64_t at;
	int offset;
} offsets[] = {
	{ "UTC", 0, 0 },
	{ "UTC", 1795489200, 0 },
	{ "Asia/Shanghai", 1795489200, 28800 },
	{ "Asia/Kolkata", 1795489200, 19800 },
	{ "America/New_York", 1795489200, -18000 },
	/* the last second of winter time, the first of summer time, and back: 2026-03-29 and 2026-10-25, 01:00 UTC */
	{ "Europe/Berlin", 1774745999, 3600 },
	{ "Europe/Berlin", 1774746000, 7200 },
	{ "Europe/Berlin", 1792889999, 7200 },
	{ "Europe/Berlin", 1792890000, 3600 },
	/* half an hour of summer time */
	{ "Australia/Lord_Howe", 1795489200, 39600 },
	{ "Australia/Lord_Howe", 1782864000, 37800 },
	/* long after the table's end the rule goes on */
	{ "Europe/Berlin", 4118209200, 7200 },
	{ "No/Where", 1795489200, 0 },
	{ "", 1795489200, 0 },
};

static void test_offsets(void **state)
{
	(void)state;
	/* Twice: the second time from what was kept. */
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < ARRAY_LEN(offsets); i++)
			if (zone_offset(offsets[i].name, offsets[i].at) != offsets[i].offset)
				fail_msg("%s at %lld: %d", offsets[i].name, (long long)offsets[i].at,
					 zone_offset(offsets[i].name, offsets[i].at));
}

static const struct {
	const char *name;
	bool known;
} names[] = {
	{ "UTC", true },	     { "Asia/Shanghai", true },	   { "Europe/Berlin", true }, { "Etc/GMT+5", true },
	{ "No/Where", false },	     { "", false },		   { "Europe", false },	      { "/etc/localtime", false },
	{ "../../etc/passwd", false }, { "Europe/../UTC", false }, { "CET-1CEST", false },    { "UTC0", false },
	{ "tzdata.zi", false },	     { "Asia/Shanghai ", false },  { "Asia/\xE4", false },
	{ "A/name/of/more/than/sixty-three/bytes/is/in/no/database/that/was/ever/seen", false },
};

static void test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (zone_is_known(names[i].name) != names[i].known)
			fail_msg("%s", names[i].name);
}

/* The user's own zone is in force before and after. */
static void test_own(void **state)
{
	time_t t = 1795489200;
	struct tm tm;

	(void)state;
	assert_string_equal(getenv("TZ"), "EST5EDT,M3.2.0,M11.1.0");
	assert_int_equal(zone_local_offset(t), -18000);
	assert_int_equal(zone_offset("Asia/Tokyo", t), 32400);
	assert_string_equal(getenv("TZ"), "EST5EDT,M3.2.0,M11.1.0");
	assert_int_equal(zone_local_offset(t), -18000);
	localtime_r(&t, &tm);
	assert_int_equal(tm.tm_hour, 22);
}

/* Last: what was asked before is kept. */
static void test_without_database(void **state)
{
	(void)state;
	setenv("TZDIR", "/nowhere", 1);
	assert_true(zone_is_known("UTC"));
	assert_true(zone_is_known("Asia/Shanghai"));
	assert_false(zone_is_known("Europe/Berlin"));
	assert_int_equal(zone_offset("Asia/Shanghai", 1795490000), 28800);
	assert_int_equal(zone_offset("Europe/Berlin", 1700000000), 0);
	unsetenv("TZDIR");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_without_database),
	};

	if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK)) {
		fprintf(stderr, "this needs the tz database (tzdata)\n");
		return 1;
	}
	setenv("TZ", "EST5EDT,M3.2.0,M11.1.0", 1);
	zone_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
