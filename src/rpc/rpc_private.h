#ifndef EKE_RPC_RPC_PRIVATE_H
#define EKE_RPC_RPC_PRIVATE_H
/*
 * The conversation's body, shared by rpc.c and stream.c.
 */
#include "eke/rpc/rpc.h"
#include "eke/rpc/stream.h"

struct rpc {
	struct loop *loop; /* borrowed */
	struct rpc_config config;
	struct outq *out;
	struct framing *framing;
	struct json_pool *pool;
	struct strbuf message; /* the one under way out; its memory is reused */
	struct json_writer notification;
	struct rpc_request *requests;
	size_t in_flight;
	uint64_t last_ticket;
	struct rpc_stream *streams;
};

/* Emits what streams hold back. */
void rpc_streams_flush(struct rpc *rpc);
/* The conversation ends before them. */
void rpc_streams_orphan(struct rpc *rpc);

#endif
