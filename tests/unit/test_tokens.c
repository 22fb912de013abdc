/*
 * The guess of tokens on small texts (tests/e2e/tokens.test.mjs compares it with a real vocabulary on large ones), and
 * the scales: on simulated endpoints the corrected estimate stays above the truth, and close to it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/upstream/tokens.h"

static void test_estimate(void **state)
{
	/* What cl100k or o200k counts, whichever is more, and how far above it the guess may be. */
	static const struct {
		const char *text;
		size_t truth;
		size_t most;
	} table[] = {
		{ "", 0, 0 },
		{ "hello world", 2, 3 },
		{ "    return x;\n", 4, 5 },
		{ "for (int i = 0; i < n; i++) {", 15, 18 },
		{ "1234567", 3, 4 },
		{ "计算两个数的和", 7, 11 },
		{ "\n\n\n\n\n\n\n\n", 1, 2 },
		{ "\t\t\t\tx", 2, 4 },
		{ "====================================", 2, 3 },
		{ "getElementById(someLongVariableName)", 10, 14 },
		{ "XMLHttpRequest", 3, 5 },
		{ "a\n\n    b", 4, 5 },
		{ "😀", 2, 4 },
	};
	char *blanks = xmalloc(10001);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		size_t got = tokens_estimate(table[i].text, strlen(table[i].text));

		if (got < table[i].truth || got > table[i].most)
			fail_msg("\"%s\": %zu", table[i].text, got);
	}
	/* A wall of blanks is few tokens, but not none: 79. */
	memset(blanks, ' ', 10000);
	assert_in_range(tokens_estimate(blanks, 10000), 79, 1000);
	free(blanks);
}

/* What is cut by bisection relies on it: a longer text is not fewer tokens. */
static void test_grows(void **state)
{
	static const char text[] = "static int x_y(const char *s)\r\n{\n\t\t  return aBcDEf12ab(\"é 你好 😀\") == 0x1F ? "
				   "ABCdef : ---- ;\n\t\t\t\"key\": {   5,  x },\n}\n";
	size_t before = 0;

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		size_t now = tokens_estimate(text, len);

		/* A character that is cut counts for each of its bytes. */
		if (((unsigned char)text[len] & 0xC0) == 0x80)
			continue;
		assert_true(now >= before);
		before = now;
	}
}

static void test_messages(void **state)
{
	static const struct request_message messages[] = { { "system", "hello world", 11 }, { "user", "", 0 } };

	(void)state;
	assert_int_equal(tokens_estimate_messages(messages, 0), TOKENS_PER_PROMPT);
	assert_int_equal(tokens_estimate_messages(messages, 2),
			 TOKENS_PER_PROMPT + 2 * TOKENS_PER_MESSAGE + tokens_estimate("hello world", 11));
}

/* --- the scales --- */

static uint64_t seed;

/* From 0 to 1. xorshift64*, so that a run is the same everywhere. */
static double uniform(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (double)((seed * UINT64_C(0x2545F4914F6CDD1D)) >> 11) / (double)(UINT64_C(1) << 53);
}

/* Nearly normal. */
static double around(double mean, double deviation)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += uniform();
	return mean + deviation * sum;
}

enum { RUN = 400, WARM = 20 };

static double steady(int i)
{
	(void)i;
	return around(0.9, 0.03);
}

static double wide(int i)
{
	(void)i;
	return 0.6 + 0.4 * uniform();
}

static double above(int i)
{
	(void)i;
	return around(1.15, 0.05);
}

static double low(int i)
{
	(void)i;
	return around(0.6, 0.02);
}

static double drifting(int i)
{
	return around(0.7 + 0.3 * i / RUN, 0.03);
}

/* Two kinds of text, the one that takes more in every second, tenth, twentieth prompt, or in turns of 40. */
static double two_kinds(bool other)
{
	return other ? around(0.95, 0.02) : around(0.6, 0.02);
}

static double half(int i)
{
	(void)i;
	return two_kinds(uniform() < 0.5);
}

static double tenth(int i)
{
	(void)i;
	return two_kinds(uniform() < 0.1);
}

static double twentieth(int i)
{
	(void)i;
	return two_kinds(uniform() < 0.05);
}

static double turns(int i)
{
	return two_kinds(i / 40 % 2);
}

static void test_simulated(void **state)
{
	static const struct {
		const char *name;
		double (*ratio)(int i);
		double most_above; /* how far the estimate may be above the truth, on average */
	} endpoints[] = {
		{ "steady", steady, 1.12 }, { "wide", wide, 1.35 }, { "above", above, 1.13 }, { "low", low, 1.12 },
		{ "drifting", drifting, 1.12 }, { "half", half, 1.45 }, { "tenth", tenth, 1.6 },
		{ "twentieth", twentieth, 1.6 }, { "turns", turns, 1.45 },
	};

	(void)state;
	seed = UINT64_C(88172645463325252);
	for (size_t e = 0; e < ARRAY_LEN(endpoints); e++) {
		size_t below = 0;
		size_t total = 0;
		double above_by = 0;

		for (int round = 0; round < 20; round++) {
			struct token_scales *scales = token_scales_new();

			for (int i = 0; i < RUN; i++) {
				size_t raw = 200 + (size_t)(uniform() * 4000);
				size_t truth = (size_t)((double)raw * endpoints[e].ratio(i));
				size_t estimate = tokens_of(scales, "free", "gpt-4o-mini", raw);

				if (i >= WARM) {
					below += estimate < truth;
					above_by += (double)estimate / (double)truth;
					total++;
				}
				tokens_learn(scales, "free", "gpt-4o-mini", raw, (int64_t)truth);
			}
			token_scales_free(scales);
		}
		if (below * 20 > total || above_by / (double)total > endpoints[e].most_above)
			fail_msg("%s: %.1f%% below the truth, %.3f above on average", endpoints[e].name,
				 100.0 * (double)below / (double)total, above_by / (double)total);
	}
}

