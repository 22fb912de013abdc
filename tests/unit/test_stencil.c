/*
 * Stencils: what they learn, and what they must not match.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/upstream/stencil.h"

static const struct {
	const char *learned; /* the event that was parsed */
	const char *said;    /* and its text */
	const char *event;
	const char *text; /* what the event says by the stencil; NULL: it must be parsed */
} cases[] = {
	{ "{\"c\":\"ab\"}", "ab", "{\"c\":\"xyz\"}", "xyz" },
	{ "{\"c\":\"ab\"}", "ab", "{\"c\":\"\"}", "" },
	{ "{\"c\":\"ab\"}", "ab", "{\"c\":\"\xC3\xA9 \xF0\x9F\x98\x80\"}", "\xC3\xA9 \xF0\x9F\x98\x80" },
	{ "{\"c\":\"ab\"}", "ab", "{\"c\":\"a\\n\\\"\\\\b\\t\"}", "a\n\"\\b\t" },
	{ "{\"c\":\"ab\"}", "ab", "{\"c\":\"a\\u000ab\"}", NULL },
	{ "{\"c\":\"ab\"}", "ab", "{\"c\":\"a\\\"}", NULL },
	{ "{\"c\":\"ab\"}", "ab", "{\"c\":\"a\\x\"}", NULL },
	{ "{\"c\":\"ab\"}", "ab", "{\"c\":\"a\",\"d\":\"b\"}", NULL },
	{ "{\"c\":\"ab\"}", "ab", "{\"c\":\"a\xFF\"}", NULL },
	{ "{\"c\":\"ab\"}", "ab", "{\"c\":\"a\tb\"}", NULL },
	{ "{\"c\":\"ab\"}", "ab", "{\"d\":\"xyz\"}", NULL },
	{ "{\"c\":\"ab\"}", "ab", "{\"c\":\"x\"} ", NULL },
	{ "{\"c\":\"ab\"}", "ab", "{\"c\":\"}", NULL },
	/* The text stands there twice: which one is it? */
	{ "{\"r\":\"ab\",\"c\":\"ab\"}", "ab", "{\"r\":\"ab\",\"c\":\"x\"}", NULL },
	/* It also stands inside another string: that is no literal. */
	{ "{\"r\":\"cab\",\"c\":\"ab\"}", "ab", "{\"r\":\"cab\",\"c\":\"x\"}", "x" },
	/* Not to be found as it is, or nothing to find. */
	{ "{\"c\":\"\\u0061b\"}", "ab", "{\"c\":\"x\"}", NULL },
	{ "{\"c\":\"a\\nb\"}", "a\nb", "{\"c\":\"x\"}", NULL },
	{ "{\"c\":\"\"}", "", "{\"c\":\"x\"}", NULL },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct stencil stencil;
		char event[64];
		const char *text;
		size_t len = 0;

		print_message("# %s\n", cases[i].event);
		stencil_init(&stencil);
		snprintf(event, sizeof(event), "%s", cases[i].event);
		assert_null(stencil_match(&stencil, event, strlen(event), &len));
		stencil_learn(&stencil, cases[i].learned, strlen(cases[i].learned), cases[i].said);
		text = stencil_match(&stencil, event, strlen(event), &len);
		assert_int_equal(text != NULL, cases[i].text != NULL);
		if (!text)
			assert_string_equal(event, cases[i].event);
		if (text) {
			assert_int_equal(len, strlen(cases[i].text));
			assert_memory_equal(text, cases[i].text, len);
		}
		stencil_release(&stencil);
	}
}

/* One that changes with every event is given up; one that matched is worth learning anew. */
static void test_useless(void **state)
{
	struct stencil stencil;
	char event[64];
	size_t len;

	(void)state;
	stencil_init(&stencil);
	for (int i = 0; i < 100; i++) {
		snprintf(event, sizeof(event), "{\"n\":%d,\"c\":\"ab\"}", i);
		stencil_learn(&stencil, event, strlen(event), "ab");
	}
	assert_null(stencil_match(&stencil, event, strlen(event), &len));
	stencil_release(&stencil);

	stencil_init(&stencil);
	for (int i = 0; i < 100; i++) {
		snprintf(event, sizeof(event), "{\"n\":%d,\"c\":\"ab\"}", i);
		stencil_learn(&stencil, event, strlen(event), "ab");
		assert_non_null(stencil_match(&stencil, event, strlen(event), &len));
	}
	stencil_release(&stencil);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_useless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
