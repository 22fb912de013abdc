/*
 * Titles of conversations: from questions of all kinds, and from clients.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/utf.h"

#include "../../src/chat/title.h"

#define TEN "ten bytes "

static void test_made(void **state)
{
	static const struct {
		const char *question;
		const char *command;
		const char *about;
		const char *title;
	} cases[] = {
		{ "Why?", NULL, NULL, "Why?" },
		{ "  Why\tis   it\rso? ", NULL, NULL, "Why is it" },
		{ "\n\n# A heading\nmore", NULL, NULL, "A heading" },
		{ "> - **Bold** and `code` and __init__", NULL, NULL, "Bold and code and init" },
		{ "a * b and snake_case stay", NULL, NULL, "a * b and snake_case stay" },
		{ "```c\nint x;\n```\nWhat is it?", NULL, NULL, "What is it?" },
		{ "```c\nint x;\n```", NULL, NULL, "c int x;" },
		{ "", NULL, NULL, "Chat" },
		{ "***", NULL, NULL, "Chat" },
		{ "", "Explain", NULL, "Explain" },
		{ " \n", "Explain", "src/ring.c", "Explain: ring.c" },
		{ "quickly", "Explain", "src/ring.c", "Explain: quickly" },
		{ TEN TEN TEN TEN TEN "and the rest, which is more", NULL, NULL, TEN TEN TEN TEN TEN "and the…" },
		{ "0123456789012345678901234567890123456789012345678901234567890123456789", NULL, NULL,
		  "012345678901234567890123456789012345678901234567890123456789…" },
		{ "012345678901234567890123456789012345678901234567890123456789", NULL, NULL,
		  "012345678901234567890123456789012345678901234567890123456789" },
		{ "short 0123456789012345678901234567890123456789012345678901234567890123456789", NULL, NULL,
		  "short 012345678901234567890123456789012345678901234567890123…" },
		{ "为什么缓存失效", NULL, NULL, "为什么缓存失效" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *title = title_make(cases[i].question, cases[i].command, cases[i].about);

		assert_string_equal(title, cases[i].title);
		free(title);
	}
}

static void test_given(void **state)
{
	static const struct {
		const char *given;
		const char *title;
	} cases[] = { { "A", "A" }, { "  A \n b\t", "A b" }, { "", NULL }, { " \n", NULL }, { "你好", "你好" } };
	char *long_one = xcalloc(1, 1000);
	char *title;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		title = title_clean(cases[i].given);
		if (cases[i].title)
			assert_string_equal(title, cases[i].title);
		else
			assert_null(title);
		free(title);
	}
	for (int i = 0; i < 300; i++)
		memcpy(long_one + 3 * i, "你", 3);
	title = title_clean(long_one);
	assert_int_equal(strlen(title), LIMIT_TITLE / 3 * 3);
	assert_int_equal(utf8_valid_prefix(title, strlen(title)), strlen(title));
	free(title);
	free(long_one);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_made), cmocka_unit_test(test_given) };

	return cmocka_run_group_tests_name("title", tests, NULL, NULL);
}
