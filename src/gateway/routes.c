/*
 * Who may ask the gateway, and for what.
 *
 * A web page in a browser on this machine can send requests to loopback, and by DNS rebinding even read the replies. So
 * the Host must be this machine's, an Origin must be one that the user allows, and every request needs the token but
 * GET /healthz, which says nothing.
 */
#include "routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/url.h"
#include "clients.h"
#include "forward.h"
#include "models.h"
#include "openai_error.h"

/* --- replies --- */

void gateway_log(const struct gateway_request *request, int status, const char *endpoint)
{
	struct gateway_client *client = gateway_request_client(request);

	log_info("gateway: %s %s: %d%s%s%s%s", gateway_request_method(request), gateway_request_path(request), status,
		 endpoint ? " from " : "", endpoint ? endpoint : "", client ? " for " : "", client ? client->name : "");
}

void gateway_fail(struct gateway_request *request, int status, const char *type, const char *code, const char *message,
	bool final)
{
	struct strbuf body;

	strbuf_init(&body, KIB(64));
	openai_error_put(&body, type, code, message);
	gateway_reply_header(request, "Content-Type", "application/json");
	if (final)
		gateway_reply_header(request, "x-should-retry", "false");
	gateway_log(request, status, NULL);
	gateway_reply(request, status, body.data, body.len);
	strbuf_release(&body);
}

/* --- who --- */

/* The token that it sends; NULL: none. */
static const char *token_of(struct gateway_request *request)
{
	static const char scheme[] = "Bearer ";
	const char *value = gateway_request_header(request, "Authorization");

	if (!value || strncasecmp(value, scheme, sizeof(scheme) - 1) != 0)
		return NULL;
	value += sizeof(scheme) - 1;
	return value + strspn(value, " ");
}

static bool is_our_address(const char *text, size_t len)
{
	struct url_parts parts;
	char host[64];

	if (url_split(text, len, &parts) != URL_OK || parts.host.len >= sizeof(host))
		return false;
	memcpy(host, parts.host.s, parts.host.len);
	host[parts.host.len] = '\0';
	return host_is_loopback(host);
}

/*
 * Where an address is written in full, the path in it; what stands before that is as the Host header (RFC 9112,
 * 3.2.2).
 */
static const char *path_of(const char *target, size_t *prefix)
{
	*prefix = 0;
	if (!strncasecmp(target, "http://", 7) || !strncasecmp(target, "https://", 8)) {
		const char *authority = strstr(target, "//") + 2;

		*prefix = (size_t)(authority - target) + strcspn(authority, "/");
	}
	return target + *prefix;
}

/* A client of HTTP/1.0 need not name a host; no browser is one. */
static bool is_for_us(struct gateway_request *request)
{
	const char *host = gateway_request_header(request, "Host");
	size_t prefix;

	path_of(gateway_request_path(request), &prefix);
	return (!host || is_our_address(host, strlen(host))) &&
	       (!prefix || is_our_address(gateway_request_path(request), prefix));
}

static bool is_allowed_origin(const struct gateway *gateway, const char *origin)
{
	const struct config_gateway *config = &gateway->app.config->gateway;

	for (size_t i = 0; i < gateway->options.origin_count; i++)
		if (!strcmp(gateway->options.origins[i], origin))
			return true;
	for (size_t i = 0; i < config->origin_count; i++)
		if (!strcmp(config->origins[i], origin))
			return true;
	return false;
}

/* A page may ask: the browser is told so. */
static void allow_page(struct gateway_request *request, const char *origin)
{
	gateway_reply_header(request, "Access-Control-Allow-Origin", origin);
	gateway_reply_header(request, "Vary", "Origin");
	gateway_reply_header(request, "Access-Control-Expose-Headers",
			     "Retry-After, retry-after-ms, x-should-retry, x-request-id, x-ratelimit-limit-requests, "
			     "x-ratelimit-remaining-requests, x-ratelimit-reset-requests, x-eke-kept, x-eke-changed");
}

static void preflight(struct gateway_request *request, bool is_page)
{
	const char *headers = gateway_request_header(request, "Access-Control-Request-Headers");

	gateway_reply_header(request, "Allow", "GET, HEAD, POST, OPTIONS");
	if (!is_page) {
		gateway_reply(request, 204, "", 0);
		return;
	}
	gateway_reply_header(request, "Access-Control-Allow-Methods", "GET, POST, OPTIONS");
	gateway_reply_header(request, "Access-Control-Allow-Headers", headers ? headers : "authorization, content-type");
	gateway_reply_header(request, "Access-Control-Max-Age", "600");
	/* From a page of the internet to this machine. */
	if (gateway_request_header(request, "Access-Control-Request-Private-Network"))
		gateway_reply_header(request, "Access-Control-Allow-Private-Network", "true");
	gateway_reply(request, 204, "", 0);
}

/* Says which origin it is: of an extension only its browser knows it. */
static void refuse_page(struct gateway_request *request, const char *origin)
{
	char *message = xasprintf("Web pages of the origin %.200s may not use the gateway; gateway.origins in eke's "
				  "configuration lists those that may.", origin);

	log_info("gateway: a page of the origin %.200s was refused", origin);
	gateway_fail(request, 403, "invalid_request_error", "origin_not_allowed", message, true);
	free(message);
}

