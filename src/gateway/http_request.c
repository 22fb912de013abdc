/*
 * A request and its reply. While it has nothing to send its connection is suspended: libmicrohttpd would ask again and
 * again otherwise. Then nobody looks at its socket but we, for the client's going away.
 */
#include "http_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"

/* Of a reply under way, to clients that know no chunks; those are written without this buffer. */
#define REPLY_PIECE KIB(4)

/* --- its life --- */

struct gateway_request *http_request_new(struct gateway_server *server, struct MHD_Connection *connection,
	const char *method, const char *path)
{
	struct gateway_request *r = xcalloc(1, sizeof(*r));

	r->server = server;
	r->connection = connection;
	r->method = xstrdup(method);
	r->path = xstrdup(path);
	strbuf_init(&r->body, LIMIT_GATEWAY_BODY);
	strbuf_init(&r->out, SIZE_MAX - 1);
	return r;
}

static void free_headers(struct header *h)
{
	while (h) {
		struct header *next = h->next;

		free(h->name);
		free(h->value);
		free(h);
		h = next;
	}
}

void http_request_free(struct gateway_request *r)
{
	watch_free(r->watch);
	if (r->on_drained)
		loop_undefer(r->server->loop, r->on_drained, r->on_drained_ctx);
	free_headers(r->headers);
	free_headers(r->trimmed);
	strbuf_release(&r->body);
	strbuf_release(&r->out);
	free(r->method);
	free(r->path);
	free(r);
}

/* --- the connection --- */

void http_request_wake(struct gateway_request *r)
{
	if (r->suspended) {
		r->suspended = false;
		watch_set(r->watch, WATCH_NONE);
		MHD_resume_connection(r->connection);
	}
	loop_undefer(r->server->loop, http_server_run, r->server);
	loop_defer(r->server->loop, http_server_run, r->server);
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
	http_request_wake(r);
}

void http_request_suspend(struct gateway_request *r)
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
	http_request_wake(r);
}

bool gateway_reply_bytes(struct gateway_request *r, const char *data, size_t len)
{
	strbuf_add(&r->out, data, len);
	r->held = r->out.len > LIMIT_GATEWAY_BACKLOG;
	http_request_wake(r);
	return !r->held;
}

void gateway_reply_end(struct gateway_request *r, bool whole)
{
	r->ended = true;
	r->whole = whole;
	http_request_wake(r);
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
		http_request_suspend(r);
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

enum MHD_Result http_request_queue(struct gateway_request *r)
{
	struct MHD_Response *response;
	enum MHD_Result ok;

	/* A whole one has a length, and goes at once; one that is under way has none, and goes in chunks. */
	if (r->has_length || (r->ended && r->whole))
		response = MHD_create_response_from_buffer(r->out.len, r->out.data, MHD_RESPMEM_MUST_COPY);
	else
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, REPLY_PIECE, on_read, r, NULL);
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

/* --- what it says --- */

static void drop_body(struct gateway_request *r)
{
	r->server->body_bytes -= r->body.len;
	r->dropped = true;
	strbuf_release(&r->body);
}

void http_request_take(struct gateway_request *r, const char *data, size_t len)
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

const char *gateway_request_method(const struct gateway_request *r)
{
	return r->method;
}

const char *gateway_request_path(const struct gateway_request *r)
{
	return r->path;
}

/* Counts what may be there once. */
static enum MHD_Result count_header(void *ctx, enum MHD_ValueKind kind, const char *name, const char *value)
{
	static const char *const names[] = { "Host", "Authorization", "Content-Length", "Transfer-Encoding" };
	unsigned *counts = ctx;

	(void)kind;
	(void)value;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		counts[i] += !strcasecmp(name, names[i]);
	return MHD_YES;
}

bool gateway_request_is_ambiguous(const struct gateway_request *r)
{
	unsigned counts[4] = { 0 };

	MHD_get_connection_values(r->connection, MHD_HEADER_KIND, count_header, counts);
	return counts[0] > 1 || counts[1] > 1 || counts[2] + counts[3] > 1;
}

const char *gateway_request_header(struct gateway_request *r, const char *name)
{
	const char *value = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
	size_t len;
	struct header *h;

	if (!value)
		return NULL;
	value += strspn(value, " \t");
	len = strlen(value);
	if (!len || (value[len - 1] != ' ' && value[len - 1] != '\t'))
		return value;
	while (len && (value[len - 1] == ' ' || value[len - 1] == '\t'))
		len--;
	h = xcalloc(1, sizeof(*h));
	h->value = xstrndup(value, len);
	h->next = r->trimmed;
	r->trimmed = h;
	return h->value;
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
