/*
 * Calls belong to the upstream's list, as those of the real call.c, and are freed at the turn's end.
 */
#include "sim_call.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/upstream/call.h"
#include "eke/upstream/wire_error.h"
#include "../../src/upstream/upstream_private.h"

struct call {
	uint64_t id;
	struct upstream *upstream;
	struct endpoint *endpoint; /* ref */
	enum call_purpose purpose;
	double reserve;
	char *model;
	bool by_chat;
	unsigned tag_number;
	struct strbuf prefix, suffix; /* of the question */
	size_t max_lines;
	bool go_on;
	uint64_t exchange;
	uint64_t reservation; /* 0: none, or its end was told */
	bool reserving;
	struct strbuf text; /* the answer as the model writes it */
	struct call_callbacks callbacks;
	struct call *next;
};

/* What the question says for it. */
static const char block_only[] = "Stop when the statement or block";

static struct sim_net *the_net;
static size_t refused_by_budget;

void sim_call_use(struct sim_net *net)
{
	the_net = net;
	refused_by_budget = 0;
}

size_t sim_call_refused_by_budget(void)
{
	return refused_by_budget;
}

/* --- its end --- */

static void begin(void *ctx);

static void call_release(void *p)
{
	struct call *call = p;

	strbuf_release(&call->prefix);
	strbuf_release(&call->suffix);
	strbuf_release(&call->text);
	free(call->model);
	free(call);
}

static void call_end(struct call *call)
{
	struct call **at = &call->upstream->calls;

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	upstream_count_busy(call->upstream, false);
	if (call->reservation)
		(call->reserving ? budget_withdraw : budget_spent)(call->upstream->budget, call->reservation);
	loop_undefer(call->upstream->loop, begin, call);
	sim_net_abort(the_net, call->exchange);
	endpoint_unref(call->endpoint);
	loop_defer_free(call->upstream->loop, call, call_release);
}

void calls_free_all(struct upstream *upstream)
{
	while (upstream->calls)
		call_end(upstream->calls);
}

bool call_is_paid(const struct upstream *upstream, uint64_t id)
{
	const struct call *call = upstream->calls;

	while (call && call->id != id)
		call = call->next;
	return call && call->exchange && plan_is_counted(endpoint_config(call->endpoint)->plan);
}

void call_cancel(struct upstream *upstream, uint64_t id)
{
	struct call *call = upstream->calls;

	while (call && call->id != id)
		call = call->next;
	if (call)
		call_end(call);
}

static void fail(struct call *call, struct err *err)
{
	struct call_callbacks callbacks = call->callbacks;

	snprintf(err->endpoint, sizeof(err->endpoint), "%s", endpoint_name(call->endpoint));
	call_end(call);
	callbacks.done(callbacks.ctx, NULL, err);
}

/* --- the budget: all that this file knows of budget/ --- */

static void send(struct call *call);

static void on_reserved(void *ctx, uint64_t reservation, const struct err *refusal)
{
	struct call *call = ctx;
	struct err err;

	(void)reservation;
	call->reserving = false;
	if (!refusal) {
		send(call);
		return;
	}
	call->reservation = 0;
	refused_by_budget++;
	err = *refusal;
	fail(call, &err);
}

static void begin(void *ctx)
{
	struct call *call = ctx;
	struct budget_request wanted = {
		.endpoint = endpoint_config(call->endpoint),
		.model = call->model,
		.use = call->purpose == CALL_COMPLETION_AUTOMATIC ? BUDGET_AUTOMATIC : BUDGET_EXPLICIT,
		.reserve = call->reserve,
	};

	call->reservation = budget_reserve(call->upstream->budget, &wanted, on_reserved, call);
	call->reserving = true;
}

static void tell_budget_refused(struct call *call, const struct err *err)
{
	struct budget_refusal refusal = { .retry_at = err->retry_at, .scope = err->blocked_scope, .message = err->message };

	budget_refused(call->upstream->budget, call->reservation, &refusal);
	call->reservation = 0;
}

static void tell_budget_answered(struct call *call)
{
	budget_answered(call->upstream->budget, call->reservation);
	call->reservation = 0;
}

/* --- the answer --- */

/* The model writes what the prompt asks for; the end tag is the stop sequence, which providers do not send. */
static void write_text(struct call *call, const char *text, size_t len)
{
	strbuf_reset(&call->text);
	if (call->by_chat && call->tag_number)
		strbuf_addf(&call->text, "<completion%u>", call->tag_number);
	else if (call->by_chat)
		strbuf_adds(&call->text, "<completion>");
	strbuf_add(&call->text, text, len);
}

static void tell_growth(struct call *call, const char *text, size_t len)
{
	size_t told = call->text.len;

	write_text(call, text, len);
	if (call->callbacks.delta && call->text.len > told)
		call->callbacks.delta(call->callbacks.ctx, false, call->text.data + told, call->text.len - told);
}

static void on_grown(void *ctx, const char *text, size_t len)
{
	tell_growth(ctx, text, len);
}

