/*
 * The loop: order of what is deferred, timers, watches that end in their own callback, signals, the death of a
 * process. Each test runs a loop of its own until something stops it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "eke/base/clock.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/io/loop.h"

struct fixture {
	struct loop *loop;
	struct strbuf seen; /* what was called, in order */
	struct timer *guard; /* ends a test that would wait for ever */
	struct timer *timers[3];
	struct watch *watch;
	int fds[2];
	int count;
};

static void on_guard(void *ctx)
{
	struct fixture *f = ctx;

	strbuf_adds(&f->seen, "TOO LATE");
	loop_stop(f->loop);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->loop = loop_new();
	strbuf_init(&f->seen, 1000);
	f->guard = timer_new(f->loop, on_guard, f);
	timer_start(f->guard, 20000);
	*state = f;
	return pipe2(f->fds, O_CLOEXEC | O_NONBLOCK);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	timer_free(f->guard);
	loop_free(f->loop);
	strbuf_release(&f->seen);
	close(f->fds[0]);
	close(f->fds[1]);
	free(f);
	return 0;
}

static void end_loop(void *ctx)
{
	struct fixture *f = ctx;

	strbuf_adds(&f->seen, ".");
	loop_stop(f->loop);
}

static void say_a(void *ctx)
{
	strbuf_adds(&((struct fixture *)ctx)->seen, "a");
}

static void say_b(void *ctx)
{
	strbuf_adds(&((struct fixture *)ctx)->seen, "b");
}

static void say_c_and_defer(void *ctx)
{
	struct fixture *f = ctx;

	strbuf_adds(&f->seen, "c");
	loop_defer(f->loop, say_a, f);
	if (++f->count < 3)
		loop_defer(f->loop, say_c_and_defer, f);
	else
		loop_defer(f->loop, end_loop, f);
}

/* --- deferred calls --- */

static void test_defer_order(void **state)
{
	struct fixture *f = *state;

	loop_defer(f->loop, say_b, f);
	loop_defer(f->loop, say_c_and_defer, f);
	loop_defer(f->loop, say_b, f);
	assert_string_equal(f->seen.data, "");
	loop_run(f->loop);
	/* Those from within come behind those that waited, and all in one turn. */
	assert_string_equal(f->seen.data, "bcbacaca.");
}

static void test_defer_last(void **state)
{
	struct fixture *f = *state;

	loop_defer_last(f->loop, say_b, f);
	loop_defer_last(f->loop, say_b, f);
	loop_defer(f->loop, say_c_and_defer, f);
	loop_run(f->loop);
	/* Once, behind all that others defer. */
	assert_string_equal(f->seen.data, "cacaca.b");
	loop_defer_last(f->loop, say_a, f);
	loop_undefer(f->loop, say_a, f);
	loop_defer(f->loop, end_loop, f);
	loop_run(f->loop);
	assert_string_equal(f->seen.data, "cacaca.b.");
}

static void test_undefer(void **state)
{
	struct fixture *f = *state;
	struct fixture other = *f;

	loop_defer(f->loop, say_a, f);
	loop_defer(f->loop, say_b, f);
	loop_defer(f->loop, say_b, &other);
	loop_defer(f->loop, say_a, f);
	loop_undefer(f->loop, say_a, f);
	loop_undefer(f->loop, say_b, &other);
	loop_undefer(f->loop, end_loop, f);
	loop_defer(f->loop, end_loop, f);
	loop_run(f->loop);
	assert_string_equal(f->seen.data, "b.");
	/* What was called is no longer queued: nothing to take back. */
	loop_undefer(f->loop, say_b, f);
}

static void undefer_b(void *ctx)
{
	struct fixture *f = ctx;

	strbuf_adds(&f->seen, "u");
	loop_undefer(f->loop, say_b, f);
}

static void test_undefer_within(void **state)
{
	struct fixture *f = *state;

	loop_defer(f->loop, say_b, f);
	loop_defer(f->loop, undefer_b, f);
	loop_defer(f->loop, say_b, f);
	loop_defer(f->loop, end_loop, f);
	loop_run(f->loop);
	assert_string_equal(f->seen.data, "bu.");
}

/* More than the queue has room for at first. */
static void test_defer_many(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 500; i++)
		loop_defer(f->loop, i % 2 ? say_b : say_a, f);
	loop_defer(f->loop, end_loop, f);
	loop_run(f->loop);
	assert_int_equal(f->seen.len, 501);
	for (size_t i = 0; i < 500; i++)
		assert_int_equal(f->seen.data[i], i % 2 ? 'b' : 'a');
}

/* loop_free() runs what is still deferred, so that nothing leaks. */
static void test_free_runs_deferred(void **state)
{
	struct fixture *f = *state;

	loop_defer_free(f->loop, NULL, free);
	loop_defer_free(f->loop, xstrdup("x"), free);
	loop_defer(f->loop, say_a, f);
	loop_defer(f->loop, undefer_b, f);
	timer_free(f->guard);
	f->guard = NULL;
	loop_free(f->loop);
	assert_string_equal(f->seen.data, "au");
	f->loop = loop_new();
}

