/*
 * The gate: who is let through, what is left, who else is told.
 */
#include "gate.h"

static void test_sliding(void **state)
{
	static const struct step steps[] = {
		YES(0, A, "m", ASKED, 0),
		YES(1, A, "m", AUTO, 0),
		YES(2, A, "n", ASKED, 0),
		YES(2, A, "m", ASKED, 0),
		YES(3599, A, "m", ASKED, 0),
		NO(3599, A, "m", ASKED, 0, 3600, "machine", ALL_USED "at 04:00 (in 1 s)"),
		NO(3599, A, "m", AUTO, 0, 3600, "machine", ALL_USED),
		/* One leaves, one may come. */
		YES(3600, A, "m", ASKED, 0),
		NO(3600, A, "m", ASKED, 0, 3601, "machine", ALL_USED),
		YES(3601, A, "m", ASKED, 0),
		YES(3602, A, "m", ASKED, 0),
		YES(3602, A, "m", ASKED, 0),
		NO(3602, A, "m", ASKED, 0, 7199, "machine", ALL_USED "at 05:00 (in 1 h 0 min)"),
		/* After a long time all of it. */
		YES(20000, A, "m", ASKED, 0),
		YES(20000, A, "m", ASKED, 0),
		YES(20000, A, "m", ASKED, 0),
		YES(20000, A, "m", ASKED, 0),
		YES(20000, A, "m", ASKED, 0),
		NO(20000, A, "m", ASKED, 0, 23600, "machine", ALL_USED),
	};

	(void)state;
	run(steps, ARRAY_LEN(steps));
}

static void test_calendar(void **state)
{
	static const struct step steps[] = {
		/* Midnight there is 16:00 UTC. */
		YES(0, D, "m", ASKED, 0),
		YES(46799, D, "m", ASKED, 0),
		YES(46799, D, "m", ASKED, 0),
		NO(46799, D, "m", ASKED, 0, 46800, "machine", "the plan daily allows 3 requests a day and all are used"),
		YES(46800, D, "m", ASKED, 0),
		YES(46800, D, "m", ASKED, 0),
		YES(46800, D, "m", ASKED, 0),
		NO(46800, D, "m", ASKED, 0, 133200, "machine", "the next may go on Wed at 16:00 (in 24 h)"),
	};

	(void)state;
	run(steps, ARRAY_LEN(steps));
}

/* Two endpoints with one plan share the machine's window. */
static void test_machine(void **state)
{
	static const struct step steps[] = {
		YES(0, A, "m", ASKED, 0), YES(1, B, "m", ASKED, 0), YES(2, A, "m", ASKED, 0),
		YES(3, B, "m", ASKED, 0), YES(4, B, "m", ASKED, 0),
		NO(5, A, "m", ASKED, 0, 3600, "machine", ALL_USED),
		NO(5, B, "m", ASKED, 0, 3600, "machine", ALL_USED),
		/* Another plan at another place is another count. */
		YES(5, K1, "m", ASKED, 0),
		YES(5, U, "m", AUTO, 1),
	};

	(void)state;
	run(steps, ARRAY_LEN(steps));
}

/* Several free keys of a provider share the machine's window under whatever host and plan; the paid one has none. */
static void test_service(void **state)
{
	static const struct step steps[] = {
		YES(0, F1, "m", ASKED, 0), YES(0, F2, "m", ASKED, 0), YES(0, F1, "m", ASKED, 0),
		YES(0, F2, "m", ASKED, 0), YES(0, F1, "m", ASKED, 0),
		NO(1, F2, "m", ASKED, 0, 3600, "machine", ALL_USED),
		YES(1, P, "m", AUTO, 0),
	};

	(void)state;
	run(steps, ARRAY_LEN(steps));
}