static void refuse(struct call *call)
{
	char body[] = "{\"error\":{\"message\":\"Rate limit reached: 60 requests per hour\","
				   "\"type\":\"rate_limit_error\",\"code\":\"429 TOO_MANY_REQUESTS\"}}";
	struct wire_error_input in = {
		.status = 429,
		.body = body,
		.len = sizeof(body) - 1,
		.content_type = "application/json",
		.clock = { clock_wall_ms() / 1000, 0 },
	};
	struct stated_limit stated;
	struct err err;

	wire_error_decode(&in, &err, &stated);
	tell_budget_refused(call, &err);
	fail(call, &err);
}

static void on_done(void *ctx, int status, const char *text, size_t len)
{
	struct call *call = ctx;
	struct call_callbacks callbacks = call->callbacks;
	struct call_answer answer;

	call->exchange = 0;
	if (status != 200) {
		refuse(call);
		return;
	}
	tell_growth(call, text, len);
	answer = (struct call_answer){
		.text = call->text.data,
		.text_len = call->text.len,
		.reasoning = "",
		.finish = CALL_STOP,
		.model = call->model,
	};
	tell_budget_answered(call);
	call_end(call);
	callbacks.done(callbacks.ctx, &answer, NULL);
}

/* --- the question --- */

static void send(struct call *call)
{
	struct sim_question question = {
		.prefix = call->prefix.data,
		.prefix_len = call->prefix.len,
		.suffix = call->suffix.data,
		.suffix_len = call->suffix.len,
		.max_lines = call->max_lines,
		.go_on = call->go_on,
	};
	struct sim_callbacks callbacks = { .grown = on_grown, .done = on_done, .ctx = call };

	call->exchange = sim_net_ask(the_net, &question, &callbacks);
}

static const char *find(const char *from, const char *end, const char *what)
{
	return memmem(from, (size_t)(end - from), what, strlen(what));
}

/* Reads the document out of the prompt as eke/complete/prompt.h describes it; false if it is no such prompt. */
static bool read_prompt(struct call *call, const char *text, size_t len)
{
	const char *end = text + len;
	const char *at = find(text, end, "\n<document");
	char mark[64];
	const char *cursor;
	const char *last;
	const char *lines;
	size_t digits = 0;

	if (!at)
		return false;
	at += strlen("\n<document");
	while (at + digits < end && isdigit((unsigned char)at[digits]) && digits < 8)
		call->tag_number = 10 * call->tag_number + (unsigned)(at[digits++] - '0');
	if (at + digits + 2 > end || memcmp(at + digits, ">\n", 2))
		return false;
	snprintf(mark, sizeof(mark), "<CURSOR%.*s/>", (int)digits, at);
	cursor = find(at, end, mark);
	if (!cursor)
		return false;
	strbuf_add(&call->prefix, at + digits + 2, (size_t)(cursor - at) - digits - 2);
	cursor += strlen(mark);
	snprintf(mark, sizeof(mark), "\n</document%.*s>\n", (int)digits, at);
	last = find(cursor, end, mark);
	if (!last)
		return false;
	strbuf_add(&call->suffix, cursor, (size_t)(last - cursor));
	lines = find(last, end, "at most ");
	call->max_lines = lines ? strtoul(lines + strlen("at most "), NULL, 10) : 1;
	return true;
}

uint64_t call_start(struct upstream *upstream, const struct call_spec *spec, const struct call_callbacks *callbacks)
{
	struct call *call = xcalloc(1, sizeof(*call));
	const struct request_spec *request = &spec->request;

	call->id = ++upstream->last_id;
	call->upstream = upstream;
	call->endpoint = endpoint_ref(spec->endpoint);
	call->purpose = spec->purpose;
	call->reserve = spec->reserve;
	call->model = xstrdup(request->model);
	call->by_chat = !request->dialect->fills_in;
	call->callbacks = *callbacks;
	strbuf_init(&call->prefix, LIMIT_CHAT_PROMPT);
	strbuf_init(&call->suffix, LIMIT_CHAT_PROMPT);
	strbuf_init(&call->text, LIMIT_COMPLETION);
	if (call->by_chat) {
		const struct request_message *last = &request->messages[request->message_count - 1];

		/* The model does as it is told. */
		call->go_on = !memmem(last->content, last->content_len, block_only, strlen(block_only));
		if (!read_prompt(call, last->content, last->content_len)) {
			fprintf(stderr, "trace: this is not the prompt that eke/complete/prompt.h describes:\n%.*s\n",
				(int)last->content_len, last->content);
			abort();
		}
	} else {
		strbuf_add(&call->prefix, request->prefix, request->prefix_len);
		strbuf_add(&call->suffix, request->suffix, request->suffix_len);
	}
	call->next = upstream->calls;
	upstream->calls = call;
	upstream_count_busy(upstream, true);
	loop_defer(upstream->loop, begin, call);
	return call->id;
}
