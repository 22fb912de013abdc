/*
 * The pass over a JSON text before cJSON: what it changes, comments and trailing commas of the configuration file,
 * and the grammar of numbers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/json_guard.h"
#include "eke/base/mem.h"

#define S(text) text, sizeof(text) - 1

static char *exact(const char *text, size_t len)
{
	char *copy = xmalloc(len);

	memcpy(copy, text, len);
	return copy;
}

/* The text after the pass; NULL: refused. */
static const struct {
	const char *in;
	size_t len;
	const char *strict;
	const char *lenient;
} rewrites[] = {
	{ S("{\"a\":\"b\"}"), "{\"a\":\"b\"}", "{\"a\":\"b\"}" },
	{ S("\"\\u0000\\u0001\""), "\"\\ufffd\\u0001\"", "\"\\ufffd\\u0001\"" },
	{ S("\"\\ud800\""), "\"\\ufffd\"", "\"\\ufffd\"" },
	{ S("\"\\uDC00\""), "\"\\ufffd\"", "\"\\ufffd\"" },
	{ S("\"\\ud83d\\ude00\""), "\"\\ud83d\\ude00\"", "\"\\ud83d\\ude00\"" },
	{ S("\"\\ud83d\\ud83d\\ude00\""), "\"\\ufffd\\ud83d\\ude00\"", "\"\\ufffd\\ud83d\\ude00\"" },
	{ S("\"\\\\u0000\""), "\"\\\\u0000\"", "\"\\\\u0000\"" },
	/* Outside a string a backslash is cJSON's to refuse. */
	{ S("\\u0000"), NULL, "\\u0000" },
	{ S("[\\n]"), "[\\n]", "[\\n]" },
	{ S("\"\x1F\""), NULL, "\"\x1F\"" },
	{ S("\"\x1F\\n\""), NULL, "\"\x1F\\n\"" },
	{ S("\"\x7F\""), "\"\x7F\"", "\"\x7F\"" },
	{ S("\"\\d800\""), NULL, NULL },
	{ S("\"\\u\""), NULL, NULL },
	{ S("\"\0\""), NULL, NULL },
	{ S("]]}}[1]"), "]]}}[1]", "]]}}[1]" },
};

static void test_rewrites(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rewrites); i++) {
		for (int lenient = 0; lenient < 2; lenient++) {
			const char *wanted = lenient ? rewrites[i].lenient : rewrites[i].strict;
			char *text = exact(rewrites[i].in, rewrites[i].len);
			struct err err = ERR_INIT;

			assert_int_equal(json_guard(text, rewrites[i].len, lenient ? JSON_LENIENT : JSON_STRICT, &err),
					 wanted != NULL);
			assert_int_equal(err.kind, wanted ? ERR_NONE : ERR_PARSE);
			if (wanted)
				assert_memory_equal(text, wanted, rewrites[i].len);
			free(text);
		}
	}
}

static const struct {
	const char *in;
	const char *out;
} comments[] = {
	{ "", "" },
	{ "1 // one\n2", "1       \n2" },
	{ "// all", "      " },
	{ "1 //", "1   " },
	{ "1 /", "1 /" },
	{ "/", "/" },
	{ "1 //\r\n2", "1   \r\n2" },
	{ "1 /* one */ 2", "1           2" },
	{ "/**/1/***/2/****/", "    1     2      " },
	{ "/* a\n b */1", "    \n     1" },
	{ "/*/1*/2", "      2" },
	{ "/* // */1", "        1" },
	{ "// /*\n1", "     \n1" },
	/* one that does not end takes the rest */
	{ "1 /* one\n2", "1       \n " },
	{ "1 /*", "1   " },
	{ "1 /* *", "1     " },
	/* strings are left alone */
	{ "\"// a\" // b", "\"// a\"     " },
	{ "\"/* a */\"/* b */", "\"/* a */\"       " },
	{ "\"a\\\"// b\"//c", "\"a\\\"// b\"   " },
	{ "\"a\\\\\"//b", "\"a\\\\\"   " },
	{ "\"http://x\"", "\"http://x\"" },
	{ "\"// unended", "\"// unended" },
	{ "\"\\", "\"\\" },
	/* trailing commas */
	{ "[1,]", "[1 ]" },
	{ "{\"a\":1,}", "{\"a\":1 }" },
	{ "[1, \t\r\n]", "[1  \t\r\n]" },
	{ "[1, // c\n]", "[1      \n]" },
	{ "[1, /* c */ ]", "[1          ]" },
	{ "[1 /* c */, ]", "[1          ]" },
	{ "[[1,],]", "[[1 ] ]" },
	{ "[1,2]", "[1,2]" },
	{ "[\",]\"]", "[\",]\"]" },
	{ "[\"a\",]", "[\"a\" ]" },
	{ "[1,\"\"]", "[1,\"\"]" },
	/* more than one is an error that stays one */
	{ "[1,,]", "[1, ]" },
	{ "1,", "1," },
};

static void test_comments(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(comments); i++) {
		size_t len = strlen(comments[i].in);
		char *text = exact(comments[i].in, len);

		assert_int_equal(strlen(comments[i].out), len);
		json_strip_comments(text, len);
		assert_memory_equal(text, comments[i].out, len);
		free(text);
	}
}

static const char *const numbers[] = {
	"0", "-0", "1", "-1", "10", "9007199254740993", "0.0", "0.5", "-0.5", "1.25", "1e5", "1E5", "1e+5", "1e-5",
	"0e0", "-0.0e-0", "123.456e789", "1e0005",
};

static const char *const no_numbers[] = {
	"", "-", "+1", "01", "-01", "00", ".5", "-.5", "1.", "1.e5", "1e", "1e+", "1e-", "1e5.5", "0x10", "1a", "a", " 1",
	"1 ", "1,", "--1", "1-1", "Infinity", "NaN", "-Infinity", "1e5e5", "1.2.3",
};

static void test_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		char *text = exact(numbers[i], strlen(numbers[i]));

		assert_true(json_is_number_text(text, strlen(numbers[i])));
		free(text);
	}
	for (size_t i = 0; i < ARRAY_LEN(no_numbers); i++) {
		char *text = exact(no_numbers[i], strlen(no_numbers[i]));

		if (json_is_number_text(text, strlen(no_numbers[i])))
			fail_msg("%s is no number", no_numbers[i]);
		free(text);
	}
	assert_false(json_is_number_text("1\0", 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rewrites),
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
