/*
 * A call's life, as a state machine. It belongs to the upstream's list; http transfers and timers point to it,
 * and it is unlinked first and freed at the turn's end, so that nobody on the stack loses it.
 *
 * Bytes of a 200 go to struct answer, those of anything else are collected for wire_error_decode().
 */
#include "eke/upstream/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/upstream/answer.h"
#include "eke/upstream/stated_limit.h"
#include "eke/upstream/wire_error.h"
#include "correct.h"
#include "upstream_private.h"

/*
 * Before asking the same address again: a second, and up to half of one more, so that not everybody comes back
 * at once.
 */
#define RETRY_MS 1000
#define RETRY_SPREAD_MS 500

enum call_state {
	CALL_STATE_KEY,       /* the key's command runs */
	CALL_STATE_BUDGET,    /* the ledger is asked */
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
	const struct dialect *dialect;
	char *model;
	struct strbuf body; /* kept for another try */
	struct call_callbacks callbacks;
	enum call_state state;

	uint64_t transfer;
	uint64_t reservation; /* 0: none, or its end was told */
	size_t urls_tried;
	bool retried;
	struct timer *retry_timer;

	struct http_head head;
	struct strbuf refusal; /* the body of a response that is no 200 */
	struct answer *answer;
	size_t text_told, reasoning_told;

	struct call *next;
};

static void set_state(struct call *call, enum call_state state)
{
	if (state == CALL_STATE_DRAINING)
		upstream_count_busy(call->upstream, false);
	call->state = state;
}

/* --- its end --- */

static void call_release(void *p)
{
	struct call *call = p;

	answer_free(call->answer);
	strbuf_release(&call->body);
	strbuf_release(&call->refusal);
	free(call->model);
	free(call);
}

/* Tells the budget how its reservation ended, once. */
static void settle_budget(struct call *call, void (*end)(struct budget *budget, uint64_t reservation))
{
	uint64_t reservation = call->reservation;

	call->reservation = 0;
	if (reservation)
		end(call->upstream->budget, reservation);
}

static void on_key_ready(void *ctx);
static void begin(void *ctx);
static void refuse_busy(void *ctx);

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
	/* Whoever knew better has told it; under way it counts. */
	settle_budget(call, call->state == CALL_STATE_BUDGET ? budget_withdraw : budget_spent);
	http_cancel(upstream->http, call->transfer);
	loop_undefer(upstream->loop, begin, call);
	loop_undefer(upstream->loop, refuse_busy, call);
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

static struct call *find_call(const struct upstream *upstream, uint64_t id)
{
	struct call *call = upstream->calls;

	while (call && call->id != id)
		call = call->next;
	return call;
}

bool call_is_paid(const struct upstream *upstream, uint64_t id)
{
	const struct call *call = find_call(upstream, id);

	return call && call->state == CALL_STATE_SENT && plan_is_counted(endpoint_config(call->endpoint)->plan);
}

void call_cancel(struct upstream *upstream, uint64_t id)
{
	struct call *call = find_call(upstream, id);

	if (call && call->state != CALL_STATE_DRAINING)
		call_end(call);
}

/* What the provider said of its limits, for the budget. */
static void tell_refusal(struct call *call, const struct err *err)
{
	struct budget_refusal refusal = {
		.retry_at = err->retry_at, .quota = err->quota, .scope = err->blocked_scope, .message = err->message
	};
	uint64_t reservation = call->reservation;
	struct stated_limit stated;

	stated_limit_read(err->provider_message, NULL, &stated);
	refusal.day = stated.day;
	refusal.per_model = stated.per_model;
	refusal.limit = stated.limit;
	refusal.period = stated.period;
	call->reservation = 0;
	if (!reservation)
		return;
	budget_refused(call->upstream->budget, reservation, &refusal);
	correct_count(call->upstream, call->endpoint);
}

