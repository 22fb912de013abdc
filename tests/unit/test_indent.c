/*
 * What documents indent with.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/code/indent.h"

static const struct {
	const char *text;
	bool insert_spaces; /* the editor's */
	unsigned tab_size;
	bool tabs;
	size_t unit;
} cases[] = {
	{ "", true, 2, false, 2 },
	{ "", true, 0, false, INDENT_DEFAULT_SIZE },
	{ "", false, 8, true, 8 },
	{ "", false, 99, true, INDENT_DEFAULT_SIZE },
	{ "a\n\tb\n", true, 0, true, INDENT_DEFAULT_SIZE },
	{ "a\n\tb\n", true, 8, true, 8 },
	{ "a\n  b\n    c\n", false, 8, false, 2 },
	{ "a\n    b\n", true, 2, false, 4 },
	{ "/*\n * comment\n */\n", false, 0, true, INDENT_DEFAULT_SIZE },
	{ "a\n    \n", false, 0, true, INDENT_DEFAULT_SIZE },
	{ "a\r\n    \r\n", false, 0, true, INDENT_DEFAULT_SIZE },
	{ "a\n\tb\n\tc\n    d\n", true, 0, true, INDENT_DEFAULT_SIZE },
	{ "f(a,\n            b)\n", true, 0, false, INDENT_DEFAULT_SIZE },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct indent indent = { 0 };

		indent_learn(&indent, syntax_of(NULL), cases[i].text, strlen(cases[i].text));
		assert_int_equal(indent_is_tabs(&indent, cases[i].insert_spaces), cases[i].tabs);
		assert_int_equal(indent_unit(&indent, cases[i].insert_spaces, cases[i].tab_size), cases[i].unit);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
