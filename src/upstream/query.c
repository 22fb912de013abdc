/*
 * Questions besides completions and chats. A query lives from query_start() to its answer, in the upstream's list.
 */
#include "query.h"

#include <stdio.h>
#include <stdlib.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/upstream/wire_error.h"

struct query {
	uint64_t id;
	struct upstream *upstream;
	struct endpoint *endpoint; /* ref */
	const struct query_kind *kind;
	void *own;
	uint64_t transfer;
	struct http_head head;
	struct strbuf answer;
	struct query *next;
};

static void query_release(void *p)
{
	struct query *q = p;

	q->kind->release(q->own);
	strbuf_release(&q->answer);
	free(q);
}

static void begin(void *ctx);

static void query_end(struct query *q)
{
	struct query **at = &q->upstream->queries;

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

void query_cancel(struct upstream *upstream, uint64_t id)
{
	struct query *q = upstream->queries;

	while (q && q->id != id)
		q = q->next;
	if (q)
		query_end(q);
}

static void finish(struct query *q, struct err *err)
{
	if (err) {
		snprintf(err->endpoint, sizeof(err->endpoint), "%s", endpoint_name(q->endpoint));
		if (err->kind == ERR_AUTH && !q->kind->raw_key)
			endpoint_key_forget(q->endpoint);
	}
	query_end(q);
	q->kind->told(q->own, err);
}

static void on_head(void *ctx, const struct http_head *head)
{
	struct query *q = ctx;

	q->head = *head;
}

static void on_bytes(void *ctx, const char *data, size_t len)
{
	struct query *q = ctx;

	strbuf_add(&q->answer, data, len);
}

static bool decode(struct query *q)
{
	struct json_pool *pool = json_pool_new();
	struct err ignored;
	const struct json *value = json_parse(pool, q->answer.data, q->answer.len, JSON_LENIENT, &ignored);
	bool ok = value && q->kind->decode(q->own, value);

	json_pool_free(pool);
	return ok;
}

static void on_done(void *ctx, enum http_outcome outcome, const struct err *reason)
{
	struct query *q = ctx;
	struct wire_error_input in = { .status = q->head.status,
				       .body = q->answer.data,
				       .len = q->answer.len,
				       .content_type = q->head.content_type,
				       .now = clock_wall_ms() / 1000 };
	struct err err = *reason;

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
	if (decode(q)) {
		finish(q, NULL);
		return;
	}
	err_set(&err, ERR_PROTOCOL, "%s answered the question for %s with something else: is the base URL right?",
		endpoint_name(q->endpoint), q->kind->what);
	err.http_status = q->head.status;
	finish(q, &err);
}

static void send(struct query *q, const char *key)
{
	struct http_callbacks callbacks = { .head = on_head, .bytes = on_bytes, .done = on_done, .ctx = q };
	const struct base_url *base = endpoint_url(q->endpoint);
	char *url = xasprintf("%s%s", q->kind->at_origin ? base->origin : base->base, q->kind->path);
	struct strbuf body;

	if (q->kind->body) {
		strbuf_init(&body, LIMIT_BODY);
		strbuf_adds(&body, q->kind->body);
	}
	q->transfer = (q->kind->raw_key ? upstream_send_raw_key : upstream_send)(q->upstream, q->endpoint, url, key,
		q->kind->body ? &body : NULL, &callbacks);
	free(url);
}

static void begin(void *ctx)
{
	struct query *q = ctx;
	const char *key = NULL;
	struct err err;

	switch (endpoint_key(q->endpoint, &key, &err)) {
	case ENDPOINT_KEY_READY:
		send(q, key);
		return;
	case ENDPOINT_KEY_PENDING:
		endpoint_key_wait(q->endpoint, begin, q);
		return;
	case ENDPOINT_KEY_FAILED:
		finish(q, &err);
		return;
	}
}

uint64_t query_start(struct upstream *upstream, struct endpoint *endpoint, const struct query_kind *kind, void *own)
{
	struct query *q = xcalloc(1, sizeof(*q));

	q->id = ++upstream->last_id;
	q->upstream = upstream;
	q->endpoint = endpoint_ref(endpoint);
	q->kind = kind;
	q->own = own;
	strbuf_init(&q->answer, LIMIT_BODY);
	q->next = upstream->queries;
	upstream->queries = q;
	loop_defer(upstream->loop, begin, q);
	return q->id;
}
