#ifndef EKE_RPC_STREAM_H
#define EKE_RPC_STREAM_H
/*
 * A stream of text to the client. What is added within one turn of the loop goes out as one notification at its
 * end; while the client does not read, it collects.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/rpc/rpc.h"

struct rpc_stream;

/* Writes the notification; never with both lengths 0. */
typedef void rpc_emit_fn(void *ctx, const char *text, size_t text_len, const char *reasoning, size_t reasoning_len);

/*
 * `max`: of what may collect, for text and reasoning each; what comes when that is full is left out, and all
 * after it.
 */
struct rpc_stream *rpc_stream_new(struct rpc *rpc, size_t max, rpc_emit_fn *emit, void *ctx);
void rpc_stream_add(struct rpc_stream *stream, bool reasoning, const char *text, size_t len);
/* Emits what is left, whatever the client does: the answer follows. */
void rpc_stream_finish(struct rpc_stream *stream);
void rpc_stream_free(struct rpc_stream *stream);

#endif
