/*
 * Is a place worth a request? Cases as data: the text around the cursor (at |), what there is to spend, and what is
 * decided.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "eke/base/attrs.h"
#include "eke/complete/admission.h"

static struct admission decide(const char *text, const char *language, const struct admission_history *history,
			       const struct admission_budget *budget, int64_t debounce_ms)
{
	const char *cursor = strchr(text, '|');
	struct admission_input in = { .debounce_ms = debounce_ms };
	struct admission out;

	assert_non_null(cursor);
	in.context = (struct admission_context){ .before = text,
		.before_len = (size_t)(cursor - text),
		.after = cursor + 1,
		.after_len = strlen(cursor + 1),
		.language = language };
	if (history)
		in.history = *history;
	if (budget)
		in.budget = *budget;
	admission_decide(&in, &out);
	assert_true(out.score >= 0 && out.score <= 1);
	assert_true(out.reason[0]);
	return out;
}

enum wait { AT_ONCE, SHORT, LONG, NEVER };

static enum wait wait_of(const struct admission *a)
{
	if (!a->admitted)
		return NEVER;
	return a->delay_ms <= 30 ? AT_ONCE : a->delay_ms <= 300 ? SHORT : LONG;
}

/* --- places, with nothing to save and with little left --- */

static void test_places(void **state)
{
	static const struct admission_budget scarce = { .counted = true, .tokens = 1.2, .burst = 8, .level = 0.2 };
	static const struct {
		const char *text;
		const char *language;
		enum wait free;
		enum wait scarce;
	} table[] = {
		{ "int f(void)\n{\n\t|\n}\n", "c", AT_ONCE, SHORT },
		{ "int f(void)\n{\n\tint x = |\n}\n", "c", AT_ONCE, LONG },
		{ "int f(void)\n{\n\tcall(|)\n}\n", "c", AT_ONCE, LONG },
		{ "int f(void)\n{\n\tp->|\n}\n", "c", AT_ONCE, LONG },
		{ "int f(void)\n{\n\tretu|\n}\n", "c", SHORT, NEVER },
		{ "int f(void)\n{\n\tr|\n}\n", "c", SHORT, NEVER },
		{ "int f(void)\n{\n\treturn x;|\n}\n", "c", LONG, NEVER },
		/* In the middle of a word, and after a statement with more behind it: not even by waiting. */
		{ "int to|tal = 0;\n", "c", NEVER, NEVER },
		{ "x = 1; |y = 2;\n", "c", SHORT, NEVER },
		{ "f();|g();\n", "c", NEVER, NEVER },
		/* Text to the right, which a suggestion would fight with. */
		{ "int x = | + other;\n", "c", SHORT, NEVER },
		/* A comment is worth less than code, a string too. */
		{ "/*\n * This |\n */\n", "c", AT_ONCE, LONG },
		{ "def f():\n    |\n", "python", AT_ONCE, SHORT },
		{ "def f():\n    return |\n", "python", AT_ONCE, LONG },
		{ "|", "c", LONG, NEVER },
		{ "# Title\n\n|", "markdown", AT_ONCE, LONG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct admission a = decide(table[i].text, table[i].language, NULL, NULL, ADMISSION_ADAPTIVE);
		struct admission s = decide(table[i].text, table[i].language, NULL, &scarce, ADMISSION_ADAPTIVE);

		if (wait_of(&a) != table[i].free || wait_of(&s) != table[i].scarce)
			fail_msg("[%s]: %d and %d (%s, %lld ms; %s, %lld ms), wanted %d and %d", table[i].text, (int)wait_of(&a),
				 (int)wait_of(&s), a.reason, (long long)a.delay_ms, s.reason, (long long)s.delay_ms,
				 (int)table[i].free, (int)table[i].scarce);
	}
}

/* --- the budget --- */

static void test_budget(void **state)
{
	static const char line[] = "int f(void)\n{\n\t|\n}\n";
	double bar = 0;

	(void)state;
	/* The emptier the bucket, the higher the bar; without a token there is no way. */
	for (double tokens = 8; tokens >= 1; tokens -= 0.5) {
		struct admission_budget b = { .counted = true, .tokens = tokens, .burst = 8, .level = 0.5 };
		struct admission a = decide(line, "c", NULL, &b, ADMISSION_ADAPTIVE);

		assert_true(a.admitted);
		assert_true(a.bar >= bar);
		bar = a.bar;
	}
	struct admission_budget none = { .counted = true, .tokens = 0.9, .burst = 8, .level = 0.5, .wait_ms = 41000 };
	struct admission a = decide(line, "c", NULL, &none, ADMISSION_ADAPTIVE);

	assert_false(a.admitted);
	assert_non_null(strstr(a.reason, "41 s"));
	a = decide(line, "c", NULL, &none, 0);
	assert_false(a.admitted);
	/* A full hour bears more than one that is almost over. */
	struct admission_budget full = { .counted = true, .tokens = 3, .burst = 8, .level = 1 };
	struct admission_budget rest = { .counted = true, .tokens = 3, .burst = 8, .level = 0.1 };

	assert_true(decide(line, "c", NULL, &full, -1).bar < decide(line, "c", NULL, &rest, -1).bar);
}

/* --- what happened before --- */

static void test_history(void **state)
{
	static const char text[] = "int f(void)\n{\n\tint x = |\n}\n";
	struct admission_history h = { 0 };
	double score = 1;

	(void)state;
	for (h.rejected = 0; h.rejected < 4; h.rejected++) {
		struct admission a = decide(text, "c", &h, NULL, ADMISSION_ADAPTIVE);

		assert_true(a.score < score);
		score = a.score;
	}
	h = (struct admission_history){ .requests_on_line = 2 };
	assert_true(decide(text, "c", &h, NULL, -1).score < decide(text, "c", NULL, NULL, -1).score);
	/* Another request is under way: no second one without a pause. */
	h = (struct admission_history){ .inflight = true };
	assert_true(decide(text, "c", &h, NULL, -1).delay_ms > decide(text, "c", NULL, NULL, -1).delay_ms);
}

static void test_rhythm(void **state)
{
	static const char text[] = "int f(void)\n{\n\tretu|\n}\n";
	struct admission_history fast = { .gap_ms = 80 };
	struct admission_history slow = { .gap_ms = 300 };
	struct admission_history never = { .gap_ms = 100000 };

	(void)state;
	assert_true(decide(text, "c", &fast, NULL, -1).delay_ms > 80);
	assert_true(decide(text, "c", &slow, NULL, -1).delay_ms > 300);
	assert_true(decide(text, "c", &slow, NULL, -1).delay_ms > decide(text, "c", &fast, NULL, -1).delay_ms);
	assert_true(decide(text, "c", &never, NULL, -1).delay_ms < 1000);
	/* The user's own number is obeyed wherever it is. */
	assert_int_equal(decide(text, "c", &slow, NULL, 0).delay_ms, 0);
	assert_int_equal(decide("x\n|", "c", NULL, NULL, 350).delay_ms, 350);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_rhythm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
