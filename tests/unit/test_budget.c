/*
 * The count: window arithmetic and patterns as tables, and the gate on a clock that the test moves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/budget/budget.h"
#include "eke/budget/window.h"
#include "eke/io/loop.h"

/* 2026-11-24T03:00:00Z */
#define NOW INT64_C(1795489200)

static const char *const all[] = { "*", NULL };

/* --- one window --- */

static const struct {
	int64_t limit;
	int64_t period;
	int64_t now;
	int64_t times[6];
	size_t count;
	int64_t used;
	int64_t remaining;
	int64_t reset_at;
} windows[] = {
	{ 60, 3600, 10000, { 0 }, 0, 0, 60, 10000 },
	{ 60, 3600, 10000, { 10000 }, 1, 1, 59, 13600 },
	{ 60, 3600, 10000, { 9000, 9500, 10000 }, 3, 3, 57, 12600 },
	/* in any order */
	{ 60, 3600, 10000, { 10000, 9000, 9500 }, 3, 3, 57, 12600 },
	/* what happened a period ago has just left; a second less has not */
	{ 60, 3600, 10000, { 6400 }, 1, 0, 60, 10000 },
	{ 60, 3600, 10000, { 6401 }, 1, 1, 59, 10001 },
	{ 60, 3600, 10000, { 6399, 6400, 6401, 6402 }, 4, 2, 58, 10001 },
	/* never negative */
	{ 2, 3600, 10000, { 9000, 9001, 9002, 9003 }, 4, 4, 0, 12600 },
	{ 3, 3600, 10000, { 9000, 9001, 9002 }, 3, 3, 0, 12600 },
	{ 1, 1, 10000, { 9999 }, 1, 0, 1, 10000 },
	{ 1, 1, 10000, { 10000 }, 1, 1, 0, 10001 },
	/* the clock was set back: the future counts */
	{ 60, 3600, 10000, { 20000, 9999999 }, 2, 2, 58, 23600 },
	{ 60, 86400, 10, { 0, 5 }, 2, 2, 58, 86400 },
};

static void test_windows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(windows); i++) {
		for (int kind = PLAN_SLIDING; kind <= PLAN_CALENDAR; kind++) {
			struct plan_window window = { .models = all, .limit = windows[i].limit,
						      .period = windows[i].period, .kind = (enum plan_kind)kind };
			struct window_state s;

			window_evaluate(&window, windows[i].times, windows[i].count, windows[i].now, &s);
			assert_int_equal(s.limit, windows[i].limit);
			assert_int_equal(s.used, windows[i].used);
			assert_int_equal(s.remaining, windows[i].remaining);
			assert_int_equal(s.reset_at, windows[i].reset_at);
		}
	}
}

static const struct {
	const char *pattern;
	const char *model;
	bool matches;
} patterns[] = {
	{ "*", "", true },		 { "*", "gpt-4o", true },	  { "", "", true },
	{ "", "x", false },		 { "gpt-4o", "gpt-4o", true },	  { "gpt-4o", "gpt-4o-mini", false },
	{ "gpt-4o", "GPT-4o", false },	 { "gpt-4o-mini", "gpt-4o", false }, { "gpt-4o*", "gpt-4o", true },
	{ "gpt-4o*", "gpt-4o-mini", true }, { "*-mini", "gpt-4o-mini", true }, { "*-mini", "gpt-4o-mini-2", false },
	{ "gpt-*-mini", "gpt-4o-mini", true }, { "gpt-*-mini", "gpt--mini", true }, { "gpt-*-mini", "gpt-mini", false },
	{ "*a*b*", "xxaxxbxx", true },	 { "*a*b*", "xxbxxaxx", false },  { "**", "x", true },
	{ "a**b", "ab", true },		 { "*ab", "aab", true },	  { "*aab", "aaaab", true },
	{ "a*b*c", "abcbc", true },	 { "a*b*c", "abcb", false },	  { "gpt-5.*", "gpt-5.1", true },
	{ "gpt-5.*", "gpt-5-1", false }, { "?", "x", false },		  { "[a]", "a", false },
	{ "*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
};

static void test_patterns(void **state)
{
	static const char *const several[] = { "gpt-5", "gpt-5-chat*", NULL };
	const struct plan_window two = { .models = several };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		const char *const models[] = { patterns[i].pattern, NULL };
		const struct plan_window window = { .models = models };

		if (window_counts_model(&window, patterns[i].model) != patterns[i].matches)
			fail_msg("%s against %s", patterns[i].pattern, patterns[i].model);
	}
	assert_true(window_counts_model(&two, "gpt-5"));
	assert_true(window_counts_model(&two, "gpt-5-chat-latest"));
	assert_false(window_counts_model(&two, "gpt-5-mini"));
}

