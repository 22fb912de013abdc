/*
 * The conversation. struct rpc owns the framing, the write queue, and the list of requests in flight; a request
 * lives from its arrival to its answer, and is found again by its ticket (a serial number) or its raw id.
 *
 * A message's JSON tree lives in one pool, reset after the message was handled: handlers copy what they keep.
 */
#include "eke/rpc/rpc.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/json_writer.h"
#include "eke/base/limits.h"
#include "eke/base/list.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/rpc/error.h"
#include "rpc_private.h"

static void on_message(void *ctx, char *text, size_t len);
static void on_refused(void *ctx, const struct peek *peek, const struct err *err);
static void on_garbage(void *ctx, const struct err *err);

static void on_drained(void *ctx)
{
	rpc_streams_flush(ctx);
}

static void on_broken(void *ctx, int reason)
{
	struct rpc *rpc = ctx;

	if (reason)
		log_info("the client has stopped reading: %s", strerror(reason));
	else
		log_warn("the client left more than %zu bytes unread", LIMIT_OUT_QUEUE);
	rpc->config.broken(rpc->config.end_ctx);
}

struct rpc *rpc_new(struct loop *loop, int out_fd, const struct rpc_config *config)
{
	struct rpc *rpc = xcalloc(1, sizeof(*rpc));
	struct outq_callbacks out_callbacks = { .drained = on_drained, .broken = on_broken, .ctx = rpc };
	struct framing_callbacks in_callbacks = {
		.message = on_message, .refused = on_refused, .garbage = on_garbage, .ctx = rpc
	};

	rpc->loop = loop;
	rpc->config = *config;
	rpc->out = outq_new(loop, out_fd, &out_callbacks);
	rpc->framing = framing_new(&in_callbacks);
	if (config->dialect == RPC_ACP)
		framing_force_lines(rpc->framing);
	rpc->pool = json_pool_new();
	strbuf_init(&rpc->message, LIMIT_OUT_QUEUE);
	return rpc;
}

static void on_idle(void *ctx)
{
	struct rpc *rpc = ctx;

	rpc->config.idle(rpc->config.end_ctx);
}

void rpc_check_idle(struct rpc *rpc)
{
	if (!rpc->ended || rpc->in_flight || rpc->told_idle || !rpc->config.idle)
		return;
	rpc->told_idle = true;
	loop_defer(rpc->loop, on_idle, rpc);
}

void rpc_free(struct rpc *rpc)
{
	if (!rpc)
		return;
	loop_undefer(rpc->loop, on_idle, rpc);
	while (rpc->requests) {
		struct rpc_request *request = rpc->requests;

		rpc->requests = request->next;
		rpc_request_free(request);
	}
	rpc_streams_orphan(rpc);
	rpc_calls_free(rpc);
	json_pool_free(rpc->pool);
	framing_free(rpc->framing);
	outq_free(rpc->out);
	strbuf_release(&rpc->message);
	free(rpc);
}

void rpc_feed(struct rpc *rpc, const char *bytes, size_t len)
{
	framing_feed(rpc->framing, bytes, len);
}

void rpc_feed_end(struct rpc *rpc)
{
	framing_end(rpc->framing);
	rpc->ended = true;
	rpc_check_idle(rpc);
}

/* --- out --- */

static void message_begin(struct rpc *rpc, struct json_writer *w)
{
	strbuf_reset(&rpc->message);
	framing_begin(&rpc->message);
	json_writer_init(w, &rpc->message);
	json_begin_object(w, NULL);
	json_put_kstring(w, "jsonrpc", "2.0");
}

static void message_send(struct rpc *rpc, struct json_writer *w)
{
	size_t start;

	json_end_object(w);
	json_writer_end(w);
	if (rpc->message.full) {
		log_broken("a message of more than %zu bytes was not sent", LIMIT_OUT_QUEUE);
		return;
	}
	log_io("out", rpc->message.data + FRAMING_ROOM, rpc->message.len - FRAMING_ROOM);
	framing_finish(&rpc->message, framing_kind_of(rpc->framing), &start);
	outq_write(rpc->out, rpc->message.data + start, rpc->message.len - start);
	if (rpc->message.cap > KIB(256))
		strbuf_release(&rpc->message);
}

struct json_writer *rpc_message_begin(struct rpc *rpc)
{
	message_begin(rpc, &rpc->writer);
	return &rpc->writer;
}

void rpc_message_send(struct rpc *rpc)
{
	message_send(rpc, &rpc->writer);
}

struct json_writer *rpc_notify_begin(struct rpc *rpc, const char *method)
{
	struct json_writer *w = rpc_message_begin(rpc);

	json_put_kstring(w, "method", method);
	json_put_key(w, "params");
	return w;
}

