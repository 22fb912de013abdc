/*
 * The clocks, held still and not, and RFC 3339.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "eke/base/attrs.h"
#include "eke/base/clock.h"
#include "eke/base/rfc3339.h"

static void test_clocks(void **state)
{
	int64_t mono = clock_mono_ms();

	(void)state;
	assert_true(clock_mono_ms() >= mono);
	assert_true(clock_wall_ms() / 1000 - (int64_t)time(NULL) <= 1);
	clock_set_for_test(INT64_C(1795489200123), 77);
	assert_int_equal(clock_wall_ms(), INT64_C(1795489200123));
	assert_int_equal(clock_mono_ms(), 77);
	clock_set_for_test(5, 78);
	assert_int_equal(clock_wall_ms(), 5);
	clock_unset_for_test();
	assert_true(clock_mono_ms() >= mono);
	assert_true(clock_wall_ms() > INT64_C(1600000000000));
}

static void test_boot(void **state)
{
	int64_t difference = clock_wall_ms() - clock_boot_ms();

	(void)state;
#ifdef __linux__
	assert_non_null(clock_boot_id());
	assert_true(strlen(clock_boot_id()) >= 32);
	assert_ptr_equal(clock_boot_id(), clock_boot_id());
	assert_true(clock_boot_ms() > 0);
	/* Far less than what counts as a step. */
	assert_true(llabs(clock_wall_ms() - clock_boot_ms() - difference) < 1000);
#endif
	clock_set_for_test(5000, 0);
	difference = clock_wall_ms() - clock_boot_ms();
	clock_set_for_test(9000, 0);
	assert_int_equal(clock_wall_ms() - clock_boot_ms(), difference);
	clock_set_step_for_test("test", -3000);
	assert_int_equal(clock_wall_ms() - clock_boot_ms(), difference - 3000);
	clock_set_step_for_test(NULL, 0);
	assert_null(clock_boot_id());
	assert_int_equal(clock_boot_ms(), 0);
	clock_unset_for_test();
	clock_set_for_test(5000, 0);
	assert_string_equal(clock_boot_id(), "test");
	clock_unset_for_test();
}

static const struct {
	int64_t seconds;
	const char *text;
} times[] = {
	{ 0, "1970-01-01T00:00:00Z" },
	{ -1, "1969-12-31T23:59:59Z" },
	{ 951782399, "2000-02-28T23:59:59Z" },
	{ 951782400, "2000-02-29T00:00:00Z" },
	{ 1795489200, "2026-11-24T03:00:00Z" },
	{ 4102444800, "2100-01-01T00:00:00Z" },
	{ 253402300799, "9999-12-31T23:59:59Z" },
	/* no such text of 20 characters: nothing rather than half of one */
	{ 253402300800, "" },
	{ INT64_MAX, "" },
};

static void test_rfc3339(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		char text[21];

		memset(text, 'x', sizeof(text));
		rfc3339_format(times[i].seconds, text, sizeof(text));
		assert_string_equal(text, times[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clocks),
		cmocka_unit_test(test_boot),
		cmocka_unit_test(test_rfc3339),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
