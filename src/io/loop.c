/*
 * libev behind our own types. The deferred queue is run by a prepare watcher, which libev calls after a turn's
 * events and before it sleeps: that is where objects end and where stream deltas of one turn are sent.
 *
 * Timers and watches are heap objects. Freeing one stops it at once (libev then drops a pending event too) and
 * returns its memory at the end of the turn.
 */
#include "eke/io/loop.h"

#include <errno.h>
#include <ev.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "loop_private.h"

/* How often the fallback looks whether a process still exists. */
#define PID_POLL_MS 5000
/* More are called with the others. */
#define LAST_MAX 16

struct deferred {
	loop_fn *fn;
	void *ctx;
};

struct signal_watch {
	ev_signal ev;
	loop_fn *fn;
	void *ctx;
	struct signal_watch *next;
};

struct pid_watch {
	struct loop *loop;
	pid_t pid;
	int fd; /* pidfd, or -1 */
	struct watch *watch;
	struct timer *timer;
	loop_fn *fn;
	void *ctx;
	struct pid_watch *next;
};

struct loop {
	struct ev_loop *ev;
	ev_prepare prepare;
	struct deferred *queue; /* owned; [head, tail) are to be called */
	size_t head, tail, cap;
	struct deferred last[LAST_MAX]; /* ... when that is empty */
	size_t last_count;
	struct signal_watch *signals;
	struct pid_watch *pids;
};

struct timer {
	ev_timer ev;
	struct loop *loop;
	loop_fn *fn;
	void *ctx;
};

struct watch {
	ev_io ev;
	struct loop *loop;
	watch_fn *fn;
	void *ctx;
};

struct ev_loop *loop_ev(struct loop *loop)
{
	return loop->ev;
}

static void run_deferred(struct loop *loop)
{
	while (loop->head < loop->tail || loop->last_count) {
		struct deferred d = loop->head < loop->tail ? loop->queue[loop->head++] : loop->last[--loop->last_count];

		if (d.fn)
			d.fn(d.ctx);
	}
	loop->head = loop->tail = 0;
}

static void on_prepare(struct ev_loop *ev, ev_prepare *w, int events)
{
	(void)ev;
	(void)events;
	run_deferred(w->data);
}

struct loop *loop_new(void)
{
	struct loop *loop = xcalloc(1, sizeof(*loop));

	loop->ev = ev_default_loop(EVFLAG_AUTO);
	if (!loop->ev) {
		log_broken("libev could not start: is epoll, kqueue or poll available?");
		abort();
	}
	ev_prepare_init(&loop->prepare, on_prepare);
	loop->prepare.data = loop;
	ev_prepare_start(loop->ev, &loop->prepare);
	return loop;
}

static void pid_watch_free(struct pid_watch *p)
{
	watch_free(p->watch);
	timer_free(p->timer);
	if (p->fd >= 0)
		close(p->fd);
	free(p);
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	while (loop->pids) {
		struct pid_watch *p = loop->pids;

		loop->pids = p->next;
		pid_watch_free(p);
	}
	while (loop->signals) {
		struct signal_watch *s = loop->signals;

		loop->signals = s->next;
		ev_signal_stop(loop->ev, &s->ev);
		free(s);
	}
	run_deferred(loop);
	ev_prepare_stop(loop->ev, &loop->prepare);
	ev_loop_destroy(loop->ev);
	free(loop->queue);
	free(loop);
}

void loop_run(struct loop *loop)
{
	ev_run(loop->ev, 0);
}

void loop_stop(struct loop *loop)
{
	ev_break(loop->ev, EVBREAK_ALL);
}

int64_t loop_now_ms(const struct loop *loop)
{
	return (int64_t)(ev_now(loop->ev) * 1000.0);
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
	if (loop->last_count == LAST_MAX) {
		loop_defer(loop, fn, ctx);
		return;
	}
	loop->last[loop->last_count++] = (struct deferred){ fn, ctx };
}

void loop_undefer(struct loop *loop, loop_fn *fn, void *ctx)
{
	for (size_t i = loop->last_count; i-- > 0;)
		if (loop->last[i].fn == fn && loop->last[i].ctx == ctx)
			loop->last[i] = loop->last[--loop->last_count];
	for (size_t i = loop->head; i < loop->tail; i++)
		if (loop->queue[i].fn == fn && loop->queue[i].ctx == ctx)
			loop->queue[i].fn = NULL;
}

void loop_defer_free(struct loop *loop, void *p, void (*free_fn)(void *))
{
	if (p)
		loop_defer(loop, free_fn, p);
}

