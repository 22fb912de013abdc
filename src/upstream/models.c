/*
 * The model list. A query lives from models_start() to its answer, in the upstream's list.
 */
#include "eke/upstream/models.h"

#include <stdio.h>
#include <stdlib.h>

#include "eke/base/clock.h"
#include "eke/base/json.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/upstream/wire_error.h"
#include "upstream_private.h"

struct model_query {
	uint64_t id;
	struct upstream *upstream;
	struct endpoint *endpoint; /* ref */
	models_fn *fn;
	void *ctx;
	uint64_t transfer;
	struct http_head head;
	struct strbuf body;
	char **ids;
	size_t count;
	struct model_query *next;
};

static void query_release(void *p)
{
	struct model_query *q = p;

	for (size_t i = 0; i < q->count; i++)
		free(q->ids[i]);
	free(q->ids);
	strbuf_release(&q->body);
	free(q);
}

static void begin(void *ctx);

static void query_end(struct model_query *q)
{
	struct model_query **at = &q->upstream->queries;

	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	http_cancel(q->upstream->http, q->transfer);
	loop_undefer(q->upstream->loop, begin, q);
	endpoint_key_unwait(q->endpoint, begin, q);
	endpoint_unref(q->endpoint);
	loop_defer_free(q->upstream->loop, q, query_release);
}

void queries_free_all(struct upstream *upstream)
{
	while (upstream->queries)
		query_end(upstream->queries);
}

void models_cancel(struct upstream *upstream, uint64_t id)
{
	struct model_query *q = upstream->queries;

	while (q && q->id != id)
		q = q->next;
	if (q)
		query_end(q);
}

static void finish(struct model_query *q, struct err *err)
{
	if (err) {
		snprintf(err->endpoint, sizeof(err->endpoint), "%s", endpoint_name(q->endpoint));
		if (err->kind == ERR_AUTH)
			endpoint_key_forget(q->endpoint);
	}
	query_end(q);
	q->fn(q->ctx, err ? NULL : (const char *const *)q->ids, q->count, err);
}

static void add_id(void *ctx, const char *id)
{
	struct model_query *q = ctx;

	q->ids = xreallocarray(q->ids, q->count + 1, sizeof(*q->ids));
	q->ids[q->count++] = xstrdup(id);
}

static void on_head(void *ctx, const struct http_head *head)
{
	struct model_query *q = ctx;

	q->head = *head;
}

static void on_bytes(void *ctx, const char *data, size_t len)
{
	struct model_query *q = ctx;

	strbuf_add(&q->body, data, len);
}

static void on_done(void *ctx, enum http_outcome outcome, const struct err *reason)
{
	struct model_query *q = ctx;
	struct wire_error_input in = { .status = q->head.status,
				       .body = q->body.data,
				       .len = q->body.len,
				       .content_type = q->head.content_type,
				       .now = clock_wall_ms() / 1000 };
	struct json_pool *pool;
	const struct json *value;
	struct err err = *reason;
	bool ok;

	q->transfer = 0;
	q->upstream->last_traffic_ms = clock_mono_ms();
	if (outcome != HTTP_COMPLETE) {
		finish(q, &err);
		return;
	}
	if (q->head.status != 200) {
		wire_error_decode(&in, &err);
		finish(q, &err);
		return;
	}
	pool = json_pool_new();
	value = json_parse(pool, q->body.data, q->body.len, JSON_LENIENT, &err);
	ok = value && wire_models_decode(value, add_id, q);
	json_pool_free(pool);
	if (!ok) {
		err_set(&err, ERR_PROTOCOL,
			"%s answered the question for its models with something else: is the base URL right?",
			endpoint_name(q->endpoint));
		err.http_status = q->head.status;
	}
	finish(q, ok ? NULL : &err);
}

static void begin(void *ctx)
{
	struct model_query *q = ctx;
	struct http_callbacks callbacks = { .head = on_head, .bytes = on_bytes, .done = on_done, .ctx = q };
	const char *key = NULL;
	struct err err;
	char *url;

	switch (endpoint_key(q->endpoint, &key, &err)) {
	case ENDPOINT_KEY_READY:
		url = base_url_models(endpoint_url(q->endpoint));
		q->transfer = upstream_send(q->upstream, q->endpoint, url, key, NULL, &callbacks);
		free(url);
		return;
	case ENDPOINT_KEY_PENDING:
		endpoint_key_wait(q->endpoint, begin, q);
		return;
	case ENDPOINT_KEY_FAILED:
		finish(q, &err);
		return;
	}
}

uint64_t models_start(struct upstream *upstream, struct endpoint *endpoint, models_fn *fn, void *ctx)
{
	struct model_query *q = xcalloc(1, sizeof(*q));

	q->id = ++upstream->last_id;
	q->upstream = upstream;
	q->endpoint = endpoint_ref(endpoint);
	q->fn = fn;
	q->ctx = ctx;
	strbuf_init(&q->body, LIMIT_BODY);
	q->next = upstream->queries;
	upstream->queries = q;
	loop_defer(upstream->loop, begin, q);
	return q->id;
}
