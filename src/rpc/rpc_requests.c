/*
 * The client's requests in flight, and their answers: one for each.
 */
#include "rpc_private.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/list.h"

/* Never made: the address alone says that a request was answered or will be. */
struct rpc_result {
	char unused;
};

static struct rpc_result answered;
static struct rpc_result pending;

bool rpc_result_is_made(const struct rpc_result *result)
{
	return result == &answered || result == &pending;
}

void rpc_request_free(struct rpc_request *request)
{
	free(request->id);
	free(request);
}

static struct rpc_request *find_ticket(struct rpc *rpc, uint64_t ticket)
{
	struct rpc_request *request = rpc->requests;

	while (request && request->ticket != ticket)
		request = request->next;
	return request;
}

struct rpc_request *rpc_find_id(struct rpc *rpc, const char *id)
{
	struct rpc_request *request = rpc->requests;

	while (request && strcmp(request->id, id))
		request = request->next;
	return request;
}

static void forget(struct rpc_request *request)
{
	struct rpc *rpc = request->rpc;
	list_unlink(rpc->requests, request);
	rpc->in_flight--;
	rpc_request_free(request);
	rpc_check_idle(rpc);
}

struct rpc_result *rpc_reply(struct rpc_request *request, struct strbuf *result)
{
	rpc_send_result(request->rpc, request->id, result->data, result->len);
	strbuf_release(result);
	forget(request);
	return &answered;
}

struct rpc_result *rpc_reply_null(struct rpc_request *request)
{
	rpc_send_result(request->rpc, request->id, "null", 4);
	forget(request);
	return &answered;
}

struct rpc_result *rpc_fail(struct rpc_request *request, const struct err *err)
{
	rpc_send_error(request->rpc, request->id, err, NULL, 0);
	forget(request);
	return &answered;
}

struct rpc_result *rpc_pending(struct rpc_request *request, rpc_cancel_fn *cancel, void *cancel_ctx)
{
	request->cancel = cancel;
	request->cancel_ctx = cancel_ctx;
	return &pending;
}

uint64_t rpc_ticket(const struct rpc_request *request)
{
	return request->ticket;
}

bool rpc_answer(struct rpc *rpc, uint64_t ticket, struct strbuf *result)
{
	struct rpc_request *request = find_ticket(rpc, ticket);

	if (request) {
		rpc_send_result(rpc, request->id, result->data, result->len);
		forget(request);
	}
	strbuf_release(result);
	return request != NULL;
}

bool rpc_answer_null(struct rpc *rpc, uint64_t ticket)
{
	struct rpc_request *request = find_ticket(rpc, ticket);

	if (!request)
		return false;
	rpc_send_result(rpc, request->id, "null", 4);
	forget(request);
	return true;
}

bool rpc_answer_error(struct rpc *rpc, uint64_t ticket, const struct err *err, const char *text, size_t text_len)
{
	struct rpc_request *request = find_ticket(rpc, ticket);

	if (!request)
		return false;
	rpc_send_error(rpc, request->id, err, text, text_len);
	forget(request);
	return true;
}

void rpc_cancel_request(struct rpc *rpc, struct rpc_request *request)
{
	uint64_t ticket = request->ticket;
	rpc_cancel_fn *cancel = request->cancel;
	struct err err;

	request->cancel = NULL;
	if (cancel)
		cancel(request->cancel_ctx, ticket);
	/* Its owner may have answered (with what had arrived, for instance). */
	err_set(&err, ERR_CANCELLED, "cancelled by the client");
	rpc_answer_error(rpc, ticket, &err, NULL, 0);
}

size_t rpc_in_flight(const struct rpc *rpc)
{
	return rpc->in_flight;
}

void rpc_cancel_all(struct rpc *rpc)
{
	while (rpc->requests)
		rpc_cancel_request(rpc, rpc->requests);
}
