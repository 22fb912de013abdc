/*
 * libmicrohttpd hands out one descriptor (its epoll) and one time-out, which hang on the loop; all its callbacks come
 * from MHD_run(), which is called from the loop alone. While a request has nothing to send its connection is suspended:
 * libmicrohttpd would ask again and again otherwise.
 *
 * A struct gateway_request belongs to libmicrohttpd's connection: it is made with the request's first line and freed
 * when libmicrohttpd says that the request is over.
 */
#include "http_server.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "eke/base/limits.h"
#include "eke/base/list.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/upstream/gnutls.h"

/* How exact deadlines are. */
#define GUARD_MS 1000

struct gateway_server {
	struct loop *loop;
	struct MHD_Daemon *daemon;
	struct watch *watch;
	struct timer *timer;
	gateway_takes_body_fn *takes_body;
	gateway_request_fn *fn;
	void *ctx;
	size_t active;
	size_t body_bytes; /* of all requests */
	struct connection *connections;
	struct timer *guard; /* of their deadlines */
	MHD_socket listening; /* MHD_INVALID_SOCKET: libmicrohttpd's own */
};

/* A client may be slow, but not without end: libmicrohttpd's own time limit begins anew with each byte. */
struct connection {
	int fd;
	int64_t deadline_ms; /* of loop_now_ms(): for a request's head, or its body; 0: none */
	struct connection *next;
};

struct header {
	char *name;
	char *value;
	struct header *next;
};

struct gateway_request {
	struct gateway_server *server;
	struct MHD_Connection *connection;
	char *method;
	char *path;
	struct gateway_client *client;
	struct strbuf body;
	bool dropped; /* the body */
	bool crowded_out;
	bool handed_over;
	bool suspended;
	bool gone;           /* the client is, and on_end was called */
	struct watch *watch; /* of its socket while suspended, when libmicrohttpd does not look; NULL: none yet */

	struct header *headers; /* of the reply */
	int status;             /* 0: the reply has not begun */
	bool queued;            /* libmicrohttpd has it */
	struct strbuf out;      /* of the reply, not sent yet */
	bool held;              /* the writer was told to wait */
	bool ended, whole;
	bool has_length;

	void (*on_end)(void *ctx, bool complete);
	void *on_end_ctx;
	loop_fn *on_drained;
	void *on_drained_ctx;
};

/* --- the loop --- */

static bool is_full(const struct gateway_server *server)
{
	return MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections >=
		LIMIT_GATEWAY_CONNECTIONS;
}

static void run(void *ctx)
{
	struct gateway_server *server = ctx;
	MHD_UNSIGNED_LONG_LONG wait;
	bool full = is_full(server);

	MHD_run(server->daemon);
	/* libmicrohttpd listens again at the next call only, and nothing else may ever come that makes one. */
	if (full && !is_full(server))
		MHD_run(server->daemon);
	if (MHD_get_timeout(server->daemon, &wait) == MHD_YES)
		timer_start(server->timer, wait < 60000 ? (int64_t)wait : 60000);
	else
		timer_stop(server->timer);
}

static void on_ready(void *ctx, int events)
{
	(void)events;
	run(ctx);
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
		c->next = server->connections;
		server->connections = c;
		*slot = c;
		set_deadline(server, connection, LIMIT_GATEWAY_HEAD_SECONDS);
	} else if (c) {
		list_unlink(server->connections, c);
		free(c);
		*slot = NULL;
	}
}

/* Something was written: libmicrohttpd is to look at it. */
static void wake(struct gateway_request *r)
{
	if (r->suspended) {
		r->suspended = false;
		watch_set(r->watch, WATCH_NONE);
		MHD_resume_connection(r->connection);
	}
	loop_undefer(r->server->loop, run, r->server);
	loop_defer(r->server->loop, run, r->server);
}

/* The client sent more, or closed the connection. */
static void on_socket(void *ctx, int events)
{
	struct gateway_request *r = ctx;
	char byte;
	ssize_t n = recv(MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd, &byte, 1,
			 MSG_PEEK | MSG_DONTWAIT);

	(void)events;
	/* What it sends ahead hides whether it closes: libmicrohttpd notices later. */
	watch_set(r->watch, WATCH_NONE);
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	r->gone = true;
	if (r->on_end)
		r->on_end(r->on_end_ctx, false);
	r->on_end = NULL;
	wake(r);
}

static void suspend(struct gateway_request *r)
{
	r->suspended = true;
	MHD_suspend_connection(r->connection);
	if (!r->watch)
		r->watch = watch_new(r->server->loop,
			MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd, on_socket, r);
	watch_set(r->watch, WATCH_READ);
}

/* --- replies --- */

void gateway_reply_header(struct gateway_request *r, const char *name, const char *value)
{
	struct header *h = xcalloc(1, sizeof(*h));

	h->name = xstrdup(name);
	h->value = xstrdup(value);
	h->next = r->headers;
	r->headers = h;
}

void gateway_reply_begin(struct gateway_request *r, int status)
{
	r->status = status;
	wake(r);
}

bool gateway_reply_bytes(struct gateway_request *r, const char *data, size_t len)
{
	strbuf_add(&r->out, data, len);
	r->held = r->out.len > LIMIT_GATEWAY_BACKLOG;
	wake(r);
	return !r->held;
}

void gateway_reply_end(struct gateway_request *r, bool whole)
{
	r->ended = true;
	r->whole = whole;
	wake(r);
}

