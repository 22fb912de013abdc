/*
 * A call's life, as a state machine. It belongs to the upstream's list; http transfers and timers point to it,
 * and it is unlinked first and freed at the turn's end, so that nobody on the stack loses it.
 *
 * What comes back is sorted by its first byte: an event stream goes through the SSE parser event by event,
 * anything else is collected and looked at as a whole when it is complete. Both end in take_chunk() and
 * settle().
 */
#include "eke/upstream/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/json.h"
#include "eke/base/limits.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/upstream/sse.h"
#include "eke/upstream/think.h"
#include "eke/upstream/wire_error.h"
#include "upstream_private.h"

/*
 * Before asking the same address again: a second, and up to half of one more, so that not everybody comes back
 * at once.
 */
#define RETRY_MS 1000
#define RETRY_SPREAD_MS 500

enum call_state {
	CALL_STATE_KEY,       /* the key's command runs */
	CALL_STATE_SENT,      /* a transfer is under way */
	CALL_STATE_RETRY,     /* waits before asking once more */
	/* the answer was told; the transfer ends by itself, so that its connection can be used again */
	CALL_STATE_DRAINING,
};

struct call {
	uint64_t id;
	struct upstream *upstream;
	struct endpoint *endpoint; /* ref */
	enum call_purpose purpose;
	double reserve;
	enum wire_api api;
	char *model;
	struct strbuf body; /* kept for another try */
	struct call_callbacks callbacks;
	enum call_state state;

	uint64_t transfer;
	uint64_t reservation;
	size_t urls_tried;
	bool retried;
	struct timer *retry_timer;

	/* The answer so far. */
	struct http_head head;
	enum wire_body kind;
	struct strbuf collected; /* what is not an event stream, or not known to be one yet */
	struct sse *sse;
	struct json_pool *pool;
	struct think think;
	struct strbuf text;
	struct strbuf reasoning;
	size_t text_told, reasoning_told;
	char *answer_model;
	enum wire_finish finish;
	struct wire_usage usage;
	bool done_seen;
	bool any_answer; /* something had the shape of an answer */
	struct err stream_err; /* an error inside the stream; kind ERR_NONE: none */

	struct call *next;
};

static void set_state(struct call *call, enum call_state state)
{
	if (state == CALL_STATE_DRAINING)
		upstream_count_busy(call->upstream, false);
	call->state = state;
}

/*
 * --- its end
 * --------------------------------------------------------------------------------------------------------
 */

static void call_release(void *p)
{
	struct call *call = p;

	sse_free(call->sse);
	json_pool_free(call->pool);
	strbuf_release(&call->body);
	strbuf_release(&call->collected);
	strbuf_release(&call->text);
	strbuf_release(&call->reasoning);
	free(call->answer_model);
	free(call->model);
	free(call);
}

static void on_key_ready(void *ctx);
static void begin(void *ctx);

/* Unlinks it from everything that could call it; the memory goes at the turn's end. */
static void call_end(struct call *call)
{
	struct upstream *upstream = call->upstream;
	struct call **at = &upstream->calls;

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	if (call->state != CALL_STATE_DRAINING)
		upstream_count_busy(upstream, false);
	http_cancel(upstream->http, call->transfer);
	loop_undefer(upstream->loop, begin, call);
	endpoint_key_unwait(call->endpoint, on_key_ready, call);
	timer_free(call->retry_timer);
	endpoint_unref(call->endpoint);
	loop_defer_free(upstream->loop, call, call_release);
}

void calls_free_all(struct upstream *upstream)
{
	while (upstream->calls)
		call_end(upstream->calls);
}

void call_cancel(struct upstream *upstream, uint64_t id)
{
	struct call *call = upstream->calls;

	while (call && call->id != id)
		call = call->next;
	if (call && call->state != CALL_STATE_DRAINING)
		call_end(call);
}

