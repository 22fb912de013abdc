/*
 * Questions besides chats, over real sockets: the test upstream (tests/upstream) is a child of this program. What it
 * served is what its own count says; a wrong key is an error; a cancelled question says nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "eke/base/clock.h"
#include "eke/base/mem.h"
#include "eke/budget/budget.h"
#include "eke/upstream/call.h"
#include "eke/upstream/models.h"
#include "eke/upstream/usage.h"

#define KEY "sk-the-right-key"
#define WAIT_MS 20000

struct fixture {
	pid_t server;
	char base[128];
	struct loop *loop;
	struct timer *guard;
	struct budget *budget;
	struct upstream *upstream;
	struct config *config;
	/* what came back */
	int left; /* until the loop may stop */
	struct usage_hour hours[LIMIT_USAGE_HOURS];
	size_t hour_count;
	size_t model_count;
	struct err err;
};

static void on_guard(void *ctx)
{
	struct fixture *f = ctx;

	loop_stop(f->loop);
	fail_msg("waited too long");
}

/* Its base URL is its first line. */
static void start_server(struct fixture *f)
{
	static const char *const argv[] = { "node", "tests/upstream/main.mjs", "--key", KEY, NULL };
	size_t n = 0;
	int pipe_fds[2];

	assert_int_equal(pipe(pipe_fds), 0);
	f->server = fork();
	assert_true(f->server >= 0);
	if (!f->server) {
		int null = open("/dev/null", O_WRONLY);

		dup2(pipe_fds[1], STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		close(pipe_fds[0]);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(pipe_fds[1]);
	while (n + 1 < sizeof(f->base) && read(pipe_fds[0], f->base + n, 1) == 1 && f->base[n] != '\n')
		n++;
	f->base[n] = '\0';
	close(pipe_fds[0]);
	assert_memory_equal(f->base, "http://", 7);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	signal(SIGPIPE, SIG_IGN);
	start_server(f);
	f->loop = loop_new();
	f->guard = timer_new(f->loop, on_guard, f);
	f->budget = budget_new(f->loop);
	f->upstream = upstream_new(f->loop, f->budget);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	int status;

	upstream_free(f->upstream);
	config_unref(f->config);
	budget_free(f->budget);
	timer_free(f->guard);
	loop_free(f->loop);
	kill(f->server, SIGTERM);
	assert_int_equal(waitpid(f->server, &status, 0), f->server);
	free(f);
	return 0;
}

/* The endpoint of the server, with a key. */
static struct endpoint *endpoint_with(struct fixture *f, const char *key)
{
	struct err err = ERR_INIT;

	setenv("EKE_CONFIG", "/nonexistent/config.json", 1);
	setenv("EKE_BASE_URL", f->base, 1);
	setenv("EKE_API_KEY", key, 1);
	config_unref(f->config);
	f->config = config_load(NULL, NULL, NULL, NULL, &err);
	if (!f->config || !upstream_configure(f->upstream, f->config, &err))
		fail_msg("%s", err.message);
	return upstream_at(f->upstream, 0);
}

static void test_offered(void **state)
{
	static const struct {
		const char *base;
		bool offered;
	} bases[] = {
		{ "https://api.chatanywhere.tech/v1", true },
		{ "api.chatanywhere.org", true },
		{ "https://API.ChatAnywhere.com.cn", true },
		{ "https://api.chatanywhere.cn/v1/chat/completions", true },
		{ "https://chatanywhere.tech.example.com", false },
		{ "https://notchatanywhere.tech", false },
		{ "https://api.openai.com/v1", false },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(bases); i++) {
		snprintf(f->base, sizeof(f->base), "%s", bases[i].base);
		assert_int_equal(usage_is_offered(endpoint_with(f, KEY)), bases[i].offered);
	}
}

static void came(struct fixture *f)
{
	if (!--f->left)
		loop_stop(f->loop);
}

static void wait_for(struct fixture *f, int answers)
{
	f->left = answers;
	timer_start(f->guard, WAIT_MS);
	loop_run(f->loop);
	timer_stop(f->guard);
}

static void on_usage(void *ctx, const struct usage_hour *hours, size_t count, const struct err *err)
{
	struct fixture *f = ctx;

	f->hour_count = count;
	if (count)
		memcpy(f->hours, hours, count * sizeof(*hours));
	f->err = err ? *err : (struct err)ERR_INIT;
	came(f);
}

static void on_models(void *ctx, const char *const *ids, size_t count, const struct err *err)
{
	struct fixture *f = ctx;

	assert_true(err ? !ids : ids && ids[0][0]);
	f->model_count = count;
	f->err = err ? *err : (struct err)ERR_INIT;
	came(f);
}

static void on_chat(void *ctx, const struct call_answer *answer, const struct err *err)
{
	if (!answer)
		fail_msg("%s", err->message);
	came(ctx);
}

static void chat(struct fixture *f, struct endpoint *endpoint, const char *model)
{
	static const struct request_message message = { "user", "hello", 5 };
	struct call_spec spec = {
		.endpoint = endpoint,
		.purpose = CALL_CHAT,
		.request = { .dialect = dialect_chat(), .model = model, .messages = &message, .message_count = 1,
			     .stream = true, .temperature = -1 },
	};
	struct call_callbacks callbacks = { .done = on_chat, .ctx = f };

	call_start(f->upstream, &spec, &callbacks);
}

static void test_usage(void **state)
{
	struct fixture *f = *state;
	struct endpoint *endpoint = endpoint_with(f, KEY);
	int64_t now = clock_wall_ms() / 1000;
	int64_t requests = 0;

	assert_false(usage_is_offered(endpoint));
	assert_true(usage_start(f->upstream, endpoint, on_usage, f) != 0);
	wait_for(f, 1);
	assert_int_equal(f->err.kind, ERR_NONE);
	assert_int_equal(f->hour_count, 0);

	chat(f, endpoint, "one");
	chat(f, endpoint, "two");
	chat(f, endpoint, "two");
	wait_for(f, 3);
	usage_start(f->upstream, endpoint, on_usage, f);
	wait_for(f, 1);
	assert_int_equal(f->err.kind, ERR_NONE);
	/* Two, if the hour has just ended. */
	assert_in_range(f->hour_count, 1, 2);
	for (size_t i = 0; i < f->hour_count; i++) {
		requests += f->hours[i].count;
		assert_int_equal(f->hours[i].start % 3600, 0);
		assert_in_range(f->hours[i].start, now - 3600, now + 3600);
	}
	assert_int_equal(requests, 3);
}

static void test_models(void **state)
{
	struct fixture *f = *state;
	struct endpoint *endpoint = endpoint_with(f, KEY);

	models_start(f->upstream, endpoint, on_models, f);
	wait_for(f, 1);
	assert_int_equal(f->err.kind, ERR_NONE);
	assert_true(f->model_count > 0);
}

static void test_wrong_key(void **state)
{
	struct fixture *f = *state;
	struct endpoint *endpoint = endpoint_with(f, "sk-another-key");

	usage_start(f->upstream, endpoint, on_usage, f);
	wait_for(f, 1);
	assert_int_equal(f->err.kind, ERR_AUTH);
	assert_int_equal(f->err.http_status, 401);
	assert_string_equal(f->err.endpoint, endpoint_name(endpoint));
	models_start(f->upstream, endpoint, on_models, f);
	wait_for(f, 1);
	assert_int_equal(f->err.kind, ERR_AUTH);
}

static void never(void *ctx, const struct usage_hour *hours, size_t count, const struct err *err)
{
	(void)ctx;
	(void)hours;
	(void)count;
	fail_msg("told although cancelled: %s", err ? err->message : "");
}

static void test_cancelled(void **state)
{
	struct fixture *f = *state;
	struct endpoint *endpoint = endpoint_with(f, KEY);
	uint64_t id = usage_start(f->upstream, endpoint, never, f);

	usage_cancel(f->upstream, id);
	usage_cancel(f->upstream, id);
	usage_cancel(f->upstream, 0);
	/* Its neighbour is not. */
	id = usage_start(f->upstream, endpoint, never, f);
	models_start(f->upstream, endpoint, on_models, f);
	usage_cancel(f->upstream, id);
	wait_for(f, 1);
	assert_int_equal(f->err.kind, ERR_NONE);
	/* Under way when everything ends. */
	usage_start(f->upstream, endpoint, never, f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_offered, setup, teardown),
		cmocka_unit_test_setup_teardown(test_usage, setup, teardown),
		cmocka_unit_test_setup_teardown(test_models, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrong_key, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cancelled, setup, teardown),
	};

	return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
