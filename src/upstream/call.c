/*
 * Calls: an exchange, and the struct answer that its bytes go to. A call belongs to the upstream's list until its
 * done() was called or it is cancelled; the exchange of an answer that ended early lives on without it.
 */
#include "eke/upstream/call.h"

#include <stdio.h>
#include <stdlib.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/list.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/upstream/answer.h"
#include "eke/upstream/exchange.h"
#include "eke/upstream/refused_params.h"
#include "upstream_private.h"

struct call {
	uint64_t exchange; /* its number is the call's */
	struct upstream *upstream;
	struct endpoint *endpoint; /* ref */
	char *model;
	enum call_purpose purpose;
	unsigned quirks; /* as the request was written; and whether the answer is read as beginning in its reasoning */
	struct call_callbacks callbacks;
	struct answer *answer;
	size_t text_told, reasoning_told;
	bool moved; /* answer_moved() was met */
	bool counts_as_busy;
	size_t received;     /* bytes */
	size_t progress;     /* answer_progress() at the last look, */
	int64_t progress_ms; /* and when it changed */
	struct timer *silence;
	struct err trouble; /* why a usable answer is not whole; kind ERR_NONE: it is */
	struct call *next;
};

/* --- its end --- */

static void call_release(void *p)
{
	struct call *call = p;

	answer_free(call->answer);
	free(call->model);
	free(call);
}

/* The memory goes at the turn's end. */
static void call_end(struct call *call)
{
	struct upstream *upstream = call->upstream;

	list_unlink(upstream->calls, call);
	if (call->counts_as_busy)
		upstream_count_busy(upstream, false);
	exchange_cancel(upstream, call->exchange);
	timer_free(call->silence);
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

	while (call && call->exchange != id)
		call = call->next;
	return call;
}

bool call_is_paid(const struct upstream *upstream, uint64_t id)
{
	const struct call *call = find_call(upstream, id);

	return call && exchange_is_sent(upstream, id) && plan_is_counted(endpoint_config(call->endpoint)->plan);
}

