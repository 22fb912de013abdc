/*
 * A struct forward belongs to the gateway's list. If its client goes away while a counted request is under way, it
 * stays: the request is spent, and the client's library will send the same request again within seconds. That one gets
 * the response from here, what has come and what comes, and spends nothing; what is whole goes into kept.c.
 *
 * What reaches the client is settled in response.c; here is how it is asked for.
 */
#include "forward.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "eke/base/clock.h"
#include "eke/base/list.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "form.h"
#include "response.h"
#include "routes.h"
#include "target.h"

static const char *const paths[] = {
	[GATEWAY_CHAT] = "/chat/completions",
	[GATEWAY_COMPLETIONS] = "/completions",
	[GATEWAY_EMBEDDINGS] = "/embeddings",
};

/* The shortest wait: a refusal that says "now" is not asked about in a loop. */
#define WAIT_LEAST_MS 200

/* --- its end --- */

static void forward_free(void *p)
{
	struct forward *f = p;

	convert_free(f->convert);
	judge_free(f->judge);
	strbuf_release(&f->body);
	ask_release(&f->ask);
	free(f->headers);
	free(f->model);
	free(f);
}

static void forward_end(struct forward *f)
{
	list_unlink(f->gateway->forwards, f);
	exchange_cancel(f->gateway->app.upstream, f->exchange);
	wait_end(f->gateway->waiting, &f->waiting);
	catalogue_unwant(f->gateway->catalogue, &f->models);
	endpoint_unref(f->endpoint);
	loop_defer_free(f->gateway->app.loop, f, forward_free);
}

void gateway_forward_free_all(struct gateway *gateway)
{
	while (gateway->forwards)
		forward_end(gateway->forwards);
}

/* The list has those that were abandoned last before the others: the newest begins it. */
static struct forward *longest_abandoned(const struct gateway *gateway)
{
	struct forward *found = NULL;

	for (struct forward *f = gateway->forwards; f; f = f->next)
		if (!f->request)
			found = f;
	return found;
}

bool gateway_forward_make_room(void *ctx)
{
	struct gateway *gateway = ctx;
	struct forward *f = longest_abandoned(gateway);

	if (!f)
		return false;
	log_info("gateway: a request whose client has gone gives way to others");
	forward_end(f);
	return true;
}

static size_t abandoned_bytes(const struct gateway *gateway)
{
	size_t bytes = 0;

	for (const struct forward *f = gateway->forwards; f; f = f->next)
		bytes += f->request ? 0 : f->sent_len + f->body.len;
	return bytes;
}

/* Its client has gone, but what it asked for is under way, and paid. */
static void abandon(struct forward *f)
{
	struct gateway *gateway = f->gateway;

	log_info("gateway: the client went away; the response is kept for the same request");
	list_unlink(gateway->forwards, f);
	f->next = gateway->forwards;
	gateway->forwards = f;
	exchange_pause(gateway->app.upstream, f->exchange, false);
	while (longest_abandoned(gateway) != f && abandoned_bytes(gateway) > LIMIT_GATEWAY_ABANDONED)
		gateway_forward_make_room(gateway);
}

/* Nobody reads it: is it worth keeping? */
static void on_client_end(void *ctx, bool complete)
{
	struct forward *f = ctx;

	f->request = NULL;
	if (!complete && f->counted && f->is_kept && exchange_is_sent(f->gateway->app.upstream, f->exchange)) {
		abandon(f);
		return;
	}
	if (complete)
		kept_delivered(f->gateway->kept, &f->key);
	else
		response_keep(f);
	forward_end(f);
}

static void on_drained(void *ctx)
{
	struct forward *f = ctx;

	exchange_pause(f->gateway->app.upstream, f->exchange, false);
}

static void serve(struct forward *f, struct gateway_request *request)
{
	f->request = request;
	f->head_sent = false;
	gateway_request_on_end(request, on_client_end, f);
	gateway_request_on_drained(request, on_drained, f);
}

/* --- waiting for the budget --- */

static void send(void *ctx);
static void send_chosen(struct forward *f);
static bool choose_target(struct forward *f);
static void on_done(void *ctx, const struct err *err);

static void still_waiting(void *ctx)
{
	struct forward *f = ctx;

	response_comment(f, "waiting for the budget");
}

/* How many requests to that endpoint for that model could go now. */
static int64_t left_for(struct gateway *gateway, const struct target *target)
{
	struct budget_view view;

	upstream_look(gateway->app.upstream, target->endpoint, target->model, BUDGET_EXPLICIT,
		      gateway->app.config->completion.reserve, &view);
	switch (view.state) {
	case BUDGET_EXHAUSTED:
	case BUDGET_BLOCKED:
		return 0;
	case BUDGET_OK:
	case BUDGET_LOW:
		return view.period ? view.window.remaining : INT64_MAX;
	case BUDGET_UNLIMITED:
		return INT64_MAX;
	}
	return 0;
}

/*
 * What has become free is for those that wait, in their order: one that is due in a moment would find that taken by
 * one that came just now.
 */
