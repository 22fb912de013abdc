#ifndef EKE_RPC_RPC_PRIVATE_H
#define EKE_RPC_RPC_PRIVATE_H
/*
 * The conversation's body, shared by rpc.c, rpc_requests.c, stream.c and outgoing.c.
 */
#include "eke/rpc/rpc.h"
#include "eke/rpc/stream.h"

struct rpc_call;

struct rpc {
	struct loop *loop; /* borrowed */
	struct rpc_config config;
	struct outq *out;
	struct framing *framing;
	struct json_pool *pool;
	struct strbuf message; /* the one under way out; its memory is reused */
	struct json_writer writer; /* of a notification or a request to the client */
	struct rpc_request *requests;
	size_t in_flight;
	bool ended;     /* the input has */
	bool told_idle; /* config.idle was called, or will be in this turn */
	uint64_t last_ticket;
	struct rpc_stream *streams;
	struct rpc_call *calls; /* requests to the client that wait for its answer */
	uint64_t last_call;
};

struct rpc_request {
	struct rpc *rpc;
	uint64_t ticket;
	char *id; /* raw JSON text, owned */
	rpc_cancel_fn *cancel;
	void *cancel_ctx;
	struct rpc_request *next;
};

/* A message without its outer brackets' end; rpc_message_send() closes and sends it. */
struct json_writer *rpc_message_begin(struct rpc *rpc);
void rpc_message_send(struct rpc *rpc);

/* The notification that cancels, whoever sends it. */
const char *rpc_cancel_method(const struct rpc *rpc);

/* Sends an answer to the request with that id, raw JSON. `text` goes along as the error's data. */
void rpc_send_error(struct rpc *rpc, const char *id, const struct err *err, const char *text, size_t text_len);
void rpc_send_result(struct rpc *rpc, const char *id, const char *result, size_t len);
/* A request is gone: if it was the last one after the end of the input, the front end is told so. */
void rpc_check_idle(struct rpc *rpc);

/* rpc_requests.c. Did a handler return what it was given by rpc_reply(), rpc_fail() or rpc_pending()? */
bool rpc_result_is_made(const struct rpc_result *result);
/* NULL: none is in flight with that id. */
struct rpc_request *rpc_find_id(struct rpc *rpc, const char *id);
void rpc_cancel_request(struct rpc *rpc, struct rpc_request *request);
void rpc_request_free(struct rpc_request *request);

/* outgoing.c: a message that is a response. */
void rpc_take_response(struct rpc *rpc, const struct json *message);
void rpc_calls_free(struct rpc *rpc);

/* Emits what streams hold back. */
void rpc_streams_flush(struct rpc *rpc);
/* The conversation ends before them. */
void rpc_streams_orphan(struct rpc *rpc);

#endif
