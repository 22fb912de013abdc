/*
 * What providers say, through the gate: cooldowns, probes, limits that are learned.
 */
#include "gate.h"

static void test_block(void **state)
{
	static const struct step blocked[] = {
		/* The service, whatever the key; for chat, too, and in every process. */
		NO(10, F1, "m", AUTO, 0, 100, "machine", UNTIL "at 03:02 (in 90 s)."),
		NO(11, F2, "m", ASKED, 0, 100, "machine", UNTIL),
		NO(99, F1, "other", ASKED, 0, 100, "machine", UNTIL),
		/* Not who pays, not other services, though the plan is the same. */
		YES(99, P, "m", AUTO, 0),
		YES(99, A, "m", AUTO, 0),
		/* The end was said: then it is over. */
		YES(100, F1, "m", AUTO, 0),
		YES(100, F2, "m", ASKED, 0),
	};

	(void)state;
	refuse(first, granted(first, F1, "m"), REFUSAL(.retry_at = NOW + 100));
	run(blocked, ARRAY_LEN(blocked));
}

static void test_block_of_key(void **state)
{
	static const struct step blocked[] = {
		NO(10, F1, "m", AUTO, 0, 100, "key", UNTIL),
		YES(10, F2, "m", AUTO, 0),
		YES(10, P, "m", ASKED, 0),
	};
	static const struct step paid[] = {
		/* Under a plan that does not count, the key's own. */
		NO(220, P, "m", AUTO, 0, 300, "key", UNTIL),
		NO(220, P, "m", ASKED, 0, 300, "key", UNTIL),
		YES(220, F1, "m", ASKED, 0),
		YES(220, F2, "m", AUTO, 0),
		YES(300, P, "m", AUTO, 0),
	};

	(void)state;
	refuse(first, granted(first, F1, "m"), REFUSAL(.retry_at = NOW + 100, .scope = "key"));
	run(blocked, ARRAY_LEN(blocked));
	at(200);
	refuse(first, granted(first, P, "m"), REFUSAL(.retry_at = NOW + 300));
	run(paid, ARRAY_LEN(paid));
}

/* A status shows it, here and where nobody has the key. */
static void test_block_of_key_is_shown(void **state)
{
	struct budget_report report;

	(void)state;
	budget_note_key(first, &endpoints[P], keys[P]);
	assert_int_equal(access(state_dir, F_OK), -1);
	refuse(first, granted(first, P, "m"), REFUSAL(.retry_at = NOW + 300));
	for (int i = 0; i < 2; i++) {
		budget_report(i ? second : first, &endpoints[P], &report);
		assert_int_equal(report.state, BUDGET_BLOCKED);
		assert_int_equal(report.blocked_until, NOW + 300);
	}
}

static void test_block_of_model(void **state)
{
	static const struct step blocked[] = {
		NO(10, A, "big", ASKED, 0, 100, "machine", UNTIL),
		YES(10, A, "m", AUTO, 0),
		YES(100, A, "big", ASKED, 0),
	};

	(void)state;
	refuse(first, granted(first, A, "big"), REFUSAL(.retry_at = NOW + 100, .per_model = true));
	run(blocked, ARRAY_LEN(blocked));
}

static void test_block_of_day(void **state)
{
	static const struct step blocked[] = {
		/* 16:00 UTC is midnight in Shanghai; of others UTC's own. */
		NO(10, F1, "m", ASKED, 0, 46800, "machine", UNTIL "at 16:00 (in 13 h)."),
		NO(10, A, "m", ASKED, 0, 75600, "machine", UNTIL "on Wed at 00:00 (in 21 h)."),
		YES(46800, F1, "m", ASKED, 0),
	};

	(void)state;
	refuse(first, granted(first, F1, "m"), REFUSAL(.day = true));
	refuse(first, granted(first, A, "m"), REFUSAL(.day = true));
	run(blocked, ARRAY_LEN(blocked));
}

