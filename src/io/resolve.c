/*
 * Lookups of hosts. The child writes one address a line, or '!' and a reason, and ends; the loop reaps it. It is a
 * fork, because what has to run is one function; between fork and _exit it touches nothing but the C library, and a
 * lock that a thread of libcurl held at the fork ends with the child's alarm.
 */
#include "eke/io/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "eke/base/mem.h"

/* All that the child may write. */
#define MAX_OUTPUT 2048
#define MAX_ADDRESSES 32

struct resolve {
	struct loop *loop;
	char *host;
	size_t max;
	resolve_fn *fn;
	void *ctx;
	int fd; /* read end, or -1 */
	struct watch *watch;
	struct timer *timer;
	char output[MAX_OUTPUT + 1];
	size_t len;
};

static void release(void *p)
{
	struct resolve *r = p;

	free(r->host);
	free(r);
}

static void dispose(struct resolve *r)
{
	watch_free(r->watch);
	timer_free(r->timer);
	if (r->fd >= 0)
		close(r->fd);
	loop_defer_free(r->loop, r, release);
}

static void tell_failure(struct resolve *r, const char *why)
{
	dispose(r);
	r->fn(r->ctx, NULL, 0, why);
}

/* Tells what is in r->output. */
static void tell(struct resolve *r)
{
	const char *addresses[MAX_ADDRESSES];
	size_t count = 0;
	char *next = r->output;

	r->output[r->len] = '\0';
	while (count < r->max && count < MAX_ADDRESSES) {
		char *line = next;
		char *end = strchr(line, '\n');

		if (!end || *line == '!')
			break;
		*end = '\0';
		next = end + 1;
		addresses[count++] = line;
	}
	next[strcspn(next, "\n")] = '\0';
	if (!count) {
		tell_failure(r, *next == '!' ? next + 1 : "the lookup of its name failed");
		return;
	}
	dispose(r);
	r->fn(r->ctx, addresses, count, NULL);
}

static void on_output(void *ctx, int events)
{
	struct resolve *r = ctx;
	ssize_t n;

	(void)events;
	n = read(r->fd, r->output + r->len, MAX_OUTPUT - r->len);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0) {
		r->len += (size_t)n;
		return;
	}
	tell(r);
}

static void on_timeout(void *ctx)
{
	tell_failure(ctx, "the lookup of its name takes too long");
}

static void tell_now(void *ctx)
{
	tell(ctx);
}

/* --- in the child --- */

static void write_all(int fd, const char *text)
{
	size_t len = strlen(text);

	while (len) {
		ssize_t n = write(fd, text, len);

		if (n <= 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

static void look_up(const char *host, int fd)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	int error = getaddrinfo(host, NULL, &hints, &found);
	char text[NI_MAXHOST];

	if (error) {
		write_all(fd, "!");
		write_all(fd, error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
		write_all(fd, "\n");
		return;
	}
	for (const struct addrinfo *a = found; a; a = a->ai_next) {
		if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST))
			continue;
		write_all(fd, text);
		write_all(fd, "\n");
	}
}

static bool start(struct resolve *r, int seconds)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return false;
	pid = fork();
	if (!pid) {
		signal(SIGALRM, SIG_DFL);
		alarm((unsigned)seconds + 1);
		look_up(r->host, fds[1]);
		_exit(0);
	}
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return false;
	}
	r->fd = fds[0];
	fcntl(r->fd, F_SETFL, O_NONBLOCK);
	r->watch = watch_new(r->loop, r->fd, on_output, r);
	watch_set(r->watch, WATCH_READ);
	r->timer = timer_new(r->loop, on_timeout, r);
	timer_start(r->timer, (int64_t)seconds * 1000);
	return true;
}

static bool is_address(const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

struct resolve *resolve_host(struct loop *loop, const char *host, size_t max, int seconds, resolve_fn *fn, void *ctx)
{
	struct resolve *r = xcalloc(1, sizeof(*r));

	r->loop = loop;
	r->host = xstrdup(host);
	r->max = max;
	r->fn = fn;
	r->ctx = ctx;
	r->fd = -1;
	if (is_address(host))
		r->len = (size_t)snprintf(r->output, sizeof(r->output), "%s\n", host);
	else if (start(r, seconds))
		return r;
	else
		r->len = (size_t)snprintf(r->output, sizeof(r->output), "!%s\n", strerror(errno));
	loop_defer(loop, tell_now, r);
	return r;
}

void resolve_cancel(struct resolve *r)
{
	if (!r)
		return;
	loop_undefer(r->loop, tell_now, r);
	dispose(r);
}