void gateway_reply(struct gateway_request *r, int status, const char *body, size_t len)
{
	strbuf_add(&r->out, body, len);
	r->has_length = true;
	r->ended = r->whole = true;
	gateway_reply_begin(r, status);
}

static ssize_t on_read(void *ctx, uint64_t pos, char *buf, size_t max)
{
	struct gateway_request *r = ctx;
	size_t n = r->out.len < max ? r->out.len : max;

	(void)pos;
	if (r->gone)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (!n && r->ended)
		return r->whole ? MHD_CONTENT_READER_END_OF_STREAM : MHD_CONTENT_READER_END_WITH_ERROR;
	if (!n) {
		suspend(r);
		return 0;
	}
	memcpy(buf, r->out.data, n);
	strbuf_consume(&r->out, n);
	if (r->held && r->out.len < LIMIT_GATEWAY_BACKLOG / 2 && r->on_drained) {
		r->held = false;
		loop_undefer(r->server->loop, r->on_drained, r->on_drained_ctx);
		loop_defer(r->server->loop, r->on_drained, r->on_drained_ctx);
	}
	return (ssize_t)n;
}

static enum MHD_Result queue(struct gateway_request *r)
{
	struct MHD_Response *response;
	enum MHD_Result ok;

	/* A whole one has a length; one that is under way has none, and goes in chunks. */
	if (r->has_length)
		response = MHD_create_response_from_buffer(r->out.len, r->out.data, MHD_RESPMEM_MUST_COPY);
	else
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, LIMIT_RECEIVE_CHUNK, on_read, r, NULL);
	if (!response)
		return MHD_NO;
	for (struct header *h = r->headers; h; h = h->next)
		if (MHD_add_response_header(response, h->name, h->value) != MHD_YES)
			log_debug("gateway: the header %s cannot be passed on", h->name);
	ok = MHD_queue_response(r->connection, (unsigned)r->status, response);
	MHD_destroy_response(response);
	r->queued = true;
	return ok;
}

/* --- requests --- */

static void drop_body(struct gateway_request *r)
{
	r->server->body_bytes -= r->body.len;
	r->dropped = true;
	strbuf_release(&r->body);
}

/* What is too much is read and dropped, so that the client gets to read the answer. */
static void take_body(struct gateway_request *r, const char *data, size_t len)
{
	if (r->dropped)
		return;
	if (r->server->body_bytes + len > LIMIT_GATEWAY_BODIES) {
		r->crowded_out = true;
		drop_body(r);
	} else if (strbuf_add(&r->body, data, len)) {
		r->server->body_bytes += len;
	} else {
		drop_body(r);
	}
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url, const char *method,
				  const char *version, const char *data, size_t *size, void **slot)
{
	struct gateway_server *server = ctx;
	struct gateway_request *r = *slot;

	(void)version;
	if (!r) {
		r = xcalloc(1, sizeof(*r));
		r->server = server;
		r->connection = connection;
		r->method = xstrdup(method);
		r->path = xstrdup(url);
		strbuf_init(&r->body, LIMIT_GATEWAY_BODY);
		strbuf_init(&r->out, SIZE_MAX - 1);
		server->active++;
		*slot = r;
		set_deadline(server, connection, LIMIT_GATEWAY_BODY_SECONDS);
		r->dropped = !server->takes_body(server->ctx, r);
		return MHD_YES;
	}
	if (*size) {
		take_body(r, data, *size);
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
		return queue(r);
	if (!r->queued)
		suspend(r);
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
	watch_free(r->watch);
	if (r->on_drained)
		loop_undefer(server->loop, r->on_drained, r->on_drained_ctx);
	if (r->on_end)
		r->on_end(r->on_end_ctx, why == MHD_REQUEST_TERMINATED_COMPLETED_OK);
	while (r->headers) {
		struct header *h = r->headers;

		r->headers = h->next;
		free(h->name);
		free(h->value);
		free(h);
	}
	strbuf_release(&r->body);
	strbuf_release(&r->out);
	free(r->method);
	free(r->path);
	free(r);
}

const char *gateway_request_method(const struct gateway_request *r)
{
	return r->method;
}

const char *gateway_request_path(const struct gateway_request *r)
{
	return r->path;
}

const char *gateway_request_header(const struct gateway_request *r, const char *name)
{
	return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

const char *gateway_request_body(const struct gateway_request *r, size_t *len)
{
	if (r->dropped)
		return NULL;
	*len = r->body.len;
	return r->body.data;
}

bool gateway_request_is_crowded_out(const struct gateway_request *r)
{
	return r->crowded_out;
}

void gateway_request_set_client(struct gateway_request *r, struct gateway_client *client)
{
	r->client = client;
}

struct gateway_client *gateway_request_client(const struct gateway_request *r)
{
	return r->client;
}

void gateway_request_on_end(struct gateway_request *r, void (*fn)(void *ctx, bool complete), void *ctx)
{
	r->on_end = fn;
	r->on_end_ctx = ctx;
}

void gateway_request_on_drained(struct gateway_request *r, loop_fn *fn, void *ctx)
{
	r->on_drained = fn;
	r->on_drained_ctx = ctx;
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
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
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
	server->timer = timer_new(loop, run, server);
	server->watch = watch_new(loop, MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
		on_ready, server);
	watch_set(server->watch, WATCH_READ);
	loop_defer(loop, run, server);
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
	loop_undefer(server->loop, run, server);
	watch_free(server->watch);
	timer_free(server->timer);
	MHD_stop_daemon(server->daemon);
	timer_free(server->guard);
	if (server->listening != MHD_INVALID_SOCKET)
		close(server->listening);
	free(server);
}
