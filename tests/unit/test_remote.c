/*
 * Machines that share a ledger through a real Redis: each has a state directory and a salt of its own. What they may
 * together, what one tells the others, and what happens while the server is away, has lost everything, or keeps silent.
 */
#include "gate.h"

#include <signal.h>
#include <sys/wait.h>

#include "../../src/budget/redis.h"
#include "redis_server.h"

static struct redis_server server;
static char *dirs[3];
static struct budget *machines[3];

/* --- waiting for the log --- */

static const char *awaited;

static void on_line(void *ctx, enum log_level level, const char *line)
{
	on_log(ctx, level, line);
	if (!awaited || !strstr(line, awaited))
		return;
	awaited = NULL;
	loop_stop(loop);
}

/* Makes a machine's budget, which opens its ledger while the environment names it. */
static struct budget *machine_new(int i, const char *url)
{
	struct budget_ledger ledger;
	struct budget *budget;
	struct err err;

	setenv("EKE_STATE_DIR", dirs[i], 1);
	budget = budget_new(loop);
	if (!budget_share(budget, url, &err))
		fail_msg("%s", err.message);
	budget_ledger(budget, &ledger);
	assert_true(ledger.shared);
	assert_non_null(ledger.others);
	return budget;
}

static int begin(void **state)
{
	*state = NULL;
	if (!redis_is_built() || !redis_server_exists())
		return 0;
	signal(SIGPIPE, SIG_IGN);
	setup(state);
	log_set_listener(on_line, NULL, LOG_INFO);
	redis_server_init(&server);
	redis_server_start(&server, NULL);
	for (int i = 0; i < 3; i++) {
		char name[16];

		snprintf(name, sizeof(name), "m%d", i);
		dirs[i] = xasprintf("%s-%s", state_dir, name);
		machines[i] = machine_new(i, server.url);
	}
	*state = &server;
	return 0;
}

static int finish(void **state)
{
	if (!*state)
		return 0;
	for (int i = 0; i < 3; i++) {
		budget_free(machines[i]);
		machines[i] = NULL;
		free(dirs[i]);
	}
	redis_server_release(&server);
	return teardown(state);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, finish)
#define NEED_SERVER(state) \
	do { \
		if (!*(state)) \
			skip(); \
	} while (0)

/* Turns the loop until the log has such a line behind what was forgotten. */
static void wait_for_log(const char *words)
{
	if (lines.data && strstr(lines.data, words))
		return;
	awaited = words;
	loop_run(loop);
	assert_null(awaited);
}

static void forget_log(void)
{
	strbuf_reset(&lines);
	strbuf_addch(&lines, '\n');
}

static int count_in_log(const char *words)
{
	int n = 0;

	for (const char *at = lines.data; at && (at = strstr(at, words)); at++)
		n++;
	return n;
}

static void stop_loop(void *ctx)
{
	(void)ctx;
	loop_stop(loop);
}

static void sync_with(struct budget *budget)
{
	budget_sync(budget, stop_loop, NULL);
	loop_run(loop);
}

static int64_t used(struct budget *budget, int endpoint)
{
	struct budget_report report;

	budget_report(budget, &endpoints[endpoint], &report);
	return report.count ? report.windows[0].state.used : -1;
}

/* --- together --- */

static void test_together(void **state)
{
	struct err err;
	uint64_t last;

	NEED_SERVER(state);
	for (int i = 0; i < 4; i++)
		spend(machines[i % 3], A);
	last = granted(machines[1], A, "m");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ask(machines[i], A, "m", ASKED, 0, &err), 0);
		assert_int_equal(err.kind, ERR_BUDGET);
		assert_string_equal(err.blocked_scope, "machine");
		assert_string_equal(err.endpoint, "a");
		if (!strstr(err.message, ALL_USED))
			fail_msg("%s", err.message);
		assert_in_range(err.retry_at, NOW + 3590, NOW + 3601);
		/* Each knows of all by now. */
		assert_int_equal(used(machines[i], A), 5);
	}
	/* What one gives back another may have. */
	budget_refund(machines[1], last);
	spend(machines[1], D);
	spend(machines[2], A);
	assert_int_equal(ask(machines[0], A, "m", ASKED, 0, &err), 0);
}

