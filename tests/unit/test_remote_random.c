/*
 * Machines that share a ledger while everything happens to Redis at random: it is killed and comes back empty, it
 * forgets its data, some of its keys or the script, its connections drop, it hangs. Whatever happens, they are never
 * let through more often than the limit in all; and when it is over they reach it, or nearly.
 *
 * Each machine has two processes, and now and then one of them is killed. EKE_RANDOM_ROUNDS and EKE_RANDOM_SEED in the
 * environment: more rounds, other ones.
 */
#include "gate.h"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "../../src/budget/redis.h"
#include "redis_server.h"

#define MACHINES 3
/* The processes of machine i are i and i + MACHINES. */
#define PROCESSES (2 * MACHINES)
#define LIMIT 60
#define FAULTS 12
/* Some of the spares of a machine may be lost to all: none may be gained. */
#define LEAST 50

static const struct plan sixty = {
	.name = "sixty",
	.windows = { { PLAN_SCOPE_MACHINE, all, LIMIT, 3600, PLAN_SLIDING, NULL } },
	.window_count = 1,
};
static const struct config_endpoint endpoint = { .name = "s", .base_url = "https://s.example.com", .plan = &sixty };

/* Written by the machines, read by the test. */
static struct shared {
	bool go; /* until then each asks once */
	int let_through[PROCESSES];
	int denied[PROCESSES]; /* in a row */
} * shared;

static struct redis_server server;
static unsigned seed;

static unsigned draw(unsigned n)
{
	/* rand_r() of POSIX: the same everywhere. */
	seed = seed * 1103515245u + 12345u;
	return seed / 65536u % n;
}

static void pause_ms(int ms)
{
	int64_t end = clock_mono_ms() + ms;

	/* The time itself is what is waited for. */
	for (int64_t left; (left = end - clock_mono_ms()) > 0;) {
		struct pollfd none = { .fd = -1 };

		poll(&none, 1, (int)left);
	}
}

/* --- a machine --- */

static struct budget *budget;
static struct timer *again;
static int number;

static void ask_once(void *ctx);

static void on_answer(void *ctx, uint64_t id, const struct err *err)
{
	(void)ctx;
	if (err) {
		/* Not where it only cannot be known. */
		if (strstr(err->message, "; the next may go ") && !strstr(err->message, "has lost"))
			__atomic_add_fetch(&shared->denied[number], 1, __ATOMIC_SEQ_CST);
		timer_start(again, 5);
		return;
	}
	__atomic_store_n(&shared->denied[number], 0, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&shared->let_through[number], 1, __ATOMIC_SEQ_CST);
	budget_answered(budget, id);
	timer_start(again, 20);
}

static void ask_once(void *ctx)
{
	struct budget_request request = { .endpoint = &endpoint, .model = "m", .use = BUDGET_EXPLICIT };

	(void)ctx;
	if (__atomic_load_n(&shared->let_through[number], __ATOMIC_SEQ_CST) &&
		!__atomic_load_n(&shared->go, __ATOMIC_SEQ_CST)) {
		timer_start(again, 5);
		return;
	}
	budget_reserve(budget, &request, on_answer, NULL);
}

static void on_term(void *ctx)
{
	(void)ctx;
	loop_stop(loop);
}

static void be_a_process(int i)
{
	char *dir = xasprintf("%s-m%d", state_dir, i % MACHINES);
	struct err err;

	number = i;
	clock_unset_for_test();
	setenv("EKE_STATE_DIR", dir, 1);
	free(dir);
	loop = loop_new();
	loop_on_signal(loop, SIGTERM, on_term, NULL);
	budget = budget_new(loop);
	again = timer_new(loop, ask_once, NULL);
	if (!budget_share(budget, server.url, &err))
		_exit(1);
	ask_once(NULL);
	loop_run(loop);
	budget_free(budget);
	timer_free(again);
	loop_free(loop);
	_exit(0);
}

/* --- what happens to Redis --- */

static pid_t processes[PROCESSES];

static void start_process(int i)
{
	__atomic_store_n(&shared->denied[i], 0, __ATOMIC_SEQ_CST);
	processes[i] = fork();
	if (!processes[i])
		be_a_process(i);
}

static void kill_process(void)
{
	int i = (int)draw(PROCESSES);

	kill(processes[i], SIGKILL);
	waitpid(processes[i], NULL, 0);
	start_process(i);
}

