/*
 * The reader. It reads once per readiness, so the descriptor needs not be non-blocking: setting that would
 * change it for every process that shares it.
 */
#include "eke/io/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"

struct pump {
	struct loop *loop;
	int fd;
	struct pump_callbacks callbacks;
	struct watch *watch;
	char *chunk; /* LIMIT_READ_CHUNK bytes */
};

static void on_readable(void *ctx, int events)
{
	struct pump *pump = ctx;
	ssize_t n = read(pump->fd, pump->chunk, LIMIT_READ_CHUNK);

	(void)events;
	if (n > 0) {
		pump->callbacks.bytes(pump->callbacks.ctx, pump->chunk, (size_t)n);
		return;
	}
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	watch_set(pump->watch, WATCH_NONE);
	pump->callbacks.end(pump->callbacks.ctx, n < 0 ? errno : 0);
}

struct pump *pump_new(struct loop *loop, int fd, const struct pump_callbacks *callbacks)
{
	struct pump *pump = xcalloc(1, sizeof(*pump));

	pump->loop = loop;
	pump->fd = fd;
	pump->callbacks = *callbacks;
	pump->chunk = xmalloc(LIMIT_READ_CHUNK);
	pump->watch = watch_new(loop, fd, on_readable, pump);
	watch_set(pump->watch, WATCH_READ);
	return pump;
}

static void pump_release(void *p)
{
	struct pump *pump = p;

	free(pump->chunk);
	free(pump);
}

void pump_free(struct pump *pump)
{
	if (!pump)
		return;
	watch_free(pump->watch);
	loop_defer_free(pump->loop, pump, pump_release);
}

void stdio_fill(void)
{
	static const int modes[] = { O_RDONLY, O_RDONLY, O_WRONLY };

	/* From below, so that the lowest free descriptor is the one that is missing. */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) < 0)
			return;
}

int stdio_claim_stdout(void)
{
	int mode = fcntl(STDOUT_FILENO, F_GETFL);
	int fd;

	if (mode >= 0 && (mode & O_ACCMODE) == O_RDONLY) {
		errno = EBADF;
		return -1;
	}
	fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return -1;
	if (dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}