/* Our own log is full, and the provider agrees: when it has room. */
static void test_block_by_log(void **state)
{
	static const struct step blocked[] = { NO(20, A, "m", ASKED, 0, 3600, "machine", UNTIL),
					       YES(3600, A, "m", AUTO, 0) };

	(void)state;
	for (int i = 0; i < 4; i++)
		spend(first, A);
	at(5);
	refuse(first, granted(first, A, "m"), REFUSAL(.retry_at = 0));
	run(blocked, ARRAY_LEN(blocked));
}

static void test_quota(void **state)
{
	static const struct step free[] = { YES(1, A, "m", AUTO, 0) };

	(void)state;
	refuse(first, granted(first, A, "m"), REFUSAL(.quota = true, .retry_at = NOW + 5000));
	run(free, ARRAY_LEN(free));
}

#define UNSURE \
	"The provider says no. A request made by hand finds out whether it takes requests again; completions wait " \
	"for it."
#define PROBING "The provider says no. One request is finding out whether it takes requests again: wait for it."

static void test_probe(void **state)
{
	static const struct step minute[] = {
		NO(59, B, "m", ASKED, 0, 60, "machine", UNTIL),
		NO(60, B, "m", AUTO, 0, 60, "machine", UNSURE),
	};
	static const struct step others[] = {
		NO(61, B, "m", ASKED, 0, 180, "machine", PROBING),
		NO(62, B, "m", AUTO, 0, 180, "machine", PROBING),
	};
	static const struct step doubled[] = {
		NO(64, B, "m", ASKED, 0, 183, "machine", UNTIL),
		NO(183, B, "m", AUTO, 0, 183, "machine", UNSURE),
	};
	static const struct step lifted[] = { YES(184, B, "m", AUTO, 0) };
	uint64_t id;
	struct err err;

	(void)state;
	refuse(first, granted(first, B, "m"), REFUSAL(.retry_at = 0));
	run(minute, ARRAY_LEN(minute));
	/* One, for the whole machine. */
	at(60);
	id = granted(second, B, "m");
	run(others, ARRAY_LEN(others));
	at(63);
	refuse(second, id, REFUSAL(.retry_at = 0));
	run(doubled, ARRAY_LEN(doubled));
	/* A probe that never left, or broke, or was withdrawn: the next may try at once. */
	id = granted(first, B, "m");
	assert_int_equal(ask(second, B, "m", ASKED, 0, &err), 0);
	budget_refund(first, id);
	id = granted(second, B, "m");
	budget_spent(second, id);
	id = granted(first, B, "m");
	budget_answered(first, id);
	run(lifted, ARRAY_LEN(lifted));
}

/* A process that dies with the probe: two minutes later another may try. */
static void test_probe_that_died(void **state)
{
	static const struct step others[] = {
		NO(70, B, "m", ASKED, 0, 180, "machine", PROBING),
		NO(180, B, "m", AUTO, 0, 60, "machine", UNSURE),
		YES(180, B, "m", ASKED, 0),
		YES(181, B, "m", AUTO, 0),
	};

	(void)state;
	refuse(first, granted(first, B, "m"), REFUSAL(.retry_at = 0));
	at(60);
	granted(second, B, "m");
	budget_free(second);
	second = budget_new(loop);
	run(others, ARRAY_LEN(others));
}

/* The answer to what was sent before the refusal says nothing about it. */
static void test_late_answer(void **state)
{
	static const struct step blocked[] = { NO(3, A, "m", ASKED, 0, 100, "machine", UNTIL) };
	uint64_t slow;
	uint64_t quick;

	(void)state;
	slow = granted(first, A, "m");
	quick = granted(second, A, "m");
	at(1);
	refuse(second, quick, REFUSAL(.retry_at = NOW + 100));
	at(2);
	budget_answered(first, slow);
	run(blocked, ARRAY_LEN(blocked));
}

