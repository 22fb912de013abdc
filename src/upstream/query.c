/*
 * Questions besides completions and chats. A query lives from query_start() to its answer, in the upstream's list.
 */
#include "query.h"

#include <stdlib.h>

#include "eke/base/limits.h"
#include "eke/base/list.h"
#include "eke/base/mem.h"
#include "eke/upstream/exchange.h"

struct query {
	uint64_t exchange; /* its number is the query's */
	struct upstream *upstream;
	struct endpoint *endpoint; /* ref */
	const struct query_kind *kind;
	void *own;
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

static void query_end(struct query *q)
{
	list_unlink(q->upstream->queries, q);
	exchange_cancel(q->upstream, q->exchange);
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

	while (q && q->exchange != id)
		q = q->next;
	if (q)
		query_end(q);
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

static bool on_judge(void *ctx, const struct err *broken, struct err *err)
{
	struct query *q = ctx;

	if (broken) {
		*err = *broken;
		return false;
	}
	if (decode(q))
		return true;
	err_set(err, ERR_PROTOCOL, "%s answered the question for %s with something else: is the base URL right?",
		endpoint_name(q->endpoint), q->kind->what);
	err->http_status = 200;
	return false;
}

static void on_done(void *ctx, const struct err *err)
{
	struct query *q = ctx;

	query_end(q);
	q->kind->told(q->own, err);
}

uint64_t query_start(struct upstream *upstream, struct endpoint *endpoint, const struct query_kind *kind, void *own)
{
	struct query *q = xcalloc(1, sizeof(*q));
	struct exchange_callbacks callbacks = { .bytes = on_bytes, .judge = on_judge, .done = on_done, .ctx = q };
	struct exchange_spec spec = { .endpoint = endpoint,
				      .method = kind->body ? "POST" : "GET",
				      .path = kind->path,
				      .at_origin = kind->at_origin,
				      .raw_key = kind->raw_key };
	struct strbuf body;

	if (kind->body) {
		strbuf_init(&body, LIMIT_BODY);
		strbuf_adds(&body, kind->body);
		spec.body = &body;
	}
	q->upstream = upstream;
	q->endpoint = endpoint_ref(endpoint);
	q->kind = kind;
	q->own = own;
	strbuf_init(&q->answer, LIMIT_BODY);
	q->exchange = exchange_start(upstream, &spec, &callbacks);
	q->next = upstream->queries;
	upstream->queries = q;
	return q->exchange;
}
