/*
 * libcurl's multi socket interface on our loop. libcurl asks for sockets to be watched (on_curl_socket) and for one
 * timer (on_curl_timer), and is told when these fire. Both of its callbacks only note what it wants, as it must not be
 * called from within them. A struct socket_watch lives as long as libcurl uses the socket.
 */
#include "http_private.h"

#include <stdlib.h>

#include "eke/base/mem.h"

/* A socket that libcurl uses. */
struct socket_watch {
	struct http *http;
	curl_socket_t fd;
	struct watch *watch;
};

void http_loop_act(struct http *http, curl_socket_t fd, int action)
{
	int running;

	http->turn++;
	http->inside++;
	curl_multi_socket_action(http->multi, fd, action, &running);
	http->inside--;
}

static void on_socket_ready(void *ctx, int events)
{
	struct socket_watch *s = ctx;
	struct http *http = s->http;
	int action = (events & WATCH_READ ? CURL_CSELECT_IN : 0) | (events & WATCH_WRITE ? CURL_CSELECT_OUT : 0);

	http_loop_act(http, s->fd, action);
	http_reap(http);
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
	struct http *http = ctx;
	struct socket_watch *s = socket_ctx;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (s) {
			watch_free(s->watch);
			loop_defer_free(http->loop, s, free);
		}
		curl_multi_assign(http->multi, fd, NULL);
		return 0;
	}
	if (!s) {
		s = xcalloc(1, sizeof(*s));
		s->http = http;
		s->fd = fd;
		s->watch = watch_new(http->loop, fd, on_socket_ready, s);
		curl_multi_assign(http->multi, fd, s);
	}
	watch_set(s->watch, (what & CURL_POLL_IN ? WATCH_READ : 0) | (what & CURL_POLL_OUT ? WATCH_WRITE : 0));
	return 0;
}

static int on_curl_timer(CURLM *multi, long milliseconds, void *ctx)
{
	struct http *http = ctx;

	(void)multi;
	if (milliseconds < 0)
		timer_stop(http->timer);
	else
		timer_start(http->timer, milliseconds);
	return 0;
}

static void on_timer(void *ctx)
{
	struct http *http = ctx;

	http_loop_act(http, CURL_SOCKET_TIMEOUT, 0);
	http_reap(http);
}

void http_loop_init(struct http *http)
{
	http->timer = timer_new(http->loop, on_timer, http);
}

void http_loop_attach(struct http *http)
{
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
}
