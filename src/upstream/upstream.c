/*
 * The endpoints in force, and how requests are sent to them.
 */
#include "eke/upstream/upstream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "eke/base/attrs.h"
#include "eke/base/clock.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/url.h"
#include "correct.h"
#include "upstream_private.h"

/* Servers close idle connections after a minute or so (nginx: 75 s). */
#define WARM_MS 50000

struct upstream *upstream_new(struct loop *loop, struct budget *budget)
{
	struct upstream *upstream = xcalloc(1, sizeof(*upstream));

	upstream->loop = loop;
	upstream->budget = budget;
	upstream->http = http_new(loop);
	upstream->token_scales = token_scales_new();
	upstream->quirks = quirks_new();
	return upstream;
}

static void release_endpoints(struct endpoint **endpoints, size_t count)
{
	for (size_t i = 0; i < count; i++)
		endpoint_unref(endpoints[i]);
}

void upstream_free(struct upstream *upstream)
{
	if (!upstream)
		return;
	calls_free_all(upstream);
	corrections_free_all(upstream);
	fetches_free_all(upstream);
	exchanges_free_all(upstream);
	release_endpoints(upstream->endpoints, upstream->count);
	http_free(upstream->http);
	token_scales_free(upstream->token_scales);
	quirks_free(upstream->quirks);
	free(upstream);
}

bool upstream_configure(struct upstream *upstream, struct config *config, struct err *err)
{
	struct endpoint *made[LIMIT_ENDPOINTS];
	char path[32];

	for (size_t i = 0; i < config->endpoint_count; i++) {
		snprintf(path, sizeof(path), "endpoints[%zu]", i);
		made[i] = endpoint_new(upstream->loop, config, &config->endpoints[i],
				       config->from_environment ? "the environment's endpoint" : path, err);
		if (!made[i]) {
			release_endpoints(made, i);
			return false;
		}
	}
	release_endpoints(upstream->endpoints, upstream->count);
	memcpy(upstream->endpoints, made, config->endpoint_count * sizeof(made[0]));
	upstream->count = config->endpoint_count;
	upstream->when_exhausted = config->when_exhausted;
	return true;
}

struct loop *upstream_loop(const struct upstream *upstream)
{
	return upstream->loop;
}

struct token_scales *upstream_token_scales(const struct upstream *upstream)
{
	return upstream->token_scales;
}

unsigned upstream_quirks(const struct upstream *upstream, const struct endpoint *endpoint, const char *model)
{
	return quirks_of(upstream->quirks, endpoint_config(endpoint)->urls[0].base, model ? model : "");
}

void upstream_learn_quirks(
	struct upstream *upstream, const struct endpoint *endpoint, const char *model, unsigned found)
{
	unsigned less = found & QUIRK_NO_STREAM ? QUIRK_STREAMS_ONLY : found & QUIRK_STREAMS_ONLY ? QUIRK_NO_STREAM : 0;

	quirks_learn(upstream->quirks, endpoint_config(endpoint)->urls[0].base, model ? model : "", found, less);
}

size_t upstream_count(const struct upstream *upstream)
{
	return upstream->count;
}

struct endpoint *upstream_at(const struct upstream *upstream, size_t index)
{
	return index < upstream->count ? upstream->endpoints[index] : NULL;
}

struct endpoint *upstream_find(const struct upstream *upstream, const char *name, struct err *err)
{
	for (size_t i = 0; i < upstream->count; i++)
		if (!name || !strcmp(endpoint_name(upstream->endpoints[i]), name))
			return upstream->endpoints[i];
	if (name && upstream->count)
		err_set(err, ERR_NO_ENDPOINT, "there is no endpoint named \"%s\" in the configuration", name);
	else
		err_set(err, ERR_NO_ENDPOINT,
			"no endpoint is configured: set OPENAI_API_KEY or EKE_BASE_URL, or write a configuration file ('eke "
			"doctor' says where)");
	return NULL;
}

void upstream_look(struct upstream *upstream, struct endpoint *endpoint, const char *model, enum budget_use use,
	double reserve, struct budget_view *out)
{
	struct budget_request request = {
		.endpoint = endpoint_config(endpoint), .model = model, .use = use, .reserve = reserve
	};

	budget_look(upstream->budget, &request, out);
}

size_t upstream_busy(const struct upstream *upstream)
{
	return upstream->busy;
}

void upstream_keep_above(struct upstream *upstream, int least)
{
	http_keep_above(upstream->http, least);
}

void upstream_on_full(struct upstream *upstream, bool (*make_room)(void *ctx), void *ctx)
{
	upstream->make_room = make_room;
	upstream->make_room_ctx = ctx;
}

void upstream_on_change(struct upstream *upstream, loop_fn *fn, void *ctx)
{
	if (upstream->changed)
		loop_undefer(upstream->loop, upstream->changed, upstream->changed_ctx);
	upstream->changed = fn;
	upstream->changed_ctx = ctx;
}

void upstream_count_busy(struct upstream *upstream, bool more)
{
	upstream->busy = more ? upstream->busy + 1 : upstream->busy - 1;
	if (!upstream->changed)
		return;
	/* A request goes out before a status bar hears of it. */
	loop_defer_last(upstream->loop, upstream->changed, upstream->changed_ctx);
}