static void redis_does(const char *a, const char *b, const char *c, const char *d)
{
	pid_t pid = fork();

	if (!pid) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execlp("redis-cli", "redis-cli", "-s", server.socket, a, b, c, d, (char *)NULL);
		execlp("valkey-cli", "valkey-cli", "-s", server.socket, a, b, c, d, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

static void restart(void)
{
	redis_server_stop(&server);
	pause_ms((int)draw(150));
	redis_server_start(&server, NULL);
}

static void hang(void)
{
	kill(server.pid, SIGSTOP);
	pause_ms(100 + (int)draw(500));
	kill(server.pid, SIGCONT);
}

static void hurt(void)
{
	static const char *const evicted[] = { "{eke}:meta", "{eke}:data", "{eke}:log", "{eke}:events", "{eke}:expiry",
		"{eke}:log:s:https://s.example.com", "{eke}:log:p:sixty", "{eke}:awaited" };

	switch (draw(8)) {
	case 0:
		restart();
		break;
	case 1:
		redis_does("FLUSHALL", NULL, NULL, NULL);
		break;
	case 2:
		redis_does("SCRIPT", "FLUSH", NULL, NULL);
		break;
	case 3:
		redis_does("CLIENT", "KILL", "TYPE", "normal");
		break;
	case 4:
		hang();
		break;
	case 5:
		kill_process();
		break;
	case 6:
		/* It evicts a key for want of memory. */
		redis_does("DEL", evicted[draw(ARRAY_LEN(evicted))], NULL, NULL);
		break;
	default:
		/* Two at once. */
		redis_does("CLIENT", "KILL", "TYPE", "normal");
		redis_does("FLUSHALL", NULL, NULL, NULL);
		break;
	}
}

static int total(void)
{
	int n = 0;

	for (int i = 0; i < PROCESSES; i++)
		n += __atomic_load_n(&shared->let_through[i], __ATOMIC_SEQ_CST);
	return n;
}

/* Until each machine has been denied many times in a row: nothing more can be had. */
static void wait_for_the_end(void)
{
	for (int tries = 0; tries < 2000; tries++) {
		bool all_denied = true;

		for (int i = 0; i < PROCESSES; i++)
			all_denied = all_denied && __atomic_load_n(&shared->denied[i], __ATOMIC_SEQ_CST) > 60;
		if (all_denied)
			return;
		pause_ms(10);
	}
	fail_msg("the machines still ask");
}

static void wait_for_first(int i)
{
	for (int tries = 0; !__atomic_load_n(&shared->let_through[i], __ATOMIC_SEQ_CST); tries++) {
		if (tries == 30000)
			fail_msg("process %d is not let through at all", i);
		pause_ms(2);
	}
}

static void round_of(unsigned first_seed)
{
	int reached;

	seed = first_seed;
	memset(shared, 0, sizeof(*shared));
	redis_server_init(&server);
	/* A time-out as users have it. */
	free(server.url);
	server.url = xasprintf("unix://%s?timeout=300", server.socket);
	redis_server_start(&server, NULL);
	for (int i = 0; i < PROCESSES; i++) {
		start_process(i);
		/* All have met before anything happens. */
		wait_for_first(i);
	}
	__atomic_store_n(&shared->go, true, __ATOMIC_SEQ_CST);
	for (int i = 0; i < FAULTS && total() < LIMIT; i++) {
		pause_ms((int)draw(200));
		hurt();
	}
	wait_for_the_end();
	reached = total();
	for (int i = 0; i < PROCESSES; i++) {
		int status;

		kill(processes[i], SIGTERM);
		assert_int_equal(waitpid(processes[i], &status, 0), processes[i]);
		assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	}
	redis_server_release(&server);
	if (reached > LIMIT || reached < LEAST)
		fail_msg("seed %u: %d of %d were let through", first_seed, reached, LIMIT);
	print_message("seed %u: %d of %d\n", first_seed, reached, LIMIT);
}

static void test_random(void **state)
{
	const char *rounds = getenv("EKE_RANDOM_ROUNDS");
	const char *from = getenv("EKE_RANDOM_SEED");
	unsigned first_seed = from ? (unsigned)strtoul(from, NULL, 10) : 1;
	unsigned count = rounds ? (unsigned)strtoul(rounds, NULL, 10) : 3;

	(void)state;
	if (!redis_is_built() || !redis_server_exists())
		skip();
	signal(SIGPIPE, SIG_IGN);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(shared, MAP_FAILED);
	for (unsigned i = 0; i < count; i++) {
		state_dir_begin();
		log_set_level(LOG_BROKEN);
		round_of(first_seed + i);
		state_dir_end();
	}
	munmap(shared, sizeof(*shared));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_random) };

	setvbuf(stdout, NULL, _IOLBF, 0);
	zone_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