/* Every window must admit, each in its scope and for its models. */
static void test_scopes(void **state)
{
	static const struct step steps[] = {
		YES(0, K1, "mini-1", ASKED, 0),
		NO(0, K1, "mini-2", ASKED, 0, 3600, "key", "the plan by-key allows 1 request an hour"),
		YES(0, K2, "mini-2", ASKED, 0),
		YES(0, K1, "big", ASKED, 0),
		YES(0, K2, "big", ASKED, 0),
		NO(1, K1, "big", ASKED, 0, 60, "machine", "the plan by-key allows 4 requests a minute"),
		YES(60, K1, "big", ASKED, 0),
		NO(60, K1, "big", ASKED, 0, 3600, "key", "the plan by-key allows 3 requests an hour"),
		YES(60, K2, "big", ASKED, 0),
		NO(61, K2, "big", ASKED, 0, 3600, "key", "the plan by-key allows 3 requests an hour"),
		YES(3600, K2, "mini-1", ASKED, 0),
	};

	(void)state;
	run(steps, ARRAY_LEN(steps));
}

#define KEPT(n) "the last " #n " of 5 requests an hour are kept for chat and manual completions"

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

	(void)state;
	run(steps, ARRAY_LEN(steps));
}

static void test_unlimited(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++)
		spend(first, U);
	/* Nobody needs a ledger for that. */
	assert_int_equal(access(state_dir, F_OK), -1);
}

static void test_refund(void **state)
{
	struct err err;
	uint64_t ids[5];

	(void)state;
	for (int i = 0; i < 5; i++) {
		at(i);
		ids[i] = granted(first, A, "m");
	}
	assert_int_equal(ask(first, A, "m", ASKED, 0, &err), 0);
	/* What is not known changes nothing. */
	budget_refund(first, 0);
	budget_refund(first, ids[4] + 2);
	budget_refund(second, ids[4]);
	assert_int_equal(ask(first, A, "m", ASKED, 0, &err), 0);
	assert_int_equal(err.retry_at, NOW + 3600);
	/* The oldest: the next reset is the second's. */
	budget_refund(first, ids[0]);
	budget_refund(first, ids[0]);
	spend(second, A);
	assert_int_equal(ask(second, A, "m", ASKED, 0, &err), 0);
	assert_int_equal(err.retry_at, NOW + 3601);
	/* An end that was told cannot be told again in another way. */
	budget_spent(first, ids[1]);
	budget_refund(first, ids[1]);
	assert_int_equal(ask(second, A, "m", ASKED, 0, &err), 0);
	budget_refund(first, ids[2]);
	budget_refund(first, ids[4]);
	spend(first, B);
	spend(second, A);
	assert_int_equal(ask(first, A, "m", ASKED, 0, &err), 0);
}

static int64_t used(struct budget *budget, int endpoint)
{
	struct budget_report report;

	budget_report(budget, &endpoints[endpoint], &report);
	return report.count ? report.windows[0].state.used : -1;
}

static void test_withdraw(void **state)
{
	struct budget_request request = { .endpoint = &endpoints[A], .model = "m", .use = ASKED };

	(void)state;
	/* Nobody is called. */
	for (int i = 0; i < 3; i++)
		budget_withdraw(first, budget_reserve(first, &request, on_told, loop));
	request.endpoint = &endpoints[U];
	budget_withdraw(first, budget_reserve(first, &request, on_told, loop));
	budget_withdraw(first, 77);
	spend(first, A);
	assert_int_equal(used(first, A), 1);
	/* Nor when the budget goes. */
	request.endpoint = &endpoints[A];
	budget_reserve(first, &request, on_told, loop);
	budget_reserve(first, &request, on_told, loop);
	request.endpoint = &endpoints[U];
	budget_reserve(first, &request, on_told, loop);
}

static int yes, no;

static void on_any(void *ctx, uint64_t reservation, const struct err *err)
{
	(void)reservation;
	*(err ? &no : &yes) += 1;
	if (yes + no == 40)
		loop_stop(ctx);
}

