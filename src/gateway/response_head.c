/*
 * The headers of an endpoint are kept as one block of texts, so that a response can be given out again with them.
 */
#include "response_head.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/upstream/quirks.h"
#include "routes.h"

void response_put_number(struct gateway_request *request, const char *name, long long n, const char *unit)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld%s", n, unit);
	gateway_reply_header(request, name, text);
}

void response_put_limits(const struct forward *f)
{
	struct budget_view view;
	int64_t now = clock_wall_ms() / 1000;

	if (!f->endpoint)
		return;
	upstream_look(f->gateway->app.upstream, f->endpoint, f->model, BUDGET_EXPLICIT, 0, &view);
	if (!view.counted || !view.window.limit)
		return;
	response_put_number(f->request, "x-ratelimit-limit-requests", (long long)view.window.limit, "");
	response_put_number(f->request, "x-ratelimit-remaining-requests", (long long)view.window.remaining, "");
	response_put_number(f->request, "x-ratelimit-reset-requests",
		(long long)(view.window.reset_at > now ? view.window.reset_at - now : 0), "s");
}

/* Headers that belong to the connection with the endpoint, or would give it a say in this one. */
static bool is_passed_on(const char *name)
{
	static const char *const dropped[] = {
		"connection", "keep-alive", "proxy-authenticate", "proxy-connection", "trailer", "transfer-encoding",
		"upgrade", "content-length", "date", "set-cookie", "alt-svc", "strict-transport-security", "server", "vary",
		/* http.c has undone it. */
		"content-encoding",
	};

	if (!strncasecmp(name, "access-control-", strlen("access-control-")))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(dropped); i++)
		if (!strcasecmp(name, dropped[i]))
			return false;
	return true;
}

static void add_header(struct strbuf *headers, const char *name, const char *value)
{
	strbuf_add(headers, name, strlen(name) + 1);
	strbuf_add(headers, value, strlen(value) + 1);
}

void response_keep_head(struct forward *f, const struct http_head *head)
{
	struct strbuf headers;
	const char *name;
	const char *value;

	strbuf_init(&headers, 2 * LIMIT_HTTP_HEAD);
	for (size_t at = 0; http_header_next(head, &at, &name, &value);)
		if (is_passed_on(name))
			add_header(&headers, name, value);
	strbuf_addch(&headers, '\0');
	f->status = head->status;
	free(f->headers);
	f->headers = strbuf_detach(&headers, NULL);
}

void response_set_type(struct forward *f, const char *type)
{
	struct strbuf headers;

	strbuf_init(&headers, 2 * LIMIT_HTTP_HEAD + KIB(1));
	for (const char *name = f->headers; *name;) {
		const char *value = name + strlen(name) + 1;

		if (strcasecmp(name, "content-type") != 0)
			add_header(&headers, name, value);
		else if (!strncasecmp(value, type, strlen(type)))
			type = value;
		name = value + strlen(value) + 1;
	}
	add_header(&headers, "content-type", type);
	strbuf_addch(&headers, '\0');
	free(f->headers);
	f->headers = strbuf_detach(&headers, NULL);
}

void response_put_headers(struct forward *f)
{
	bool has_limits = false;

	for (const char *name = f->headers; *name;) {
		const char *value = name + strlen(name) + 1;

		has_limits |= !strcasecmp(name, "x-ratelimit-limit-requests");
		gateway_reply_header(f->request, name, value);
		name = value + strlen(value) + 1;
	}
	if (f->changed)
		gateway_reply_header(f->request, "X-Eke-Changed", quirks_names(f->changed));
	if (!has_limits)
		response_put_limits(f);
	gateway_log(f->request, f->status, f->endpoint ? endpoint_name(f->endpoint) : NULL);
}
