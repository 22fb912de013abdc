/*
 * An exchange's life, as a state machine. It belongs to the upstream's list; http transfers and timers point to it,
 * and it is unlinked first and freed at the turn's end, so that nobody on the stack loses it.
 *
 * Bytes of a 2xx are handed on, those of anything else are collected for wire_error_decode().
 */
#include "eke/upstream/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/list.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/url.h"
#include "eke/budget/key_hash.h"
#include "eke/upstream/wire_error.h"
#include "correct.h"
#include "upstream_private.h"

/* Before the same address is asked again: so long, and up to so much more, so that not everybody comes back at once. */
#define RETRY_MS 1000
#define RETRY_SPREAD_MS 500
/* Who is told to come back later than in so many seconds does not wait for that. */
#define RETRY_PATIENCE_S 2

enum exchange_state {
	EXCHANGE_KEY,    /* the key's command runs */
	EXCHANGE_BUDGET, /* the ledger is asked */
	EXCHANGE_SENT,   /* a transfer is under way */
	EXCHANGE_RETRY,  /* waits before it is sent once more */
	EXCHANGE_DRAINING, /* the transfer ends by itself, so that its connection can be used again */
};

struct exchange {
	uint64_t id;
	struct upstream *upstream;
	struct endpoint *endpoint; /* ref */
	char *model;               /* NULL: not counted */
	enum budget_use use;
	double reserve;
	const char *method;
	char *path;
	bool at_origin;
	char **headers; /* ends with NULL */
	bool has_body;
	struct strbuf body; /* kept for another try */
	bool raw_key;
	bool may_retry;
	unsigned mends; /* so many it was mended */
	bool fresh; /* a kept connection was dead: the next request gets one of its own */
	struct exchange_callbacks callbacks;
	enum exchange_state state;

	uint64_t transfer;
	uint64_t reservation; /* 0: none, or it is settled */
	size_t urls_tried;
	struct timer *retry_timer;
	struct timer *end_timer; /* of the time that a transfer may take in all, or to drain */

	const struct http_head *head; /* the transfer's; NULL: it has not come */
	struct strbuf refusal;        /* the body of a response that is no 2xx */

	struct exchange *next;
};

/* --- its end --- */

static void exchange_release(void *p)
{
	struct exchange *ex = p;

	for (size_t i = 0; ex->headers[i]; i++)
		free(ex->headers[i]);
	free(ex->headers);
	strbuf_release(&ex->body);
	strbuf_release(&ex->refusal);
	free(ex->model);
	free(ex->path);
	free(ex);
}

/* Tells the budget how its reservation ended, once. */
static void settle(struct exchange *ex, void (*how)(struct budget *budget, uint64_t reservation))
{
	uint64_t reservation = ex->reservation;

	ex->reservation = 0;
	if (reservation)
		how(ex->upstream->budget, reservation);
}

static void begin(void *ctx);
static void refuse_busy(void *ctx);

/* Unlinks it from everything that could call it; the memory goes at the turn's end. */
static void exchange_end(struct exchange *ex)
{
	struct upstream *upstream = ex->upstream;

	list_unlink(upstream->exchanges, ex);
	/* Whoever knew better has told it; under way it counts. */
	settle(ex, ex->state == EXCHANGE_BUDGET ? budget_withdraw : budget_spent);
	http_cancel(upstream->http, ex->transfer);
	loop_undefer(upstream->loop, begin, ex);
	loop_undefer(upstream->loop, refuse_busy, ex);
	endpoint_key_unwait(ex->endpoint, begin, ex);
	timer_free(ex->retry_timer);
	timer_free(ex->end_timer);
	endpoint_unref(ex->endpoint);
	loop_defer_free(upstream->loop, ex, exchange_release);
}

void exchanges_free_all(struct upstream *upstream)
{
	while (upstream->exchanges)
		exchange_end(upstream->exchanges);
}

static struct exchange *find(const struct upstream *upstream, uint64_t id)
{
	struct exchange *ex = upstream->exchanges;