/* Keys are the same key on all machines, though each has a salt of its own, and only there. */
static void test_keys(void **state)
{
	struct err err;

	NEED_SERVER(state);
	spend(machines[0], K1);
	at(61);
	spend(machines[1], K1);
	at(122);
	spend(machines[2], K1);
	at(183);
	assert_int_equal(ask(machines[0], K1, "m", ASKED, 0, &err), 0);
	assert_string_equal(err.blocked_scope, "key");
	/* The machine's minute is Redis's, and has not passed: one is left of its four. */
	assert_int_not_equal(ask(machines[1], K2, "m", ASKED, 0, &err), 0);
	assert_int_equal(ask(machines[1], K2, "m", ASKED, 0, &err), 0);
	assert_string_equal(err.blocked_scope, "machine");
}

static void test_automatic_share(void **state)
{
	struct err err;

	NEED_SERVER(state);
	/* 0.34 of 5, rounded up: 2 are for those who ask */
	for (int i = 0; i < 3; i++)
		assert_int_not_equal(ask(machines[i], A, "m", AUTO, 0.34, &err), 0);
	assert_int_equal(ask(machines[0], A, "m", AUTO, 0.34, &err), 0);
	assert_non_null(strstr(err.message, "are kept for chat and manual completions"));
	spend(machines[1], A);
	spend(machines[2], A);
	assert_int_equal(ask(machines[0], A, "m", ASKED, 0, &err), 0);
}

/* Whoever is refused stops the others; whoever is answered lets them go on. */
static void test_refusal(void **state)
{
	uint64_t id;
	struct err err;

	NEED_SERVER(state);
	/* All are in step before. */
	for (int i = 0; i < 3; i++)
		sync_with(machines[i]);
	id = granted(machines[0], F1, "m");
	refuse(machines[0], id, REFUSAL(.retry_at = NOW + 100));
	spend(machines[0], A);
	for (int i = 1; i < 3; i++) {
		assert_int_equal(ask(machines[i], F2, "m", ASKED, 0, &err), 0);
		if (!strstr(err.message, UNTIL))
			fail_msg("%s", err.message);
		assert_in_range(err.retry_at, NOW + 99, NOW + 101);
	}
	/* Of unknown end: a minute, then one finds out, then all know. */
	id = granted(machines[0], A, "m");
	refuse(machines[0], id, REFUSAL(.scope = "machine"));
	spend(machines[0], D);
	assert_int_equal(ask(machines[1], A, "m", ASKED, 0, &err), 0);
	at(61);
	assert_int_equal(ask(machines[1], A, "m", AUTO, 0, &err), 0);
	/* Redis's clock has not moved on. */
	assert_int_equal(ask(machines[1], A, "m", ASKED, 0, &err), 0);
}

static void test_learned(void **state)
{
	struct budget_report report;
	uint64_t id;

	NEED_SERVER(state);
	id = granted(machines[0], A, "m");
	refuse(machines[0], id, REFUSAL(.retry_at = NOW + 1, .limit = 3, .period = 3600));
	spend(machines[0], D);
	spend(machines[1], D);
	budget_report(machines[1], &endpoints[A], &report);
	assert_int_equal(report.windows[0].state.limit, 3);
	assert_true(report.windows[0].learned);
	assert_int_equal(report.windows[0].state.used, 1);
}

/* Nobody waits any more: it is as if it had not been asked. */
static void test_withdraw(void **state)
{
	struct budget_request request = { .endpoint = &endpoints[A], .model = "m", .use = ASKED };

	NEED_SERVER(state);
	sync_with(machines[0]);
	for (int i = 0; i < 8; i++) {
		uint64_t id = budget_reserve(machines[0], &request, on_told, loop);

		/* Asked by then, and not answered yet. */
		if (i % 2) {
			loop_defer(loop, stop_loop, NULL);
			loop_run(loop);
		}
		budget_withdraw(machines[0], id);
	}
	sync_with(machines[0]);
	for (int i = 0; i < 5; i++)
		spend(machines[i % 3], A);
	/* Also when all goes. */
	budget_reserve(machines[0], &request, on_told, loop);
	loop_defer(loop, stop_loop, NULL);
	loop_run(loop);
}

