/*
 * The least that a server in C does at its start, as a baseline for bench_spawn: the C library alone, an epoll, the
 * first message read to its end, an answer of fixed text.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static const char answer[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"capabilities\":{}}}";

/* Has the whole first message come? */
static bool is_whole(const char *text, size_t len)
{
	const char *body = strstr(text, "\r\n\r\n");
	const char *length = strstr(text, "Content-Length:");

	return body && length && strtoul(length + 15, NULL, 10) <= len - (size_t)(body + 4 - text);
}

int main(void)
{
	static char in[65536];
	struct epoll_event wanted = { .events = EPOLLIN };
	struct epoll_event event;
	size_t len = 0;
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &wanted) < 0)
		return 1;
	while (!is_whole(in, len)) {
		ssize_t n;

		if (epoll_wait(epoll, &event, 1, -1) < 0)
			return 1;
		n = read(0, in + len, sizeof(in) - 1 - len);
		if (n <= 0)
			return 1;
		len += (size_t)n;
	}
	printf("Content-Length: %zu\r\n\r\n%s", sizeof(answer) - 1, answer);
	fflush(stdout);
	while (read(0, in, sizeof(in)) > 0)
		;
	return 0;
}