/* --- timers --- */

static void on_tick(void *ctx)
{
	struct fixture *f = ctx;

	strbuf_addf(&f->seen, "%d", timer_is_running(f->timers[0]));
	if (++f->count < 3)
		timer_start(f->timers[0], 1);
	else
		loop_stop(f->loop);
}

static void test_timer(void **state)
{
	struct fixture *f = *state;
	int64_t before = clock_mono_ms();

	f->timers[0] = timer_new(f->loop, on_tick, f);
	assert_false(timer_is_running(f->timers[0]));
	timer_start(f->timers[0], 20);
	assert_true(timer_is_running(f->timers[0]));
	loop_run(f->loop);
	/* One-shot: in its callback it runs no more. */
	assert_string_equal(f->seen.data, "000");
	assert_false(timer_is_running(f->timers[0]));
	assert_true(clock_mono_ms() - before >= 20);
	timer_free(f->timers[0]);
	timer_free(NULL);
}

static void test_timer_order(void **state)
{
	struct fixture *f = *state;

	f->timers[0] = timer_new(f->loop, say_a, f);
	f->timers[1] = timer_new(f->loop, say_b, f);
	f->timers[2] = timer_new(f->loop, end_loop, f);
	timer_start(f->timers[0], 30);
	timer_start(f->timers[1], 10);
	timer_start(f->timers[2], 60);
	/* Moved before the others, and one stopped. */
	timer_start(f->timers[0], 1);
	timer_start(f->timers[1], 1);
	timer_stop(f->timers[1]);
	timer_stop(f->timers[1]);
	assert_false(timer_is_running(f->timers[1]));
	loop_run(f->loop);
	assert_string_equal(f->seen.data, "a.");
	for (int i = 0; i < 3; i++)
		timer_free(f->timers[i]);
}

static void free_all_timers(void *ctx)
{
	struct fixture *f = ctx;

	strbuf_adds(&f->seen, "f");
	for (int i = 0; i < 3; i++) {
		timer_free(f->timers[i]);
		f->timers[i] = NULL;
	}
	loop_defer(f->loop, end_loop, f);
}

/* Freed in its own callback, and others that are due in the same turn: those are not called. */
static void test_timer_freed_in_callback(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 3; i++) {
		f->timers[i] = timer_new(f->loop, free_all_timers, f);
		timer_start(f->timers[i], 0);
	}
	loop_run(f->loop);
	assert_string_equal(f->seen.data, "f.");
}

/* --- watches --- */

static void on_event(void *ctx, int events)
{
	struct fixture *f = ctx;
	char c;

	if (events & WATCH_READ) {
		assert_int_equal(read(f->fds[0], &c, 1), 1);
		strbuf_addf(&f->seen, "r%c", c);
		if (c == '.')
			loop_stop(f->loop);
		if (c == 'n')
			watch_set(f->watch, WATCH_NONE);
	}
	if (events & WATCH_WRITE) {
		strbuf_adds(&f->seen, "w");
		loop_stop(f->loop);
	}
}

static void test_watch_read(void **state)
{
	struct fixture *f = *state;

	f->watch = watch_new(f->loop, f->fds[0], on_event, f);
	assert_int_equal(write(f->fds[1], "xy.z", 4), 4);
	/* It watches nothing before it is told what. */
	loop_defer(f->loop, end_loop, f);
	loop_run(f->loop);
	assert_string_equal(f->seen.data, ".");
	watch_set(f->watch, WATCH_READ);
	watch_set(f->watch, WATCH_READ);
	loop_run(f->loop);
	assert_string_equal(f->seen.data, ".rxryr.");
	watch_set(f->watch, WATCH_NONE);
	f->timers[0] = timer_new(f->loop, end_loop, f);
	timer_start(f->timers[0], 5);
	loop_run(f->loop);
	assert_string_equal(f->seen.data, ".rxryr..");
	timer_free(f->timers[0]);
	watch_free(f->watch);
	watch_free(NULL);
}

static void test_watch_write(void **state)
{
	struct fixture *f = *state;

	f->watch = watch_new(f->loop, f->fds[1], on_event, f);
	watch_set(f->watch, WATCH_WRITE);
	loop_run(f->loop);
	assert_string_equal(f->seen.data, "w");
	watch_free(f->watch);
}

/* Turned off within its callback, on again later. */
static void test_watch_off_and_on(void **state)
{
	struct fixture *f = *state;

	f->watch = watch_new(f->loop, f->fds[0], on_event, f);
	watch_set(f->watch, WATCH_READ);
	assert_int_equal(write(f->fds[1], "n.", 2), 2);
	f->timers[0] = timer_new(f->loop, end_loop, f);
	timer_start(f->timers[0], 5);
	loop_run(f->loop);
	assert_string_equal(f->seen.data, "rn.");
	watch_set(f->watch, WATCH_READ);
	loop_run(f->loop);
	assert_string_equal(f->seen.data, "rn.r.");
	timer_free(f->timers[0]);
	watch_free(f->watch);
}

