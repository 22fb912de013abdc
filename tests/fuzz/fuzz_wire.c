/*
 * A body as an endpoint may send it, taken for everything that it could be: an event stream whose events are
 * decoded, a whole answer, a list of models, and an error with each of the statuses that matter.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/base/utf.h"
#include "eke/upstream/sse.h"
#include "eke/upstream/wire.h"
#include "eke/upstream/refused_params.h"
#include "eke/upstream/wire_error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct stream {
	struct json_pool *pool;
	struct strbuf facts;
};

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void must_be_text(const char *s)
{
	must(!s || utf8_valid_prefix(s, strlen(s)) == strlen(s));
}

static void decode(struct stream *s, char *text, size_t len)
{
	struct err err = ERR_INIT;
	struct wire_chunk c;
	const struct json *value = json_parse(s->pool, text, len, JSON_LENIENT, &err);

	wire_decode(value, &c);
	must(value || (!c.is_answer && !c.is_error));
	must(c.is_error == (wire_error_find(value) != NULL));
	must_be_text(c.text);
	must_be_text(c.reasoning);
	must_be_text(c.model);
	must(c.usage.prompt_tokens >= 0 && c.usage.completion_tokens >= 0 && c.usage.total_tokens >= 0);
	strbuf_addf(&s->facts, "%d%d%d%d|%s|%s\n", c.finish, c.is_error, c.is_answer, c.is_whole, c.text ? c.text : "",
		    c.reasoning ? c.reasoning : "");
	wire_parts_add(c.parts, &s->facts, &s->facts);
	json_pool_reset(s->pool);
}

static bool on_event(void *ctx, struct sse_event *event)
{
	decode(ctx, event->data, event->len);
	return true;
}

static void run_stream(struct stream *s, const char *bytes, size_t size, size_t piece)
{
	struct sse *sse = sse_new(on_event, s);

	for (size_t at = 0; at < size; at += piece)
		must(sse_feed(sse, bytes + at, size - at < piece ? size - at : piece));
	sse_end(sse);
	sse_free(sse);
}

static void count_model(void *ctx, const char *id)
{
	must(id[0]);
	must(++*(size_t *)ctx <= LIMIT_MODELS);
}

static void run_models(struct json_pool *pool, char *text, size_t len)
{
	struct err err = ERR_INIT;
	size_t n = 0;

	if (!wire_models_decode(json_parse(pool, text, len, JSON_LENIENT, &err), count_model, &n))
		must(n == 0);
	json_pool_reset(pool);
}

static void run_error(int status, char *body, size_t len)
{
	struct err err = ERR_INIT;
	struct wire_error_input in = { .status = status, .body = body, .len = len, .clock = { 1700000000, 0 } };
	struct stated_limit stated;

	wire_error_decode(&in, &err, &stated);
	must(err.kind >= ERR_BUDGET && err.kind <= ERR_TIMEOUT && err.message[0]);
	must_be_text(err.message);
	must_be_text(err.provider_message);
	must(err.retry_at == 0 || (err.retry_at > in.clock.now && err.retry_at <= in.clock.now + LIMIT_RETRY_SECONDS));
	(void)refused_params(status, body, len);
	must(err.http_status == status || (status == 200 && err.http_status >= 400 && err.http_status <= 599));
}

/* A fresh copy each time: the body may be modified. */
static char *copy_of(const uint8_t *data, size_t size)
{
	return xstrndup((const char *)data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = { 200, 301, 400, 401, 402, 403, 404, 408, 413, 422, 429, 500, 502, 503, 504, 524 };
	struct stream whole = { .pool = json_pool_new() };
	struct stream bytes = { .pool = whole.pool };
	char *copy;

	if (size <= MIB(1)) {
		strbuf_init(&whole.facts, MIB(64));
		strbuf_init(&bytes.facts, MIB(64));
		run_stream(&whole, (const char *)data, size, size ? size : 1);
		run_stream(&bytes, (const char *)data, size, 1);
		must(whole.facts.len == bytes.facts.len && !memcmp(whole.facts.data, bytes.facts.data, whole.facts.len));

		copy = copy_of(data, size);
		decode(&whole, copy, size);
		free(copy);
		copy = copy_of(data, size);
		run_models(whole.pool, copy, size);
		free(copy);
		for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
			copy = copy_of(data, size);
			run_error(statuses[i], copy, size);
			free(copy);
		}
		(void)wire_sniff((const char *)data, size);
		strbuf_release(&whole.facts);
		strbuf_release(&bytes.facts);
	}
	json_pool_free(whole.pool);
	return 0;
}