static const struct {
	int64_t limit;
	double reserve;
	int64_t reserved;
} reserves[] = {
	{ 60, 0, 0 },	 { 60, 0.34, 21 }, { 60, 0.5, 30 },  { 60, 1, 60 },	{ 1, 0.34, 1 },	   { 1, 0, 0 },
	{ 3, 0.34, 2 },	 { 100, 0.1, 10 }, { 100, 0.07, 7 }, { 100, 0.29, 29 }, { 1000, 0.001, 1 }, { 1000, 0.0011, 2 },
	{ 100000, 0.57, 57000 },
};

static void test_reserved(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(reserves); i++)
		assert_int_equal(window_reserved(reserves[i].limit, reserves[i].reserve), reserves[i].reserved);
}

/* --- the gate --- */

static const char *const cheap[] = { "mini*", NULL };
static const struct plan five_an_hour = {
	.name = "five",
	.windows = { { PLAN_SCOPE_MACHINE, all, 5, 3600, PLAN_SLIDING, NULL } },
	.window_count = 1,
};
static const struct plan by_key = {
	.name = "by-key",
	.windows = { { PLAN_SCOPE_KEY, all, 3, 3600, PLAN_SLIDING, NULL },
		     { PLAN_SCOPE_MACHINE, all, 4, 60, PLAN_SLIDING, NULL },
		     { PLAN_SCOPE_KEY, cheap, 1, 3600, PLAN_SLIDING, NULL } },
	.window_count = 3,
};
static const struct plan unlimited = { .name = "unlimited" };

static const struct config_endpoint endpoints[] = {
	{ .name = "a", .plan = &five_an_hour },
	{ .name = "b", .plan = &five_an_hour },
	{ .name = "k1", .plan = &by_key },
	{ .name = "k2", .plan = &by_key },
	{ .name = "u", .plan = &unlimited },
};

enum { A, B, K1, K2, U };

static struct loop *loop;

static int setup(void **state)
{
	clock_set_for_test(NOW * 1000, 0);
	loop = loop_new();
	*state = budget_new(loop);
	return 0;
}

static int teardown(void **state)
{
	budget_free(*state);
	loop_free(loop);
	clock_unset_for_test();
	return 0;
}

static struct {
	bool came;
	uint64_t id;
	struct err err;
} told;

static void on_told(void *ctx, uint64_t reservation, const struct err *err)
{
	assert_false(told.came);
	told.came = true;
	told.id = reservation;
	told.err = err ? *err : (struct err)ERR_INIT;
	loop_stop(ctx);
}

static bool reserve(struct budget *budget, int endpoint, const char *model, enum budget_use use, double share,
	uint64_t *id, struct err *err)
{
	struct budget_request request = { .endpoint = &endpoints[endpoint], .model = model, .use = use, .reserve = share };
	uint64_t number = budget_reserve(budget, &request, on_told, loop);

	assert_int_not_equal(number, 0);
	told.came = false;
	loop_run(loop);
	assert_true(told.came);
	assert_true(told.id == number);
	if (told.err.kind == ERR_NONE)
		*id = number;
	else
		*err = told.err;
	return told.err.kind == ERR_NONE;
}

static void refuse(struct budget *budget, int endpoint, int64_t retry_at, const char *message)
{
	struct budget_refusal refusal = { .retry_at = retry_at, .scope = "", .message = message };
	struct err err;
	uint64_t id;

	assert_true(reserve(budget, endpoint, "m", BUDGET_EXPLICIT, 0, &id, &err));
	budget_refused(budget, id, &refusal);
}

