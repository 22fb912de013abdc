/*
 * A pipe or a terminal is opened anew without blocking: the flag belongs to the open file, and other programs write to
 * the one that we were given. A socket can be told with each message. Where neither works, as much is written as the
 * system says fits.
 *
 * What is left of a line that was written in part comes before the next.
 */
#include "log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eke/base/limits.h"

enum sink_kind {
	SINK_UNKNOWN, /* nothing was written yet */
	SINK_PLAIN,   /* a file, or something that was opened without blocking */
	SINK_SOCKET,
	SINK_POLLED, /* what may block */
};

static struct {
	enum sink_kind kind;
	int fd;  /* when the kind is known */
	bool own; /* to be closed */
	char rest[LIMIT_LOG_LINE + 64];
	size_t rest_len;
} sink;

static void use(int fd, enum sink_kind kind, bool own)
{
	if (sink.own)
		close(sink.fd);
	sink.fd = fd;
	sink.kind = kind;
	sink.own = own;
	sink.rest_len = 0;
}

bool log_sink_set_file(const char *path)
{
	int fd;

	if (!path) {
		use(STDERR_FILENO, SINK_UNKNOWN, false);
		return true;
	}
	/* A FIFO that nobody reads is refused, not waited for. */
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (fd < 0)
		return false;
	use(fd, SINK_PLAIN, true);
	return true;
}

static void find_kind(void)
{
	struct stat st;
	int fd;

	if (fstat(STDERR_FILENO, &st) || S_ISREG(st.st_mode)) {
		use(STDERR_FILENO, SINK_PLAIN, false);
		return;
	}
	if (S_ISSOCK(st.st_mode)) {
		use(STDERR_FILENO, SINK_SOCKET, false);
		return;
	}
	fd = open("/proc/self/fd/2", O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd >= 0)
		use(fd, SINK_PLAIN, true);
	else
		use(STDERR_FILENO, SINK_POLLED, false);
}

/* The bytes that were taken; 0: none fit now; -1: they never will. */
static ssize_t write_some(const char *bytes, size_t len)
{
	struct pollfd out = { .fd = sink.fd, .events = POLLOUT };
	ssize_t n;

	if (sink.kind == SINK_POLLED) {
		if (poll(&out, 1, 0) != 1 || !(out.revents & POLLOUT))
			return 0;
		len = len < PIPE_BUF ? len : PIPE_BUF;
	}
	do
		n = sink.kind == SINK_SOCKET ? send(sink.fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL) :
					       write(sink.fd, bytes, len);
	while (n < 0 && errno == EINTR);
	return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : n;
}

static bool write_rest(void)
{
	while (sink.rest_len) {
		ssize_t n = write_some(sink.rest, sink.rest_len);

		if (n <= 0)
			return false;
		sink.rest_len -= (size_t)n;
		memmove(sink.rest, sink.rest + n, sink.rest_len);
	}
	return true;
}

bool log_sink_write(const char *line, size_t len)
{
	size_t done = 0;

	if (sink.kind == SINK_UNKNOWN)
		find_kind();
	if (!write_rest())
		return false;
	while (done < len) {
		ssize_t n = write_some(line + done, len - done);

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	if (!done)
		return false;
	sink.rest_len = len - done;
	memcpy(sink.rest, line + done, sink.rest_len);
	return true;
}