/* Forty at once, from two processes: five go. */
static void test_race(void **state)
{
	struct budget_request request = { .endpoint = &endpoints[A], .model = "m", .use = ASKED };

	(void)state;
	yes = no = 0;
	for (int i = 0; i < 40; i++)
		budget_reserve(i % 2 ? first : second, &request, on_any, loop);
	loop_run(loop);
	assert_int_equal(yes, 5);
	assert_int_equal(no, 35);
}

/* --- a ledger that somebody holds --- */

static const char *const nothing[] = { "SELECT 1", "SELECT 2", "SELECT 3", "SELECT 4", "SELECT 5", NULL };
static const struct store_schema same_file = { .file = "ledger.db", .subject = "x", .application_id = 0x656B6501,
					       .migrations = nothing };

static void let_go(void *ctx)
{
	store_rollback(ctx);
}

static void test_busy(void **state)
{
	struct store *holder = store_new(&same_file);
	struct timer *timer;
	uint64_t id;
	struct err err;

	(void)state;
	id = granted(first, A, "m");
	spend(first, A);
	assert_int_equal(store_begin(holder, STORE_WRITE), STORE_OK);
	/* What is to be written waits its turn, and what is asked waits behind it. */
	budget_refund(first, id);
	timer = timer_new(loop, let_go, holder);
	timer_start(timer, 20);
	spend(first, A);
	assert_int_equal(used(first, A), 2);
	timer_free(timer);
	/* Somebody holds it for ever: an error after five seconds, not a silent wait. */
	assert_int_equal(store_begin(holder, STORE_WRITE), STORE_OK);
	{
		struct budget_request request = { .endpoint = &endpoints[A], .model = "m", .use = ASKED };

		budget_reserve(first, &request, on_told, loop);
		told.came = false;
		clock_set_for_test(NOW * 1000, 6000);
		loop_run(loop);
		err = told.err;
	}
	assert_int_equal(err.kind, ERR_INTERNAL);
	assert_non_null(strstr(err.message, "locked by another process"));
	assert_string_equal(err.endpoint, "a");
	store_rollback(holder);
	assert_int_equal(used(first, A), 2);
	store_free(holder);
}

/* --- what was lost --- */

static void test_careful_start(void **state)
{
	struct budget_report report;
	struct budget_view view;
	struct budget_request request = { .endpoint = &endpoints[A], .model = "m", .use = AUTO, .reserve = 0 };
	static const struct step careful[] = {
		YES(1, A, "m", ASKED, 0),
		YES(2, A, "m", ASKED, 0),
		NO(3, A, "m", ASKED, 0, 3600, "machine", ALL_USED),
		/* An hour later everything is known. */
		YES(3600, A, "m", ASKED, 0),
		YES(3600, A, "m", ASKED, 0),
		YES(3600, A, "m", ASKED, 0),
		NO(3600, A, "m", ASKED, 0, 3601, "machine", ALL_USED),
	};

	(void)state;
	/* What could be read of the damaged file is part of that half. */
	at(-10);
	spend(first, A);
	at(0);
	budget_free(first);
	budget_free(second);
	write_in_state_dir("ledger.db", "a shopping list of sufficient length", 36, 0);
	first = budget_new(loop);
	second = budget_new(loop);
	budget_report(first, &endpoints[A], &report);
	assert_non_null(strstr(lines.data, "half of each window counts as used until one period is over"));
	for (int i = 0; i < 2; i++) {
		budget_report(i ? second : first, &endpoints[A], &report);
		assert_int_equal(report.windows[0].state.used, 3);
		assert_string_equal(report.reason, "What was counted before is not known here, so half of each window "
						   "counts as used until one period is over (at 04:00).");
		budget_look(i ? second : first, &request, &view);
		assert_string_equal(view.reason, report.reason);
		assert_int_equal(view.window.remaining, 2);
		assert_true(view.pace.tokens == 2);
	}
	run(careful, ARRAY_LEN(careful));
	budget_report(first, &endpoints[A], &report);
	assert_string_equal(report.reason, "");
}