/* True: it goes on; else it has its reply. */
static bool admit(struct gateway *gateway, struct gateway_request *request)
{
	const char *origin = gateway_request_header(request, "Origin");

	if (gateway_request_is_ambiguous(request)) {
		gateway_reply_header(request, "Connection", "close");
		gateway_fail(request, 400, "invalid_request_error", "ambiguous_request",
			     "The request has a header twice that may be there once, or two lengths.", true);
		return false;
	}
	if (gateway->checks_host && !is_for_us(request)) {
		gateway_fail(request, 421, "invalid_request_error", "wrong_host",
			     "The Host header names another machine; use the address that 'eke gateway' prints.", true);
		return false;
	}
	if (origin && !is_allowed_origin(gateway, origin)) {
		refuse_page(request, origin);
		return false;
	}
	if (origin)
		allow_page(request, origin);
	if (!strcmp(gateway_request_method(request), "OPTIONS")) {
		preflight(request, origin != NULL);
		return false;
	}
	return true;
}

/* --- for what --- */

static bool is_method(const struct gateway_request *request, const char *method)
{
	return !strcmp(gateway_request_method(request), method);
}

/* Single slashes, none at the end. */
static void tidy(const char *path, char *out, size_t size)
{
	size_t n = 0;

	for (; *path && n + 1 < size; path++)
		if (*path != '/' || !n || out[n - 1] != '/')
			out[n++] = *path;
	while (n > 1 && out[n - 1] == '/')
		n--;
	out[n] = '\0';
}

/* The parts that paths are made of; `route` is what the last of them asks for. */
static const struct part {
	const char *path;
	const char *allow; /* methods; NULL: it is no route itself */
	enum gateway_route route;
} parts[] = {
	{ "/v1", NULL, 0 },
	{ "/chat/completions", "POST, OPTIONS", GATEWAY_CHAT },
	{ "/completions", "POST, OPTIONS", GATEWAY_COMPLETIONS },
	{ "/embeddings", "POST, OPTIONS", GATEWAY_EMBEDDINGS },
	{ "/models", "GET, HEAD, OPTIONS", GATEWAY_MODELS },
};

static const struct part *part_at(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		size_t len = strlen(parts[i].path);

		if (!strncmp(path, parts[i].path, len) && (!path[len] || path[len] == '/'))
			return &parts[i];
	}
	return NULL;
}

/*
 * The route that a path names, with or without /v1; NULL: none. Clients that take a base URL append the route to it,
 * also where the base URL is the whole address of a route already: the last one counts. *model is the id in
 * …/models/ID, which may have slashes itself, else NULL.
 */
static const struct part *find_route(const char *path, const char **model)
{
	const struct part *route = NULL;
	const struct part *part;

	*model = NULL;
	for (; *path; path += strlen(part->path)) {
		part = part_at(path);
		if (!part && route && route->route == GATEWAY_MODELS) {
			*model = path + 1;
			return route;
		}
		if (!part)
			return NULL;
		if (part->allow)
			route = part;
	}
	return route;
}

static void dispatch(struct gateway *gateway, struct gateway_request *request, const char *path)
{
	const char *model;
	const struct part *route = find_route(path, &model);
	bool is_read = is_method(request, "GET") || is_method(request, "HEAD");

	if (!route) {
		gateway_fail(request, 404, "invalid_request_error", "unknown_url",
			     "The gateway has /v1/chat/completions, /v1/completions, /v1/embeddings and /v1/models.", true);
	} else if (route->route == GATEWAY_MODELS && is_read) {
		gateway_models(gateway, request, model);
	} else if (route->route != GATEWAY_MODELS && is_method(request, "POST")) {
		gateway_forward(gateway, request, route->route);
	} else {
		gateway_reply_header(request, "Allow", route->allow);
		gateway_fail(request, 405, "invalid_request_error", "method_not_allowed",
			     route->route == GATEWAY_MODELS ? "Use GET for models." : "Use POST for this route.", true);
	}
}

static void say_healthy(struct gateway_request *request)
{
	if (is_method(request, "GET") || is_method(request, "HEAD")) {
		gateway_reply_header(request, "Content-Type", "text/plain");
		gateway_reply(request, 200, "ok\n", 3);
	} else {
		gateway_reply_header(request, "Allow", "GET, HEAD, OPTIONS");
		gateway_fail(request, 405, "invalid_request_error", "method_not_allowed", "Use GET for /healthz.", true);
	}
}

bool gateway_takes_body(void *ctx, struct gateway_request *request)
{
	struct gateway *gateway = ctx;
	const char *token = token_of(request);

	return token && clients_know(gateway->clients, token);
}

void gateway_on_request(void *ctx, struct gateway_request *request)
{
	struct gateway *gateway = ctx;
	struct gateway_client *client;
	char path[512];
	size_t prefix;

	if (!admit(gateway, request))
		return;
	tidy(path_of(gateway_request_path(request), &prefix), path, sizeof(path));
	if (!strcmp(path, "/healthz")) {
		say_healthy(request);
		return;
	}
	client = token_of(request) ? clients_find(gateway->clients, token_of(request)) : NULL;
	if (!client) {
		gateway_reply_header(request, "WWW-Authenticate", "Bearer");
		gateway_fail(request, 401, "invalid_request_error", "invalid_api_key",
			     "The API key is not the gateway's token; 'eke gateway --token' prints it.", true);
		return;
	}
	gateway_request_set_client(request, client);
	dispatch(gateway, request, path);
}