void call_cancel(struct upstream *upstream, uint64_t id)
{
	struct call *call = find_call(upstream, id);

	if (call)
		call_end(call);
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

/* What was told as the text is not told again as reasoning; whoever shows it has the whole answer at the end. */
static void meet_moved(struct call *call)
{
	size_t from;

	if (call->moved || !answer_moved(call->answer, &from))
		return;
	call->moved = true;
	call->reasoning_told = from + call->text_told;
	call->text_told = 0;
}

static void tell_deltas(struct call *call)
{
	meet_moved(call);
	tell_growth(call, true, answer_reasoning(call->answer), &call->reasoning_told);
	tell_growth(call, false, answer_text(call->answer), &call->text_told);
}

static const char *base_of(const struct call *call)
{
	return endpoint_config(call->endpoint)->urls[0].base;
}

/* Some models begin in their reasoning and only say where it ends: the next answer is read like that from its start. */
static void learn_to_read(const struct call *call)
{
	size_t from;

	if (answer_moved(call->answer, &from))
		quirks_learn(call->upstream->quirks, base_of(call), call->model, QUIRK_THINKS_INSIDE, 0);
	else if (answer_never_closed(call->answer) && answer_finish(call->answer) == WIRE_STOP)
		quirks_learn(call->upstream->quirks, base_of(call), call->model, 0, QUIRK_THINKS_INSIDE);
}

/* Ends the call with its answer; the exchange is over or on its own. */
static void succeed(struct call *call)
{
	struct call_callbacks callbacks = call->callbacks;
	const struct answer *a = call->answer;
	struct call_answer told;

	tell_deltas(call);
	if (call->trouble.kind == ERR_NONE && answer_error(a)) {
		call->trouble = *answer_error(a);
		snprintf(call->trouble.endpoint, sizeof(call->trouble.endpoint), "%s", endpoint_name(call->endpoint));
	}
	told = (struct call_answer){
		.text = answer_text(a)->data,
		.text_len = answer_text(a)->len,
		.reasoning = answer_reasoning(a)->data,
		.reasoning_len = answer_reasoning(a)->len,
		.calls_tool = answer_calls_tool(a),
		.finish = answer_is_too_large(a) && !answer_is_too_long(a) ? CALL_LENGTH : finish_of(a),
		.model = answer_model(a) ? answer_model(a) : call->model,
		.usage = answer_usage(a),
		.trouble = call->trouble.kind != ERR_NONE ? &call->trouble : NULL,
	};
	learn_to_read(call);
	if (told.finish == CALL_TRUNCATED)
		log_info("endpoint %s: the answer ended without a reason; what had come is kept",
			 endpoint_name(call->endpoint));
	call_end(call);
	callbacks.done(callbacks.ctx, &told, NULL);
}

/* --- the exchange's callbacks --- */

/* How long comments and blanks may be all that comes: longer before the beginning, where some services queue. */
static int64_t silence_ms(const struct call *call)
{
	const struct config_endpoint *settings = endpoint_config(call->endpoint);

	return (int64_t)((settings->idle_timeout + (call->progress ? 0 : settings->first_byte_timeout)) * 1000);
}

static void on_silence(void *ctx)
{
	struct call *call = ctx;
	int64_t left = call->progress_ms + silence_ms(call) - clock_mono_ms();
	struct err err;

	if (left > 0) {
		timer_start(call->silence, left);
		return;
	}
	err_set(&err, ERR_TIMEOUT, "%s keeps the connection open but sends no answer: try again, or raise timeouts.idle",
		endpoint_url(call->endpoint)->address);
	exchange_conclude(call->upstream, call->exchange, &err);
}

static void note_progress(struct call *call)
{
	size_t progress = answer_progress(call->answer);

	if (progress == call->progress && timer_is_running(call->silence))
		return;
	call->progress = progress;
	call->progress_ms = clock_mono_ms();
	if (!timer_is_running(call->silence))
		timer_start(call->silence, silence_ms(call));
}

static void on_bytes(void *ctx, const char *data, size_t len)
{
	struct call *call = ctx;
	struct answer *answer = call->answer;
	struct err err;

	answer_feed(answer, data, len, clock_wall_ms() / 1000);
	call->received += len;
	note_progress(call);
	tell_deltas(call);
	if (call->received > LIMIT_RESPONSE) {
		err_set(&err, ERR_PROTOCOL, "%s sent more than %zu MiB for one answer", endpoint_url(call->endpoint)->address,
			LIMIT_RESPONSE / MIB(1));
		exchange_conclude(call->upstream, call->exchange, &err);
	} else if (answer_is_too_long(answer)) {
		err_set(&err, ERR_PROTOCOL, "%s sent a line of more than %zu bytes, which is not an answer of this API",
			endpoint_url(call->endpoint)->address, LIMIT_SSE_LINE);
		exchange_conclude(call->upstream, call->exchange, &err);
	} else if (answer_is_too_large(answer)) {
		log_warn("endpoint %s: an answer is larger than eke takes; the rest is dropped",
			 endpoint_name(call->endpoint));
		exchange_finish(call->upstream, call->exchange, false);
		succeed(call);
	} else if (answer_is_over(answer) && !answer_is_usable(answer)) {
		exchange_conclude(call->upstream, call->exchange, NULL);
	} else if (answer_is_over(answer)) {
		/* All is said; do not wait for the connection's end. */
		answer_end(answer, true, clock_wall_ms() / 1000);
		exchange_finish(call->upstream, call->exchange, true);
		succeed(call);
	}
}

/* After the first piece the text is kept whatever happens. */
static bool on_judge(void *ctx, const struct err *broken, struct err *err, struct stated_limit *stated)
{
	struct call *call = ctx;

	answer_end(call->answer, !broken, clock_wall_ms() / 1000);
	if (answer_is_usable(call->answer)) {
		if (broken)
			call->trouble = *broken;
		return true;
	}
	if (answer_error(call->answer))
		*err = *answer_error(call->answer);
	else if (broken)
		*err = *broken;
	else
		err_set(err, ERR_PROTOCOL, "the endpoint sent an answer without text");
	*stated = *answer_stated_limit(call->answer);
	return false;
}

/*
 * What the model does not take is left out from now on. A request that somebody waits for is sent again at once; an
 * automatic one is not worth a second.
 */
static bool on_mend(void *ctx, int status, const char *body, size_t len, struct strbuf *request)
{
	struct call *call = ctx;
	struct strbuf copy;
	unsigned found;

	strbuf_init(&copy, LIMIT_BODY);
	strbuf_add(&copy, body, len);
	found = refused_params(status, copy.data, copy.len);
	strbuf_release(&copy);
	/* What was refused although it was not there is something else. */
	found &= ~call->quirks;
	if (!found)
		return false;
	log_info("endpoint %s: %s does not take %s; it is left out from now on", endpoint_name(call->endpoint), call->model,
		 quirks_names(found));
	call->quirks |= found;
	upstream_learn_quirks(call->upstream, call->endpoint, call->model, found);
	/* The limit of a completion is meant for its text, and reasoning would use it up. */
	if (call->purpose != CALL_CHAT && (found & QUIRK_COMPLETION_TOKENS))
		found |= QUIRK_NO_LIMIT;
	return call->purpose != CALL_COMPLETION_AUTOMATIC && request_amend(request, found);
}

static void on_restart(void *ctx)
{
	struct call *call = ctx;

	answer_free(call->answer);
	call->answer = answer_new(endpoint_name(call->endpoint), call->quirks & QUIRK_THINKS_INSIDE);
	call->text_told = call->reasoning_told = 0;
	call->progress = 0;
	call->received = 0;
	timer_stop(call->silence);
	call->moved = false;
}

static void on_done(void *ctx, const struct err *err)
{
	struct call *call = ctx;
	struct call_callbacks callbacks = call->callbacks;

	if (!err) {
		succeed(call);
		return;
	}
	call_end(call);
	callbacks.done(callbacks.ctx, NULL, err);
}

/* --- the beginning --- */

uint64_t call_start(struct upstream *upstream, const struct call_spec *spec, const struct call_callbacks *callbacks)
{
	struct call *call = xcalloc(1, sizeof(*call));
	struct exchange_callbacks ours = { .bytes = on_bytes, .judge = on_judge, .mend = on_mend, .restart = on_restart,
					   .done = on_done, .ctx = call };
	struct request_spec request = spec->request;
	const char *model = request.model ? request.model : "";
	struct strbuf body;

	call->upstream = upstream;
	call->endpoint = endpoint_ref(spec->endpoint);
	call->model = xstrdup(model);
	call->callbacks = *callbacks;
	call->silence = timer_new(upstream->loop, on_silence, call);
	call->purpose = spec->purpose;
	call->quirks = upstream_quirks(upstream, spec->endpoint, model);
	call->answer = answer_new(endpoint_name(call->endpoint), call->quirks & QUIRK_THINKS_INSIDE);
	request.quirks = call->quirks;
	strbuf_init(&body, SIZE_MAX - 1);
	request_write(&request, &body);
	call->exchange = exchange_start(upstream,
		&(struct exchange_spec){
			.endpoint = spec->endpoint,
			.model = model,
			.use = spec->purpose == CALL_COMPLETION_AUTOMATIC ? BUDGET_AUTOMATIC : BUDGET_EXPLICIT,
			.reserve = spec->reserve,
			.method = "POST",
			.path = spec->request.dialect->path,
			.at_origin = spec->request.dialect->at_origin,
			.body = &body,
			.retry = spec->purpose == CALL_CHAT,
		}, &ours);
	call->next = upstream->calls;
	upstream->calls = call;
	/* One that will be refused without being sent is no work to tell of. */
	call->counts_as_busy =
		spec->purpose != CALL_COMPLETION_AUTOMATIC || !endpoint_refusal(spec->endpoint, call->model);
	if (call->counts_as_busy)
		upstream_count_busy(upstream, true);
	return call->exchange;
}