/* What happens at which second, and what the gate says. */
struct step {
	int64_t at; /* seconds from NOW */
	int endpoint;
	const char *model;
	enum budget_use use;
	double share;
	bool admitted;
	int64_t retry_at;    /* seconds from NOW */
	const char *scope;
	const char *message; /* a part */
};

static void run(struct budget *budget, const struct step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct step *s = &steps[i];
		uint64_t id = 0;
		struct err err = ERR_INIT;

		clock_set_for_test((NOW + s->at) * 1000 + 999, 0);
		if (reserve(budget, s->endpoint, s->model, s->use, s->share, &id, &err) != s->admitted)
			fail_msg("step %zu: %s", i, s->admitted ? err.message : "was let through");
		if (s->admitted) {
			assert_int_equal(err.kind, ERR_NONE);
			assert_int_not_equal(id, 0);
			continue;
		}
		assert_int_equal(id, 0);
		assert_int_equal(err.kind, ERR_BUDGET);
		assert_int_equal(err.retry_at, NOW + s->retry_at);
		assert_string_equal(err.blocked_scope, s->scope);
		assert_string_equal(err.endpoint, endpoints[s->endpoint].name);
		if (!strstr(err.message, s->message))
			fail_msg("step %zu: %s", i, err.message);
	}
}

#define YES(at, endpoint, model, use, share) { at, endpoint, model, use, share, true, 0, NULL, NULL }
#define NO(at, endpoint, model, use, share, retry, scope, message) \
	{ at, endpoint, model, use, share, false, retry, scope, message }
#define AUTO BUDGET_AUTOMATIC
#define ASKED BUDGET_EXPLICIT
#define ALL_USED "the plan five allows 5 requests in this time and all are used: wait, or use another endpoint"

static void test_sliding(void **state)
{
	static const struct step steps[] = {
		YES(0, A, "m", ASKED, 0),
		YES(1, A, "m", AUTO, 0),
		YES(2, A, "n", ASKED, 0),
		YES(2, A, "m", ASKED, 0),
		YES(3599, A, "m", ASKED, 0),
		NO(3599, A, "m", ASKED, 0, 3600, "machine", ALL_USED),
		NO(3599, A, "m", AUTO, 0, 3600, "machine", ALL_USED),
		/* One leaves, one may come. */
		YES(3600, A, "m", ASKED, 0),
		NO(3600, A, "m", ASKED, 0, 3601, "machine", ALL_USED),
		YES(3601, A, "m", ASKED, 0),
		YES(3602, A, "m", ASKED, 0),
		YES(3602, A, "m", ASKED, 0),
		NO(3602, A, "m", ASKED, 0, 7199, "machine", ALL_USED),
		/* After a long time all of it. */
		YES(20000, A, "m", ASKED, 0),
		YES(20000, A, "m", ASKED, 0),
		YES(20000, A, "m", ASKED, 0),
		YES(20000, A, "m", ASKED, 0),
		YES(20000, A, "m", ASKED, 0),
		NO(20000, A, "m", ASKED, 0, 23600, "machine", ALL_USED),
		/* The clock was set back: nothing is won. */
		NO(10, A, "m", ASKED, 0, 23600, "machine", ALL_USED),
	};

	run(*state, steps, ARRAY_LEN(steps));
}

/* Two endpoints with one plan share the machine's window. */
static void test_machine(void **state)
{
	static const struct step steps[] = {
		YES(0, A, "m", ASKED, 0), YES(1, B, "m", ASKED, 0), YES(2, A, "m", ASKED, 0),
		YES(3, B, "m", ASKED, 0), YES(4, B, "m", ASKED, 0),
		NO(5, A, "m", ASKED, 0, 3600, "machine", ALL_USED),
		NO(5, B, "m", ASKED, 0, 3600, "machine", ALL_USED),
		/* Another plan is another count. */
		YES(5, K1, "m", ASKED, 0),
		YES(5, U, "m", AUTO, 1),
	};

	run(*state, steps, ARRAY_LEN(steps));
}

