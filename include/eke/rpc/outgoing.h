#ifndef EKE_RPC_OUTGOING_H
#define EKE_RPC_OUTGOING_H
/*
 * Requests that go the other way: to the client (window/showMessageRequest, workspace/applyEdit, …). Their ids are
 * integers, as Vim's channel can answer no others.
 */
#include <stdint.h>

#include "eke/base/err.h"
#include "eke/base/json.h"
#include "eke/base/json_writer.h"
#include "eke/rpc/rpc.h"

/*
 * The client's answer: its result (alive during the call only; JSON null is one), or err, which holds the client's own
 * words. Called once, from the loop.
 */
typedef void rpc_response_fn(void *ctx, const struct json *result, const struct err *err);

/*
 * A request: write its params, one object, with the writer that rpc_call_begin() returns, then rpc_call_end(). Nothing
 * else may be sent in between. The number is for rpc_call_cancel(); 0, and fn is never called, if more than
 * LIMIT_CALLS_TO_CLIENT wait already.
 */
RETURNS_NONNULL struct json_writer *rpc_call_begin(struct rpc *rpc, const char *method);
MUST_USE uint64_t rpc_call_end(struct rpc *rpc, rpc_response_fn *fn, void *ctx);
/* The answer is not waited for any more; the client is told. */
void rpc_call_cancel(struct rpc *rpc, uint64_t id);

#endif
