/*
 * A fetch is in the upstream's list until told() was called or it is cancelled.
 */
#include "fetch.h"

#include <stdlib.h>

#include "eke/base/limits.h"
#include "eke/base/list.h"
#include "eke/base/mem.h"
#include "eke/upstream/exchange.h"

struct fetch {
	uint64_t exchange; /* its number is the fetch's */
	struct upstream *upstream;
	struct endpoint *endpoint; /* ref */
	const struct fetch_kind *kind;
	void *own;
	struct strbuf answer;
	struct fetch *next;
};

static void fetch_release(void *p)
{
	struct fetch *f = p;

	f->kind->release(f->own);
	strbuf_release(&f->answer);
	free(f);
}

static void fetch_end(struct fetch *f)
{
	list_unlink(f->upstream->fetches, f);
	exchange_cancel(f->upstream, f->exchange);
	endpoint_unref(f->endpoint);
	loop_defer_free(f->upstream->loop, f, fetch_release);
}

void fetches_free_all(struct upstream *upstream)
{
	while (upstream->fetches)
		fetch_end(upstream->fetches);
}

void fetch_cancel(struct upstream *upstream, uint64_t id)
{
	struct fetch *f = upstream->fetches;

	while (f && f->exchange != id)
		f = f->next;
	if (f)
		fetch_end(f);
}

static void on_bytes(void *ctx, const char *data, size_t len)
{
	struct fetch *f = ctx;

	strbuf_add(&f->answer, data, len);
}

static bool decode(struct fetch *f)
{
	struct json_pool *pool = json_pool_new();
	struct err ignored;
	const struct json *value = json_parse(pool, f->answer.data, f->answer.len, JSON_LENIENT, &ignored);
	bool ok = value && f->kind->decode(f->own, value);

	json_pool_free(pool);
	return ok;
}

static bool on_judge(void *ctx, const struct err *broken, struct err *err, struct stated_limit *stated)
{
	struct fetch *f = ctx;

	(void)stated;
	if (broken) {
		*err = *broken;
		return false;
	}
	if (decode(f))
		return true;
	err_set(err, ERR_PROTOCOL, "%s did not send %s but something else: check baseUrl",
		endpoint_name(f->endpoint), f->kind->what);
	err->http_status = 200;
	return false;
}

static void on_done(void *ctx, const struct err *err)
{
	struct fetch *f = ctx;

	fetch_end(f);
	f->kind->told(f->own, err);
}

uint64_t fetch_start(struct upstream *upstream, struct endpoint *endpoint, const struct fetch_kind *kind, void *own)
{
	struct fetch *f = xcalloc(1, sizeof(*f));
	struct exchange_callbacks callbacks = { .bytes = on_bytes, .judge = on_judge, .done = on_done, .ctx = f };
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
	f->upstream = upstream;
	f->endpoint = endpoint_ref(endpoint);
	f->kind = kind;
	f->own = own;
	strbuf_init(&f->answer, LIMIT_BODY);
	f->exchange = exchange_start(upstream, &spec, &callbacks);
	f->next = upstream->fetches;
	upstream->fetches = f;
	return f->exchange;
}