static void fail(struct call *call, struct err *err)
{
	struct call_callbacks callbacks = call->callbacks;
	const struct config_endpoint *settings = endpoint_config(call->endpoint);

	snprintf(err->endpoint, sizeof(err->endpoint), "%s", settings->name);
	if (err->kind == ERR_AUTH)
		endpoint_key_forget(call->endpoint);
	if (err->kind == ERR_BUDGET && err->http_status)
		budget_block(call->upstream->budget, settings, err);
	log_info("endpoint %s: %s%s%s", settings->name, err->message, err->provider_message[0] ? " — " : "",
		 err->provider_message);
	call_end(call);
	callbacks.done(callbacks.ctx, NULL, err);
}

static enum call_finish finish_of(const struct call *call)
{
	switch (call->finish) {
	case WIRE_STOP:
		return CALL_STOP;
	case WIRE_LENGTH:
		return CALL_LENGTH;
	case WIRE_FILTER:
		return CALL_FILTER;
	case WIRE_OPEN:
	case WIRE_ERROR:
		return CALL_TRUNCATED;
	}
	return CALL_TRUNCATED;
}

static void flush_deltas(struct call *call)
{
	if (call->reasoning.len > call->reasoning_told && call->callbacks.delta) {
		size_t from = call->reasoning_told;

		call->reasoning_told = call->reasoning.len;
		call->callbacks.delta(call->callbacks.ctx, true, call->reasoning.data + from, call->reasoning.len - from);
	}
	if (call->text.len > call->text_told && call->callbacks.delta) {
		size_t from = call->text_told;

		call->text_told = call->text.len;
		call->callbacks.delta(call->callbacks.ctx, false, call->text.data + from, call->text.len - from);
	}
}

/* Tells the answer. `draining`: the transfer is not over, and goes on for its connection's sake. */
static void succeed(struct call *call, bool draining)
{
	struct call_callbacks callbacks = call->callbacks;
	struct call_answer answer;

	think_end(&call->think, &call->text, &call->reasoning);
	flush_deltas(call);
	answer = (struct call_answer){
		.text = call->text.data,
		.text_len = call->text.len,
		.reasoning = call->reasoning.data,
		.reasoning_len = call->reasoning.len,
		.finish = finish_of(call),
		.model = call->answer_model ? call->answer_model : call->model,
		.usage = call->usage,
		.trouble = call->stream_err.kind != ERR_NONE ? &call->stream_err : NULL,
	};
	budget_unblock(call->upstream->budget, endpoint_config(call->endpoint));
	if (draining)
		set_state(call, CALL_STATE_DRAINING);
	else
		call_end(call);
	callbacks.done(callbacks.ctx, &answer, NULL);
}

/*
 * --- the answer
 * ------------------------------------------------------------------------------------------------------
 */

static void add_text(struct call *call, const char *text)
{
	size_t len = strlen(text);

	if (think_is_through(&call->think))
		strbuf_add(&call->text, text, len);
	else
		think_feed(&call->think, text, len, &call->text, &call->reasoning);
}

/* An error object inside an answer that began well. */
static void take_stream_error(struct call *call, char *body, size_t len)
{
	struct wire_error_input in = { .status = 200, .body = body, .len = len, .now = clock_wall_ms() / 1000 };

	if (call->stream_err.kind == ERR_NONE)
		wire_error_decode(&in, &call->stream_err);
}

static void take_chunk(struct call *call, const struct json *value)
{
	struct wire_chunk chunk;

	wire_decode(value, &chunk);
	call->any_answer = call->any_answer || chunk.is_answer;
	if (chunk.model && !call->answer_model)
		call->answer_model = xstrdup(chunk.model);
	if (chunk.usage.present)
		call->usage = chunk.usage;
	/* Some servers repeat the whole message at the end of a stream of deltas. */
	if (!chunk.is_whole || (!call->text.len && !call->reasoning.len)) {
		if (chunk.reasoning)
			strbuf_adds(&call->reasoning, chunk.reasoning);
		if (chunk.text)
			add_text(call, chunk.text);
	}
	if (chunk.finish != WIRE_OPEN)
		call->finish = chunk.finish;
	if (chunk.is_error) {
		struct strbuf text;
		struct json_writer w;

		strbuf_init(&text, LIMIT_SSE_EVENT);
		json_writer_init(&w, &text);
		json_put_tree(&w, value);
		take_stream_error(call, text.data, text.len);
		strbuf_release(&text);
	}
}