static void fail(struct call *call, struct err *err)
{
	struct call_callbacks callbacks = call->callbacks;
	const struct config_endpoint *settings = endpoint_config(call->endpoint);

	snprintf(err->endpoint, sizeof(err->endpoint), "%s", settings->name);
	if (err->kind == ERR_AUTH)
		endpoint_key_forget(call->endpoint);
	if (err->kind == ERR_BUDGET && err->http_status)
		tell_refusal(call, err);
	log_info("endpoint %s: %s%s%s", settings->name, err->message, err->provider_message[0] ? " — " : "",
		 err->provider_message);
	call_end(call);
	callbacks.done(callbacks.ctx, NULL, err);
}

static enum call_finish finish_of(const struct answer *answer)
{
	switch (answer_finish(answer)) {
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

static void tell_growth(struct call *call, bool reasoning, const struct strbuf *text, size_t *told)
{
	size_t from = *told;

	if (text->len == from || !call->callbacks.delta)
		return;
	*told = text->len;
	call->callbacks.delta(call->callbacks.ctx, reasoning, text->data + from, text->len - from);
}

static void tell_deltas(struct call *call)
{
	tell_growth(call, true, answer_reasoning(call->answer), &call->reasoning_told);
	tell_growth(call, false, answer_text(call->answer), &call->text_told);
}

/*
 * Tells the answer. `trouble`: why it is not whole, or NULL. `draining`: the transfer goes on, for its connection's
 * sake.
 */
static void succeed(struct call *call, const struct err *trouble, bool draining)
{
	struct call_callbacks callbacks = call->callbacks;
	const struct answer *a = call->answer;
	struct call_answer told;

	tell_deltas(call);
	told = (struct call_answer){
		.text = answer_text(a)->data,
		.text_len = answer_text(a)->len,
		.reasoning = answer_reasoning(a)->data,
		.reasoning_len = answer_reasoning(a)->len,
		.finish = answer_is_too_large(a) ? CALL_LENGTH : finish_of(a),
		.model = answer_model(a) ? answer_model(a) : call->model,
		.usage = answer_usage(a),
		.trouble = trouble ? trouble : answer_error(a),
	};
	if (told.finish == CALL_TRUNCATED)
		log_info("endpoint %s: the answer ended without a reason; what had come is kept",
			 endpoint_name(call->endpoint));
	settle_budget(call, budget_answered);
	correct_count(call->upstream, call->endpoint);
	if (draining)
		set_state(call, CALL_STATE_DRAINING);
	else
		call_end(call);
	callbacks.done(callbacks.ctx, &told, NULL);
}

static void on_head(void *ctx, const struct http_head *head)
{
	struct call *call = ctx;

	call->head = *head;
}

static void on_bytes(void *ctx, const char *data, size_t len)
{
	struct call *call = ctx;

	if (call->state == CALL_STATE_DRAINING)
		return;
	log_io("received", data, len);
	if (call->head.status != 200) {
		strbuf_add(&call->refusal, data, len);
		return;
	}
	answer_feed(call->answer, data, len, clock_wall_ms() / 1000);
	tell_deltas(call);
	if (answer_is_too_large(call->answer)) {
		log_warn("endpoint %s: an answer is larger than eke takes; the rest is dropped",
			 endpoint_name(call->endpoint));
		succeed(call, NULL, false);
	} else if (answer_is_over(call->answer) && answer_is_usable(call->answer)) {
		/* All is said; do not wait for the connection's end. */
		answer_end(call->answer, true, clock_wall_ms() / 1000);
		succeed(call, NULL, true);
	}
}

/* --- retries --- */

static void reset_answer(struct call *call)
{
	memset(&call->head, 0, sizeof(call->head));
	strbuf_reset(&call->refusal);
	answer_free(call->answer);
	call->answer = answer_new(endpoint_name(call->endpoint));
	call->text_told = call->reasoning_told = 0;
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
	settle_budget(call, budget_spent);
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

	settle_budget(call, budget_refund);
	call->urls_tried++;
	endpoint_use_url(call->endpoint, endpoint_url_index(call->endpoint) + 1);
	if (call->urls_tried >= endpoint_url_count(call->endpoint)) {
		fail(call, &err);
		return;
	}
	log_info("endpoint %s: %s — trying its next address", endpoint_name(call->endpoint), err.message);
	begin(call);
}

/* --- the end of a transfer --- */

static void refused(struct call *call)
{
	struct err err;
	struct wire_error_input in = {
		.status = call->head.status,
		.body = call->refusal.data,
		.len = call->refusal.len,
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

	answer_end(call->answer, !broken, clock_wall_ms() / 1000);
	if (answer_is_usable(call->answer)) {
		succeed(call, broken, false);
		return;
	}
	err = answer_error(call->answer) ? *answer_error(call->answer) : *broken;
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
	else if (call->head.status && call->head.status != 200)
		refused(call);
	else if (call->head.status)
		settle(call, outcome == HTTP_COMPLETE ? NULL : reason);
	else
		retry_or_fail(call, &err);
}

/* --- the beginning --- */

static void on_key_ready(void *ctx)
{
	begin(ctx);
}

/*
 * Sends what call->body holds. The key is there, but for one that a refusal made the endpoint forget a moment ago: then
 * it is looked up again.
 */
static void send_request(struct call *call)
{
	struct http_callbacks callbacks = { .head = on_head, .bytes = on_bytes, .done = on_done, .ctx = call };
	const char *key = NULL;
	struct strbuf body;
	struct err err;
	char *url;

	if (endpoint_key(call->endpoint, &key, &err) != ENDPOINT_KEY_READY) {
		settle_budget(call, budget_refund);
		begin(call);
		return;
	}
	set_state(call, CALL_STATE_SENT);
	strbuf_init(&body, call->body.max);
	strbuf_add(&body, call->body.data, call->body.len);
	url = dialect_url(call->dialect, endpoint_url(call->endpoint));
	call->transfer = upstream_send(call->upstream, call->endpoint, url, key, &body, &callbacks);
	free(url);
}

static void on_reserved(void *ctx, uint64_t reservation, const struct err *refusal)
{
	struct call *call = ctx;
	struct err err;

	(void)reservation;
	if (!refusal) {
		send_request(call);
		return;
	}
	call->reservation = 0;
	err = *refusal;
	fail(call, &err);
}

/* Gets the key and a reservation, and then sends; also for another try. */
static void begin(void *ctx)
{
	static const enum budget_use uses[] = {
		[CALL_CHAT] = BUDGET_EXPLICIT,
		[CALL_COMPLETION_EXPLICIT] = BUDGET_EXPLICIT,
		[CALL_COMPLETION_AUTOMATIC] = BUDGET_AUTOMATIC,
	};
	struct call *call = ctx;
	struct budget_request wanted = {
		.endpoint = endpoint_config(call->endpoint),
		.model = call->model,
		.use = uses[call->purpose],
		.reserve = call->reserve,
	};
	struct err err;

	switch (endpoint_key(call->endpoint, &wanted.key, &err)) {
	case ENDPOINT_KEY_READY:
		budget_note_key(call->upstream->budget, wanted.endpoint, wanted.key);
		break;
	case ENDPOINT_KEY_PENDING:
		set_state(call, CALL_STATE_KEY);
		endpoint_key_wait(call->endpoint, on_key_ready, call);
		return;
	case ENDPOINT_KEY_FAILED:
		fail(call, &err);
		return;
	}
	set_state(call, CALL_STATE_BUDGET);
	call->reservation = budget_reserve(call->upstream->budget, &wanted, on_reserved, call);
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
	call->dialect = spec->request.dialect;
	call->model = xstrdup(spec->request.model ? spec->request.model : "");
	call->callbacks = *callbacks;
	call->retry_timer = timer_new(upstream->loop, on_retry, call);
	strbuf_init(&call->body, SIZE_MAX - 1);
	strbuf_init(&call->refusal, LIMIT_BODY);
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
