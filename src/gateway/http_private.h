#ifndef EKE_GATEWAY_HTTP_PRIVATE_H
#define EKE_GATEWAY_HTTP_PRIVATE_H
/*
 * What http_server.c, which has the server and its connections, and http_request.c, which has one request and its
 * reply, share.
 */
#include <microhttpd.h>

#include "eke/base/strbuf.h"
#include "http_server.h"

struct http_poll;

struct gateway_server {
	struct loop *loop;
	struct MHD_Daemon *daemon;
	struct http_poll *poll;
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

	struct header *trimmed; /* values of its headers that had blanks behind them */
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

/* Made with the request's head; the connection is libmicrohttpd's. */
struct gateway_request *http_request_new(struct gateway_server *server, struct MHD_Connection *connection,
	const char *method, const char *path);
void http_request_free(struct gateway_request *r);
/* A piece of its body. What is too much is read and dropped, so that the client gets to read the answer. */
void http_request_take(struct gateway_request *r, const char *data, size_t len);
/* There is nothing to do until http_request_wake(). */
void http_request_suspend(struct gateway_request *r);
/* Something was written: libmicrohttpd is to look at it. */
void http_request_wake(struct gateway_request *r);
/* Hands the reply, which has begun, to libmicrohttpd. */
enum MHD_Result http_request_queue(struct gateway_request *r);
/* Lets libmicrohttpd work; loop_fn of a struct gateway_server. */
void http_server_run(void *ctx);

#endif
