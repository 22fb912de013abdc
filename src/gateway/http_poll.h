#ifndef EKE_GATEWAY_HTTP_POLL_H
#define EKE_GATEWAY_HTTP_POLL_H
/*
 * The descriptors of libmicrohttpd on the program's loop: one, its epoll, where it has that (Linux), else all of its
 * sockets, which must be below FD_SETSIZE then. Built with -DGATEWAY_WITHOUT_EPOLL it does without everywhere.
 */
#include <stdbool.h>

#include "eke/io/loop.h"

struct MHD_Daemon;
struct http_poll;

bool http_poll_has_epoll(void);
/* Calls fn when there is work for MHD_run(). `listening` is the daemon's. */
struct http_poll *http_poll_new(struct loop *loop, struct MHD_Daemon *daemon, int listening, watch_fn *fn, void *ctx);
void http_poll_free(struct http_poll *poll);
/* After MHD_run(), which may wait for other things now. `full`: it takes no more connections. */
void http_poll_update(struct http_poll *poll, bool full);
/* A connection with that socket began, or ends: the number may have been another's, or be one soon. */
void http_poll_forget(struct http_poll *poll, int fd);

#endif