static void let_waiting_go(struct gateway *gateway)
{
	struct target last = { .endpoint = NULL };
	int64_t left = 0;
	struct waiting *next;

	for (struct waiting *w = wait_first(gateway->waiting); w; w = next) {
		struct forward *f = w->ctx;
		struct target target;

		next = w->next;
		target_choose(gateway, f->route, f->ask.model, &target);
		if (!target.endpoint)
			return;
		if (target.endpoint != last.endpoint || strcmp(target.model, last.model) != 0)
			left = left_for(gateway, &target);
		last = target;
		if (left <= 0)
			continue;
		left--;
		wait_end(gateway->waiting, w);
		send(f);
	}
}

/* The first of those that wait for the same as this one. */
static const struct forward *first_ahead(const struct forward *f)
{
	for (const struct waiting *w = wait_first(f->gateway->waiting); w; w = w->next) {
		const struct forward *other = w->ctx;

		if (other->endpoint == f->endpoint && !strcmp(other->model, f->model))
			return other;
	}
	return NULL;
}

/*
 * One that has just come. If others still wait for the same it is refused as they were: a place that becomes free in
 * this moment is theirs.
 */
static void send_first(void *ctx)
{
	struct forward *f = ctx;
	const struct forward *ahead;

	let_waiting_go(f->gateway);
	if (!choose_target(f))
		return;
	ahead = first_ahead(f);
	if (ahead)
		on_done(f, &ahead->refusal);
	else
		send_chosen(f);
}

/* False: its client does not wait, or not for so long. */
static bool wait_for_budget(struct forward *f, const struct err *err)
{
	int64_t ms = err->retry_at * 1000 - clock_wall_ms();

	if (ms < WAIT_LEAST_MS)
		ms = WAIT_LEAST_MS;
	if (!f->wait_until_ms || !err->retry_at || clock_mono_ms() + ms > f->wait_until_ms)
		return false;
	f->refusal = *err;
	f->waiting.go = send;
	f->waiting.still = still_waiting;
	f->waiting.ctx = f;
	if (!wait_begin(f->gateway->waiting, &f->waiting, ms))
		return false;
	log_info("gateway: %s waits %lld s for the budget", gateway_request_path(f->request), (long long)(ms + 999) / 1000);
	/* A client that reads a stream sees that it is not forgotten. */
	still_waiting(f);
	return true;
}

void gateway_forward_stop_waiting(struct gateway *gateway)
{
	struct err err;
	struct waiting *w;

	err_set(&err, ERR_CANCELLED, "The gateway is stopping; ask again later.");
	while ((w = wait_first(gateway->waiting))) {
		wait_end(gateway->waiting, w);
		response_fail(w->ctx, &err);
	}
}

/* --- the exchange --- */

static void on_head(void *ctx, const struct http_head *head)
{
	struct forward *f = ctx;
	struct convert_wish wish = {
		.is_chat = f->route == GATEWAY_CHAT, .stream = f->ask.stream, .wants_usage = f->ask.wants_usage
	};

	if (head->status == 200 && f->route != GATEWAY_EMBEDDINGS)
		f->convert = convert_new(&wish);
	if (head->status == 200 && f->counted)
		f->judge = judge_new(endpoint_name(f->endpoint), f->route == GATEWAY_EMBEDDINGS);
	response_head(f, head);
}

static void on_bytes(void *ctx, const char *data, size_t len)
{
	struct forward *f = ctx;

	if (!response_bytes(f, data, len))
		exchange_pause(f->gateway->app.upstream, f->exchange, true);
}

static bool on_judge(void *ctx, const struct err *broken, struct err *err, struct stated_limit *stated)
{
	return response_judge(ctx, broken, err, stated);
}

static bool on_mend(void *ctx, int status, const char *text, size_t len, struct strbuf *request)
{
	return form_mend(ctx, status, text, len, request);
}

/* The provider's own words, with its status. */
static void on_refused(void *ctx, const struct http_head *head, const char *body, size_t len)
{
	response_refused(ctx, head, body, len);
}

static void on_done(void *ctx, const struct err *err)
{
	struct forward *f = ctx;

	f->exchange = 0;
	if (err && err->kind == ERR_BUDGET && !f->status && f->request && wait_for_budget(f, err))
		return;
	response_end(f, err);
	if (!f->request)
		forward_end(f);
}

/* --- the beginning --- */

static void refuse(struct forward *f, int status, const char *type, const char *code, const char *message)
{
	response_own(f, status, type, code, message, true);
}

/* The endpoint that is the right one now, and the model. False: there is none, which the client is told. */
static bool choose_target(struct forward *f)
{
	struct target target;

	target_choose(f->gateway, f->route, f->ask.model, &target);
	if (!target.endpoint) {
		refuse(f, 503, "upstream_error", "no_endpoint", "No endpoint is configured; 'eke doctor' says where.");
		return false;
	}
	endpoint_unref(f->endpoint);
	f->endpoint = endpoint_ref(target.endpoint);
	free(f->model);
	f->model = xstrdup(target.model);
	f->is_ours = target.is_ours;
	return true;
}