static void on_event_free(void *ctx, int events)
{
	struct fixture *f = ctx;

	assert_int_equal(events, WATCH_READ);
	strbuf_adds(&f->seen, "f");
	watch_free(f->watch);
	loop_defer(f->loop, end_loop, f);
}

static void test_watch_freed_in_callback(void **state)
{
	struct fixture *f = *state;

	f->watch = watch_new(f->loop, f->fds[0], on_event_free, f);
	watch_set(f->watch, WATCH_READ);
	assert_int_equal(write(f->fds[1], "xy", 2), 2);
	loop_run(f->loop);
	assert_string_equal(f->seen.data, "f.");
}

struct pair {
	struct fixture *f;
	struct watch *watches[2];
};

static void on_event_free_both(void *ctx, int events)
{
	struct pair *pair = ctx;

	(void)events;
	strbuf_adds(&pair->f->seen, "f");
	watch_free(pair->watches[0]);
	watch_free(pair->watches[1]);
	loop_defer(pair->f->loop, end_loop, pair->f);
}

/* Of two that are ready in one turn the first frees both: the other is not called any more. */
static void test_watch_freed_while_pending(void **state)
{
	struct fixture *f = *state;
	struct pair pair = { .f = f };

	pair.watches[0] = watch_new(f->loop, f->fds[0], on_event_free_both, &pair);
	pair.watches[1] = watch_new(f->loop, f->fds[1], on_event_free_both, &pair);
	watch_set(pair.watches[0], WATCH_READ);
	watch_set(pair.watches[1], WATCH_WRITE);
	assert_int_equal(write(f->fds[1], "x", 1), 1);
	loop_run(f->loop);
	assert_string_equal(f->seen.data, "f.");
}

/* --- signals, processes --- */

static void test_signal(void **state)
{
	struct fixture *f = *state;

	loop_on_signal(f->loop, SIGUSR1, end_loop, f);
	loop_on_signal(f->loop, SIGUSR2, say_b, f);
	raise(SIGUSR1);
	assert_string_equal(f->seen.data, "");
	loop_run(f->loop);
	assert_string_equal(f->seen.data, ".");
}

/*
 * A process that is not our child, as an editor is not: the child starts it and ends, and libev reaps only
 * children. It lives until the pipe's write end is closed.
 */
static pid_t start_stranger(const int life[2])
{
	int told[2];
	pid_t stranger = -1;
	pid_t child;

	assert_int_equal(pipe(told), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		pid_t own = fork();
		char c;

		if (own > 0)
			_exit(0);
		own = getpid();
		close(life[1]);
		if (write(told[1], &own, sizeof(own)) != sizeof(own) || read(life[0], &c, 1) != 0)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(read(told[0], &stranger, sizeof(stranger)), sizeof(stranger));
	close(told[0]);
	close(told[1]);
	return stranger;
}

static void test_exit_of(void **state)
{
	struct fixture *f = *state;
	int life[2];
	pid_t pid;

	assert_int_equal(pipe(life), 0);
	pid = start_stranger(life);
	assert_true(loop_on_exit_of(f->loop, pid, end_loop, f));
	f->timers[0] = timer_new(f->loop, end_loop, f);
	timer_start(f->timers[0], 5);
	loop_run(f->loop);
	assert_string_equal(f->seen.data, ".");
	timer_free(f->timers[0]);
	close(life[1]);
	loop_run(f->loop);
	/* Once. */
	assert_string_equal(f->seen.data, "..");
	loop_defer(f->loop, end_loop, f);
	loop_run(f->loop);
	assert_string_equal(f->seen.data, "...");
	close(life[0]);
}

static void test_exit_of_nobody(void **state)
{
	struct fixture *f = *state;
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child)
		_exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_false(loop_on_exit_of(f->loop, child, end_loop, f));
	assert_string_equal(f->seen.data, "");
}

#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(test_defer_order),
		LOOP_TEST(test_defer_last),
		LOOP_TEST(test_undefer),
		LOOP_TEST(test_undefer_within),
		LOOP_TEST(test_defer_many),
		LOOP_TEST(test_free_runs_deferred),
		LOOP_TEST(test_timer),
		LOOP_TEST(test_timer_order),
		LOOP_TEST(test_timer_freed_in_callback),
		LOOP_TEST(test_watch_read),
		LOOP_TEST(test_watch_write),
		LOOP_TEST(test_watch_off_and_on),
		LOOP_TEST(test_watch_freed_in_callback),
		LOOP_TEST(test_watch_freed_while_pending),
		LOOP_TEST(test_signal),
		LOOP_TEST(test_exit_of),
		LOOP_TEST(test_exit_of_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