	while (ex && ex->id != id)
		ex = ex->next;
	return ex;
}

bool exchange_is_sent(const struct upstream *upstream, uint64_t id)
{
	const struct exchange *ex = find(upstream, id);

	return ex && ex->state == EXCHANGE_SENT;
}

void exchange_cancel(struct upstream *upstream, uint64_t id)
{
	struct exchange *ex = find(upstream, id);

	if (ex && ex->state != EXCHANGE_DRAINING)
		exchange_end(ex);
}

void exchange_pause(struct upstream *upstream, uint64_t id, bool paused)
{
	const struct exchange *ex = find(upstream, id);

	if (ex)
		http_pause(upstream->http, ex->transfer, paused);
}

static void settle_answered(struct exchange *ex)
{
	settle(ex, budget_answered);
	if (!ex->model)
		return;
	endpoint_note_answer(ex->endpoint, ex->model);
	correct_count(ex->upstream, ex->endpoint);
}

void exchange_finish(struct upstream *upstream, uint64_t id, bool drain)
{
	struct exchange *ex = find(upstream, id);

	if (!ex || ex->state == EXCHANGE_DRAINING)
		return;
	settle_answered(ex);
	if (drain && ex->state == EXCHANGE_SENT) {
		ex->state = EXCHANGE_DRAINING;
		timer_start(ex->end_timer, LIMIT_DRAIN_MS);
	} else {
		exchange_end(ex);
	}
}

/* What is said again later must not have a time that has passed by then: who says it knows how much is left. */
static void lasting_words(const struct err *err, char out[LIMIT_ERR_MESSAGE])
{
	const char *wait = strstr(err->message, "; try again in ");

	if (!wait)
		wait = strstr(err->message, "; wait before you try again");
	snprintf(out, LIMIT_ERR_MESSAGE, "%.*s%s", wait ? (int)(wait - err->message) : LIMIT_ERR_MESSAGE, err->message,
		 wait ? "." : "");
}

/* What the provider said of its limits, for the budget. */
static void settle_refused(struct exchange *ex, const struct err *err, const struct stated_limit *stated)
{
	char message[LIMIT_ERR_MESSAGE];
	struct budget_refusal refusal = { .retry_at = err->retry_at,
					  .day = stated->day,
					  .per_model = stated->per_model,
					  .limit = stated->limit,
					  .period = stated->period,
					  .quota = stated->quota,
					  .scope = err->blocked_scope,
					  .message = message };
	uint64_t reservation = ex->reservation;

	if (!reservation)
		return;
	lasting_words(err, message);
	ex->reservation = 0;
	budget_refused(ex->upstream->budget, reservation, &refusal);
	correct_count(ex->upstream, ex->endpoint);
}

/* Ends it with an error. `stated`: what the provider's refusal says of its limits; NULL: it is none. */
static void fail(struct exchange *ex, struct err *err, const struct stated_limit *stated)
{
	struct exchange_callbacks callbacks = ex->callbacks;

	snprintf(err->endpoint, sizeof(err->endpoint), "%s", endpoint_name(ex->endpoint));
	if (err->kind == ERR_AUTH && !ex->raw_key)
		endpoint_key_forget(ex->endpoint);
	if (err->kind == ERR_BUDGET && stated)
		settle_refused(ex, err, stated);
	if (ex->model && endpoint_note_refusal(ex->endpoint, ex->model, err, stated && stated->quota) &&
	    ex->use == BUDGET_AUTOMATIC)
		log_info("endpoint %s: no more automatic requests for %s until that changes", err->endpoint, ex->model);
	log_at(ex->model ? LOG_INFO : LOG_DEBUG, "endpoint %s: %s%s%s", err->endpoint, err->message,
	       err->provider_message[0] ? " — " : "", err->provider_message);
	exchange_end(ex);
	callbacks.done(callbacks.ctx, err);
}

/* --- retries --- */