/* --- without the server --- */

static void test_away_from_the_start(void **state)
{
	struct budget_ledger ledger;
	struct budget_report report;
	struct err err;

	NEED_SERVER(state);
	redis_server_stop(&server);
	/* Half of five counts as used: two are left, on each machine. */
	for (int i = 0; i < 2; i++) {
		forget_log();
		spend(machines[i], A);
		spend(machines[i], A);
		assert_int_equal(ask(machines[i], A, "m", ASKED, 0, &err), 0);
		assert_int_equal(ask(machines[i], A, "m", AUTO, 0, &err), 0);
		assert_in_range(err.retry_at, NOW + 1, NOW + 61);
		budget_report(machines[i], &endpoints[A], &report);
		assert_non_null(strstr(report.reason, "The shared ledger at unix:///tmp/eke-redis-"));
		assert_non_null(strstr(report.reason, "does not answer"));
		assert_int_equal(report.windows[0].state.used, 5);
		budget_ledger(machines[i], &ledger);
		assert_false(ledger.others_answer);
		assert_non_null(strstr(ledger.notice, "does not answer"));
		/* One line, not one a request. */
		assert_int_equal(count_in_log("does not answer"), 1);
	}
	/* It lasts, also through a start of the program, and longer than the window. */
	budget_free(machines[0]);
	machines[0] = machine_new(0, server.url);
	assert_int_equal(ask(machines[0], A, "m", ASKED, 0, &err), 0);
	at(3 * 3600);
	for (int i = 0; i < 2; i++)
		spend(machines[0], A);
	assert_int_equal(ask(machines[0], A, "m", ASKED, 0, &err), 0);
}

static void test_away_and_back(void **state)
{
	struct budget_report report;
	struct budget_ledger ledger;
	struct err err;
	uint64_t back;

	NEED_SERVER(state);
	spend(machines[0], A);
	spend(machines[1], A);
	sync_with(machines[2]);
	forget_log();
	back = granted(machines[0], A, "m");
	at(1);
	redis_server_stop(&server);
	wait_for_log("does not answer (");
	/* What one may have used the others take for used. */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ask(machines[i], A, "m", ASKED, 0, &err), 0);
		assert_int_equal(err.retry_at, NOW + 61);
		if (!strstr(err.message, "counts as used by the other machines"))
			fail_msg("%s", err.message);
		budget_report(machines[i], &endpoints[A], &report);
		assert_int_equal(report.windows[0].state.used, 5);
		assert_non_null(strstr(report.reason, "what is left counts as used by the other machines"));
	}
	budget_refund(machines[0], back);
	/* With nothing in it, as a server without a file is after a fall. */
	forget_log();
	redis_server_start(&server, NULL);
	wait_for_log("answers again");
	for (int i = 0; i < 3; i++)
		while (budget_ledger(machines[i], &ledger), !ledger.others_answer)
			forget_log(), wait_for_log("answers again");
	/* Two before; one was given back meanwhile. */
	assert_int_equal(used(machines[0], A), 2);
	for (int i = 0; i < 3; i++)
		spend(machines[2 - i], A);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ask(machines[i], A, "m", ASKED, 0, &err), 0);
		assert_int_equal(used(machines[i], A), 5);
	}
}

/* The data goes while the connection stays. */
static void test_lost_data(void **state)
{
	struct err err;

	NEED_SERVER(state);
	for (int i = 0; i < 4; i++)
		spend(machines[i % 2], A);
	if (!fork()) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		dup2(null, STDOUT_FILENO);
		execlp("redis-cli", "redis-cli", "-s", server.socket, "flushall", (char *)NULL);
		execlp("valkey-cli", "valkey-cli", "-s", server.socket, "flushall", (char *)NULL);
		_exit(127);
	}
	/* It is noticed by the next question, which waits until the two are in step again. */
	for (int i = 0; i < 2; i++) {
		forget_log();
		while (!count_in_log("it has lost what it knew")) {
			uint64_t id = ask(machines[i], A, "m", ASKED, 0, &err);

			if (id)
				budget_refund(machines[i], id);
		}
		wait_for_log("answers again");
	}
	/* Behind what it gave back, on the same connection. */
	spend(machines[1], D);
	spend(machines[0], A);
	assert_int_equal(ask(machines[1], A, "m", ASKED, 0, &err), 0);
	assert_int_equal(ask(machines[2], A, "m", ASKED, 0, &err), 0);
}