/* tokens_room() is what tokens_of() lets in, exactly. */
static void test_room(void **state)
{
	static const int64_t truths[] = { 0, 300, 600, 1000, 1370, 2000 };
	struct token_scales *scales;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(truths); i++) {
		scales = token_scales_new();
		tokens_learn(scales, "a", "b", 1000, truths[i]);
		for (size_t cap = 0; cap < 5000; cap += 7) {
			size_t room = tokens_room(scales, "a", "b", cap);

			assert_true(tokens_of(scales, "a", "b", room) <= cap);
			assert_true(tokens_of(scales, "a", "b", room + 1) > cap);
			assert_int_equal(tokens_room(scales, "a", "other", cap), cap);
		}
		token_scales_free(scales);
	}
}

static void test_unknown(void **state)
{
	struct token_scales *scales = token_scales_new();

	(void)state;
	assert_int_equal(tokens_of(scales, "a", "b", 1000), 1000);
	assert_int_equal(tokens_of(scales, "a", "b", 0), 0);
	/* One answer below the guess does not make us more careful. */
	tokens_learn(scales, "a", "b", 1000, 700);
	assert_in_range(tokens_of(scales, "a", "b", 1000), 700, 1020);
	/* Other pairs know nothing of it. */
	tokens_learn(scales, "a", "b", 1000, 1400);
	assert_in_range(tokens_of(scales, "a", "b", 1000), 1400, 1500);
	assert_int_equal(tokens_of(scales, "a", "c", 1000), 1000);
	assert_int_equal(tokens_of(scales, "b", "b", 1000), 1000);
	token_scales_free(scales);
	token_scales_free(NULL);
}

static void test_nonsense(void **state)
{
	static const struct {
		size_t raw;
		int64_t truth;
	} ignored[] = {
		{ 1000, 0 }, { 1000, -5 }, { 1000, 199 }, { 199, 1000 }, { 0, 0 }, { 0, 1000 }, { 1000, INT64_MIN },
	};
	struct token_scales *scales = token_scales_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		tokens_learn(scales, "a", "b", ignored[i].raw, ignored[i].truth);
	assert_int_equal(tokens_of(scales, "a", "b", 1000), 1000);
	for (int i = 0; i < 100; i++)
		tokens_learn(scales, "a", "b", 1000, INT64_MAX);
	assert_int_equal(tokens_of(scales, "a", "b", 1000), 1500);
	for (int i = 0; i < 2000; i++)
		tokens_learn(scales, "a", "b", SIZE_MAX / 2, 200);
	assert_in_range(tokens_of(scales, "a", "b", 1000), 500, 530);
	token_scales_free(scales);
}

static void test_refused(void **state)
{
	struct token_scales *scales = token_scales_new();

	(void)state;
	/* Believed to fit, refused: it no longer fits. */
	tokens_refused(scales, "a", "b", 4000, 4096);
	assert_true(tokens_of(scales, "a", "b", 4000) > 4096);
	/* Not believed to fit: nothing new. */
	assert_int_equal(tokens_of(scales, "a", "c", 5000), 5000);
	tokens_refused(scales, "a", "c", 5000, 4096);
	assert_int_equal(tokens_of(scales, "a", "c", 5000), 5000);
	/* Again and again, to the bound. */
	for (int i = 0; i < 50; i++) {
		size_t raw = 4000;

		while (tokens_of(scales, "a", "b", raw) > 4096)
			raw -= 10;
		tokens_refused(scales, "a", "b", raw, 4096);
	}
	assert_int_equal(tokens_of(scales, "a", "b", 1000), 1500);
	/* Answers bring it back. */
	for (int i = 0; i < 1000; i++)
		tokens_learn(scales, "a", "b", 1000, 900);
	assert_in_range(tokens_of(scales, "a", "b", 1000), 900, 950);
	token_scales_free(scales);
}

static void test_bound(void **state)
{
	struct token_scales *scales = token_scales_new();
	char model[24];

	(void)state;
	for (int i = 0; i < LIMIT_TOKEN_SCALES; i++) {
		snprintf(model, sizeof(model), "m%d", i);
		tokens_learn(scales, "a", model, 1000, 1300);
	}
	/* The first is used again, so the second goes. */
	tokens_learn(scales, "a", "m0", 1000, 1300);
	tokens_learn(scales, "a", "new", 1000, 1300);
	assert_true(tokens_of(scales, "a", "m0", 1000) > 1200);
	assert_int_equal(tokens_of(scales, "a", "m1", 1000), 1000);
	assert_true(tokens_of(scales, "a", "m2", 1000) > 1200);
	assert_true(tokens_of(scales, "a", "new", 1000) > 1200);
	token_scales_free(scales);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_estimate),
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_simulated),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_bound),
	};

	return cmocka_run_group_tests_name("tokens", tests, NULL, NULL);
}