/* One value, or an array of them (llama.cpp). */
static bool take_json(struct call *call, char *text, size_t len, struct err *err)
{
	const struct json *value = json_parse(call->pool, text, len, JSON_LENIENT, err);

	if (value && json_is_array(value)) {
		for (const struct json *e = json_first(value); e; e = json_next(e))
			take_chunk(call, e);
	} else if (value) {
		take_chunk(call, value);
	}
	json_pool_reset(call->pool);
	return value != NULL;
}

static bool is_done_mark(const struct sse_event *event)
{
	size_t len = event->len;
	const char *s = event->data;

	while (len && (*s == ' ' || *s == '\t')) {
		s++;
		len--;
	}
	return len >= 6 && !memcmp(s, "[DONE]", 6);
}

static bool on_event(void *ctx, struct sse_event *event)
{
	struct call *call = ctx;
	struct err err;

	if (is_done_mark(event)) {
		call->done_seen = true;
		return true;
	}
	/* What follows the end mark is noise. */
	if (call->done_seen)
		return true;
	if (event->is_error_field || !strcmp(event->type, "error")) {
		take_stream_error(call, event->data, event->len);
		return true;
	}
	if (!take_json(call, event->data, event->len, &err))
		log_warn("endpoint %s: dropped a piece of a stream: %s", endpoint_name(call->endpoint), err.message);
	/* An answer without end: what there is must do. */
	return !call->text.full && !call->reasoning.full;
}

static void on_head(void *ctx, const struct http_head *head)
{
	struct call *call = ctx;

	call->head = *head;
}

/* More of a body whose kind is not known yet: decide as soon as a byte tells. */
static void sniff(struct call *call, const char *data, size_t len)
{
	strbuf_add(&call->collected, data, len);
	if (call->head.status != 200)
		return;
	call->kind = wire_sniff(call->collected.data, call->collected.len);
	if (call->kind != WIRE_BODY_SSE)
		return;
	call->sse = sse_new(on_event, call);
	sse_feed(call->sse, call->collected.data, call->collected.len);
	strbuf_release(&call->collected);
}

static void on_bytes(void *ctx, const char *data, size_t len)
{
	struct call *call = ctx;

	if (call->state == CALL_STATE_DRAINING)
		return;
	log_io("received", data, len);
	if (call->kind == WIRE_BODY_SSE)
		sse_feed(call->sse, data, len);
	else if (call->kind == WIRE_BODY_UNKNOWN)
		sniff(call, data, len);
	else
		strbuf_add(&call->collected, data, len);
	flush_deltas(call);
	if (call->text.full || call->reasoning.full || (call->sse && sse_overflowed(call->sse))) {
		log_warn("endpoint %s: an answer is larger than eke takes; the rest is dropped", endpoint_name(call->endpoint));
		call->finish = WIRE_LENGTH;
		succeed(call, false);
	} else if (call->done_seen && call->text.len && call->finish != WIRE_OPEN) {
		/* All is said; do not wait for the connection's end. */
		succeed(call, true);
	}
}

/*
 * --- retries
 * ---------------------------------------------------------------------------------------------------------
 */

static void reset_answer(struct call *call)
{
	memset(&call->head, 0, sizeof(call->head));
	call->kind = WIRE_BODY_UNKNOWN;
	strbuf_reset(&call->collected);
	sse_free(call->sse);
	call->sse = NULL;
	think_init(&call->think);
	strbuf_reset(&call->text);
	strbuf_reset(&call->reasoning);
	call->text_told = call->reasoning_told = 0;
	call->finish = WIRE_OPEN;
	call->done_seen = call->any_answer = false;
	call->stream_err.kind = ERR_NONE;
}

static void on_retry(void *ctx)
{
	begin(ctx);
}

/*
 * May this failure be met by asking once more? Only what is likely to pass, only for chat, only before the
 * first delta.
 */