static void restart(struct exchange *ex)
{
	ex->head = NULL;
	strbuf_reset(&ex->refusal);
	if (ex->callbacks.restart)
		ex->callbacks.restart(ex->callbacks.ctx);
}

/* Another address of the same service needs no patience. */
static bool has_elsewhere(const struct exchange *ex)
{
	return endpoint_url_count(ex->endpoint) > 1;
}

/* The service says that it is too early, or that there is no point. */
static bool is_told_not_to(const struct exchange *ex, const struct err *err)
{
	const char *should = ex->head ? http_header(ex->head, "x-should-retry") : NULL;

	return (should && !strcasecmp(should, "false")) ||
	       (!has_elsewhere(ex) && err->retry_at > clock_wall_ms() / 1000 + RETRY_PATIENCE_S);
}

/* Only what is likely to pass. */
static bool may_retry(const struct exchange *ex, const struct err *err)
{
	return ex->may_retry && !is_told_not_to(ex, err) &&
	       (err->http_status >= 500 || err->kind == ERR_NETWORK || err->kind == ERR_PROTOCOL ||
		(err->kind == ERR_UPSTREAM && err->http_status == 200));
}

static int64_t retry_pause(const struct err *err)
{
	int64_t told = err->retry_at ? err->retry_at * 1000 - clock_wall_ms() : 0;
	uint32_t random;

	key_random(&random, sizeof(random));
	return (told > RETRY_MS ? told : RETRY_MS) + random % RETRY_SPREAD_MS;
}

/* False: there is no more to try, and nothing happened. */
static bool retry(struct exchange *ex, const struct err *err)
{
	bool elsewhere = has_elsewhere(ex);

	if (!may_retry(ex, err))
		return false;
	ex->may_retry = false;
	settle(ex, budget_spent);
	log_info("endpoint %s: %s — asking once more", endpoint_name(ex->endpoint), err->message);
	if (elsewhere)
		endpoint_use_url(ex->endpoint, endpoint_url_index(ex->endpoint) + 1);
	restart(ex);
	ex->state = EXCHANGE_RETRY;
	timer_start(ex->retry_timer, elsewhere ? 0 : retry_pause(err));
	return true;
}

/* Sends the request once more, without what the service does not take. False: that cannot be, and nothing happened. */
static bool mend(struct exchange *ex, const char *body, size_t len)
{
	if (!ex->callbacks.mend || ex->mends == EXCHANGE_MENDS ||
	    !ex->callbacks.mend(ex->callbacks.ctx, ex->head->status, body, len, &ex->body))
		return false;
	ex->mends++;
	settle(ex, budget_spent);
	restart(ex);
	ex->state = EXCHANGE_RETRY;
	timer_start(ex->retry_timer, 0);
	return true;
}

/*
 * A kept connection was dead. That is nobody's fault and no reason to fail; but the request has left, so that it
 * counts, and goes once more as one that is counted, too. On a connection of its own this cannot come again.
 */
static void send_again(struct exchange *ex, const struct err *reason)
{
	settle(ex, budget_spent);
	ex->fresh = true;
	log_info("endpoint %s: %s — sending it again", endpoint_name(ex->endpoint), reason->message);
	restart(ex);
	ex->state = EXCHANGE_RETRY;
	timer_start(ex->retry_timer, 0);
}

/* The request never left: give the count back, and try the next address. */
static void not_sent(struct exchange *ex, const struct err *reason)
{
	struct err err = *reason;

	settle(ex, budget_refund);
	ex->urls_tried++;
	endpoint_use_url(ex->endpoint, endpoint_url_index(ex->endpoint) + 1);
	if (ex->urls_tried >= endpoint_url_count(ex->endpoint)) {
		fail(ex, &err, NULL);
		return;
	}
	log_info("endpoint %s: %s — trying its next address", endpoint_name(ex->endpoint), err.message);
	begin(ex);
}

/* --- a response --- */