static void test_without_file(void **state)
{
	struct budget_ledger ledger;
	static const struct step careful[] = { YES(1, A, "m", ASKED, 0) };

	(void)state;
	budget_ledger(first, &ledger);
	assert_true(ledger.shared);
	assert_null(ledger.notice);
	assert_non_null(strstr(ledger.path, "/state/ledger.db"));
	setenv("EKE_STATE_DIR", "/proc/self", 1);
	budget_free(second);
	second = budget_new(loop);
	budget_ledger(second, &ledger);
	assert_false(ledger.shared);
	assert_non_null(strstr(ledger.notice, "cannot be written"));
	assert_string_equal(ledger.path, "/proc/self/ledger.db");
	run(careful, ARRAY_LEN(careful));
	spend(second, A);
	assert_int_equal(used(second, A), 4);
	assert_false(budget_end_cooldowns(second));
}

/* --- corrections --- */

static void test_usage(void **state)
{
	struct budget_usage_hour hours[60];
	static const struct step of_keys[] = {
		/* The two that others made with the first key count for that key alone. */
		YES(20, K2, "big", ASKED, 0),
	};

	(void)state;
	/* Only where there is such a counter and it matters. */
	assert_false(budget_wants_usage(first, &endpoints[K1], keys[K1]));
	assert_false(budget_wants_usage(first, &endpoints[P], keys[P]));
	assert_false(budget_wants_usage(first, &endpoints[F1], NULL));
	assert_true(budget_wants_usage(first, &endpoints[F1], keys[F1]));
	assert_false(budget_wants_usage(second, &endpoints[F1], keys[F1]));
	assert_true(budget_wants_usage(second, &endpoints[F2], keys[F2]));
	at(600);
	assert_true(budget_wants_usage(second, &endpoints[F1], keys[F1]));
	at(0);
	spend(first, K1);
	for (int i = 0; i < 60; i++)
		hours[i] = (struct budget_usage_hour){ .start = NOW - (59 - i) * 3600, .count = i == 59 ? 3 : 0 };
	at(10);
	budget_correct(first, &endpoints[K1], keys[K1], hours, 60);
	budget_correct(first, &endpoints[K1], keys[K1], hours, 0);
	budget_correct(first, &endpoints[P], keys[P], hours, 60);
	budget_note_key(first, &endpoints[K1], keys[K1]);
	assert_int_equal(used(first, K1), 3);
	run(of_keys, ARRAY_LEN(of_keys));
}

/* --- looking --- */

static struct budget_view look(struct budget *budget, int endpoint, const char *model, enum budget_use use,
	double share)
{
	struct budget_request request = { .endpoint = &endpoints[endpoint], .key = keys[endpoint], .model = model,
					  .use = use, .reserve = share };
	struct budget_view view;

	budget_look(budget, &request, &view);
	return view;
}