/* A server that takes connections and says nothing holds a request up for no longer than the time-out. */
static void test_silence(void **state)
{
	struct budget_ledger ledger;
	struct err err;
	char *url;

	NEED_SERVER(state);
	url = xasprintf("unix://%s?timeout=50", server.socket);
	assert_true(budget_share(machines[0], url, &err));
	kill(server.pid, SIGSTOP);
	spend(machines[0], A);
	kill(server.pid, SIGCONT);
	/* It was only decided alone; the connection is still being made, and what was counted is told then. */
	sync_with(machines[0]);
	budget_ledger(machines[0], &ledger);
	if (!ledger.others_answer)
		wait_for_log("answers again");
	spend(machines[1], A);
	assert_int_equal(used(machines[1], A), 2);
	/* Once they have met it is not known what the others do meanwhile. */
	forget_log();
	kill(server.pid, SIGSTOP);
	assert_int_equal(ask(machines[0], A, "m", ASKED, 0, &err), 0);
	assert_int_equal(count_in_log("no answer within 50 ms"), 1);
	kill(server.pid, SIGCONT);
	wait_for_log("answers again");
	/* The question that came late has come to nothing. */
	spend(machines[1], A);
	assert_int_equal(used(machines[1], A), 3);
	free(url);
}

static void test_password(void **state)
{
	struct err err;
	char *url;

	NEED_SERVER(state);
	redis_server_stop(&server);
	redis_server_start(&server, "right-password");
	forget_log();
	spend(machines[0], A);
	wait_for_log("NOAUTH");
	forget_log();
	url = xasprintf("unix://:wrong-password@%s", server.socket);
	assert_true(budget_share(machines[0], url, &err));
	assert_int_equal(ask(machines[0], D, "m", ASKED, 0, &err) != 0, 1);
	assert_int_equal(count_in_log("WRONGPASS"), 1);
	assert_int_equal(count_in_log("wrong-password"), 0);
	free(url);
	url = xasprintf("unix://default:right-password@%s", server.socket);
	assert_true(budget_share(machines[0], url, &err));
	forget_log();
	sync_with(machines[0]);
	assert_int_equal(count_in_log("the ledger of requests is shared at unix:///tmp/eke-redis-"), 1);
	free(url);
	/* Nobody, then. */
	assert_true(budget_share(machines[0], NULL, &err));
	assert_false(budget_share(machines[0], "rediss://host", &err));
	assert_non_null(strstr(err.message, "rediss:// (TLS) is not supported"));
	spend(machines[0], A);
}

/* --- a race --- */

/* One machine in a process of its own: asks until it is refused; ends with how many it was let through. */
static void race(int i)
{
	struct budget *budget;
	struct loop *own;
	struct err err;
	int yes = 0;

	clock_unset_for_test();
	own = loop_new();
	loop = own;
	budget = machine_new(i, server.url);
	while (ask(budget, A, "m", ASKED, 0, &err))
		yes++;
	if (strstr(err.message, "does not answer"))
		yes = 100;
	_exit(yes);
}

static void test_race(void **state)
{
	pid_t children[6];
	int total = 0;

	NEED_SERVER(state);
	for (int i = 0; i < 6; i++) {
		children[i] = fork();
		if (!children[i]) {
			/* Two machines of three processes. */
			race(i % 2);
		}
	}
	for (int i = 0; i < 6; i++) {
		int status;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_true(WIFEXITED(status));
		total += WEXITSTATUS(status);
	}
	assert_int_equal(total, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_together), TEST(test_keys),		       TEST(test_automatic_share), TEST(test_refusal),
		TEST(test_learned),  TEST(test_withdraw),	       TEST(test_away_from_the_start),
		TEST(test_away_and_back), TEST(test_lost_data),	       TEST(test_silence),	   TEST(test_password),
		TEST(test_race),
	};

	zone_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
