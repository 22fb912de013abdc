/* text/lines: at every alignment against words of eight bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above */
#include <cmocka.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/text/lines.h"

static const struct {
	const char *text;
	size_t count;
	size_t first_end;
	size_t last_start;
} cases[] = {
	{ "", 0, 0, 0 },
	{ "abc", 0, 3, 0 },
	{ "\n", 1, 0, 1 },
	{ "\r", 1, 0, 1 },
	{ "\r\n", 1, 0, 2 },
	{ "\n\r", 2, 0, 2 },
	{ "\r\r\n\n", 3, 0, 4 },
	{ "a\rb\r\nc\nd", 3, 1, 7 },
	{ "\x8A\x8D\x0B\x0C\xC2\x85\xE2\x80\xA8", 0, 9, 0 }, /* near misses, NEL, U+2028 */
	{ "\x09\x0A\x0B\x0C\x0D\x0E\x0F\x10\x0A\x0A\x0A\x0A\x0A\x0A\x0A\x0A", 10, 1, 16 },
};

static void test_every_alignment(void **state)
{
	char text[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t len = strlen(cases[i].text);

		for (size_t before = 0; before < 17; before++) {
			for (size_t after = 0; after < 17; after++) {
				size_t all = before + len + after;

				memset(text, 'x', sizeof(text));
				memcpy(text + before, cases[i].text, len);
				assert_int_equal(lines_count(text, all), cases[i].count);
				assert_int_equal(lines_first_end(text, all),
						 cases[i].count ? before + cases[i].first_end : all);
				assert_int_equal(lines_last_start(text, all),
						 cases[i].count ? before + cases[i].last_start : 0);
				assert_int_equal(lines_skip(text, all, cases[i].count + 1), all);
				if (cases[i].count)
					assert_int_equal(lines_skip(text, all, cases[i].count),
							 before + cases[i].last_start);
			}
		}
	}
}

static void test_each_line_in_turn(void **state)
{
	static const char text[] = "one\ntwo\r\nthree\rfour\r\r\nsix\n\n\n\n\n\n\n\n\nfifteen";
	static const size_t starts[] = { 4, 9, 15, 20, 22, 26, 27, 28, 29, 30, 31, 32, 33, 34, 41 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(starts); i++)
		assert_int_equal(lines_skip(text, sizeof(text) - 1, i + 1), starts[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_alignment),
		cmocka_unit_test(test_each_line_in_turn),
	};

	return cmocka_run_group_tests_name("text/lines", tests, NULL, NULL);
}
