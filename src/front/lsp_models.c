/*
 * models/list: asks each endpoint, or the one that is named, for its models.
 */
#include "lsp_private.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/json_writer.h"
#include "eke/base/list.h"
#include "eke/base/mem.h"
#include "eke/upstream/models.h"

/* A models/list request under way: one query per endpoint. */
struct lsp_models {
	struct lsp *lsp;
	uint64_t ticket;
	struct models_part {
		struct lsp_models *whole;
		struct endpoint *endpoint; /* ref */
		uint64_t query;
	} parts[LIMIT_ENDPOINTS];
	size_t count;
	size_t left;
	struct strbuf models; /* elements of the result's array, so far */
	struct json_writer w;
	struct err err; /* of the first that failed */
	size_t failed;
	struct lsp_models *next;
};

static void models_release(void *p)
{
	struct lsp_models *m = p;

	for (size_t i = 0; i < m->count; i++)
		endpoint_unref(m->parts[i].endpoint);
	strbuf_release(&m->models);
	free(m);
}

static void models_end(struct lsp_models *m)
{
	list_unlink(m->lsp->models, m);
	for (size_t i = 0; i < m->count; i++)
		models_cancel(m->lsp->app.upstream, m->parts[i].query);
	loop_defer_free(m->lsp->app.loop, m, models_release);
}

void lsp_models_free(struct lsp *lsp)
{
	while (lsp->models)
		models_end(lsp->models);
}

static void answer(struct lsp_models *m)
{
	struct lsp *lsp = m->lsp;

	json_end_array(&m->w);
	json_end_object(&m->w);
	json_writer_end(&m->w);
	/* One endpoint that is away must not hide the others' models. */
	if (m->failed == m->count)
		rpc_answer_error(lsp->rpc, m->ticket, &m->err, NULL, 0);
	else
		rpc_answer(lsp->rpc, m->ticket, &m->models);
	models_end(m);
}

static void on_models(void *ctx, const char *const *ids, size_t count, const struct err *err)
{
	struct models_part *part = ctx;
	struct lsp_models *m = part->whole;

	part->query = 0;
	if (err) {
		if (!m->failed++)
			m->err = *err;
	}
	for (size_t i = 0; ids && i < count; i++) {
		json_begin_object(&m->w, NULL);
		json_put_kstring(&m->w, "id", ids[i]);
		json_put_kstring(&m->w, "endpoint", endpoint_name(part->endpoint));
		json_end_object(&m->w);
	}
	if (!--m->left)
		answer(m);
}

static void on_cancel(void *ctx, uint64_t ticket)
{
	(void)ticket;
	models_end(ctx);
}

static void add_part(struct lsp_models *m, struct endpoint *endpoint)
{
	struct models_part *part = &m->parts[m->count++];

	*part = (struct models_part){ .whole = m, .endpoint = endpoint_ref(endpoint) };
	m->left++;
	part->query = models_start(m->lsp->app.upstream, endpoint, on_models, part);
}

struct rpc_result *lsp_models_list(void *ctx, struct rpc_request *request, const struct json *params)
{
	struct lsp *lsp = ctx;
	const struct json *named = json_get_present(params, "endpoint");
	struct endpoint *endpoint;
	struct lsp_models *m;
	struct err err;

	lsp_refresh(lsp);
	if (named && !json_string(named)) {
		err_set(&err, ERR_INVALID_PARAMS, "params.endpoint must be a string, not %s", json_type_name(named));
		return rpc_fail(request, &err);
	}
	endpoint = upstream_find(lsp->app.upstream, json_string(named), &err);
	if (!endpoint) {
		lsp_explain(lsp, &err);
		return rpc_fail(request, &err);
	}
	m = xcalloc(1, sizeof(*m));
	m->lsp = lsp;
	m->ticket = rpc_ticket(request);
	strbuf_init(&m->models, LIMIT_BODY);
	json_writer_init(&m->w, &m->models);
	json_begin_object(&m->w, NULL);
	json_begin_array(&m->w, "models");
	m->next = lsp->models;
	lsp->models = m;
	if (named)
		add_part(m, endpoint);
	else
		for (size_t i = 0; i < upstream_count(lsp->app.upstream); i++)
			add_part(m, upstream_at(lsp->app.upstream, i));
	return rpc_pending(request, on_cancel, m);
}