static void test_look(void **state)
{
	struct budget_view v = look(first, U, "m", AUTO, 0.5);

	(void)state;
	assert_int_equal(v.state, BUDGET_UNLIMITED);
	assert_false(v.counted);
	assert_true(v.pace.tokens > 1e6 && v.pace.level == 1);
	assert_int_equal(access(state_dir, F_OK), -1);

	v = look(first, A, "m", AUTO, 0.34);
	assert_int_equal(v.state, BUDGET_OK);
	assert_true(v.counted);
	assert_int_equal(v.window.limit, 5);
	assert_int_equal(v.window.remaining, 5);
	assert_int_equal(v.period, 3600);
	assert_int_equal(v.automatic, 3);
	assert_true(v.pace.tokens == 3 && v.pace.next_at_ms == NOW * 1000 && v.pace.level == 1);
	for (int i = 0; i < 4; i++)
		spend(second, A);
	/* Another process wrote, and it is seen. */
	v = look(first, A, "m", AUTO, 0.34);
	assert_int_equal(v.state, BUDGET_LOW);
	assert_int_equal(v.window.remaining, 1);
	assert_int_equal(v.automatic, 0);
	assert_true(v.pace.tokens == 0 && v.pace.next_at_ms == (NOW + 3600) * 1000 && v.pace.level == 0);
	spend(second, A);
	v = look(first, A, "m", AUTO, 0);
	assert_int_equal(v.state, BUDGET_EXHAUSTED);
	assert_int_equal(v.window.reset_at, NOW + 3600);
	/* Nothing was written, but time has passed. */
	at(3600);
	v = look(first, A, "m", AUTO, 0.34);
	assert_int_equal(v.state, BUDGET_OK);
	assert_int_equal(v.automatic, 3);
}

/* The tightest window of that model, the slowest pace. */
static void test_look_at_models(void **state)
{
	struct budget_view v;

	(void)state;
	budget_answered(first, granted(first, K1, "mini"));
	v = look(first, K1, "mini", ASKED, 0);
	assert_int_equal(v.state, BUDGET_EXHAUSTED);
	assert_int_equal(v.window.limit, 1);
	assert_true(v.pace.level == 0);
	v = look(first, K1, "big", ASKED, 0);
	assert_int_equal(v.state, BUDGET_OK);
	assert_int_equal(v.window.limit, 3);
	assert_int_equal(v.window.remaining, 2);
	v = look(first, K2, "mini", ASKED, 0);
	assert_int_equal(v.window.limit, 1);
	assert_int_equal(v.window.remaining, 1);
}

static void test_look_at_blocks(void **state)
{
	struct budget_view v;

	(void)state;
	refuse(first, granted(first, A, "m"), REFUSAL(.retry_at = 0));
	v = look(second, A, "m", ASKED, 0);
	assert_int_equal(v.state, BUDGET_BLOCKED);
	assert_int_equal(v.blocked_until, NOW + 60);
	assert_string_equal(v.reason, "The provider says no.");
	at(60);
	v = look(second, A, "m", AUTO, 0);
	assert_int_equal(v.state, BUDGET_BLOCKED);
	v = look(second, A, "m", ASKED, 0);
	assert_int_equal(v.state, BUDGET_OK);
	granted(first, A, "m");
	v = look(second, A, "m", ASKED, 0);
	assert_int_equal(v.state, BUDGET_BLOCKED);
	assert_int_equal(v.blocked_until, NOW + 180);
}

/* A plan of the same name that counts longer, after the configuration was changed. */
static void test_look_after_reload(void **state)
{
	struct plan longer = five_an_hour;
	struct config_endpoint changed = endpoints[A];
	struct budget_report report;

	(void)state;
	spend(first, A);
	at(4000);
	spend(first, A);
	assert_int_equal(used(first, A), 1);
	longer.windows[0].period = 86400;
	changed.plan = &longer;
	budget_report(first, &changed, &report);
	assert_int_equal(report.windows[0].state.used, 2);
	assert_int_equal(used(first, A), 1);
}

/* The key that another process sent is known for the endpoint, though this one has never seen it. */
static void test_noted_keys(void **state)
{
	struct budget_report report;

	(void)state;
	budget_note_key(first, &endpoints[N], keys[N]);
	spend(first, N);
	budget_report(second, &endpoints[N], &report);
	assert_int_equal(report.windows[0].state.used, 1);
	budget_note_key(first, &endpoints[K1], keys[K1]);
	budget_note_key(first, &endpoints[K1], keys[K1]);
	spend(first, K1);
	assert_int_equal(used(second, K1), 1);
	/* It got another. */
	budget_note_key(first, &endpoints[K1], keys[K2]);
	assert_int_equal(used(second, K1), 0);
	assert_int_equal(used(first, K1), 0);
	/* Where nothing is counted nothing is written. */
	budget_note_key(first, &endpoints[P], keys[P]);
	budget_note_key(first, &endpoints[A], NULL);
}