/* Every window must admit, each in its scope and for its models. */
static void test_scopes(void **state)
{
	static const struct step steps[] = {
		YES(0, K1, "mini-1", ASKED, 0),
		NO(0, K1, "mini-2", ASKED, 0, 3600, "key", "the plan by-key allows 1 requests"),
		YES(0, K2, "mini-2", ASKED, 0),
		YES(0, K1, "big", ASKED, 0),
		YES(0, K2, "big", ASKED, 0),
		NO(1, K1, "big", ASKED, 0, 60, "machine", "the plan by-key allows 4 requests"),
		YES(60, K1, "big", ASKED, 0),
		NO(60, K1, "big", ASKED, 0, 3600, "key", "the plan by-key allows 3 requests"),
		YES(60, K2, "big", ASKED, 0),
		NO(61, K2, "big", ASKED, 0, 3600, "key", "the plan by-key allows 3 requests"),
		YES(3600, K2, "mini-1", ASKED, 0),
	};

	run(*state, steps, ARRAY_LEN(steps));
}

#define KEPT(n) "the last " #n " of 5 requests are kept for chat and manual completions"

static void test_reserve(void **state)
{
	static const struct step steps[] = {
		/* 0.34 of 5, rounded up: 2 */
		YES(0, A, "m", AUTO, 0.34), YES(0, A, "m", AUTO, 0.34), YES(0, A, "m", AUTO, 0.34),
		NO(0, A, "m", AUTO, 0.34, 3600, "machine", KEPT(2)),
		NO(0, A, "m", AUTO, 1, 3600, "machine", KEPT(2)),
		/* What is asked for needs no reserve, nor does an automatic one that keeps none. */
		YES(0, A, "m", ASKED, 0.34),
		NO(0, A, "m", AUTO, 0.2, 3600, "machine", KEPT(1)),
		YES(0, A, "m", AUTO, 0),
		NO(0, A, "m", AUTO, 0, 3600, "machine", ALL_USED),
		NO(0, A, "m", ASKED, 0, 3600, "machine", ALL_USED),
	};

	run(*state, steps, ARRAY_LEN(steps));
}

static void test_unlimited(void **state)
{
	struct err err = ERR_INIT;
	uint64_t last = 0;

	for (int i = 0; i < 1000; i++) {
		uint64_t id;

		assert_true(reserve(*state, U, "m", AUTO, 1, &id, &err));
		assert_true(id > last);
		last = id;
	}
	budget_refund(*state, last);
}

static void test_refund(void **state)
{
	struct budget *budget = *state;
	struct err err = ERR_INIT;
	uint64_t ids[5];
	uint64_t id;

	for (int i = 0; i < 5; i++) {
		clock_set_for_test((NOW + i) * 1000, 0);
		assert_true(reserve(budget, A, "m", ASKED, 0, &ids[i], &err));
	}
	assert_false(reserve(budget, A, "m", ASKED, 0, &id, &err));
	/* What is not known changes nothing. */
	budget_refund(budget, 0);
	budget_refund(budget, ids[4] + 100);
	assert_false(reserve(budget, A, "m", ASKED, 0, &id, &err));
	assert_int_equal(err.retry_at, NOW + 3600);
	/* The oldest: the next reset is the second's. */
	budget_refund(budget, ids[0]);
	budget_refund(budget, ids[0]);
	assert_true(reserve(budget, A, "m", ASKED, 0, &id, &err));
	assert_false(reserve(budget, A, "m", ASKED, 0, &id, &err));
	assert_int_equal(err.retry_at, NOW + 3601);
	budget_refund(budget, ids[2]);
	budget_refund(budget, ids[4]);
	assert_true(reserve(budget, B, "m", ASKED, 0, &id, &err));
	assert_true(reserve(budget, A, "m", ASKED, 0, &id, &err));
	assert_false(reserve(budget, A, "m", ASKED, 0, &id, &err));
}

/* --- written --- */

static void expect_json(struct budget *budget, int endpoint, const char *wanted)
{
	struct strbuf out;
	struct json_writer w;

	strbuf_init(&out, KIB(16));
	json_writer_init(&w, &out);
	budget_write(budget, &endpoints[endpoint], &w);
	json_writer_end(&w);
	assert_string_equal(out.data, wanted);
	strbuf_release(&out);
}

