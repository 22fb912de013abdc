/*
 * The write queue. Its states: idle (nothing waits, no watcher), waiting (bytes in `pending`, write watcher on), broken
 * (everything is refused). The `broken` callback comes from the loop, never from within outq_write().
 */
#include "eke/io/outq.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"

struct outq {
	struct loop *loop;
	int fd;
	struct outq_callbacks callbacks;
	struct watch *watch;
	struct strbuf pending;
	size_t sent; /* of pending */
	bool congested;
	bool broken;
	int reason;
	int restore_flags; /* file status flags to put back, or -1 */
};

static void on_writable(void *ctx, int events);

/* A terminal or file keeps its blocking mode: others share it. */
static int make_nonblocking(int fd)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || (flags & O_NONBLOCK) || fstat(fd, &st) < 0 || !(S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
		return -1;
	return fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -1 : flags;
}

struct outq *outq_new(struct loop *loop, int fd, const struct outq_callbacks *callbacks)
{
	struct outq *q = xcalloc(1, sizeof(*q));

	q->loop = loop;
	q->fd = fd;
	q->callbacks = *callbacks;
	q->restore_flags = make_nonblocking(fd);
	q->watch = watch_new(loop, fd, on_writable, q);
	strbuf_init(&q->pending, LIMIT_OUT_QUEUE);
	return q;
}

static void tell_broken(void *ctx)
{
	struct outq *q = ctx;

	q->callbacks.broken(q->callbacks.ctx, q->reason);
}

void outq_free(struct outq *q)
{
	if (!q)
		return;
	loop_undefer(q->loop, tell_broken, q);
	watch_free(q->watch);
	strbuf_release(&q->pending);
	if (q->restore_flags >= 0)
		fcntl(q->fd, F_SETFL, q->restore_flags);
	free(q);
}

static void break_queue(struct outq *q, int reason)
{
	q->broken = true;
	q->reason = reason;
	watch_set(q->watch, WATCH_NONE);
	strbuf_release(&q->pending);
	q->sent = 0;
	loop_defer(q->loop, tell_broken, q);
}

/* Writes what the descriptor takes; returns the bytes taken, or -1 if it is broken for good. */
static ssize_t write_some(int fd, const char *data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(fd, data + done, len - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			break;
		else if (errno != EINTR)
			return -1;
	}
	return (ssize_t)done;
}

bool outq_write(struct outq *q, const char *data, size_t len)
{
	ssize_t n = 0;

	if (q->broken)
		return false;
	if (!q->pending.len) {
		n = write_some(q->fd, data, len);
		if (n < 0) {
			break_queue(q, errno);
			return false;
		}
		if ((size_t)n == len)
			return true;
	}
	if (q->sent && (q->sent >= q->pending.len / 2 || len > q->pending.max - q->pending.len)) {
		strbuf_consume(&q->pending, q->sent);
		q->sent = 0;
	}
	if (!strbuf_add(&q->pending, data + n, len - (size_t)n)) {
		break_queue(q, 0);
		return false;
	}
	q->congested = q->congested || q->pending.len - q->sent > LIMIT_OUT_HIGH_WATER;
	watch_set(q->watch, WATCH_WRITE);
	return true;
}

static void on_writable(void *ctx, int events)
{
	struct outq *q = ctx;
	ssize_t n = write_some(q->fd, q->pending.data + q->sent, q->pending.len - q->sent);

	(void)events;
	if (n < 0) {
		break_queue(q, errno);
		return;
	}
	q->sent += (size_t)n;
	if (q->sent == q->pending.len) {
		strbuf_release(&q->pending);
		q->sent = 0;
		watch_set(q->watch, WATCH_NONE);
	}
	if (q->congested && q->pending.len - q->sent < LIMIT_OUT_HIGH_WATER / 2) {
		q->congested = false;
		q->callbacks.drained(q->callbacks.ctx);
	}
}

bool outq_congested(const struct outq *q)
{
	return q->congested;
}

void outq_finish(struct outq *q, int milliseconds)
{
	int64_t deadline = clock_mono_ms() + milliseconds;

	while (!q->broken && q->pending.len) {
		struct pollfd p = { .fd = q->fd, .events = POLLOUT };
		int64_t left = deadline - clock_mono_ms();

		if (left <= 0 || (poll(&p, 1, (int)left) < 0 && errno != EINTR))
			return;
		on_writable(q, WATCH_WRITE);
	}
}