void rpc_notify_end(struct rpc *rpc)
{
	rpc_message_send(rpc);
}

void rpc_send_error(struct rpc *rpc, const char *id, const struct err *err, const char *text, size_t text_len)
{
	struct json_writer w;

	message_begin(rpc, &w);
	json_put_key(&w, "id");
	json_put_raw(&w, id, strlen(id));
	json_put_key(&w, "error");
	rpc_write_error(&w, err, rpc->config.dialect, text, text_len);
	message_send(rpc, &w);
}

void rpc_send_result(struct rpc *rpc, const char *id, const char *result, size_t len)
{
	struct json_writer w;

	message_begin(rpc, &w);
	json_put_key(&w, "id");
	json_put_raw(&w, id, strlen(id));
	json_put_key(&w, "result");
	json_put_raw(&w, result, len);
	message_send(rpc, &w);
}

const char *rpc_cancel_method(const struct rpc *rpc)
{
	return rpc->config.dialect == RPC_ACP ? "$/cancel_request" : "$/cancelRequest";
}

bool rpc_congested(const struct rpc *rpc)
{
	return outq_congested(rpc->out);
}

void rpc_finish(struct rpc *rpc, int milliseconds)
{
	outq_finish(rpc->out, milliseconds);
}

/* --- in --- */

/* The raw id as this conversation writes it: the same text, or for lack of one "null". */
static const char *id_or_null(const struct peek *peek)
{
	return peek->id_kind == PEEK_ID_VALID ? peek->id : "null";
}

static void on_refused(void *ctx, const struct peek *peek, const struct err *err)
{
	log_warn("refused a message: %s", err->message);
	rpc_send_error(ctx, id_or_null(peek), err, NULL, 0);
}

static void on_garbage(void *ctx, const struct err *err)
{
	log_warn("bad input: %s", err->message);
	rpc_send_error(ctx, "null", err, NULL, 0);
}

/* What a client wrote: the message's text, and its outer structure. */
struct input {
	const char *text;
	size_t len;
	struct peek peek;
};

static void take_cancel(struct rpc *rpc, const struct input *in)
{
	struct rpc_request *request;
	struct peek params;

	peek_init(&params, 2);
	if (rpc->config.dialect == RPC_ACP)
		params.name = "requestId";
	peek_feed(&params, in->text, in->len);
	peek_end(&params);
	if (params.id_kind == PEEK_ID_VALID)
		request = rpc_find_id(rpc, params.id);
	else if (rpc->config.dialect == RPC_ACP)
		request = NULL;
	else /* Vim's form (channel.txt): the id of the request stands at the top. */
		request = in->peek.id_kind == PEEK_ID_VALID ? rpc_find_id(rpc, in->peek.id) : NULL;
	/* An unknown one was answered already: nothing to do, and nothing to complain about. */
	if (request)
		rpc_cancel_request(rpc, request);
}

static const struct rpc_method *find_method(const struct rpc *rpc, const char *name)
{
	const struct rpc_method *m = rpc->config.methods;

	while (m->name && strcmp(m->name, name))
		m++;
	return m->name ? m : NULL;
}

/* Normalises params: an object, or NULL for the forms of "none". */
static bool take_params(const struct json **params, struct err *err)
{
	if (!*params || json_is_null(*params) || (json_is_array(*params) && !json_first(*params))) {
		*params = NULL;
		return true;
	}
	if (json_is_object(*params))
		return true;
	err_set(err, ERR_INVALID_PARAMS, "params must be an object, not %s",
		json_is_array(*params) ? "an array with elements" : json_type_name(*params));
	return false;
}

static struct rpc_request *request_new(struct rpc *rpc, const char *id)
{
	struct rpc_request *request = xcalloc(1, sizeof(*request));

	request->rpc = rpc;
	request->ticket = ++rpc->last_ticket;
	request->id = xstrdup(id);
	request->next = rpc->requests;
	rpc->requests = request;
	rpc->in_flight++;
	return request;
}

