/*
 * What is shown of texts that would drive a terminal: replaced, written as JSON, taken out, and blanked in a log.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/printable.h"

#define R "\xEF\xBF\xBD"

static const struct {
	const char *text;
	const char *shown;    /* NULL: as it is */
	const char *stripped; /* NULL: as it is */
	const char *logged;   /* NULL: as it is */
} cases[] = {
	{ "", NULL, NULL, NULL },
	{ "plain, w\xC3\xB6rld: \xE4\xBD\xA0 \xF0\x9F\x98\x80", NULL, NULL, NULL },
	{ "a\nb\tc", NULL, NULL, "a b c" },
	{ "a\r\nb", "a" R "\nb", "a\nb", "a  b" },
	{ "bad \033[31mred\033[0m", "bad " R "[31mred" R "[0m", "bad red", "bad  [31mred [0m" },
	{ "\033[38;5;196;1mx\033[?25ly\033[ qz", R "[38;5;196;1mx" R "[?25ly" R "[ qz", "xyz",
	  " [38;5;196;1mx [?25ly [ qz" },
	{ "a\033]0;title\007b", "a" R "]0;title" R "b", "ab", "a ]0;title b" },
	{ "a\033]8;;http://x\033\\b\033]8;;\033\\c", "a" R "]8;;http://x" R "\\b" R "]8;;" R "\\c", "abc",
	  "a ]8;;http://x \\b ]8;; \\c" },
	{ "a\033Pq\033\\b\033_x\033\\c\033(Bd\0337e\033cf", "a" R "Pq" R "\\b" R "_x" R "\\c" R "(Bd" R "7e" R "cf",
	  "abcdef", "a Pq \\b _x \\c (Bd 7e cf" },
	/* One that has no end takes its line at most. */
	{ "a\033]0;open\nb", "a" R "]0;open\nb", "a\nb", "a ]0;open b" },
	{ "a\033", "a" R, "a", "a " },
	{ "a\033[31", "a" R "[31", "a", "a [31" },
	/* C1, in UTF-8 and as bytes that a terminal of another encoding would take as such. */
	{ "a\xC2\x9B" "2Jb\xC2\x9D" "0;t\xC2\x9C" "c", "a" R "2Jb" R "0;t" R "c", "abc", "a  2Jb  0;t  c" },
	{ "a\x9B" "2J", "a" R "2J", "a" R "2J", "a?2J" },
	{ "\a\b\x7F\v\f", R R R R R, "", "     " },
	/* Bidi_Control. */
	{ "x\xE2\x80\xAE" "gpj.exe", "x" R "gpj.exe", "xgpj.exe", "x   gpj.exe" },
	{ "\xE2\x80\xAA\xE2\x80\xAB\xE2\x80\xAC\xE2\x80\xAD", R R R R, "", "            " },
	{ "\xE2\x81\xA6\xE2\x81\xA7\xE2\x81\xA8\xE2\x81\xA9", R R R R, "", "            " },
	{ "\xD8\x9C\xE2\x80\x8E\xE2\x80\x8F", R R R, "", "        " },
	/* Their neighbours are letters' or joiners'. */
	{ "\xE2\x80\x8D\xE2\x80\x90\xE2\x81\xA5\xE2\x81\xAA", NULL, NULL, NULL },
	{ R, NULL, NULL, NULL },
};

static void expect(const char *what, const char *text, const char *got, const char *wanted)
{
	if (strcmp(got, wanted) != 0)
		print_message("%s of %s\n", what, text);
	assert_string_equal(got, wanted);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = cases[i].text;
		struct strbuf out;
		char line[128];

		strbuf_init(&out, KIB(1));
		printable_add(&out, text, strlen(text));
		expect("printable_add", text, out.data, cases[i].shown ? cases[i].shown : text);
		strbuf_reset(&out);
		printable_add_stripped(&out, text, strlen(text));
		expect("printable_add_stripped", text, out.data, cases[i].stripped ? cases[i].stripped : text);
		strbuf_release(&out);
		snprintf(line, sizeof(line), "%s", text);
		printable_blank(line);
		expect("printable_blank", text, line, cases[i].logged ? cases[i].logged : text);
	}
}

static void test_nul(void **state)
{
	struct strbuf out;

	(void)state;
	strbuf_init(&out, KIB(1));
	printable_add(&out, "a\0b", 3);
	assert_string_equal(out.data, "a" R "b");
	strbuf_release(&out);
}

static void test_json(void **state)
{
	static const char text[] = "{\"a\":\"\xC2\x9B" "2J \xE2\x80\xAE \x7F \\u001b \xE4\xBD\xA0\"}\n";
	struct strbuf out;

	(void)state;
	strbuf_init(&out, KIB(1));
	printable_add_json(&out, text, strlen(text));
	assert_string_equal(out.data, "{\"a\":\"\\u009b2J \\u202e \\u007f \\u001b \xE4\xBD\xA0\"}\n");
	strbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases), cmocka_unit_test(test_nul),
					    cmocka_unit_test(test_json) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
