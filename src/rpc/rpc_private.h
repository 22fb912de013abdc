#ifndef EKE_RPC_RPC_PRIVATE_H
#define EKE_RPC_RPC_PRIVATE_H
/*
 * The conversation's body, shared by rpc.c, stream.c and outgoing.c.
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

/* A message without its outer brackets' end; rpc_message_send() closes and sends it. */
struct json_writer *rpc_message_begin(struct rpc *rpc);
void rpc_message_send(struct rpc *rpc);

/* The notification that cancels, whoever sends it. */
const char *rpc_cancel_method(const struct rpc *rpc);

/* outgoing.c: a message that is a response. */
void rpc_take_response(struct rpc *rpc, const struct json *message);
void rpc_calls_free(struct rpc *rpc);

/* Emits what streams hold back. */
void rpc_streams_flush(struct rpc *rpc);
/* The conversation ends before them. */
void rpc_streams_orphan(struct rpc *rpc);

#endif
