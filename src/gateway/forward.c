/*
 * A request that goes on to an endpoint, and the response that comes back, byte for byte.
 *
 * A struct forward belongs to the gateway's list. If its client goes away while a counted request is under way, it
 * stays: the request is spent, and the client's library will send the same request again within seconds. That one gets
 * the response from here, what has come and what comes, and spends nothing.
 */
#include "forward.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "eke/base/clock.h"
#include "eke/base/json.h"
#include "eke/base/list.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/upstream/choose.h"
#include "eke/upstream/exchange.h"
#include "body.h"
#include "routes.h"

/* How long a response that its client did not wait for is there for the same request. */
#define REPLAY_MS 120000

static const struct {
	const char *path;
	enum choose_for purpose;
	bool may_move; /* another endpoint's own model can do the same */
} routes[] = {
	[GATEWAY_CHAT] = { "/chat/completions", CHOOSE_CHAT, true },
	[GATEWAY_COMPLETIONS] = { "/completions", CHOOSE_COMPLETION, false },
	[GATEWAY_EMBEDDINGS] = { "/embeddings", CHOOSE_CHAT, false },
};

struct forward {
	struct gateway *gateway;
	struct gateway_request *request; /* NULL: the client is gone */
	enum gateway_route route;
	struct endpoint *endpoint; /* ref */
	char *model;               /* as it is sent */
	uint64_t exchange;         /* 0: it is over */
	bool counted;
	bool replied;      /* the reply has begun */
	bool broken;       /* the response broke off */
	char *asked;       /* the request's body, terminated; NULL if the response cannot be kept */
	int status;        /* of the response; 0: none yet */
	char *headers;     /* of the response: name, NUL, value, NUL, …, NUL */
	struct strbuf kept; /* the response's body so far, if `asked` */
	struct timer *expiry;
	struct forward *next;
};

/* --- its end --- */

static void forward_free(void *p)
{
	struct forward *f = p;

	strbuf_release(&f->kept);
	free(f->asked);
	free(f->headers);
	free(f->model);
	free(f);
}

static void forward_end(void *ctx)
{
	struct forward *f = ctx;

	list_unlink(f->gateway->forwards, f);
	exchange_cancel(f->gateway->app.upstream, f->exchange);
	timer_free(f->expiry);
	endpoint_unref(f->endpoint);
	loop_defer_free(f->gateway->app.loop, f, forward_free);
}

void gateway_forward_free_all(struct gateway *gateway)
{
	while (gateway->forwards)
		forward_end(gateway->forwards);
}

/* Nobody reads it: is it worth keeping? */
static void on_client_end(void *ctx, bool complete)
{
	struct forward *f = ctx;
	bool over = !f->exchange;
	bool is_spent = f->counted && (over ? f->status == 200 && !f->broken :
					      exchange_is_sent(f->gateway->app.upstream, f->exchange));

	f->request = NULL;
	if (complete || !f->asked || !is_spent) {
		forward_end(f);
		return;
	}
	log_info("gateway: the client went away; the response is kept for the same request");
	exchange_pause(f->gateway->app.upstream, f->exchange, false);
	if (over)
		timer_start(f->expiry, REPLAY_MS);
}

/* --- the reply --- */

static void put_number(struct gateway_request *request, const char *name, long long n, const char *unit)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld%s", n, unit);
	gateway_reply_header(request, name, text);
}

/* What is left, in OpenAI's headers. */
static void put_limits(const struct forward *f)
{
	struct budget_view view;
	int64_t now = clock_wall_ms() / 1000;

	upstream_look(f->gateway->app.upstream, f->endpoint, f->model, BUDGET_EXPLICIT, 0, &view);
	if (!view.counted || !view.window.limit)
		return;
	put_number(f->request, "x-ratelimit-limit-requests", (long long)view.window.limit, "");
	put_number(f->request, "x-ratelimit-remaining-requests", (long long)view.window.remaining, "");
	put_number(f->request, "x-ratelimit-reset-requests",
		   (long long)(view.window.reset_at > now ? view.window.reset_at - now : 0), "s");
}

