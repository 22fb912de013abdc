/*
 * libmicrohttpd hands out its descriptors (http_poll.c) and one time-out, which hang on the loop; all its callbacks
 * come from MHD_run(), which is called from the loop alone.
 *
 * A struct gateway_request belongs to libmicrohttpd's connection: it is made with the request's first line and freed
 * when libmicrohttpd says that the request is over.
 */
#include "http_server.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "eke/base/limits.h"
#include "eke/base/list.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/upstream/gnutls.h"
#include "http_poll.h"
#include "http_private.h"

/* How exact deadlines are. */
#define GUARD_MS 1000

/* A client may be slow, but not without end: libmicrohttpd's own time limit begins anew with each byte. */
struct connection {
	int fd;
	int64_t deadline_ms; /* of loop_now_ms(): for a request's head, or its body; 0: none */
	struct connection *next;
};

/* --- the loop --- */

static bool is_full(const struct gateway_server *server)
{
	return MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections >=
		LIMIT_GATEWAY_CONNECTIONS;
}

void http_server_run(void *ctx)
{
	struct gateway_server *server = ctx;
	MHD_UNSIGNED_LONG_LONG wait;
	bool full = is_full(server);

	MHD_run(server->daemon);
	/* libmicrohttpd listens again at the next call only, and nothing else may ever come that makes one. */
	if (full && !is_full(server))
		MHD_run(server->daemon);
	http_poll_update(server->poll, is_full(server));
	if (MHD_get_timeout(server->daemon, &wait) == MHD_YES)
		timer_start(server->timer, wait < 60000 ? (int64_t)wait : 60000);
	else
		timer_stop(server->timer);
}

static void on_ready(void *ctx, int events)
{
	(void)events;
	http_server_run(ctx);
}

/* --- deadlines --- */

static struct connection *connection_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static void set_deadline(struct gateway_server *server, struct MHD_Connection *connection, int seconds)
{
	struct connection *c = connection_of(connection);

	if (c)
		c->deadline_ms = seconds ? loop_now_ms(server->loop) + seconds * 1000 : 0;
	if (seconds && !timer_is_running(server->guard))
		timer_start(server->guard, GUARD_MS);
}

static void on_guard(void *ctx)
{
	struct gateway_server *server = ctx;
	int64_t now = loop_now_ms(server->loop);
	bool any = false;

	for (struct connection *c = server->connections; c; c = c->next) {
		any |= c->deadline_ms != 0;
		if (!c->deadline_ms || c->deadline_ms > now)
			continue;
		/* libmicrohttpd reads an end, and closes it. */
		log_info("gateway: a client took too long for its request");
		c->deadline_ms = 0;
		shutdown(c->fd, SHUT_RDWR);
	}
	if (any)
		timer_start(server->guard, GUARD_MS);
}

static void on_connection(void *ctx, struct MHD_Connection *connection, void **slot,
			  enum MHD_ConnectionNotificationCode what)
{
	struct gateway_server *server = ctx;
	struct connection *c = *slot;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		c = xcalloc(1, sizeof(*c));
		c->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
		http_poll_forget(server->poll, c->fd);
		c->next = server->connections;
		server->connections = c;
		*slot = c;
		set_deadline(server, connection, LIMIT_GATEWAY_HEAD_SECONDS);
	} else if (c) {
		http_poll_forget(server->poll, c->fd);
		list_unlink(server->connections, c);
		free(c);
		*slot = NULL;
	}
}

