#ifndef EKE_GATEWAY_HTTP_SERVER_H
#define EKE_GATEWAY_HTTP_SERVER_H
/*
 * HTTP for the gateway: libmicrohttpd on the program's loop, without threads of its own. It knows nothing of what it
 * carries.
 *
 * A request is handed over when its body is complete. It gets one reply: whole, or begun, continued and ended. The
 * request is gone after its end function was called, which happens in any case, once.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/err.h"
#include "eke/io/loop.h"

struct gateway_server;
struct gateway_request;

/* The request's strings live as long as the request. The reply may come at once or later. */
typedef void gateway_request_fn(void *ctx, struct gateway_request *request);

struct gateway_tls {
	const char *certificate; /* PEM, with the chain; NULL: plain HTTP */
	const char *key;         /* PEM */
};

/* May a body come for this request, of which the head is there? One that may not is read and dropped. */
typedef bool gateway_takes_body_fn(void *ctx, struct gateway_request *request);

/* Listens at that socket, which is the server's from now on. NULL with ERR_CONFIG if that cannot be. */
struct gateway_server *gateway_server_new(struct loop *loop, int listening, const struct gateway_tls *tls,
	gateway_takes_body_fn *takes_body, gateway_request_fn *fn, void *ctx, struct err *err);
/* Takes no more connections. */
void gateway_server_quiesce(struct gateway_server *server);
/* Requests without an end yet. */
size_t gateway_server_active(const struct gateway_server *server);
/* Ends all connections. */
void gateway_server_free(struct gateway_server *server);

const char *gateway_request_method(const struct gateway_request *request);
/* Without query; percent signs undone. */
const char *gateway_request_path(const struct gateway_request *request);
/*
 * Its head has two meanings, depending on who reads it (RFC 9112, 3.2 and 6.3): two hosts, two lengths, two tokens.
 */
bool gateway_request_is_ambiguous(const struct gateway_request *request);
/* Without blanks around it. NULL: there is none. */
const char *gateway_request_header(struct gateway_request *request, const char *name);
/* Terminated. NULL: it was dropped, because it may not come, is too large, or there is no room for it. */
const char *gateway_request_body(const struct gateway_request *request, size_t *len);

/* Its body was dropped for the bodies of others. */
bool gateway_request_is_crowded_out(const struct gateway_request *request);

/* Whose request it is, if that is known; for who uses this. */
struct gateway_client;
void gateway_request_set_client(struct gateway_request *request, struct gateway_client *client);
struct gateway_client *gateway_request_client(const struct gateway_request *request);

/* Calls fn when the request is over: `complete` is false if the client went away before its reply had ended. */
void gateway_request_on_end(struct gateway_request *request, void (*fn)(void *ctx, bool complete), void *ctx);
/* Calls fn when what is kept for a slow client has become little again. */
void gateway_request_on_drained(struct gateway_request *request, loop_fn *fn, void *ctx);

/* Before the reply begins; a name may be there more than once. */
void gateway_reply_header(struct gateway_request *request, const char *name, const char *value);
void gateway_reply(struct gateway_request *request, int status, const char *body, size_t len);
void gateway_reply_begin(struct gateway_request *request, int status);
/* False: more is kept than a client should be behind; go on after gateway_request_on_drained(). */
bool gateway_reply_bytes(struct gateway_request *request, const char *data, size_t len);
/* `whole` is false if the reply is cut off: the client is to see that. */
void gateway_reply_end(struct gateway_request *request, bool whole);

#endif
