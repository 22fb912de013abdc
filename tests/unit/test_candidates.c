/*
 * Several suggestions out of one answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "eke/base/attrs.h"
#include "eke/post/candidates.h"

static void test_split(void **state)
{
	static const struct {
		const char *answer;
		unsigned tag_number;
		size_t wanted;
		const char *parts[CANDIDATES_MAX + 1]; /* a '+' before those that are closed */
	} table[] = {
		{ "<completion>a</completion>", 0, 1, { "<completion>a</completion>" } },
		{ "<completion>a</completion><completion>b</completion>", 0, 1,
		  { "<completion>a</completion><completion>b</completion>" } },
		{ "<completion>a</completion>\n<completion>b</completion>\n", 0, 3,
		  { "+<completion>a</completion>", "+\n<completion>b</completion>" } },
		{ "<completion>a</Completion><completion>b", 0, 2, { "+<completion>a</Completion>", "<completion>b" } },
		/* More than were asked for. */
		{ "a</completion>b</completion>c</completion>", 0, 2, { "+a</completion>", "+b</completion>" } },
		{ "a</completion>b</completion>c</completion>d</completion>", 0, 3,
		  { "+a</completion>", "+b</completion>", "+c</completion>" } },
		/* The document is about such tags. */
		{ "<completion1>x</completion>y</completion1>", 1, 2, { "+<completion1>x</completion>y</completion1>" } },
		{ "bare text < 3", 0, 3, { "bare text < 3" } },
		{ "a</completio", 0, 3, { "a</completio" } },
		{ "", 0, 3, { "" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct candidate out[CANDIDATES_MAX];
		size_t n = candidates_split(
			table[i].answer, strlen(table[i].answer), table[i].tag_number, table[i].wanted, out);
		size_t k = 0;

		for (; table[i].parts[k]; k++) {
			const char *part = table[i].parts[k];
			bool closed = *part == '+';

			part += closed;
			assert_true(k < n);
			assert_int_equal(out[k].closed, closed);
			assert_int_equal(out[k].len, strlen(part));
			assert_memory_equal(out[k].text, part, out[k].len);
		}
		assert_int_equal(n, k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_split) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