/* Headers that belong to the connection with the endpoint, or would give it a say in this one. */
static bool is_passed_on(const char *name)
{
	static const char *const not[] = {
		"connection", "keep-alive", "proxy-authenticate", "proxy-connection", "trailer", "transfer-encoding",
		"upgrade", "content-length", "date", "set-cookie", "alt-svc", "strict-transport-security", "server", "vary",
		/* http.c has undone it. */
		"content-encoding",
	};

	if (!strncasecmp(name, "access-control-", strlen("access-control-")))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(not); i++)
		if (!strcasecmp(name, not[i]))
			return false;
	return true;
}

static void keep_head(struct forward *f, const struct http_head *head)
{
	struct strbuf headers;
	const char *name;
	const char *value;

	strbuf_init(&headers, 2 * LIMIT_HTTP_HEAD);
	for (size_t at = 0; http_header_next(head, &at, &name, &value);) {
		if (!is_passed_on(name))
			continue;
		strbuf_add(&headers, name, strlen(name) + 1);
		strbuf_add(&headers, value, strlen(value) + 1);
	}
	strbuf_addch(&headers, '\0');
	f->status = head->status;
	free(f->headers);
	f->headers = strbuf_detach(&headers, NULL);
}

static void reply_headers(struct forward *f)
{
	bool has_limits = false;

	for (const char *name = f->headers; *name;) {
		const char *value = name + strlen(name) + 1;

		has_limits |= !strcasecmp(name, "x-ratelimit-limit-requests");
		gateway_reply_header(f->request, name, value);
		name = value + strlen(value) + 1;
	}
	if (!has_limits)
		put_limits(f);
	gateway_log(f->request, f->status, endpoint_name(f->endpoint));
	f->replied = true;
}

static void on_drained(void *ctx)
{
	struct forward *f = ctx;

	exchange_pause(f->gateway->app.upstream, f->exchange, false);
}

static void serve(struct forward *f, struct gateway_request *request)
{
	f->request = request;
	f->replied = false;
	gateway_request_on_end(request, on_client_end, f);
	gateway_request_on_drained(request, on_drained, f);
}

/* --- the exchange --- */

static void on_head(void *ctx, const struct http_head *head)
{
	struct forward *f = ctx;

	keep_head(f, head);
	if (!f->request)
		return;
	reply_headers(f);
	gateway_reply_begin(f->request, f->status);
}

static void keep(struct forward *f, const char *data, size_t len)
{
	if (!f->asked || strbuf_add(&f->kept, data, len))
		return;
	free(f->asked);
	f->asked = NULL;
	strbuf_release(&f->kept);
}

static void on_bytes(void *ctx, const char *data, size_t len)
{
	struct forward *f = ctx;

	keep(f, data, len);
	if (f->request && !gateway_reply_bytes(f->request, data, len))
		exchange_pause(f->gateway->app.upstream, f->exchange, true);
}

/* The provider's own words, with its status. */
static void on_refused(void *ctx, const struct http_head *head, const char *body, size_t len)
{
	struct forward *f = ctx;

	keep_head(f, head);
	if (!f->request)
		return;
	reply_headers(f);
	/* The next request would meet the same, and count. */
	if (f->counted && f->status == 429 && !http_header(head, "x-should-retry"))
		gateway_reply_header(f->request, "x-should-retry", "false");
	gateway_reply(f->request, f->status, body, len);
}

static const struct {
	enum err_kind kind;
	int status;
	const char *type, *code;
	bool final;
} failures[] = {
	{ ERR_BUDGET, 429, "requests", "rate_limit_exceeded", true },
	{ ERR_AUTH, 502, "upstream_error", "no_upstream_key", true },
	{ ERR_NO_ENDPOINT, 503, "upstream_error", "no_endpoint", true },
	{ ERR_TIMEOUT, 504, "upstream_error", "upstream_timeout", false },
	{ ERR_NETWORK, 502, "upstream_error", "upstream_unreachable", false },
};

