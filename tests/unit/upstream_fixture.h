#ifndef UPSTREAM_FIXTURE_H
#define UPSTREAM_FIXTURE_H
/*
 * The loopback API of tests/upstream and an upstream whose one endpoint it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "eke/base/mem.h"
#include "eke/budget/budget.h"
#include "eke/config/config.h"
#include "eke/upstream/upstream.h"

#define UPSTREAM_KEY "sk-the-right-key"
#define UPSTREAM_WAIT_MS 20000

struct upstream_fixture {
	pid_t server;
	char base[128];
	struct loop *loop;
	struct timer *guard;
	struct budget *budget;
	struct upstream *upstream;
	struct config *config;
	int left; /* until the loop may stop */
};

static inline void upstream_on_guard(void *ctx)
{
	struct upstream_fixture *f = ctx;

	loop_stop(f->loop);
	fail_msg("waited too long");
}

/* Its base URL is its first line. */
static inline void upstream_start_server(struct upstream_fixture *f)
{
	static const char *const argv[] = { "node", "tests/upstream/main.mjs", "--key", UPSTREAM_KEY, NULL };
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

static inline void upstream_setup(struct upstream_fixture *f)
{
	signal(SIGPIPE, SIG_IGN);
	upstream_start_server(f);
	f->loop = loop_new();
	f->guard = timer_new(f->loop, upstream_on_guard, f);
	f->budget = budget_new(f->loop);
	f->upstream = upstream_new(f->loop, f->budget);
}

static inline void upstream_teardown(struct upstream_fixture *f)
{
	int status;

	upstream_free(f->upstream);
	config_unref(f->config);
	budget_free(f->budget);
	timer_free(f->guard);
	loop_free(f->loop);
	kill(f->server, SIGTERM);
	assert_int_equal(waitpid(f->server, &status, 0), f->server);
}

/* The endpoint of the server, with a key. */
static inline struct endpoint *upstream_endpoint(struct upstream_fixture *f, const char *key)
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

/* One of those that are waited for. */
static inline void upstream_came(struct upstream_fixture *f)
{
	if (!--f->left)
		loop_stop(f->loop);
}

/* Runs the loop until so many came. */
static inline void upstream_wait(struct upstream_fixture *f, int answers)
{
	f->left = answers;
	timer_start(f->guard, UPSTREAM_WAIT_MS);
	loop_run(f->loop);
	timer_stop(f->guard);
}

#endif