/* --- changes --- */

static void on_change(void *ctx)
{
	struct budget_report report;

	changes++;
	/* As a status does: what is said is read, and that tells when to look again. */
	budget_report(first, &endpoints[A], &report);
	loop_stop(ctx);
}

static void test_changes_of_others(void **state)
{
	struct budget_report report;

	(void)state;
	clock_unset_for_test();
	budget_on_change(first, on_change, loop);
	budget_report(first, &endpoints[A], &report);
	/* Our own requests are told at once. */
	spend(first, A);
	assert_true(changes >= 1);
	changes = 0;
#ifdef __linux__
	/* Another's wake us up. */
	spend(second, A);
	while (!changes)
		loop_run(loop);
	budget_report(first, &endpoints[A], &report);
	assert_int_equal(report.windows[0].state.used, 2);
	/* In another file than the one that was open, too. */
	budget_free(second);
	{
		char *path = in_state_dir("ledger.db");

		changes = 0;
		assert_int_equal(unlink(path), 0);
		free(path);
	}
	second = budget_new(loop);
	spend(second, A);
	while (!changes)
		loop_run(loop);
	changes = 0;
	spend(second, A);
	while (!changes)
		loop_run(loop);
	budget_report(first, &endpoints[A], &report);
	/* With those of the file that was removed, which it still had. */
	assert_int_equal(report.windows[0].state.used, 4);
#endif
	budget_on_change(first, NULL, NULL);
}

/* What could not be read because the file was just being made is read a moment later. */
static void test_look_at_locked(void **state)
{
	char *path = in_state_dir("ledger.db");
	int lock;

	(void)state;
	assert_int_equal(mkdir(state_dir, 0700), 0);
	assert_true(file_lock_directory(path, &lock));
	budget_on_change(first, on_change, loop);
	assert_int_equal(used(first, A), 0);
	file_unlock_directory(lock);
	spend(second, A);
	changes = 0;
	while (!changes)
		loop_run(loop);
	assert_int_equal(used(first, A), 1);
	budget_on_change(first, NULL, NULL);
	free(path);
}

/* The end of a cooldown is told by a timer; nothing else is. */
static void test_change_by_time(void **state)
{
	struct budget_report report;

	(void)state;
	budget_on_change(first, on_change, loop);
	refuse(first, granted(first, A, "m"), REFUSAL(.retry_at = NOW + 1));
	/* The loop's clock is the real one: a cooldown that ends in 10 ms of it. */
	clock_set_for_test(NOW * 1000 + 990, 990);
	changes = 0;
	budget_report(first, &endpoints[A], &report);
	assert_int_equal(report.state, BUDGET_BLOCKED);
	while (!changes)
		loop_run(loop);
	budget_on_change(first, NULL, NULL);
}

/* --- written --- */

static void expect_json(int endpoint, const char *wanted)
{
	struct strbuf out;
	struct json_writer w;

	strbuf_init(&out, KIB(16));
	json_writer_init(&w, &out);
	budget_write(first, &endpoints[endpoint], &w);
	json_writer_end(&w);
	assert_string_equal(out.data, wanted);
	strbuf_release(&out);
}

