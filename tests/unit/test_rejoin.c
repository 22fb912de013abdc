/*
 * Answers that were right but for a name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "eke/base/attrs.h"
#include "eke/complete/rejoin.h"

static void test_cases(void **state)
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
		size_t at = rejoin_find(table[i].answer, len, table[i].typed, strlen(table[i].typed));
		const char *rest = at == REJOIN_NEVER ? NULL : table[i].answer + at;

		if (!rest != !table[i].rest || (rest && strcmp(rest, table[i].rest)))
			fail_msg("[%s], typed [%s]: [%s], wanted [%s]", table[i].answer, table[i].typed, rest ? rest : "never",
				 table[i].rest ? table[i].rest : "never");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
