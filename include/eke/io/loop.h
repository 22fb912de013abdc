#ifndef EKE_IO_LOOP_H
#define EKE_IO_LOOP_H
/*
 * The one event loop, by libev, and what hangs on it: timers, descriptors, signals, the death of a process. Everything
 * above this folder sees these types instead of libev's.
 *
 * Rules that hold for all callbacks of eke (src/README.md, rule 3): they come from the loop, never from within the call
 * that started the work, and never after the matching stop, cancel or free. Freeing a timer or a watch inside its
 * own callback is fine: the memory goes at the end of the turn.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct loop;
struct timer;
struct watch;

typedef void loop_fn(void *ctx);

/* One per process (child processes are watched through it). */
struct loop *loop_new(void);
/* After loop_run(). Runs what is still deferred. */
void loop_free(struct loop *loop);
/* Until loop_stop(). */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/*
 * When this turn began, in milliseconds of a clock that only this function has: for cheap durations of a turn's
 * precision.
 */
int64_t loop_now_ms(const struct loop *loop);

/*
 * Calls fn when the turn's events are handled, before the loop sleeps again. In the order of the calls; what is
 * deferred from within is called in the same turn.
 */
void loop_defer(struct loop *loop, loop_fn *fn, void *ctx);
/* The same, but after all others, in no order: for what nothing waits for. Queued already, it stays queued once. */
void loop_defer_last(struct loop *loop, loop_fn *fn, void *ctx);
/* Takes back what loop_defer() or loop_defer_last() with the same two arguments queued. */
void loop_undefer(struct loop *loop, loop_fn *fn, void *ctx);
/* free_fn(p) at the end of the turn: the way to end objects that a callback on the stack may still be using. */
void loop_defer_free(struct loop *loop, void *p, void (*free_fn)(void *));

/* One-shot; starting it again moves it. */
struct timer *timer_new(struct loop *loop, loop_fn *fn, void *ctx);
void timer_free(struct timer *timer);
void timer_start(struct timer *timer, int64_t milliseconds);
void timer_stop(struct timer *timer);
bool timer_is_running(const struct timer *timer);

enum { WATCH_NONE = 0, WATCH_READ = 1, WATCH_WRITE = 2 };
typedef void watch_fn(void *ctx, int events);
/* Watches nothing until watch_set(). The descriptor stays the caller's. */
struct watch *watch_new(struct loop *loop, int fd, watch_fn *fn, void *ctx);
void watch_free(struct watch *watch);
void watch_set(struct watch *watch, int events);

/* For the rest of the loop's life. */
void loop_on_signal(struct loop *loop, int signum, loop_fn *fn, void *ctx);

/*
 * Calls fn once when process `pid` (not our child) is gone, without waking up meanwhile where the system can
 * tell (pidfd, Linux 5.3); elsewhere it looks every few seconds. False, and no watch, if there is no such
 * process now: in a container the number may belong to another namespace.
 */
bool loop_on_exit_of(struct loop *loop, pid_t pid, loop_fn *fn, void *ctx);

#endif