static bool may_retry(const struct call *call, const struct err *err)
{
	return call->purpose == CALL_CHAT && !call->retried && !call->text_told && !call->reasoning_told &&
	       (err->http_status >= 500 || err->kind == ERR_NETWORK || err->kind == ERR_PROTOCOL ||
		(err->kind == ERR_UPSTREAM && err->http_status == 200));
}

static void retry_or_fail(struct call *call, struct err *err)
{
	size_t urls = endpoint_url_count(call->endpoint);
	int64_t wait = RETRY_MS + (int64_t)(call->id * 7919 % RETRY_SPREAD_MS);

	if (!may_retry(call, err)) {
		fail(call, err);
		return;
	}
	call->retried = true;
	log_info("endpoint %s: %s — asking once more", endpoint_name(call->endpoint), err->message);
	/* Another address of the same service needs no patience. */
	if (urls > 1) {
		endpoint_use_url(call->endpoint, endpoint_url_index(call->endpoint) + 1);
		wait = 0;
	}
	reset_answer(call);
	set_state(call, CALL_STATE_RETRY);
	timer_start(call->retry_timer, wait);
}

/* The request never left: give the count back, and try the next address. */
static void not_sent(struct call *call, const struct err *reason)
{
	struct err err = *reason;

	budget_refund(call->upstream->budget, call->reservation);
	call->urls_tried++;
	endpoint_use_url(call->endpoint, endpoint_url_index(call->endpoint) + 1);
	if (call->urls_tried >= endpoint_url_count(call->endpoint)) {
		fail(call, &err);
		return;
	}
	log_info("endpoint %s: %s — trying its next address", endpoint_name(call->endpoint), err.message);
	begin(call);
}

/*
 * --- the end of a transfer
 * --------------------------------------------------------------------------------------------
 */

static void refused(struct call *call)
{
	struct err err;
	struct wire_error_input in = {
		.status = call->head.status,
		.body = call->collected.data,
		.len = call->collected.len,
		.content_type = call->head.content_type,
		.retry_after = call->head.retry_after[0] ? call->head.retry_after : NULL,
		.retry_after_ms = call->head.retry_after_ms[0] ? call->head.retry_after_ms : NULL,
		.ratelimit_reset = call->head.ratelimit_reset[0] ? call->head.ratelimit_reset : NULL,
		.now = clock_wall_ms() / 1000,
	};

	wire_error_decode(&in, &err);
	retry_or_fail(call, &err);
}

/* A 200 that is over, one way or the other. `broken`: why the transfer did not end well, or NULL. */
static void settle(struct call *call, const struct err *broken)
{
	struct err err;

	if (call->kind == WIRE_BODY_JSON && !take_json(call, call->collected.data, call->collected.len, &err) && !broken) {
		err_set(&call->stream_err, ERR_PROTOCOL,
			"%s answered with something that is not its API's JSON: is the base URL right?",
			endpoint_name(call->endpoint));
		call->stream_err.http_status = 200;
	}
	if (call->sse)
		sse_end(call->sse);
	if (broken && call->stream_err.kind == ERR_NONE)
		call->stream_err = *broken;
	if (call->text.len || call->reasoning.len || call->think.held_len || call->finish == WIRE_STOP ||
	    call->finish == WIRE_LENGTH || call->finish == WIRE_FILTER) {
		if (call->finish == WIRE_OPEN)
			log_info("endpoint %s: the answer ended without a reason; what had come is kept",
				 endpoint_name(call->endpoint));
		succeed(call, false);
		return;
	}
	if (call->stream_err.kind == ERR_NONE) {
		err_set(&call->stream_err, ERR_PROTOCOL, call->any_answer ?
				"%s ended its answer before it began: try again" :
				"%s answered with nothing that is an answer: is the base URL right, and does it know this model?",
			endpoint_name(call->endpoint));
		call->stream_err.http_status = 200;
	}
	err = call->stream_err;
	retry_or_fail(call, &err);
}