static void expect_words(int endpoint, const char *wanted)
{
	char words[128];

	budget_describe(first, &endpoints[endpoint], words, sizeof(words));
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
	(void)state;
	expect_json(U, BUDGET("u", "unlimited", "unlimited", "", ""));
	expect_words(U, "unlimited");
	expect_json(A, BUDGET("a", "five", "ok", FIVE(0, 5, "03:00:00"), ""));
	expect_words(A, "5 of 5 requests left");
	for (int i = 0; i < 3; i++)
		spend(second, A);
	at(60);
	expect_json(A, BUDGET("a", "five", "ok", FIVE(3, 2, "04:00:00"), ""));
	expect_json(B, BUDGET("b", "five", "ok", FIVE(3, 2, "04:00:00"), ""));
	spend(second, B);
	/* a fifth or less */
	expect_json(A, BUDGET("a", "five", "low", FIVE(4, 1, "04:00:00"), ""));
	expect_words(A, "1 of 5 requests left");
	spend(second, B);
	expect_json(A, BUDGET("a", "five", "exhausted", FIVE(5, 0, "04:00:00"), ""));
	expect_words(B, "0 of 5 requests left, more at 04:00");
	/* The first three leave the window. */
	at(3600);
	expect_json(A, BUDGET("a", "five", "ok", FIVE(2, 3, "04:01:00"), ""));
	at(3610);
	budget_refused(second, granted(second, A, "m"), &(struct budget_refusal){ .message = "It \"says\" no." });
	expect_json(A, BUDGET("a", "five", "blocked", FIVE(3, 2, "04:01:00"),
			      ",\"blockedUntil\":\"2026-11-24T04:01:10Z\",\"reason\":\"It \\\"says\\\" no.\""));
	expect_words(A, "the provider takes no requests until then: at 04:02");
	expect_json(B, BUDGET("b", "five", "ok", FIVE(3, 2, "04:01:00"), ""));
	at(3670);
	expect_json(A, BUDGET("a", "five", "ok", FIVE(1, 4, "05:00:10"),
			      ",\"reason\":\"It \\\"says\\\" no. Its time is up; completions wait for a request made by hand, "
			      "which finds out.\""));
	expect_words(A, "4 of 5 requests left; completions wait for a request made by hand");
	at(3671);
	budget_refused(second, granted(second, A, "big"),
		       &(struct budget_refusal){ .message = "Not that.", .per_model = true, .retry_at = NOW + 3700 });
	budget_end_cooldowns(second);
	budget_refused(second, granted(second, A, "big"),
		       &(struct budget_refusal){ .message = "Not that.", .per_model = true, .retry_at = NOW + 3700 });
	expect_json(A, BUDGET("a", "five", "ok", FIVE(3, 2, "05:00:10"),
			      ",\"blockedUntil\":\"2026-11-24T04:01:40Z\",\"reason\":\"big: Not that.\""));
}

static void test_written_windows(void **state)
{
	(void)state;
	budget_note_key(first, &endpoints[K1], keys[K1]);
	budget_answered(first, granted(first, K1, "big"));
	budget_answered(first, granted(first, K2, "big"));
	expect_json(K1,
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
		BUDGET_TEST(test_sliding),
		BUDGET_TEST(test_calendar),
		BUDGET_TEST(test_machine),
		BUDGET_TEST(test_service),
		BUDGET_TEST(test_scopes),
		BUDGET_TEST(test_reserve),
		BUDGET_TEST(test_unlimited),
		BUDGET_TEST(test_refund),
		BUDGET_TEST(test_withdraw),
		BUDGET_TEST(test_race),
		BUDGET_TEST(test_busy),
		BUDGET_TEST(test_careful_start),
		BUDGET_TEST(test_without_file),
		BUDGET_TEST(test_usage),
		BUDGET_TEST(test_look),
		BUDGET_TEST(test_look_at_models),
		BUDGET_TEST(test_look_at_blocks),
		BUDGET_TEST(test_look_after_reload),
		BUDGET_TEST(test_noted_keys),
		BUDGET_TEST(test_changes_of_others),
		BUDGET_TEST(test_look_at_locked),
		BUDGET_TEST(test_change_by_time),
		BUDGET_TEST(test_written),
		BUDGET_TEST(test_written_windows),
	};

	setenv("TZ", "UTC", 1);
	zone_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