static void expect_words(struct budget *budget, int endpoint, const char *wanted)
{
	char words[64];

	budget_describe(budget, &endpoints[endpoint], words, sizeof(words));
	assert_string_equal(words, wanted);
}

#define BUDGET(endpoint, plan, state, windows, more) \
	"{\"endpoint\":\"" endpoint "\",\"plan\":\"" plan "\",\"state\":\"" state "\",\"windows\":[" windows "]" more "}"
#define FIVE(used, remaining, reset) \
	"{\"scope\":\"machine\",\"limit\":5,\"used\":" #used ",\"remaining\":" #remaining \
	",\"resetAt\":\"2026-11-24T" reset \
	"Z\"}"

static void test_written(void **state)
{
	struct budget *budget = *state;
	struct err err = ERR_INIT;
	uint64_t id;

	expect_json(budget, U, BUDGET("u", "unlimited", "unlimited", "", ""));
	expect_words(budget, U, "unlimited");
	expect_json(budget, A, BUDGET("a", "five", "ok", FIVE(0, 5, "03:00:00"), ""));
	expect_words(budget, A, "5 of 5 requests left");
	for (int i = 0; i < 3; i++)
		assert_true(reserve(budget, A, "m", ASKED, 0, &id, &err));
	clock_set_for_test((NOW + 60) * 1000, 0);
	expect_json(budget, A, BUDGET("a", "five", "ok", FIVE(3, 2, "04:00:00"), ""));
	expect_json(budget, B, BUDGET("b", "five", "ok", FIVE(3, 2, "04:00:00"), ""));
	assert_true(reserve(budget, B, "m", ASKED, 0, &id, &err));
	/* a fifth or less */
	expect_json(budget, A, BUDGET("a", "five", "low", FIVE(4, 1, "04:00:00"), ""));
	expect_words(budget, A, "1 of 5 requests left");
	assert_true(reserve(budget, B, "m", ASKED, 0, &id, &err));
	expect_json(budget, A, BUDGET("a", "five", "exhausted", FIVE(5, 0, "04:00:00"), ""));
	expect_words(budget, B, "0 of 5 requests left");
	refuse(budget, U, NOW + 120, "the provider \"says\" no");
	expect_json(budget, U,
		    BUDGET("u", "unlimited", "blocked", "",
			   ",\"blockedUntil\":\"2026-11-24T03:02:00Z\",\"reason\":\"the provider \\\"says\\\" no\""));
	/* The first three leave the window, the block is over. */
	clock_set_for_test((NOW + 3600) * 1000, 0);
	expect_json(budget, A, BUDGET("a", "five", "ok", FIVE(2, 3, "04:01:00"), ""));
}

static void test_written_windows(void **state)
{
	struct budget *budget = *state;
	struct err err = ERR_INIT;
	uint64_t id;

	assert_true(reserve(budget, K1, "big", ASKED, 0, &id, &err));
	assert_true(reserve(budget, K2, "big", ASKED, 0, &id, &err));
	expect_json(budget, K1,
		    BUDGET("k1", "by-key", "ok",
			   "{\"scope\":\"key\",\"limit\":3,\"used\":1,\"remaining\":2,\"resetAt\":\"2026-11-24T04:00:00Z\"},"
			   "{\"scope\":\"machine\",\"limit\":4,\"used\":2,\"remaining\":2,\"resetAt\":\"2026-11-24T03:01:00Z\"},"
			   "{\"scope\":\"key\",\"models\":[\"mini*\"],\"limit\":1,\"used\":0,\"remaining\":1,"
			   "\"resetAt\":\"2026-11-24T03:00:00Z\"}",
			   ""));
	budget_free(NULL);
}

#define BUDGET_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_reserved),
		BUDGET_TEST(test_sliding),
		BUDGET_TEST(test_machine),
		BUDGET_TEST(test_scopes),
		BUDGET_TEST(test_reserve),
		BUDGET_TEST(test_unlimited),
		BUDGET_TEST(test_refund),
		BUDGET_TEST(test_written),
		BUDGET_TEST(test_written_windows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