static void on_done(void *ctx, enum http_outcome outcome, const struct err *reason)
{
	struct call *call = ctx;
	struct err err = *reason;

	call->transfer = 0;
	call->upstream->last_traffic_ms = clock_mono_ms();
	if (call->state == CALL_STATE_DRAINING) {
		call_end(call);
		return;
	}
	if (outcome == HTTP_UNSENT)
		not_sent(call, reason);
	else if (call->head.status && (call->head.status != 200 || call->kind == WIRE_BODY_HTML))
		refused(call);
	else if (outcome == HTTP_COMPLETE || call->kind != WIRE_BODY_UNKNOWN)
		settle(call, outcome == HTTP_COMPLETE ? NULL : reason);
	else
		retry_or_fail(call, &err);
}

/*
 * --- the beginning
 * ----------------------------------------------------------------------------------------------------
 */

static void on_key_ready(void *ctx)
{
	begin(ctx);
}

/* Sends what call->body holds; also for another try. */
static void begin(void *ctx)
{
	static const enum budget_use uses[] = {
		[CALL_CHAT] = BUDGET_EXPLICIT,
		[CALL_COMPLETION_EXPLICIT] = BUDGET_EXPLICIT,
		[CALL_COMPLETION_AUTOMATIC] = BUDGET_AUTOMATIC,
	};
	struct call *call = ctx;
	struct http_callbacks callbacks = { .head = on_head, .bytes = on_bytes, .done = on_done, .ctx = call };
	struct budget_request wanted = {
		.endpoint = endpoint_config(call->endpoint),
		.model = call->model,
		.use = uses[call->purpose],
		.reserve = call->reserve,
	};
	const char *key = NULL;
	struct strbuf body;
	struct err err;
	char *url;

	switch (endpoint_key(call->endpoint, &key, &err)) {
	case ENDPOINT_KEY_READY:
		break;
	case ENDPOINT_KEY_PENDING:
		set_state(call, CALL_STATE_KEY);
		endpoint_key_wait(call->endpoint, on_key_ready, call);
		return;
	case ENDPOINT_KEY_FAILED:
		fail(call, &err);
		return;
	}
	if (!budget_reserve(call->upstream->budget, &wanted, &call->reservation, &err)) {
		fail(call, &err);
		return;
	}
	set_state(call, CALL_STATE_SENT);
	strbuf_init(&body, call->body.max);
	strbuf_add(&body, call->body.data, call->body.len);
	url = base_url_for(endpoint_url(call->endpoint), call->api);
	call->transfer = upstream_send(call->upstream, call->endpoint, url, key, &body, &callbacks);
	free(url);
}

static void refuse_busy(void *ctx)
{
	struct call *call = ctx;
	struct err err;

	err_set(&err, ERR_INTERNAL, "more than %d requests are under way: wait for some to end", LIMIT_TRANSFERS);
	fail(call, &err);
}

uint64_t call_start(struct upstream *upstream, const struct call_spec *spec, const struct call_callbacks *callbacks)
{
	struct call *call = xcalloc(1, sizeof(*call));

	call->id = ++upstream->last_id;
	call->upstream = upstream;
	call->endpoint = endpoint_ref(spec->endpoint);
	call->purpose = spec->purpose;
	call->reserve = spec->reserve;
	call->api = spec->request.api;
	call->model = xstrdup(spec->request.model ? spec->request.model : "");
	call->callbacks = *callbacks;
	call->retry_timer = timer_new(upstream->loop, on_retry, call);
	call->pool = json_pool_new();
	strbuf_init(&call->body, SIZE_MAX - 1);
	strbuf_init(&call->collected, LIMIT_BODY);
	strbuf_init(&call->text, LIMIT_ANSWER);
	strbuf_init(&call->reasoning, LIMIT_ANSWER);
	reset_answer(call);
	request_write(&spec->request, &call->body);
	call->next = upstream->calls;
	upstream->calls = call;
	upstream_count_busy(upstream, true);
	/* At the turn's end, which is at once, so that no callback comes before this returns. */
	if (http_active(upstream->http) >= LIMIT_TRANSFERS)
		loop_defer(upstream->loop, refuse_busy, call);
	else
		loop_defer(upstream->loop, begin, call);
	return call->id;
}
