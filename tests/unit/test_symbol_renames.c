/*
 * The user's names in the place of the model's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/complete/symbol_renames.h"

static void test_names(void **state)
{
	static const char *const names[] = { "first", "x_1", "_private", "größe", "returned" };
	static const char *const others[] = { "", "x", "ab", "123", "1st", "return", "int", "size_t", "None",
		"a_name_that_is_longer_than_any_that_anybody_would_give" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_true(symbol_is_renamable(names[i], strlen(names[i])));
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_false(symbol_is_renamable(others[i], strlen(others[i])));
}

/* The word is marked by <>. */
static void test_declared(void **state)
{
	static const struct {
		const char *text;
		bool declared;
	} table[] = {
		{ "int <first>;", true },
		{ "const char *<first> = 0;", true },
		{ "uint8_t <first>[3];", true },
		{ "Widget *<first> = new_widget();", true },
		{ "let <first>: u8 = 3;", true },
		{ "\tdef <first>(self):", true },
		{ "for <first> in list:", true },
		{ "a();\n\t<first> = 3", true },
		{ "<first> := f()", true },
		{ "return <first>;", false },
		{ "f(<first>, 3)", false },
		{ "f(<first>=3)", false },
		{ "<div <first>=\"x\">", false },
		{ "if (<first> == 3)", false },
		{ "a();\n<first> == 3", false },
		{ "the <first> of them", false },
		{ "x.<first> = 3", false },
		{ "\n<first>", false },
		{ "<first>", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const char *from = strstr(table[i].text, "<first>");
		size_t at = (size_t)(from - table[i].text);
		char text[64];

		snprintf(text, sizeof(text), "%.*sfirst%s", (int)at, table[i].text, from + strlen("<first>"));
		if (symbol_is_declared(text, strlen(text), at, strlen("first")) != table[i].declared)
			fail_msg("%s", table[i].text);
	}
}

static void test_slips(void **state)
{
	static const struct {
		const char *a, *b;
		bool slip;
	} table[] = {
		{ "first", "frist", true },
		{ "first", "firs", true },
		{ "first", "fierst", true },
		{ "first", "forst", true },
		{ "first", "first", true },
		{ "item", "items", true },
		{ "aab", "aba", true },
		{ "first", "start", false },
		{ "first", "firm", false },
		{ "first", "fir", false },
		{ "abcd", "badc", false },
		{ "abc", "cba", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const char *a = table[i].a;
		const char *b = table[i].b;

		if (symbol_is_typo(a, strlen(a), b, strlen(b)) != table[i].slip ||
			symbol_is_typo(b, strlen(b), a, strlen(a)) != table[i].slip)
			fail_msg("%s %s", a, b);
	}
}

static void test_is_in(void **state)
{
	(void)state;
	assert_true(symbol_occurs("first", 5, "a = first;", 10));
	assert_true(symbol_occurs("first", 5, "first", 5));
	assert_false(symbol_occurs("first", 5, "first_of first1 xfirst", 22));
	assert_false(symbol_occurs("first", 5, "", 0));
}

static void add(struct symbol_renames *r, const char *from, const char *to)
{
	assert_true(symbol_renames_add(r, from, strlen(from), to, strlen(to)));
}

static void expect(const struct symbol_renames *r, const char *text, const char *want)
{
	struct strbuf out;

	strbuf_init(&out, 1000);
	assert_true(symbol_renames_apply(r, text, strlen(text), &out));
	assert_int_equal(out.len, strlen(want));
	assert_memory_equal(out.data ? out.data : "", want, out.len);
	/* Every place of what came out has one in the text, in order, and the same one where nothing was replaced. */
	for (size_t at = 0, last = 0; at <= out.len; at++) {
		size_t source = symbol_renames_source(r, text, strlen(text), at);

		assert_true(source >= last && source <= strlen(text));
		last = source;
		if (!r->count)
			assert_int_equal(source, at);
	}
	assert_int_equal(symbol_renames_source(r, text, strlen(text), out.len), strlen(text));
	strbuf_release(&out);
}

static void test_applied(void **state)
{
	struct symbol_renames r = { .count = 0 };
	char longest[SYMBOL_NAME_MAX + 2];

	(void)state;
	expect(&r, "first = f(first);", "first = f(first);");
	add(&r, "first", "start");
	expect(&r, "first = f(first, first_of, xfirst, \"first\", \"{first}\");",
		"start = f(start, first_of, xfirst, \"first\", \"{start}\");");
	expect(&r, "", "");
	add(&r, "other", "o");
	/* Once more: what was replaced is replaced again. */
	add(&r, "start", "beginning");
	expect(&r, "first + other + start", "beginning + o + beginning");
	assert_int_equal(symbol_renames_source(&r, "first + other", 13, strlen("beginning + ")), strlen("first + "));
	assert_int_equal(symbol_renames_source(&r, "first + abc", 11, strlen("beginning + a")), strlen("first + a"));
	assert_int_equal(symbol_renames_source(&r, "first + abc", 11, 100), 11);
	/* Inside a name that was replaced there is no place. */
	assert_int_equal(symbol_renames_source(&r, "first + abc", 11, 3), strlen("first"));
	memset(longest, 'x', sizeof(longest));
	assert_false(symbol_renames_add(&r, longest, sizeof(longest) - 1, "y", 1));
	add(&r, "y", "z");
	assert_false(symbol_renames_add(&r, "a", 1, "b", 1));
}

static void test_no_room(void **state)
{
	struct symbol_renames r = { .count = 0 };
	struct strbuf out;

	(void)state;
	add(&r, "a", "bbbbbbbb");
	strbuf_init(&out, 10);
	assert_false(symbol_renames_apply(&r, "a a a", 5, &out));
	assert_true(out.len <= 10);
	strbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_declared),
		cmocka_unit_test(test_slips),
		cmocka_unit_test(test_is_in),
		cmocka_unit_test(test_applied),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