static bool is_success(const struct exchange *ex)
{
	return ex->head && ex->head->status >= 200 && ex->head->status < 300;
}

static void on_head(void *ctx, const struct http_head *head)
{
	struct exchange *ex = ctx;

	ex->head = head;
	/* The status says it; what goes on for longer than any sentence is not waited for. */
	if (ex->state == EXCHANGE_SENT && !is_success(ex) &&
		endpoint_config(ex->endpoint)->total_timeout * 1000 > LIMIT_REFUSAL_MS)
		timer_start(ex->end_timer, LIMIT_REFUSAL_MS);
	if (ex->state != EXCHANGE_DRAINING && is_success(ex) && ex->callbacks.head)
		ex->callbacks.head(ex->callbacks.ctx, head);
}

static void refused(struct exchange *ex);

/* Nothing more of it is read. */
static void conclude_refusal(struct exchange *ex)
{
	http_cancel(ex->upstream->http, ex->transfer);
	ex->transfer = 0;
	refused(ex);
}

static void on_bytes(void *ctx, const char *data, size_t len)
{
	struct exchange *ex = ctx;

	if (ex->state == EXCHANGE_DRAINING)
		return;
	log_io("received", data, len);
	if (!is_success(ex) && !strbuf_add(&ex->refusal, data, len))
		conclude_refusal(ex);
	else if (is_success(ex) && ex->callbacks.bytes)
		ex->callbacks.bytes(ex->callbacks.ctx, data, len);
}

/* Where a redirect points to, without user and query, which may hold secrets; NULL: it does not say. free(). */
static char *redirect_target(const struct exchange *ex)
{
	const char *location = http_header(ex->head, "location");
	const char *origin = endpoint_url(ex->endpoint)->origin;
	struct url_parts parts;

	if (!location || !*location)
		return NULL;
	if (location[0] == '/' && location[1] != '/')
		return xasprintf("%s%.*s", origin, (int)strcspn(location, "?#"), location);
	if (location[0] == '/')
		location += 2;
	if (url_split(location, strcspn(location, "#"), &parts) != URL_OK || !parts.address.len)
		return NULL;
	if (!parts.scheme.s)
		parts.scheme = (struct url_piece){ origin, strcspn(origin, ":") };
	return xasprintf("%.*s://%.*s%.*s", (int)parts.scheme.len, parts.scheme.s, (int)parts.address.len, parts.address.s,
			 (int)parts.path.len, parts.path.s);
}

static void refused(struct exchange *ex)
{
	char *location = redirect_target(ex);
	struct stated_limit stated;
	struct err err;
	struct strbuf body;
	struct wire_error_input in = {
		.status = ex->head->status,
		.content_type = http_header(ex->head, "content-type"),
		.retry_after = http_header(ex->head, "retry-after"),
		.retry_after_ms = http_header(ex->head, "retry-after-ms"),
		.location = location,
		.model = ex->model,
		.clock = { clock_wall_ms() / 1000, retry_after_date(http_header(ex->head, "date")) },
	};

	in.limits = rate_limits_read(ex->head, in.clock);

	/* Decoding changes it. */
	strbuf_init(&body, LIMIT_BODY);
	strbuf_add(&body, ex->refusal.data, ex->refusal.len);
	in.body = body.data;
	in.len = body.len;
	wire_error_decode(&in, &err, &stated);
	strbuf_release(&body);
	free(location);
	if (mend(ex, ex->refusal.data, ex->refusal.len) || retry(ex, &err))
		return;
	if (ex->callbacks.refused)
		ex->callbacks.refused(ex->callbacks.ctx, ex->head, ex->refusal.data, ex->refusal.len);
	fail(ex, &err, &stated);
}