static void take_request(struct rpc *rpc, const char *id, const char *name, const struct json *params)
{
	const struct rpc_method *method = find_method(rpc, name);
	struct rpc_request *request;
	struct rpc_result *result;
	uint64_t ticket;
	struct err err;

	if (rpc_find_id(rpc, id)) {
		err_set(&err, ERR_INVALID_REQUEST, "the id %s is in use by a request that is not answered yet", id);
		rpc_send_error(rpc, id, &err, NULL, 0);
		return;
	}
	if (!rpc->config.admit(rpc->config.ctx, method, true, &err)) {
		rpc_send_error(rpc, id, &err, NULL, 0);
		return;
	}
	if (!method || !method->request) {
		err_set(&err, ERR_METHOD_NOT_FOUND, method ? "%s is a notification, not a request" :
							     "unknown method %s", name);
		rpc_send_error(rpc, id, &err, NULL, 0);
		return;
	}
	if (!take_params(&params, &err)) {
		rpc_send_error(rpc, id, &err, NULL, 0);
		return;
	}
	if (rpc->in_flight >= LIMIT_REQUESTS_IN_FLIGHT && !(rpc->config.always && !strcmp(name, rpc->config.always))) {
		err_set(&err, ERR_INTERNAL, "at most %d requests can be pending", LIMIT_REQUESTS_IN_FLIGHT);
		rpc_send_error(rpc, id, &err, NULL, 0);
		return;
	}
	request = request_new(rpc, id);
	ticket = request->ticket;
	result = method->request(rpc->config.ctx, request, params);
	if (!rpc_result_is_made(result)) {
		log_broken("the handler of %s gave no answer", name);
		err_set(&err, ERR_INTERNAL, "%s failed inside eke: please report it", name);
		rpc_answer_error(rpc, ticket, &err, NULL, 0);
	}
}

static void take_notification(struct rpc *rpc, const char *name, const struct json *params)
{
	const struct rpc_method *method = find_method(rpc, name);
	struct err err;

	if (!rpc->config.admit(rpc->config.ctx, method, false, &err)) {
		log_debug("dropped %s: %s", name, err.message);
		return;
	}
	if (!method || !method->notification) {
		log_debug("ignored the unknown notification %s", name);
		return;
	}
	if (!take_params(&params, &err)) {
		log_warn("ignored %s: %s", name, err.message);
		return;
	}
	method->notification(rpc->config.ctx, params);
}

/* Is it a message at all? Fills err if not. */
static bool check_envelope(const struct rpc *rpc, const struct json *message, const struct peek *peek, struct err *err)
{
	const struct json *jsonrpc = json_get(message, "jsonrpc");
	const char *version = jsonrpc || rpc->config.dialect != RPC_ACP ? json_string(jsonrpc) : "2.0";
	const struct json *method = json_get(message, "method");
	const char *name = json_string(method);

	if (json_is_array(message))
		err_set(err, ERR_INVALID_REQUEST, "batches are not part of this protocol: send one message at a time");
	else if (!json_is_object(message))
		err_set(err, ERR_INVALID_REQUEST, "a message must be a JSON object, not %s", json_type_name(message));
	else if (!version || strcmp(version, "2.0"))
		err_set(err, ERR_INVALID_REQUEST, "\"jsonrpc\" must be \"2.0\"");
	else if (peek->id_kind == PEEK_ID_INVALID)
		err_set(err, ERR_INVALID_REQUEST, "\"id\" must be a number or a string of at most %d bytes", LIMIT_ID);
	else if (method && !name)
		err_set(err, ERR_INVALID_REQUEST, "\"method\" must be a string, not %s", json_type_name(method));
	else if (name && strlen(name) > LIMIT_METHOD)
		err_set(err, ERR_INVALID_REQUEST, "\"method\" is longer than %d bytes", LIMIT_METHOD);
	else if (!name && !json_get(message, "result") && !json_get(message, "error"))
		err_set(err, ERR_INVALID_REQUEST, "the message has neither \"method\" nor \"result\" nor \"error\"");
	else
		return true;
	return false;
}

static void take_message(struct rpc *rpc, const struct json *message, const struct input *in)
{
	const struct peek *peek = &in->peek;
	const char *name = json_string(json_get(message, "method"));
	const struct json *params = json_get(message, "params");
	struct err err;

	if (!check_envelope(rpc, message, peek, &err)) {
		log_info("refused a message: %s", err.message);
		rpc_send_error(rpc, id_or_null(peek), &err, NULL, 0);
	} else if (!name) {
		rpc_take_response(rpc, message);
	} else if (!strcmp(name, rpc_cancel_method(rpc))) {
		take_cancel(rpc, in);
	} else if (peek->id_kind == PEEK_ID_VALID) {
		take_request(rpc, peek->id, name, params);
	} else {
		take_notification(rpc, name, params);
	}
}

static void on_message(void *ctx, char *text, size_t len)
{
	struct rpc *rpc = ctx;
	const struct json *message;
	struct input in = { .text = text, .len = len };
	struct err err;

	log_io("in", text, len);
	/* Before the parse, which repairs the text in place: an id is echoed as it came. */
	peek_init(&in.peek, 1);
	peek_feed(&in.peek, text, len);
	peek_end(&in.peek);
	message = json_parse(rpc->pool, text, len, JSON_STRICT, &err);
	if (message) {
		take_message(rpc, message, &in);
	} else {
		log_warn("bad input: %s", err.message);
		rpc_send_error(rpc, "null", &err, NULL, 0);
	}
	json_pool_reset(rpc->pool);
}
