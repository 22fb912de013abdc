/*
 * The reply begins as late as it has to and as early as it can: once its form is known. If a comment had to begin it
 * before (response_comment()), an error comes as an event.
 */
#include "response.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "eke/base/clock.h"
#include "eke/base/json.h"
#include "eke/base/json_writer.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "clients.h"
#include "openai_error.h"
#include "response_head.h"
#include "routes.h"
#include "spread.h"

/* How long a response that its client did not wait for is there for the same request. */
#define REPLAY_MS 120000

/* --- what is kept --- */

static void keep_bytes(struct forward *f, const char *data, size_t len)
{
	if (!f->is_kept || strbuf_add(&f->body, data, len))
		return;
	f->is_kept = false;
	strbuf_release(&f->body);
}

int64_t response_cache_ms(const struct forward *f)
{
	return f->ask.is_repeatable ? f->gateway->app.config->gateway.cache_seconds * 1000 : 0;
}

void response_keep(struct forward *f)
{
	struct kept_response response = {
		.status = f->status, .headers = f->headers, .body = f->body.data, .len = f->body.len
	};

	if (!f->whole || !f->is_kept)
		return;
	if (response_cache_ms(f))
		kept_put(f->gateway->kept, &f->key, &response, response_cache_ms(f), false);
	else if (!f->request && f->counted)
		kept_put(f->gateway->kept, &f->key, &response, REPLAY_MS, true);
}

/* --- the reply --- */

static bool has_content_type(const struct http_head *head, const char *type)
{
	const char *value = http_header(head, "content-type");

	return value && !strncasecmp(value, type, strlen(type));
}

static void send_head(struct forward *f)
{
	if (!f->request || f->head_sent)
		return;
	response_put_headers(f);
	gateway_reply_begin(f->request, f->status);
	f->head_sent = true;
}

static bool deliver(struct forward *f, const char *data, size_t len)
{
	keep_bytes(f, data, len);
	return !f->request || !len || gateway_reply_bytes(f->request, data, len);
}

/* The form is known. `type`: of the content; NULL: as the endpoint says. */
static void begin(struct forward *f, const char *type)
{
	if (f->begun)
		return;
	f->begun = true;
	if (type)
		response_set_type(f, type);
	if (f->request && f->head_sent)
		gateway_log(f->request, f->status, endpoint_name(f->endpoint));
	send_head(f);
}

static void count_sent(const struct forward *f)
{
	struct gateway_client *client = f->request ? gateway_request_client(f->request) : NULL;

	if (client)
		client->sent++;
}

static void count_refused(const struct forward *f)
{
	struct gateway_client *client = gateway_request_client(f->request);

	if (client)
		client->refused++;
}

void response_head(struct forward *f, const struct http_head *head)
{
	response_keep_head(f, head);
	count_sent(f);
	/* Streams begin before their first byte comes. Whether it is one will be seen. */
	if (!f->convert)
		begin(f, NULL);
	else if (f->ask.stream && has_content_type(head, STREAM_TYPE))
		begin(f, STREAM_TYPE);
}

bool response_bytes(struct forward *f, const char *data, size_t len)
{
	enum convert_mode mode;
	struct strbuf out;
	bool ok;

	if (f->judge)
		judge_feed(f->judge, data, len, clock_wall_ms() / 1000);
	if (!f->convert)
		return deliver(f, data, len);
	strbuf_init(&out, SIZE_MAX - 1);
	convert_feed(f->convert, data, len, &out);
	mode = convert_mode(f->convert);
	if (mode == CONVERT_PASS || mode == CONVERT_SPREAD)
		begin(f, f->ask.stream ? STREAM_TYPE : JSON_TYPE);
	ok = deliver(f, out.data, out.len);
	strbuf_release(&out);
	return ok;
}

bool response_judge(struct forward *f, const struct err *broken, struct err *err, struct stated_limit *stated)
{
	f->cut = broken != NULL;
	if (broken)
		*err = *broken;
	return !broken && (!f->judge || judge_end(f->judge, clock_wall_ms() / 1000, err, stated));
}