/* A 2xx that is over, one way or the other. `broken`: why the transfer did not end well, or NULL. */
static void answered(struct exchange *ex, const struct err *broken)
{
	struct exchange_callbacks callbacks = ex->callbacks;
	struct stated_limit stated = { 0 };
	struct err err;

	if (callbacks.judge ? callbacks.judge(callbacks.ctx, broken, &err, &stated) : !broken) {
		settle_answered(ex);
		exchange_end(ex);
		callbacks.done(callbacks.ctx, NULL);
		return;
	}
	if (!callbacks.judge)
		err = *broken;
	if (!mend(ex, err.provider_message, strlen(err.provider_message)) && !retry(ex, &err))
		fail(ex, &err, &stated);
}

static void on_done(void *ctx, enum http_outcome outcome, const struct err *reason)
{
	struct exchange *ex = ctx;
	struct err err = *reason;

	ex->transfer = 0;
	ex->upstream->last_traffic_ms = clock_mono_ms();
	if (ex->state == EXCHANGE_DRAINING)
		exchange_end(ex);
	else if (outcome == HTTP_UNSENT)
		not_sent(ex, reason);
	else if (outcome == HTTP_STALE && !ex->fresh)
		send_again(ex, reason);
	else if (is_success(ex))
		answered(ex, outcome == HTTP_COMPLETE ? NULL : reason);
	else if (ex->head)
		refused(ex);
	else if (!retry(ex, &err))
		fail(ex, &err, NULL);
}

void exchange_conclude(struct upstream *upstream, uint64_t id, const struct err *broken)
{
	struct exchange *ex = find(upstream, id);

	if (!ex || ex->state != EXCHANGE_SENT || !is_success(ex))
		return;
	http_cancel(upstream->http, ex->transfer);
	ex->transfer = 0;
	answered(ex, broken);
}

/* The transfer took too long in all, whatever still comes, or does not end although its end was seen. */
static void on_end_time(void *ctx)
{
	struct exchange *ex = ctx;
	struct err err;

	if (ex->state == EXCHANGE_DRAINING) {
		exchange_end(ex);
		return;
	}
	if (ex->state != EXCHANGE_SENT)
		return;
	if (ex->head && !is_success(ex)) {
		conclude_refusal(ex);
		return;
	}
	http_cancel(ex->upstream->http, ex->transfer);
	err_set(&err, ERR_TIMEOUT, "%s did not finish its answer within %.10g s: try again, or raise timeouts.total",
		endpoint_url(ex->endpoint)->address, endpoint_config(ex->endpoint)->total_timeout);
	on_done(ex, HTTP_TIMED_OUT, &err);
}

/* --- the beginning --- */

/*
 * Sends what ex->body holds. The key is there, but for one that a refusal made the endpoint forget a moment ago: then
 * it is looked up again.
 */
static void send_request(struct exchange *ex)
{
	struct http_callbacks callbacks = { .head = on_head, .bytes = on_bytes, .done = on_done, .ctx = ex };
	struct upstream_request request = { .method = ex->method,
					    .headers = (const char *const *)ex->headers,
					    .raw_key = ex->raw_key,
					    .fresh = ex->fresh };
	struct strbuf body;
	struct err err;
	char *url;

	if (endpoint_key(ex->endpoint, &request.key, &err) != ENDPOINT_KEY_READY) {
		settle(ex, budget_refund);
		begin(ex);
		return;
	}
	ex->state = EXCHANGE_SENT;
	if (ex->has_body) {
		strbuf_init(&body, ex->body.max);
		strbuf_add(&body, ex->body.data, ex->body.len);
		request.body = &body;
	}
	url = base_url_join(endpoint_url(ex->endpoint), ex->path, ex->at_origin);
	request.url = url;
	ex->transfer = upstream_send(ex->upstream, ex->endpoint, &request, &callbacks);
	timer_start(ex->end_timer, (int64_t)(endpoint_config(ex->endpoint)->total_timeout * 1000));
	free(url);
}

static void on_reserved(void *ctx, uint64_t reservation, const struct err *refusal)
{
	struct exchange *ex = ctx;
	struct err err;

	(void)reservation;
	if (!refusal) {
		send_request(ex);
		return;
	}
	ex->reservation = 0;
	err = *refusal;
	fail(ex, &err, NULL);
}