static void on_timer(struct ev_loop *ev, ev_timer *w, int events)
{
	struct timer *timer = w->data;

	(void)ev;
	(void)events;
	timer->fn(timer->ctx);
}

struct timer *timer_new(struct loop *loop, loop_fn *fn, void *ctx)
{
	struct timer *timer = xcalloc(1, sizeof(*timer));

	ev_init(&timer->ev, on_timer);
	timer->ev.data = timer;
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
	ev_timer_stop(timer->loop->ev, &timer->ev);
	/*
	 * libev counts from the start of the turn; without this a turn that took long would make timers started in it fire
	 * early.
	 */
	ev_now_update(timer->loop->ev);
	ev_timer_set(&timer->ev, (double)milliseconds / 1000.0, 0.0);
	ev_timer_start(timer->loop->ev, &timer->ev);
}

void timer_stop(struct timer *timer)
{
	ev_timer_stop(timer->loop->ev, &timer->ev);
}

bool timer_is_running(const struct timer *timer)
{
	return timer->ev.active;
}

static void on_io(struct ev_loop *ev, ev_io *w, int events)
{
	struct watch *watch = w->data;

	(void)ev;
	watch->fn(watch->ctx, (events & EV_READ ? WATCH_READ : 0) | (events & EV_WRITE ? WATCH_WRITE : 0));
}

struct watch *watch_new(struct loop *loop, int fd, watch_fn *fn, void *ctx)
{
	struct watch *watch = xcalloc(1, sizeof(*watch));

	ev_io_init(&watch->ev, on_io, fd, 0);
	watch->ev.data = watch;
	watch->loop = loop;
	watch->fn = fn;
	watch->ctx = ctx;
	return watch;
}

void watch_free(struct watch *watch)
{
	if (!watch)
		return;
	ev_io_stop(watch->loop->ev, &watch->ev);
	loop_defer_free(watch->loop, watch, free);
}

void watch_set(struct watch *watch, int events)
{
	int wanted = (events & WATCH_READ ? EV_READ : 0) | (events & WATCH_WRITE ? EV_WRITE : 0);

	if (ev_is_active(&watch->ev) && (watch->ev.events & (EV_READ | EV_WRITE)) == wanted)
		return;
	ev_io_stop(watch->loop->ev, &watch->ev);
	if (!wanted)
		return;
	ev_io_set(&watch->ev, watch->ev.fd, wanted);
	ev_io_start(watch->loop->ev, &watch->ev);
}

static void on_signal(struct ev_loop *ev, ev_signal *w, int events)
{
	struct signal_watch *s = w->data;

	(void)ev;
	(void)events;
	s->fn(s->ctx);
}

void loop_on_signal(struct loop *loop, int signum, loop_fn *fn, void *ctx)
{
	struct signal_watch *s = xcalloc(1, sizeof(*s));

	ev_signal_init(&s->ev, on_signal, signum);
	s->ev.data = s;
	s->fn = fn;
	s->ctx = ctx;
	s->next = loop->signals;
	loop->signals = s;
	ev_signal_start(loop->ev, &s->ev);
}

static void pid_gone(struct pid_watch *p)
{
	if (p->watch)
		watch_set(p->watch, WATCH_NONE);
	p->fn(p->ctx);
}

static void on_pidfd(void *ctx, int events)
{
	(void)events;
	pid_gone(ctx);
}

static void on_pid_poll(void *ctx)
{
	struct pid_watch *p = ctx;

	if (kill(p->pid, 0) < 0 && errno == ESRCH)
		pid_gone(p);
	else
		timer_start(p->timer, PID_POLL_MS);
}

static int open_pidfd(pid_t pid)
{
#ifdef SYS_pidfd_open
	return (int)syscall(SYS_pidfd_open, pid, 0);
#else
	(void)pid;
	errno = ENOSYS;
	return -1;
#endif
}

bool loop_on_exit_of(struct loop *loop, pid_t pid, loop_fn *fn, void *ctx)
{
	struct pid_watch *p;
	int fd;

	if (kill(pid, 0) < 0 && errno == ESRCH)
		return false;
	fd = open_pidfd(pid);
	p = xcalloc(1, sizeof(*p));
	p->loop = loop;
	p->pid = pid;
	p->fd = fd;
	p->fn = fn;
	p->ctx = ctx;
	p->next = loop->pids;
	loop->pids = p;
	if (fd >= 0) {
		p->watch = watch_new(loop, fd, on_pidfd, p);
		watch_set(p->watch, WATCH_READ);
	} else {
		p->timer = timer_new(loop, on_pid_poll, p);
		timer_start(p->timer, PID_POLL_MS);
	}
	return true;
}