static void test_forget(void **state)
{
	static const struct step free[] = { YES(10, A, "m", AUTO, 0), YES(10, U, "m", ASKED, 0) };

	(void)state;
	refuse(first, granted(first, A, "m"), REFUSAL(.day = true));
	refuse(first, granted(first, U, "m"), REFUSAL(.day = true));
	assert_true(budget_end_cooldowns(second));
	run(free, ARRAY_LEN(free));
}

static void test_learned(void **state)
{
	static const struct step less[] = {
		/* Three have been counted, and three an hour is what it says. */
		NO(3601, A, "m", ASKED, 0, 3602, "machine", "the provider allows 3 requests an hour and all are used"),
	};
	struct budget_report report;
	int64_t day = 86400;

	(void)state;
	at(1);
	spend(first, A);
	at(2);
	spend(first, A);
	at(3);
	refuse(first, granted(first, A, "m"), REFUSAL(.limit = 3, .period = 3600));
	assert_non_null(strstr(lines.data, "endpoint a: the provider says that it allows 3 requests an hour; eke "
					   "counts with that from now on"));
	strbuf_reset(&lines);
	budget_report(second, &endpoints[A], &report);
	assert_int_equal(report.count, 1);
	assert_int_equal(report.windows[0].state.limit, 3);
	assert_true(report.windows[0].learned);
	/* Full by that number: so long the cooldown. */
	assert_int_equal(report.blocked_until, NOW + 3601);
	assert_int_equal(report.state, BUDGET_BLOCKED);
	/* B has that plan, but is another service. */
	budget_report(second, &endpoints[B], &report);
	assert_int_equal(report.windows[0].state.limit, 5);
	at(3601);
	spend(second, A);
	run(less, ARRAY_LEN(less));
	/* Said again: nothing new. Said otherwise: the other way, too. */
	at(3700);
	refuse(first, granted(first, A, "m"), REFUSAL(.limit = 3, .period = 3600, .retry_at = NOW + 3701));
	assert_null(strstr(lines.data, "provider says"));
	at(3701);
	refuse(first, granted(first, A, "m"), REFUSAL(.limit = 9, .period = 3600, .retry_at = NOW + 3702));
	assert_non_null(strstr(lines.data, "it allows 9 requests an hour"));
	strbuf_reset(&lines);
	/* Another period is another window; of one model, if that is what it says. */
	at(3703);
	refuse(first, granted(first, A, "big"),
	       REFUSAL(.limit = 2, .period = day, .day = true, .per_model = true, .retry_at = NOW + 3704));
	assert_non_null(strstr(lines.data, "it allows 2 requests a day for the model big"));
	budget_report(second, &endpoints[A], &report);
	assert_int_equal(report.count, 2);
	assert_int_equal(report.windows[0].state.limit, 9);
	assert_string_equal(report.windows[1].models[0], "big");
	assert_int_equal(report.windows[1].state.used, 1);
	assert_int_equal(report.windows[1].state.reset_at, NOW + 75600);
	assert_false(report.windows[1].general);
	/* A month later none of it is remembered. */
	at(31 * day);
	budget_report(second, &endpoints[A], &report);
	assert_int_equal(report.count, 1);
	assert_int_equal(report.windows[0].state.limit, 5);
	/* What the plan says is no news. */
	strbuf_reset(&lines);
	refuse(first, granted(first, A, "m"), REFUSAL(.limit = 5, .period = 3600));
	assert_null(strstr(lines.data, "provider says"));
}

#define BUDGET_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BUDGET_TEST(test_block),
		BUDGET_TEST(test_block_of_key),
		BUDGET_TEST(test_block_of_key_is_shown),
		BUDGET_TEST(test_block_of_model),
		BUDGET_TEST(test_block_of_day),
		BUDGET_TEST(test_block_by_log),
		BUDGET_TEST(test_quota),
		BUDGET_TEST(test_probe),
		BUDGET_TEST(test_probe_that_died),
		BUDGET_TEST(test_late_answer),
		BUDGET_TEST(test_forget),
		BUDGET_TEST(test_learned),
	};

	setenv("TZ", "UTC", 1);
	zone_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
