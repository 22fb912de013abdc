#ifndef EKE_RPC_RPC_H
#define EKE_RPC_RPC_H
/*
 * One JSON-RPC 2.0 conversation: bytes in, handlers called, exactly one answer to each request out.
 *
 * A request handler must return a struct rpc_result *, which only rpc_reply(), rpc_fail() and rpc_pending()
 * make: a handler that forgets to answer does not compile. One that answers later returns rpc_pending() and
 * keeps the request's *ticket*, a number; rpc_answer() and rpc_answer_error() take it and do nothing if the
 * request has been answered meanwhile (it was cancelled), so that no pointer crosses the gap.
 *
 * Cancellation, in LSP's form (params.id) and in the one of Vim's documentation (a top-level id, which looks
 * like a request but gets no answer of its own): the request's cancel function is called, and if it did not
 * answer, the request fails with -32800.
 *
 * RPC_ACP is the Agent Client Protocol's way: one message a line whatever comes first, $/cancel_request with
 * params.requestId, its error codes, and "jsonrpc" may be missing, as some of its clients leave it out.
 *
 * Ids are echoed as the raw text that came. A request whose id is in flight already is refused.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/attrs.h"
#include "eke/base/err.h"
#include "eke/base/json.h"
#include "eke/base/json_writer.h"
#include "eke/base/strbuf.h"
#include "eke/io/outq.h"
#include "eke/rpc/error.h"
#include "eke/rpc/framing.h"

struct rpc;
struct rpc_request;
struct rpc_result;

/* `params` is an object, or NULL for absent, null and []; alive during the call only. */
typedef struct rpc_result *rpc_request_fn(void *ctx, struct rpc_request *request, const struct json *params);
typedef void rpc_notification_fn(void *ctx, const struct json *params);

struct rpc_method {
	const char *name;
	rpc_request_fn *request;           /* NULL: not a request */
	rpc_notification_fn *notification; /* NULL: not a notification */
};

struct rpc_config {
	enum rpc_dialect dialect;
	const struct rpc_method *methods; /* ends with .name NULL */
	const char *always; /* or NULL: the method that is taken also where LIMIT_REQUESTS_IN_FLIGHT requests are pending */
	/*
	 * May this message be taken now? `method` is NULL for one that is not in the table. Fills err and returns false
	 * if not (a notification is then dropped).
	 */
	bool (*admit)(void *ctx, const struct rpc_method *method, bool is_request, struct err *err);
	void *ctx; /* of handlers and admit */
	/* Nobody reads our messages any more. */
	void (*broken)(void *ctx);
	/* After rpc_feed_end(): no request waits for its answer any more. Once; may be NULL. */
	void (*idle)(void *ctx);
	void *end_ctx; /* of broken and idle */
};

/* Writes to out_fd, which stays the caller's. */
struct rpc *rpc_new(struct loop *loop, int out_fd, const struct rpc_config *config);
/* Not from within a handler. */
void rpc_free(struct rpc *rpc);
void rpc_feed(struct rpc *rpc, const char *bytes, size_t len);
void rpc_feed_end(struct rpc *rpc);

/* --- inside a request handler --- */

/* Answers with one JSON value, taken from `result`, which is released. */
MUST_USE struct rpc_result *rpc_reply(struct rpc_request *request, struct strbuf *result);
MUST_USE struct rpc_result *rpc_reply_null(struct rpc_request *request);
MUST_USE struct rpc_result *rpc_fail(struct rpc_request *request, const struct err *err);
/* The answer comes later. `cancel` (may be NULL) is called at most once, before the answer. */
typedef void rpc_cancel_fn(void *ctx, uint64_t ticket);
MUST_USE struct rpc_result *rpc_pending(struct rpc_request *request, rpc_cancel_fn *cancel, void *cancel_ctx);
uint64_t rpc_ticket(const struct rpc_request *request);

/* --- later --- */

/* False if the request was answered before; `result` is released in any case. */
bool rpc_answer(struct rpc *rpc, uint64_t ticket, struct strbuf *result);
bool rpc_answer_null(struct rpc *rpc, uint64_t ticket);
/* `text`: data.text, or NULL. */
bool rpc_answer_error(struct rpc *rpc, uint64_t ticket, const struct err *err, const char *text, size_t text_len);

/* --- at any time --- */

/*
 * A notification: write its params, one object, with the writer that rpc_notify_begin() returns, then rpc_notify_end().
 * Nothing else may be sent in between.
 */
RETURNS_NONNULL struct json_writer *rpc_notify_begin(struct rpc *rpc, const char *method);
void rpc_notify_end(struct rpc *rpc);
bool rpc_congested(const struct rpc *rpc);
/* Requests that wait for their answer. */
size_t rpc_in_flight(const struct rpc *rpc);
/* Cancels every one of them. */
void rpc_cancel_all(struct rpc *rpc);
/* Waits at most that long for the reader to take what was written. */
void rpc_finish(struct rpc *rpc, int milliseconds);

#endif