/* The request never got an answer: why, in OpenAI's form. */
static void fail(struct forward *f, const struct err *err)
{
	int64_t wait = err->retry_at - clock_wall_ms() / 1000;
	size_t i = 0;

	if (err->kind == ERR_BUDGET) {
		if (wait > 0) {
			put_number(f->request, "Retry-After", (long long)wait, "");
			put_number(f->request, "retry-after-ms", (long long)wait * 1000, "");
		}
		put_limits(f);
	}
	while (i + 1 < ARRAY_LEN(failures) && failures[i].kind != err->kind)
		i++;
	/* A counted request is not sent again without somebody asking for it. */
	gateway_fail(f->request, failures[i].status, failures[i].type, failures[i].code, err->message,
		     failures[i].final || f->counted);
	f->replied = true;
}

static void on_done(void *ctx, const struct err *err)
{
	struct forward *f = ctx;

	f->exchange = 0;
	f->broken = err != NULL;
	if (!f->request) {
		/* An error is nothing to keep: the next try may do better. */
		if (err)
			forward_end(f);
		else
			timer_start(f->expiry, REPLAY_MS);
		return;
	}
	if (!f->replied)
		fail(f, err);
	else if (f->status >= 200 && f->status < 300)
		gateway_reply_end(f->request, !err);
}

/* --- the beginning --- */

static void refuse(struct gateway_request *request, const char *code, const char *message)
{
	gateway_fail(request, 400, "invalid_request_error", code, message, true);
}

/* One that its client did not wait for, whose response is what this request would get. */
static struct forward *find_kept(struct gateway *gateway, enum gateway_route route, const char *body)
{
	struct forward *f = gateway->forwards;

	while (f && (f->request || f->route != route || !f->asked || strcmp(f->asked, body) != 0))
		f = f->next;
	return f;
}

static void replay(struct forward *f, struct gateway_request *request)
{
	log_info("gateway: the same request again: it gets the response that is under way");
	timer_stop(f->expiry);
	serve(f, request);
	if (!f->status)
		return;
	reply_headers(f);
	gateway_reply_begin(f->request, f->status);
	gateway_reply_bytes(f->request, f->kept.data, f->kept.len);
	if (!f->exchange)
		gateway_reply_end(f->request, true);
}

/* An endpoint whose name the model begins with; *rest is the model's own. NULL: none. */
static struct endpoint *named_endpoint(struct upstream *upstream, const char *model, const char **rest)
{
	struct endpoint *endpoint;

	for (size_t i = 0; (endpoint = upstream_at(upstream, i)); i++) {
		size_t len = strlen(endpoint_name(endpoint));

		if (strncmp(model, endpoint_name(endpoint), len) != 0 || model[len] != '/' || !model[len + 1])
			continue;
		*rest = model + len + 1;
		return endpoint;
	}
	return NULL;
}

/* One whose configuration names the model. */
static struct endpoint *endpoint_of_model(struct upstream *upstream, const char *model)
{
	struct endpoint *endpoint;

	for (size_t i = 0; (endpoint = upstream_at(upstream, i)); i++)
		if (!strcmp(endpoint_chat_model(endpoint), model) || !strcmp(endpoint_completion_model(endpoint), model))
			return endpoint;
	return NULL;
}

/* Where it goes, and which model it asks for there; NULL: no endpoint is configured. `model` may be NULL. */
static struct endpoint *choose(struct gateway *gateway, enum gateway_route route, const char *model, const char **sent)
{
	struct upstream *upstream = gateway->app.upstream;
	struct endpoint *endpoint = model ? named_endpoint(upstream, model, sent) : NULL;
	struct choice choice;

	if (endpoint)
		return endpoint;
	*sent = model;
	endpoint = model ? endpoint_of_model(upstream, model) : NULL;
	if (endpoint && endpoint != upstream_at(upstream, 0))
		return endpoint;
	upstream_choose(upstream, routes[route].purpose, BUDGET_EXPLICIT, gateway->app.config->completion.reserve, &choice);
	if (!routes[route].may_move)
		choice.endpoint = upstream_at(upstream, 0);
	/* Another endpoint has models of its own. */
	if (choice.endpoint && (!model || choice.endpoint != upstream_at(upstream, 0)))
		*sent = endpoint_chat_model(choice.endpoint);
	return choice.endpoint;
}

