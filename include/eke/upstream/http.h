#ifndef EKE_UPSTREAM_HTTP_H
#define EKE_UPSTREAM_HTTP_H
/*
 * HTTP by libcurl's multi interface on the loop: connections are kept and shared, HTTP/2 where the server has
 * it, proxies and certificates as configured, TLS always verified, redirects never followed (a key must not
 * wander). It knows nothing of what it carries.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/err.h"
#include "eke/base/strbuf.h"
#include "eke/io/loop.h"

struct http;

/* What to send; borrowed for the call, but for `body`, which is moved. */
struct http_request {
	const char *method; /* "GET", "POST", "HEAD", … */
	const char *url;
	const char *const *headers; /* "Name: value", ends with NULL */
	struct strbuf *body;        /* NULL: none */
	bool loopback;              /* the environment's proxies are not for it */
	bool in_clear;              /* nor for it, and it is sent to an address in a private network only */
	const char *proxy;          /* NULL: the environment's (http_proxy, https_proxy, all_proxy, no_proxy) */
	bool fresh;                 /* on a connection of its own, none that was kept */
	const char *ca_file;        /* NULL: the environment's, else the system's: certificates.h */
	double connect_timeout, first_byte_timeout, idle_timeout; /* seconds */
};

/* How a response begins. */
struct http_head {
	int status;
	struct strbuf fields; /* http.c's: name, NUL, value, NUL, … as they came; beyond LIMIT_HTTP_HEAD they are dropped */
};

/* The value of a header, without blanks around it; of several the last. NULL: there is none. The name in lower case. */
const char *http_header(const struct http_head *head, const char *name);
/*
 * Walks through the headers: *at is 0 at first. False past the last. Names as the server wrote them; borrowed from the
 * head.
 */
bool http_header_next(const struct http_head *head, size_t *at, const char **name, const char **value);

/* How a transfer ended. */
enum http_outcome {
	HTTP_COMPLETE, /* a whole response, whatever its status */
	HTTP_UNSENT,   /* the request provably never left: resolving, connecting, TLS */
	HTTP_STALE,    /* it left on a kept connection that turned out to be dead: nothing came back */
	HTTP_BROKEN,   /* it may have left, and the answer is not whole */
	HTTP_TIMED_OUT, /* likewise, by one of our time-outs */
};

struct http_callbacks {
	/* The status and headers, before any byte. They live until done() has returned. */
	void (*head)(void *ctx, const struct http_head *head);
	void (*bytes)(void *ctx, const char *data, size_t len);
	/* Once, the last. err is set but for HTTP_COMPLETE; its kind is ERR_NETWORK, ERR_TIMEOUT or ERR_CONFIG. */
	void (*done)(void *ctx, enum http_outcome outcome, const struct err *err);
	void *ctx;
};

/* Cheap: libcurl is set up by the first request, or by http_prepare(). */
struct http *http_new(struct loop *loop);
void http_free(struct http *http);
void http_prepare(struct http *http);
/*
 * Starts a transfer; its number (never 0) is for http_cancel(). All callbacks come later, from the loop. There
 * is no failure here: whatever goes wrong comes as done().
 */
uint64_t http_start(struct http *http, const struct http_request *request, const struct http_callbacks *callbacks);
/* No more callbacks; the connection of an unfinished HTTP/1.1 response is closed. Unknown numbers are fine. */
void http_cancel(struct http *http, uint64_t id);
/* Hands out no bytes of a response while it is paused; what the server sends waits. No time-out counts meanwhile. */
void http_pause(struct http *http, uint64_t id, bool paused);
/* Leaves the descriptors below `least` to others, if the system has as many as that. */
void http_keep_above(struct http *http, int least);
size_t http_active(const struct http *http);

#endif
