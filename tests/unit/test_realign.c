/*
 * Answers that were right but for a name, or for lines in between.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "eke/base/attrs.h"
#include "eke/complete/realign.h"

static void test_words(void **state)
{
	static const struct {
		const char *answer;
		const char *typed;
		const char *rest; /* NULL: never */
	} table[] = {
		{ "total = sum(a, b);", "tot", "al = sum(a, b);" },
		{ "total = sum(a, b);", "count = ", "sum(a, b);" },
		{ "total = sum(a, b);", "count =", " sum(a, b);" },
		{ "total = sum(a, b);", "total = add(", "a, b);" },
		{ "total = sum(a, b);", "count = add(x,", " b);" },
		{ "total = sum(a, b);", "total = summary(", "a, b);" },
		{ "f(a);\n\tg(b);\n", "f(x);\n\tg", "(b);\n" },
		{ "gr\xC3\xBC\xC3\x9F(a);", "gr\xC3\xB6\xC3\x9F(", "a);" },
		/* The word is still being typed, or only a blank speaks for it. */
		{ "total = sum(a, b);", "coun", NULL },
		{ "total = sum(a, b);", "count", NULL },
		{ "total = sum(a, b);", "count ", NULL },
		{ "return x;", "if ", NULL },
		{ "return x;", "if (", NULL },
		/* No words, or another text. */
		{ "a + b;", "a - ", NULL },
		{ "(a);", "a);", NULL },
		{ "total", "count = ", NULL },
		{ "a(b(c(d(e(f", "1(2(3(4(5(", NULL },
		{ "total = sum(a, b);", "total = sum(a, b);", NULL },
		{ "", "a", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		size_t len = strlen(table[i].answer);
		struct realign_words words;
		size_t at = realign_by_words(table[i].answer, len, table[i].typed, strlen(table[i].typed), &words);
		const char *rest = at == REALIGN_NEVER ? NULL : table[i].answer + at;

		if (!rest != !table[i].rest || (rest && strcmp(rest, table[i].rest)))
			fail_msg("[%s], typed [%s]: [%s], wanted [%s]", table[i].answer, table[i].typed, rest ? rest : "never",
				table[i].rest ? table[i].rest : "never");
	}
}

#define ENDING "f);\n\tend();\n"
#define MIDDLE "if (x) {\n\t\tthird();\n\t}\n\tif (x) {\n\t\tfourth();\n\t}\n\tsecond(bcde" ENDING
#define ANSWER "first(a);\n\tsecond(bcdef);\n\n\t" MIDDLE

static void test_lines(void **state)
{
	static const struct {
		const char *before;
		size_t reached;
		const char *rest; /* NULL: never */
	} table[] = {
		{ "own();\n\tsecond(bcdef);\n\n\t", 0, MIDDLE },
		{ "own();\n\tsecond(bcdef);\n\te", 0, "nd();\n" },
		/* The line stands there twice, unless one of them was typed through, or those before it tell. */
		{ "own();\n\tsecond(bcde", 0, NULL },
		{ "own();\n\tsecond(bcde", 30, ENDING },
		{ "own();\n\t\tfourth();\n\t}\n\tsecond(bcde", 0, ENDING },
		/* All of it is behind the typing. */
		{ "own();\n\tsecond(bcde", sizeof(ANSWER) - 1, NULL },
		/* Too short, by itself and with what is before it. */
		{ "own();\n\te", 0, NULL },
		{ "\n\n\n\n\n\n", 0, NULL },
		{ "if (x) {\n\t\tthi", 0, NULL },
		/* Not from its beginning, or another text. */
		{ "own();\n\tx = second(bcde", 30, NULL },
		{ "own();\n\tsecond(bcdx", 30, NULL },
		/* The first line of the document may have begun before what is known of it; nor is the answer's a whole one. */
		{ "\tsecond(bcde", 30, NULL },
		{ "own();\nfirst(a);\n\tsecond(bcde", 0, NULL },
		/* Nothing goes on. */
		{ "own();\n\tsecond(bcdef);\n\tend();\n", 0, NULL },
		{ "", 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		size_t at = realign_by_lines(
			ANSWER, strlen(ANSWER), table[i].reached, table[i].before, strlen(table[i].before));
		const char *rest = at == REALIGN_NEVER ? NULL : &ANSWER[at];

		if (!rest != !table[i].rest || (rest && strcmp(rest, table[i].rest)))
			fail_msg("[%s], reached %zu: [%s], wanted [%s]", table[i].before, table[i].reached, rest ? rest : "never",
				table[i].rest ? table[i].rest : "never");
	}
	assert_true(realign_by_lines("", 0, 0, "own();\n\tsecond(bcdef);", 22) == REALIGN_NEVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_words), cmocka_unit_test(test_lines) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
