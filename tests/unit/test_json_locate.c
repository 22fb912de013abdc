/*
 * Lines of members. The text has a member a line, and says in each which one it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/json_locate.h"
#include "eke/base/mem.h"

static const char text[] =
	"{\n"                                       /* 1 */
	"  \"first\": \"a, }]{[ \\\" \\\\\",\n"     /* 2 */
	"  \"empty\": {}, \"none\": [],\n"          /* 3 */
	"  \"list\": [\n"                           /* 4 */
	"    1, 2,\n"                               /* 5 */
	"    { \"name\": \"x\",\n"                  /* 6 */
	"      \"deep\": { \"a\": [ [ 1 ],\n"       /* 7 */
	"           [ 2, 3 ] ] }\n"                 /* 8 */
	"    },\n"                                  /* 9 */
	"    \"last\"\n"                            /* 10 */
	"  ],\n"                                    /* 11 */
	"  \"number\":\n"                           /* 12 */
	"    -1.5e3,\n"                             /* 13 */
	"  \"name\": null,\n"                       /* 14 */
	"  \"nam\": true, \"names\": false\n"       /* 15 */
	"}\n";

static const struct {
	const char *path;
	size_t line;
} paths[] = {
	{ "", 1 },
	{ "first", 2 },
	{ "empty", 3 },
	{ "none", 3 },
	{ "list", 4 },
	{ "list[0]", 5 },
	{ "list[1]", 5 },
	{ "list[2]", 6 },
	{ "list[2].name", 6 },
	{ "list[2].deep", 7 },
	{ "list[2].deep.a", 7 },
	{ "list[2].deep.a[0]", 7 },
	{ "list[2].deep.a[1]", 8 },
	{ "list[2].deep.a[1][1]", 8 },
	{ "list[3]", 10 },
	/* a member's line is its key's */
	{ "number", 12 },
	{ "name", 14 },
	{ "nam", 15 },
	{ "names", 15 },
	/* the deepest part that is there */
	{ "missing", 1 },
	{ "missing.deeper[3]", 1 },
	{ "n", 1 },
	{ "empty.x", 3 },
	{ "none[0]", 3 },
	{ "list[4]", 4 },
	{ "list[99999999999999999999999]", 4 },
	{ "list.name", 4 },
	{ "list[2].missing", 6 },
	{ "list[2].deep.missing", 7 },
	{ "list[2].deep.a[2]", 7 },
	{ "list[2].name.x", 6 },
	{ "first[0]", 2 },
	{ "[0]", 1 },
	{ "plans must be an object", 1 },
};

static void test_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		size_t line = json_line_of(text, sizeof(text) - 1, paths[i].path);

		if (line != paths[i].line)
			fail_msg("%s is on line %zu, not %zu", paths[i].path, paths[i].line, line);
	}
}

static void test_other_texts(void **state)
{
	static const char list[] = "\n\n[ 1,\n{\"a\":2} ]";

	(void)state;
	assert_int_equal(json_line_of(list, sizeof(list) - 1, ""), 3);
	assert_int_equal(json_line_of(list, sizeof(list) - 1, "[0]"), 3);
	assert_int_equal(json_line_of(list, sizeof(list) - 1, "[1].a"), 4);
	assert_int_equal(json_line_of("1", 1, "a.b"), 1);
	assert_int_equal(json_line_of("", 0, "a.b"), 1);
}

static void test_line_of(void **state)
{
	static const char lines[] = "a\nb\r\n\nc";
	static const size_t wanted[] = { 1, 1, 2, 2, 2, 3, 4, 4, 4, 4 };

	(void)state;
	for (size_t at = 0; at < ARRAY_LEN(wanted); at++)
		assert_int_equal(text_line_of(lines, sizeof(lines) - 1, at), wanted[at]);
	assert_int_equal(text_line_of("", 0, 0), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_other_texts),
		cmocka_unit_test(test_line_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