/* Sends what its client asked for, where choose_target() said. */
static void send_chosen(struct forward *f)
{
	static const struct exchange_callbacks callbacks = {
		.head = on_head, .bytes = on_bytes, .judge = on_judge, .mend = on_mend, .refused = on_refused, .done = on_done
	};
	struct gateway *gateway = f->gateway;
	struct exchange_callbacks ours = callbacks;
	const char *accept = gateway_request_header(f->request, "Accept");
	char *accepts = xasprintf("Accept: %s", accept && strlen(accept) < 256 ? accept : "*/*");
	const char *headers[] = { accepts, NULL };
	struct strbuf out;

	strbuf_init(&out, LIMIT_GATEWAY_BODY + KIB(4));
	f->quirks = form_quirks(f);
	if (form_write(f, &out)) {
		f->counted = plan_is_counted(endpoint_config(f->endpoint)->plan);
		f->is_kept = f->counted || response_cache_ms(f);
		f->sent_len = out.len;
		ours.ctx = f;
		f->exchange = exchange_start(gateway->app.upstream,
			&(struct exchange_spec){ .endpoint = f->endpoint,
				.model = f->model,
				.use = BUDGET_EXPLICIT,
				.reserve = gateway->app.config->completion.reserve,
				.method = "POST",
				.path = paths[f->route],
				.headers = headers,
				.body = &out },
			&ours);
	} else {
		refuse(f, 400, "invalid_request_error", "invalid_json",
		       "A member that has to be changed for the endpoint is there twice, or its name has escapes.");
	}
	strbuf_release(&out);
	free(accepts);
}

/* One that has waited: another endpoint may be the right one by now. */
static void send(void *ctx)
{
	struct forward *f = ctx;

	if (choose_target(f))
		send_chosen(f);
}

static void choose_and_send(struct forward *f)
{
	f->models = (struct catalogue_pending){ .fn = send_first, .ctx = f };
	if (target_wants_catalogue(f->gateway, f->ask.model))
		catalogue_want(f->gateway->catalogue, TARGET_CATALOGUE_MS, &f->models);
	else
		send_first(f);
}

/* One that its client did not wait for, whose response is what this request would get. */
static struct forward *find_abandoned(struct gateway *gateway, const struct gateway_digest *key)
{
	struct forward *f = gateway->forwards;

	while (f && (f->request || !f->is_kept || !gateway_digest_same(&f->key, key)))
		f = f->next;
	return f;
}

static struct forward *forward_new(struct gateway *gateway, enum gateway_route route)
{
	struct forward *f = xcalloc(1, sizeof(*f));

	f->gateway = gateway;
	f->route = route;
	strbuf_init(&f->body, LIMIT_GATEWAY_KEPT);
	f->next = gateway->forwards;
	gateway->forwards = f;
	return f;
}

/* How long its client waits for the budget. False: the header is wrong. */
static bool read_wait(struct gateway_request *request, int64_t *until_ms)
{
	const char *value = gateway_request_header(request, "X-Eke-Wait");
	long seconds;

	*until_ms = 0;
	if (!value)
		return true;
	seconds = strtol(value, NULL, 10);
	if (!*value || value[strspn(value, "0123456789")] || seconds > LIMIT_GATEWAY_WAIT_SECONDS)
		return false;
	*until_ms = seconds ? clock_mono_ms() + seconds * 1000 : 0;
	return true;
}

void gateway_forward(struct gateway *gateway, struct gateway_request *request, enum gateway_route route)
{
	struct kept_response kept;
	struct gateway_digest key;
	struct forward *f;
	size_t len = 0;
	const char *body = form_body(request, &len);
	const char *encoding = gateway_request_header(request, "Content-Encoding");
	struct err err;

	if (encoding && *encoding && strcasecmp(encoding, "identity") != 0) {
		gateway_fail(request, 415, "invalid_request_error", "unsupported_encoding",
			     "The gateway takes no compressed requests; send it without Content-Encoding.", true);
		return;
	}
	if (!body && gateway_request_is_crowded_out(request)) {
		gateway_fail(request, 503, "server_error", "overloaded",
			     "Too many large requests are under way at a time; send it again in a moment.", false);
		return;
	}
	if (!body) {
		gateway_fail(request, 413, "invalid_request_error", "request_too_large",
			"The request is larger than the gateway takes.", true);
		return;
	}
	gateway_digest_make((unsigned char)route, body, len, &key);
	f = find_abandoned(gateway, &key);
	if (f) {
		log_info("gateway: the same request again: it gets the response that is under way");
		serve(f, request);
		response_catch_up(f);
		return;
	}
	f = forward_new(gateway, route);
	f->key = key;
	serve(f, request);
	if (!ask_read(&f->ask, body, len, &err))
		refuse(f, 400, "invalid_request_error", "invalid_json", err.message);
	else if (!read_wait(request, &f->wait_until_ms))
		refuse(f, 400, "invalid_request_error", "invalid_header", "X-Eke-Wait takes seconds, at most 3600.");
	else if (kept_find(gateway->kept, &key, &kept))
		response_kept(f, &kept);
	else
		choose_and_send(f);
}