/* Sends it. `body` is moved. */
static void start(struct gateway *gateway, struct gateway_request *request, enum gateway_route route,
		  struct endpoint *endpoint, const char *model, const char *asked, struct strbuf *body)
{
	static const struct exchange_callbacks callbacks = { .head = on_head, .bytes = on_bytes, .refused = on_refused,
							     .done = on_done };
	struct exchange_callbacks ours = callbacks;
	struct forward *f = xcalloc(1, sizeof(*f));
	const char *accept = gateway_request_header(request, "Accept");
	char *accepts = xasprintf("Accept: %s", accept && strlen(accept) < 256 ? accept : "*/*");
	const char *headers[] = { accepts, NULL };

	f->gateway = gateway;
	f->route = route;
	f->endpoint = endpoint_ref(endpoint);
	f->model = xstrdup(model);
	f->counted = plan_is_counted(endpoint_config(endpoint)->plan);
	f->asked = f->counted ? xstrdup(asked) : NULL;
	strbuf_init(&f->kept, LIMIT_GATEWAY_KEPT);
	f->expiry = timer_new(gateway->app.loop, forward_end, f);
	f->next = gateway->forwards;
	gateway->forwards = f;
	serve(f, request);
	ours.ctx = f;
	f->exchange = exchange_start(gateway->app.upstream,
		&(struct exchange_spec){ .endpoint = endpoint,
					 .model = f->model,
					 .use = BUDGET_EXPLICIT,
					 .reserve = gateway->app.config->completion.reserve,
					 .method = "POST",
					 .path = routes[route].path,
					 .headers = headers,
					 .body = body }, &ours);
	free(accepts);
}

/*
 * The model that the body names; *ok is false if the body is no request, or names two: the endpoint could take the one
 * that is not charged. Borrowed from the pool.
 */
static const char *read_model(struct json_pool *pool, const char *body, size_t len, bool *ok)
{
	size_t models = 0;
	char *copy = xmalloc(len + 1); /* the parser may change it */
	const struct json *value;
	struct err ignored;

	memcpy(copy, body, len + 1);
	value = json_parse(pool, copy, len, JSON_STRICT, &ignored);
	free(copy);
	for (const struct json *m = json_is_object(value) ? json_first(value) : NULL; m; m = json_next(m))
		models += !strcmp(json_key(m), "model");
	*ok = json_is_object(value) && models <= 1 && (!models || json_string(json_get(value, "model")));
	return json_string(json_get(value, "model"));
}

static void forward(struct gateway *gateway, struct gateway_request *request, enum gateway_route route,
		    struct json_pool *pool, const char *body, size_t len, const char *model)
{
	const char *sent = NULL;
	struct endpoint *endpoint = choose(gateway, route, model, &sent);
	struct strbuf out;
	bool ok;

	if (!endpoint) {
		gateway_fail(request, 503, "upstream_error", "no_endpoint",
			     "No endpoint is configured; 'eke doctor' says where.", true);
		return;
	}
	strbuf_init(&out, LIMIT_GATEWAY_BODY + KIB(4));
	ok = model && !strcmp(model, sent) ? strbuf_add(&out, body, len) :
					     gateway_body_set(body, len, "model", sent, &out);
	/* The name of the member may be written with escapes: then there are two now. */
	if (ok && read_model(pool, out.data, out.len, &ok) && ok)
		start(gateway, request, route, endpoint, sent, body, &out);
	else
		refuse(request, "invalid_json", "The member \"model\" must be written without escapes.");
	strbuf_release(&out);
}

void gateway_forward(struct gateway *gateway, struct gateway_request *request, enum gateway_route route)
{
	struct json_pool *pool;
	struct forward *kept;
	const char *model;
	size_t len = 0;
	const char *body = gateway_request_body(request, &len);
	bool ok;

	if (!body) {
		gateway_fail(request, 413, "invalid_request_error", "request_too_large",
			     "The request is larger than the gateway takes.", true);
		return;
	}
	kept = find_kept(gateway, route, body);
	if (kept) {
		replay(kept, request);
		return;
	}
	pool = json_pool_new();
	model = read_model(pool, body, len, &ok);
	if (ok)
		forward(gateway, request, route, pool, body, len, model);
	else
		refuse(request, "invalid_json", "The request must be a JSON object with at most one model, a string.");
	json_pool_free(pool);
}