/* --- requests --- */

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url, const char *method,
				  const char *version, const char *data, size_t *size, void **slot)
{
	struct gateway_server *server = ctx;
	struct gateway_request *r = *slot;

	(void)version;
	if (!r) {
		r = http_request_new(server, connection, method, url);
		server->active++;
		*slot = r;
		set_deadline(server, connection, LIMIT_GATEWAY_BODY_SECONDS);
		r->dropped = !server->takes_body(server->ctx, r);
		return MHD_YES;
	}
	if (*size) {
		http_request_take(r, data, *size);
		*size = 0;
		return MHD_YES;
	}
	if (r->gone)
		return MHD_NO;
	if (!r->handed_over) {
		r->handed_over = true;
		set_deadline(server, connection, 0);
		server->fn(server->ctx, r);
	}
	if (r->status && !r->queued)
		return http_request_queue(r);
	if (!r->queued)
		http_request_suspend(r);
	return MHD_YES;
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **slot, enum MHD_RequestTerminationCode why)
{
	struct gateway_server *server = ctx;
	struct gateway_request *r = *slot;

	if (!r)
		return;
	*slot = NULL;
	server->active--;
	server->body_bytes -= r->body.len;
	set_deadline(server, connection, LIMIT_GATEWAY_IDLE_SECONDS);
	if (r->on_end)
		r->on_end(r->on_end_ctx, why == MHD_REQUEST_TERMINATED_COMPLETED_OK);
	http_request_free(r);
}

/* --- the server --- */

static void on_mhd_log(void *ctx, const char *fmt, va_list ap)
{
	struct strbuf line;

	(void)ctx;
	strbuf_init(&line, KIB(1));
	strbuf_vaddf(&line, fmt, ap);
	while (line.len && line.data[line.len - 1] == '\n')
		strbuf_truncate(&line, line.len - 1);
	log_debug("gateway: %s", line.data);
	strbuf_release(&line);
}

struct gateway_server *gateway_server_new(struct loop *loop, int listening, const struct gateway_tls *tls,
	gateway_takes_body_fn *takes_body, gateway_request_fn *fn, void *ctx, struct err *err)
{
	struct gateway_server *server = xcalloc(1, sizeof(*server));
	unsigned flags = (http_poll_has_epoll() ? MHD_USE_EPOLL : 0) | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
			 (tls->certificate ? MHD_USE_TLS : 0);
	struct MHD_OptionItem encryption[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)tls->certificate },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)tls->key },
		{ MHD_OPTION_END, 0, NULL },
	};

	if (tls->certificate)
		gnutls_global_init();
	else
		encryption[0].option = MHD_OPTION_END;
	server->loop = loop;
	server->takes_body = takes_body;
	server->fn = fn;
	server->ctx = ctx;
	server->listening = MHD_INVALID_SOCKET;
	/* The logger first: it is to have what the others say. */
	server->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, server,
		MHD_OPTION_EXTERNAL_LOGGER, on_mhd_log, NULL,
		MHD_OPTION_LISTEN_SOCKET, (MHD_socket)listening,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)LIMIT_GATEWAY_CONNECTIONS,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)LIMIT_GATEWAY_IDLE_SECONDS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)LIMIT_GATEWAY_HEAD,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY, encryption, MHD_OPTION_END);
	if (!server->daemon) {
		err_set(err, ERR_CONFIG, "the HTTP server cannot start%s", !tls->certificate ? "" :
			MHD_is_feature_supported(MHD_FEATURE_TLS) ? ": is the certificate PEM, and the key its key?" :
			": this program has no TLS for its gateway (the one of 'make portable' has none)");
		free(server);
		return NULL;
	}
	server->guard = timer_new(loop, on_guard, server);
	server->timer = timer_new(loop, http_server_run, server);
	server->poll = http_poll_new(loop, server->daemon, listening, on_ready, server);
	loop_defer(loop, http_server_run, server);
	return server;
}

void gateway_server_quiesce(struct gateway_server *server)
{
	if (server->listening == MHD_INVALID_SOCKET)
		server->listening = MHD_quiesce_daemon(server->daemon);
}

size_t gateway_server_active(const struct gateway_server *server)
{
	return server->active;
}

void gateway_server_free(struct gateway_server *server)
{
	if (!server)
		return;
	loop_undefer(server->loop, http_server_run, server);
	timer_free(server->timer);
	MHD_stop_daemon(server->daemon);
	http_poll_free(server->poll);
	timer_free(server->guard);
	if (server->listening != MHD_INVALID_SOCKET)
		close(server->listening);
	free(server);
}
