/*
 * Simulated time for the trace player. Timers are a list in the order in which they are due; between two of them
 * nothing happens, so time jumps. A turn is one timer's callback and then all that was deferred, as with libev.
 */
#include "virtual_loop.h"

#include <stdio.h>
#include <stdlib.h>

#include "eke/base/clock.h"
#include "eke/base/mem.h"
#include "../../src/io/loop_private.h"

/* Monday, 2026-01-05, 09:00 UTC. */
#define WALL_START_MS INT64_C(1767603600000)
/* More than this without time passing is no program that waits for something. */
#define TURNS_MAX 1000000

struct deferred {
	loop_fn *fn;
	void *ctx;
};

struct timer {
	struct loop *loop;
	loop_fn *fn;
	void *ctx;
	int64_t due;
	bool running;
	struct timer *next;
};

struct watch {
	struct loop *loop;
};

struct loop {
	int64_t now;
	struct timer *timers; /* running ones, the next first */
	struct deferred *queue; /* owned; [head, tail) are to be called */
	size_t head, tail, cap;
	bool stopped;
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "virtual loop: %s\n", what);
	abort();
}

static void set_time(struct loop *loop, int64_t now)
{
	loop->now = now;
	clock_set_for_test(WALL_START_MS + now - VIRTUAL_START_MS, now);
}

struct loop *loop_new(void)
{
	struct loop *loop = xcalloc(1, sizeof(*loop));

	set_time(loop, VIRTUAL_START_MS);
	return loop;
}

static void run_deferred(struct loop *loop)
{
	size_t calls = 0;

	while (loop->head < loop->tail) {
		struct deferred d = loop->queue[loop->head++];

		if (d.fn)
			d.fn(d.ctx);
		if (++calls > TURNS_MAX)
			die("deferred work defers itself for ever");
	}
	loop->head = loop->tail = 0;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	run_deferred(loop);
	free(loop->queue);
	free(loop);
	clock_unset_for_test();
}

static void fire_first(struct loop *loop)
{
	struct timer *timer = loop->timers;

	loop->timers = timer->next;
	timer->running = false;
	if (timer->due > loop->now)
		set_time(loop, timer->due);
	timer->fn(timer->ctx);
	run_deferred(loop);
}

void virtual_loop_advance(struct loop *loop, int64_t until_ms)
{
	int64_t at = loop->now;
	size_t turns = 0;

	run_deferred(loop);
	while (loop->timers && loop->timers->due <= until_ms) {
		fire_first(loop);
		turns = loop->now == at ? turns + 1 : 0;
		at = loop->now;
		if (turns > TURNS_MAX)
			die("timers start each other for ever without time passing");
	}
	if (until_ms > loop->now)
		set_time(loop, until_ms);
}

int64_t virtual_loop_now(const struct loop *loop)
{
	return loop->now;
}

void loop_run(struct loop *loop)
{
	loop->stopped = false;
	run_deferred(loop);
	while (!loop->stopped && loop->timers)
		fire_first(loop);
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
}

int64_t loop_now_ms(const struct loop *loop)
{
	return loop->now;
}

void loop_defer(struct loop *loop, loop_fn *fn, void *ctx)
{
	if (loop->tail == loop->cap) {
		loop->cap = loop->cap ? 2 * loop->cap : 32;
		loop->queue = xreallocarray(loop->queue, loop->cap, sizeof(loop->queue[0]));
	}
	loop->queue[loop->tail++] = (struct deferred){ fn, ctx };
}

void loop_defer_last(struct loop *loop, loop_fn *fn, void *ctx)
{
	loop_undefer(loop, fn, ctx);
	loop_defer(loop, fn, ctx);
}

void loop_undefer(struct loop *loop, loop_fn *fn, void *ctx)
{
	for (size_t i = loop->head; i < loop->tail; i++)
		if (loop->queue[i].fn == fn && loop->queue[i].ctx == ctx)
			loop->queue[i].fn = NULL;
}

void loop_defer_free(struct loop *loop, void *p, void (*free_fn)(void *))
{
	if (p)
		loop_defer(loop, free_fn, p);
}

struct timer *timer_new(struct loop *loop, loop_fn *fn, void *ctx)
{
	struct timer *timer = xcalloc(1, sizeof(*timer));

	timer->loop = loop;
	timer->fn = fn;
	timer->ctx = ctx;
	return timer;
}

void timer_free(struct timer *timer)
{
	if (!timer)
		return;
	timer_stop(timer);
	loop_defer_free(timer->loop, timer, free);
}

void timer_start(struct timer *timer, int64_t milliseconds)
{
	struct timer **at = &timer->loop->timers;

	timer_stop(timer);
	timer->due = timer->loop->now + (milliseconds > 0 ? milliseconds : 0);
	while (*at && (*at)->due <= timer->due)
		at = &(*at)->next;
	timer->next = *at;
	*at = timer;
	timer->running = true;
}

void timer_stop(struct timer *timer)
{
	struct timer **at = &timer->loop->timers;

	if (!timer->running)
		return;
	while (*at != timer)
		at = &(*at)->next;
	*at = timer->next;
	timer->running = false;
}

bool timer_is_running(const struct timer *timer)
{
	return timer->running;
}

struct watch *watch_new(struct loop *loop, int fd, watch_fn *fn, void *ctx)
{
	struct watch *watch = xcalloc(1, sizeof(*watch));

	(void)fd;
	(void)fn;
	(void)ctx;
	watch->loop = loop;
	return watch;
}

void watch_free(struct watch *watch)
{
	if (watch)
		loop_defer_free(watch->loop, watch, free);
}

void watch_set(struct watch *watch, int events)
{
	(void)watch;
	(void)events;
}

void loop_on_signal(struct loop *loop, int signum, loop_fn *fn, void *ctx)
{
	(void)loop;
	(void)signum;
	(void)fn;
	(void)ctx;
}

bool loop_on_exit_of(struct loop *loop, pid_t pid, loop_fn *fn, void *ctx)
{
	(void)loop;
	(void)pid;
	(void)fn;
	(void)ctx;
	return false;
}

/* src/io/proc.c links to it. */
struct ev_loop *loop_ev(struct loop *loop)
{
	(void)loop;
	die("there are no child processes in simulated time");
}
