/*
 * libmicrohttpd says what it waits for as sets for select(), also where that is its epoll alone. What differs from the
 * time before is told to the loop.
 */
#include "http_poll.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <sys/select.h>

#include "eke/base/log.h"
#include "eke/base/mem.h"

struct http_poll {
	struct loop *loop;
	struct MHD_Daemon *daemon;
	int listening;
	watch_fn *fn;
	void *ctx;
	struct {
		struct watch *watch; /* NULL: none yet */
		int events;
	} sockets[FD_SETSIZE];
	int count; /* behind the last one of these that is in use */
};

bool http_poll_has_epoll(void)
{
#ifdef GATEWAY_WITHOUT_EPOLL
	return false;
#else
	return MHD_is_feature_supported(MHD_FEATURE_EPOLL) == MHD_YES;
#endif
}

struct http_poll *http_poll_new(struct loop *loop, struct MHD_Daemon *daemon, int listening, watch_fn *fn, void *ctx)
{
	struct http_poll *poll = xcalloc(1, sizeof(*poll));

	poll->loop = loop;
	poll->daemon = daemon;
	poll->listening = listening;
	poll->fn = fn;
	poll->ctx = ctx;
	return poll;
}

void http_poll_forget(struct http_poll *poll, int fd)
{
	if (fd < 0 || fd >= FD_SETSIZE)
		return;
	watch_free(poll->sockets[fd].watch);
	poll->sockets[fd].watch = NULL;
	poll->sockets[fd].events = 0;
}

void http_poll_free(struct http_poll *poll)
{
	for (int fd = 0; fd < FD_SETSIZE; fd++)
		http_poll_forget(poll, fd);
	free(poll);
}

static void wait_for(struct http_poll *poll, int fd, int events)
{
	if (poll->sockets[fd].events == events)
		return;
	if (!poll->sockets[fd].watch)
		poll->sockets[fd].watch = watch_new(poll->loop, fd, poll->fn, poll->ctx);
	watch_set(poll->sockets[fd].watch, events);
	poll->sockets[fd].events = events;
}

void http_poll_update(struct http_poll *poll, bool full)
{
	MHD_socket last = -1;
	fd_set readable;
	fd_set writable;
	fd_set exceptional;

	FD_ZERO(&readable);
	FD_ZERO(&writable);
	FD_ZERO(&exceptional);
	if (MHD_get_fdset2(poll->daemon, &readable, &writable, &exceptional, &last, FD_SETSIZE) != MHD_YES)
		log_warn("gateway: a connection has a descriptor above %d, which cannot be waited for", FD_SETSIZE);
	/* It does not accept while it is full, so that this would be ready again and again. */
	if (full)
		FD_CLR(poll->listening, &readable);
	for (int fd = 0; fd <= last || fd < poll->count; fd++)
		wait_for(poll, fd, (FD_ISSET(fd, &readable) ? WATCH_READ : 0) | (FD_ISSET(fd, &writable) ? WATCH_WRITE : 0));
	poll->count = last + 1;
}