/* Ends a reply that has begun by a comment with that body as an event. */
static void end_with_event(struct forward *f, const char *body, size_t len)
{
	struct json_pool *pool = json_pool_new();
	struct strbuf text;
	struct strbuf event;
	const struct json *value;
	struct json_writer w;
	struct err ignored;

	strbuf_init(&text, LIMIT_BODY);
	strbuf_init(&event, 2 * LIMIT_BODY);
	strbuf_add(&text, body, len);
	value = json_parse(pool, text.data, text.len, JSON_LENIENT, &ignored);
	strbuf_reset(&text);
	if (json_is_object(value)) {
		json_writer_init(&w, &text);
		json_put_tree(&w, value);
		json_writer_end(&w);
	} else {
		openai_error_put(&text, "upstream_error", "upstream_refused", "The endpoint refused the request.");
	}
	spread_event(&event, text.data, text.len);
	gateway_reply_bytes(f->request, event.data, event.len);
	gateway_reply_end(f->request, true);
	strbuf_release(&event);
	strbuf_release(&text);
	json_pool_free(pool);
}

void response_refused(struct forward *f, const struct http_head *head, const char *body, size_t len)
{
	struct kept_response response;

	count_sent(f);
	/* It would lead the client away from here; done() says what is to be done. */
	if (head->status >= 300 && head->status < 400)
		return;
	response_keep_head(f, head);
	response = (struct kept_response){ .status = f->status, .headers = f->headers, .body = body, .len = len };
	if (f->counted)
		kept_refused(f->gateway->kept, &f->key, &response);
	if (!f->request)
		return;
	if (f->head_sent) {
		gateway_log(f->request, f->status, endpoint_name(f->endpoint));
		end_with_event(f, body, len);
		return;
	}
	response_put_headers(f);
	/* The next request would meet the same, and count. */
	if (f->counted && f->status == 429 && !http_header(head, "x-should-retry"))
		gateway_reply_header(f->request, "x-should-retry", "false");
	gateway_reply(f->request, f->status, body, len);
	f->head_sent = true;
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
	{ ERR_CANCELLED, 503, "server_error", "stopping", false },
	{ ERR_TIMEOUT, 504, "upstream_error", "upstream_timeout", false },
	{ ERR_NETWORK, 502, "upstream_error", "upstream_unreachable", false },
};

/*
 * So that a client which asks again by itself does not spend one request after the other on an endpoint that is dead,
 * or that does not answer this request.
 */
static void keep_failure(struct forward *f, int status, const char *type, const char *code, const char *message)
{
	static const char headers[] = "content-type\0" JSON_TYPE "\0";
	struct kept_response response = { .status = status, .headers = headers };
	struct strbuf body;

	strbuf_init(&body, KIB(64));
	openai_error_put(&body, type, code, message);
	response.body = body.data;
	response.len = body.len;
	kept_refused(f->gateway->kept, &f->key, &response);
	strbuf_release(&body);
}

static size_t failure_of(const struct err *err)
{
	size_t i = 0;

	while (i + 1 < ARRAY_LEN(failures) && failures[i].kind != err->kind)
		i++;
	return i;
}

/* It never got an answer. */
static void note_failure(struct forward *f, const struct err *err)
{
	size_t i = failure_of(err);

	if (f->counted && (err->kind == ERR_NETWORK || err->kind == ERR_TIMEOUT || err->kind == ERR_UPSTREAM))
		keep_failure(f, failures[i].status, failures[i].type, failures[i].code, err->message);
}

void response_own(struct forward *f, int status, const char *type, const char *code, const char *message, bool final)
{
	struct strbuf body;

	if (!f->head_sent) {
		gateway_fail(f->request, status, type, code, message, final);
		f->head_sent = true;
		return;
	}
	strbuf_init(&body, KIB(64));
	openai_error_put(&body, type, code, message);
	gateway_log(f->request, status, NULL);
	end_with_event(f, body.data, body.len);
	strbuf_release(&body);
}

void response_fail(struct forward *f, const struct err *err)
{
	int64_t wait = err->retry_at - clock_wall_ms() / 1000;
	size_t i = failure_of(err);

	if (err->kind == ERR_BUDGET && !f->head_sent) {
		if (wait > 0) {
			response_put_number(f->request, "Retry-After", (long long)wait, "");
			response_put_number(f->request, "retry-after-ms", (long long)wait * 1000, "");
		}
		response_put_limits(f);
	}
	if (err->kind == ERR_BUDGET)
		count_refused(f);
	/* A counted request is not sent again without somebody asking for it. */
	response_own(
		f, failures[i].status, failures[i].type, failures[i].code, err->message, failures[i].final || f->counted);
}