/* Without headers and body. */
static struct http_request request_to(const struct endpoint *endpoint, const char *method, const char *url)
{
	const struct config_endpoint *settings = endpoint_config(endpoint);
	const struct base_url *address = endpoint_url(endpoint);

	return (struct http_request){
		.method = method,
		.url = url,
		.loopback = address->loopback,
		.in_clear = address->in_clear,
		/* Without TLS a proxy would read the key; what is on this machine needs none. */
		.proxy = address->loopback && !address->tls ? NULL : settings->proxy,
		.ca_file = settings->ca_file,
		.connect_timeout = settings->connect_timeout,
		.first_byte_timeout = settings->first_byte_timeout,
		.idle_timeout = settings->idle_timeout,
	};
}

static bool is_among(const char *const *headers, const char *name)
{
	size_t len = strlen(name);

	for (; headers && *headers; headers++)
		if (!strncasecmp(*headers, name, len) && (*headers)[len] == ':')
			return true;
	return false;
}

static bool is_azure_host(const char *host)
{
	static const char *const domains[] = {
		"openai.azure.com", "openai.azure.us", "openai.azure.cn", "cognitiveservices.azure.com",
		  "services.ai.azure.com",
		"azure-api.net",
	};

	for (size_t i = 0; i < ARRAY_LEN(domains); i++)
		if (host_is_under(host, domains[i]))
			return true;
	return false;
}

/* The header beside or instead of Authorization; NULL: none. */
static const char *key_header_of(const struct endpoint *endpoint, const char *key)
{
	const struct base_url *url = endpoint_url(endpoint);

	if (endpoint_config(endpoint)->key_header)
		return endpoint_config(endpoint)->key_header;
	/* Azure takes keys in api-key; a token of Entra ID, a JWT, is a bearer's. */
	if (!strncmp(key, "eyJ", 3))
		return NULL;
	return is_azure_host(url->host) || strstr(url->base, "/openai/deployments/") ? "api-key" : NULL;
}

/* A relay with Azure's paths may want either. */
static bool wants_authorization(const struct endpoint *endpoint, const char *key_header)
{
	return !key_header || (!endpoint_config(endpoint)->key_header && !is_azure_host(endpoint_url(endpoint)->host));
}

uint64_t upstream_send(struct upstream *upstream, struct endpoint *endpoint, const struct upstream_request *request,
	const struct http_callbacks *callbacks)
{
	const struct config_endpoint *settings = endpoint_config(endpoint);
	struct http_request http = request_to(endpoint, request->method, request->url);
	struct strbuf *body = request->body;
	const char **headers;
	const char *key_header = request->key ? key_header_of(endpoint, request->key) : NULL;
	char *key_line = NULL;
	char *authorization = NULL;
	char *configured[LIMIT_HEADERS];
	size_t n = 0;
	uint64_t id;

	http.fresh = request->fresh;
	while (request->headers && request->headers[n])
		n++;
	headers = xcalloc(n + LIMIT_HEADERS + 5, sizeof(*headers));
	if (n)
		memcpy(headers, request->headers, n * sizeof(*headers));
	if (request->key && key_header) {
		key_line = xasprintf("%s: %s", key_header, request->key);
		headers[n++] = key_line;
	}
	if (request->key && wants_authorization(endpoint, key_header)) {
		authorization = xasprintf("Authorization: %s%s", request->raw_key ? "" : "Bearer ", request->key);
		headers[n++] = authorization;
	}
	if (body && !is_among(request->headers, "Content-Type"))
		headers[n++] = "Content-Type: application/json";
	if (!is_among(request->headers, "Accept"))
		headers[n++] = body ? "Accept: text/event-stream, application/json" : "Accept: application/json";
	for (size_t i = 0; i < settings->header_count; i++) {
		configured[i] = xasprintf("%s: %s", settings->headers[i].name, settings->headers[i].value);
		headers[n++] = configured[i];
	}
	http.headers = headers;
	http.body = body;
	if (body)
		log_io("sent", body->data, body->len);
	log_debug("%s %s", request->method, request->url);
	upstream->last_traffic_ms = clock_mono_ms();
	id = http_start(upstream->http, &http, callbacks);
	for (size_t i = 0; i < settings->header_count; i++) {
		explicit_bzero(configured[i], strlen(configured[i]));
		free(configured[i]);
	}
	if (authorization)
		explicit_bzero(authorization, strlen(authorization));
	if (key_line)
		explicit_bzero(key_line, strlen(key_line));
	free(authorization);
	free(key_line);
	free(headers);
	return id;
}

static void prewarm_done(void *ctx, enum http_outcome outcome, const struct err *err)
{
	(void)ctx;
	if (outcome != HTTP_COMPLETE)
		log_debug("connecting ahead of need failed: %s", err->message);
}

void upstream_prewarm(struct upstream *upstream)
{
	static const struct http_callbacks callbacks = { .done = prewarm_done };
	struct endpoint *endpoint = upstream_at(upstream, 0);
	struct http_request request;
	char *url;

	http_prepare(upstream->http);
	if (!endpoint || !endpoint_url(endpoint)->tls ||
	    (upstream->last_traffic_ms && clock_mono_ms() - upstream->last_traffic_ms < WARM_MS))
		return;
	url = xasprintf("%s/", endpoint_url(endpoint)->origin);
	request = request_to(endpoint, "HEAD", url);
	upstream->last_traffic_ms = clock_mono_ms();
	http_start(upstream->http, &request, &callbacks);
	free(url);
}
