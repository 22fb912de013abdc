/* text/language: lookups, and that the table does not contradict itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above */
#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/strbuf.h"
#include "eke/text/language.h"

static void assert_id(const struct language *language, const char *id)
{
	assert_string_equal(language ? language->id : "none", id ? id : "none");
}

static void test_by_id(void **state)
{
	static const char *const cases[][2] = {
		{ "c", "c" }, { "cpp", "cpp" }, { "sh", "shellscript" }, { "cs", "csharp" }, { "objc", "objective-c" },
		{ "make", "makefile" }, { "typescript.tsx", "typescriptreact" }, { "vim", "viml" }, { "go.mod", "go.mod" },
		{ "plaintext", "plaintext" }, { "", NULL }, { "klingon", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_id(language_by_id(cases[i][0]), cases[i][1]);
}

static void test_of_path(void **state)
{
	static const char *const cases[][2] = {
		{ "/x/main.c", "c" }, { "main.H", "c" }, { "x.hpp", "cpp" }, { "x.test.mjs", "javascript" },
		{ "Makefile", "makefile" },
		{ "/a.py/Dockerfile", "dockerfile" }, { "CMakeLists.txt", "cmake" }, { "x.txt", "plaintext" }, { "x.R", "r" },
		{ ".bashrc", "shellscript" }, { "x.tsx", "typescriptreact" }, { "Cargo.lock", "toml" }, { "README", NULL },
		{ "x.unknown", NULL }, { "/dir.c/", NULL }, { "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_id(language_of_path(cases[i][0]), cases[i][1]);
}

static void test_of_first_line(void **state)
{
	static const char *const cases[][2] = {
		{ "#!/bin/sh", "shellscript" }, { "#! /bin/bash -e\r\n", "shellscript" },
		{ "#!/usr/bin/env python3", "python" },
		{ "#!/usr/bin/python3.11", "python" }, { "#!/usr/bin/env -S deno run --allow-net", "typescript" },
		{ "#!/usr/bin/env FOO=1 node", "javascript" }, { "#!/usr/bin/perl\n", "perl" }, { "#!", NULL },
		{ "#!/usr/bin/env", NULL }, { "#!/usr/bin/env -i", NULL }, { "#!/opt/thing", NULL }, { "/bin/sh", NULL },
		{ "#!/3", NULL }, { "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_id(language_of_first_line(cases[i][0], strlen(cases[i][0])), cases[i][1]);
}

static void test_comments(void **state)
{
	static const struct {
		const char *id;
		const char *text;
		const char *comment;
	} cases[] = {
		{ "c", "Path: a.c", "// Path: a.c" },
		{ "python", "x", "# x" },
		{ "lua", "x", "-- x" },
		{ "html", "x", "<!-- x -->" },
		{ "html", "a-->b", "<!-- a-- >b -->" },
		{ "css", "**//", "/* ** // */" },
		{ "css", "a*/*/b", "/* a* /* /b */" },
		{ "json", "x", "# x" },
		{ "klingon", "two\nlines\r", "# two lines " },
	};
	struct strbuf out;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		strbuf_init(&out, 100);
		assert_true(language_add_comment(language_by_id(cases[i].id), cases[i].text, &out));
		assert_string_equal(out.data, cases[i].comment);
		strbuf_release(&out);
	}
	strbuf_init(&out, 8);
	assert_false(language_add_comment(NULL, "too long for it", &out));
	assert_int_equal(out.len, 0);
	assert_false(language_add_comment(language_by_id("html"), "12", &out));
	assert_int_equal(out.len, 0);
	strbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_id),
		cmocka_unit_test(test_of_path),
		cmocka_unit_test(test_of_first_line),
		cmocka_unit_test(test_comments),
	};

	return cmocka_run_group_tests_name("text/language", tests, NULL, NULL);
}