/* Ends it with what the endpoint said to the one before; that was told and logged then. */
static void refuse_again(struct exchange *ex, const struct err *refusal)
{
	struct exchange_callbacks callbacks = ex->callbacks;
	struct err err = *refusal;

	exchange_end(ex);
	callbacks.done(callbacks.ctx, &err);
}

/* Gets the key and a reservation, and then sends; also for another try. */
static void begin(void *ctx)
{
	struct exchange *ex = ctx;
	const struct err *refusal =
		ex->model && ex->use == BUDGET_AUTOMATIC ? endpoint_refusal(ex->endpoint, ex->model) : NULL;
	struct budget_request wanted = {
		.endpoint = endpoint_config(ex->endpoint), .model = ex->model, .use = ex->use, .reserve = ex->reserve
	};
	struct err err;

	if (refusal) {
		refuse_again(ex, refusal);
		return;
	}
	switch (endpoint_key(ex->endpoint, &wanted.key, &err)) {
	case ENDPOINT_KEY_READY:
		break;
	case ENDPOINT_KEY_PENDING:
		ex->state = EXCHANGE_KEY;
		endpoint_key_wait(ex->endpoint, begin, ex);
		return;
	case ENDPOINT_KEY_FAILED:
		fail(ex, &err, NULL);
		return;
	}
	if (!ex->model) {
		send_request(ex);
		return;
	}
	budget_note_key(ex->upstream->budget, wanted.endpoint, wanted.key);
	ex->state = EXCHANGE_BUDGET;
	ex->reservation = budget_reserve(ex->upstream->budget, &wanted, on_reserved, ex);
}

static void refuse_busy(void *ctx)
{
	struct exchange *ex = ctx;
	struct upstream *upstream = ex->upstream;
	struct err err;

	if (upstream->make_room && upstream->make_room(upstream->make_room_ctx)) {
		begin(ex);
		return;
	}
	err_set(&err, ERR_INTERNAL, "more than %d requests are under way: wait for some to end", LIMIT_TRANSFERS);
	fail(ex, &err, NULL);
}

static char **copy_headers(const char *const *headers)
{
	size_t count = 0;
	char **copy;

	while (headers && headers[count])
		count++;
	copy = xcalloc(count + 1, sizeof(*copy));
	for (size_t i = 0; i < count; i++)
		copy[i] = xstrdup(headers[i]);
	return copy;
}

uint64_t exchange_start(struct upstream *upstream, const struct exchange_spec *spec,
	const struct exchange_callbacks *callbacks)
{
	struct exchange *ex = xcalloc(1, sizeof(*ex));

	ex->id = ++upstream->last_id;
	ex->upstream = upstream;
	ex->endpoint = endpoint_ref(spec->endpoint);
	ex->model = spec->model ? xstrdup(spec->model) : NULL;
	ex->use = spec->use;
	ex->reserve = spec->reserve;
	ex->method = spec->method;
	ex->path = xstrdup(spec->path);
	ex->at_origin = spec->at_origin;
	ex->headers = copy_headers(spec->headers);
	ex->raw_key = spec->raw_key;
	ex->may_retry = spec->retry;
	ex->callbacks = *callbacks;
	ex->retry_timer = timer_new(upstream->loop, begin, ex);
	ex->end_timer = timer_new(upstream->loop, on_end_time, ex);
	strbuf_init(&ex->body, SIZE_MAX - 1);
	strbuf_init(&ex->refusal, LIMIT_BODY);
	ex->has_body = spec->body != NULL;
	if (spec->body)
		strbuf_move(&ex->body, spec->body);
	ex->next = upstream->exchanges;
	upstream->exchanges = ex;
	/* At the turn's end, which is at once, so that no callback comes before this returns. */
	loop_defer(upstream->loop, http_active(upstream->http) >= LIMIT_TRANSFERS ? refuse_busy : begin, ex);
	return ex->id;
}