/* What a converter makes of the whole. `broken`: it is not all of it. */
static void end_converted(struct forward *f, const struct err *broken)
{
	struct strbuf out;
	int status;

	strbuf_init(&out, SIZE_MAX - 1);
	status = convert_end(f->convert, &out);
	if (f->begun && convert_mode(f->convert) != CONVERT_SPREAD) {
		if (f->request)
			end_with_event(f, out.data, out.len);
	} else if (f->begun) {
		deliver(f, out.data, out.len);
		f->whole = status == 200 && !broken;
		if (f->request)
			gateway_reply_end(f->request, true);
	} else if (status != 200 && broken && f->request) {
		response_fail(f, broken);
	} else if (status != 200 && f->head_sent && f->request) {
		end_with_event(f, out.data, out.len);
	} else if (status == 200 || !broken) {
		f->begun = true;
		f->whole = status == 200;
		f->status = status;
		response_set_type(f, JSON_TYPE);
		keep_bytes(f, out.data, out.len);
		if (f->request) {
			response_put_headers(f);
			if (status != 200 && f->counted)
				gateway_reply_header(f->request, "x-should-retry", "false");
			gateway_reply(f->request, status, out.data, out.len);
			f->head_sent = true;
		}
	}
	strbuf_release(&out);
}

/* A response of 2xx that was none: it counted, and a client that asks again by itself would get the same. */
static void keep_bad_answer(struct forward *f, const struct err *err)
{
	struct kept_response response = {
		.status = f->status, .headers = f->headers, .body = f->body.data, .len = f->body.len
	};

	if (!f->cut && f->is_kept && f->begun)
		kept_refused(f->gateway->kept, &f->key, &response);
	else
		keep_failure(f, 502, "upstream_error", "no_answer", err->message);
}

void response_end(struct forward *f, const struct err *err)
{
	bool is_success = f->status >= 200 && f->status < 300;

	if (f->status && !is_success)
		return;
	if (!f->status) {
		note_failure(f, err);
		if (f->request)
			response_fail(f, err);
		return;
	}
	if (f->convert && convert_mode(f->convert) != CONVERT_PASS) {
		end_converted(f, f->cut ? err : NULL);
	} else {
		f->whole = !f->cut;
		if (f->request)
			gateway_reply_end(f->request, !f->cut);
	}
	f->whole = f->whole && !err;
	if (f->whole)
		kept_answered(f->gateway->kept, &f->key);
	else if (err && f->counted)
		keep_bad_answer(f, err);
	response_keep(f);
}

void response_comment(struct forward *f, const char *text)
{
	char line[128];

	if (!f->request || !f->ask.stream)
		return;
	if (!f->head_sent) {
		gateway_reply_header(f->request, "Content-Type", STREAM_TYPE);
		gateway_reply_header(f->request, "Cache-Control", "no-cache");
		response_put_limits(f);
		gateway_reply_begin(f->request, 200);
		f->head_sent = true;
	}
	snprintf(line, sizeof(line), ": %s\n\n", text);
	gateway_reply_bytes(f->request, line, strlen(line));
}

void response_catch_up(struct forward *f)
{
	if (!f->begun)
		return;
	send_head(f);
	gateway_reply_bytes(f->request, f->body.data, f->body.len);
}

void response_kept(struct forward *f, const struct kept_response *kept)
{
	struct gateway_request *request = f->request;

	for (const char *name = kept->headers; *name;) {
		const char *value = name + strlen(name) + 1;

		if (!kept->again_ms || (strcasecmp(name, "retry-after") != 0 && strcasecmp(name, "x-should-retry") != 0))
			gateway_reply_header(request, name, value);
		name = value + strlen(value) + 1;
	}
	gateway_reply_header(request, "X-Eke-Kept", kept->again_ms ? "refusal" : "answer");
	if (kept->again_ms) {
		response_put_number(request, "Retry-After", (long long)(kept->again_ms + 999) / 1000, "");
		gateway_reply_header(request, "x-should-retry", "false");
		log_info("gateway: the same request was refused more than once: its client gets the refusal again");
	} else {
		log_info("gateway: the same request again: it gets the response that is kept");
	}
	gateway_log(request, kept->status, NULL);
	gateway_reply(request, kept->status, kept->body, kept->len);
	f->head_sent = true;
}
