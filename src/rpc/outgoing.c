/*
 * Requests to the client. struct rpc_call lives in the conversation's list from rpc_call_end() to its response, its
 * cancellation or the conversation's end; a response that fits none is ignored.
 */
#include "eke/rpc/outgoing.h"

#include <stdlib.h>

#include "eke/base/limits.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "rpc_private.h"

struct rpc_call {
	uint64_t id;
	rpc_response_fn *fn;
	void *ctx;
	struct rpc_call *next;
};

struct json_writer *rpc_call_begin(struct rpc *rpc, const char *method)
{
	struct json_writer *w = rpc_message_begin(rpc);

	json_put_kint(w, "id", (int64_t)rpc->last_call + 1);
	json_put_kstring(w, "method", method);
	json_put_key(w, "params");
	return w;
}

uint64_t rpc_call_end(struct rpc *rpc, rpc_response_fn *fn, void *ctx)
{
	struct rpc_call *call;
	size_t waiting = 0;

	for (call = rpc->calls; call; call = call->next)
		waiting++;
	if (waiting >= LIMIT_CALLS_TO_CLIENT) {
		log_info("the client left %zu requests unanswered: no more are sent", waiting);
		return 0;
	}
	call = xcalloc(1, sizeof(*call));
	*call = (struct rpc_call){ .id = ++rpc->last_call, .fn = fn, .ctx = ctx, .next = rpc->calls };
	rpc->calls = call;
	rpc_message_send(rpc);
	return call->id;
}

/* Takes the call out of the list, or NULL. */
static struct rpc_call *take(struct rpc *rpc, uint64_t id)
{
	struct rpc_call **at = &rpc->calls;
	struct rpc_call *call;

	while (*at && (*at)->id != id)
		at = &(*at)->next;
	call = *at;
	if (call)
		*at = call->next;
	return call;
}

void rpc_call_cancel(struct rpc *rpc, uint64_t id)
{
	struct rpc_call *call = take(rpc, id);
	struct json_writer *w;

	if (!call)
		return;
	free(call);
	w = rpc_notify_begin(rpc, rpc_cancel_method(rpc));
	json_begin_object(w, NULL);
	json_put_kint(w, rpc->config.dialect == RPC_ACP ? "requestId" : "id", (int64_t)id);
	json_end_object(w);
	rpc_notify_end(rpc);
}

void rpc_take_response(struct rpc *rpc, const struct json *message)
{
	const struct json *error = json_get_present(message, "error");
	const char *words = json_string(json_get(error, "message"));
	struct rpc_call *call = NULL;
	struct rpc_call copy;
	struct err err;
	int64_t id;

	if (json_int(json_get(message, "id"), &id) && id > 0)
		call = take(rpc, (uint64_t)id);
	if (!call) {
		log_info("ignored a response to a request that was not sent");
		return;
	}
	copy = *call;
	free(call);
	if (error)
		err_set(&err, ERR_INTERNAL, "the client answered: %.200s", words ? words : "an error without a message");
	copy.fn(copy.ctx, error ? NULL : json_get(message, "result"), error ? &err : NULL);
}

void rpc_calls_free(struct rpc *rpc)
{
	while (rpc->calls) {
		struct rpc_call *call = rpc->calls;

		rpc->calls = call->next;
		free(call);
	}
}
