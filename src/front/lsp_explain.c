/*
 * completion/explain: what would be done with an automatic request at a place, why, and what would go along with it.
 */
#include "lsp_private.h"

#include <stdlib.h>

#include "eke/base/decode.h"
#include "eke/base/list.h"
#include "eke/base/mem.h"
#include "lsp_positions.h"

/* A request that waits for the engine. */
struct lsp_explanation {
	struct lsp *lsp;
	uint64_t ticket;
	uint64_t id; /* the engine's */
	struct lsp_explanation *next;
};

struct explain_params {
	struct {
		const char *uri;
	} document;
	struct position position;
};

static const struct decode_field document_fields[] = {
	{ .name = "uri", .type = DECODE_STRING, .required = true, .offset = 0 },
	{ .name = NULL },
};

static const struct decode_field explain_fields[] = {
	{ .name = "textDocument",
		.type = DECODE_OBJECT,
		.required = true,
		.offset = offsetof(struct explain_params, document),
		.sub = document_fields },
	{ .name = "position",
		.type = DECODE_OBJECT,
		.required = true,
		.offset = offsetof(struct explain_params, position),
		.sub = lsp_position_fields },
	{ .name = NULL },
};

static void explanation_end(struct lsp_explanation *e)
{
	list_unlink(e->lsp->explanations, e);
	free(e);
}

void lsp_explanations_free(struct lsp *lsp)
{
	while (lsp->explanations) {
		engine_explain_cancel(lsp->app.engine, lsp->explanations->id);
		explanation_end(lsp->explanations);
	}
}

static void write_snippet(struct json_writer *w, const struct snippet *s)
{
	json_begin_object(w, NULL);
	json_put_kstring(w, "path", s->path);
	json_begin_array(w, "sources");
	for (int i = 0; i < CONTEXT_SOURCES; i++)
		if (s->sources & 1u << i)
			json_put_string(w, context_source_names[i]);
	json_end_array(w);
	if (*s->lines)
		json_put_kstring(w, "lines", s->lines);
	json_put_kint(w, "tokens", (int64_t)s->tokens);
	json_put_kstring(w, "reason", context_role_reason(s->role));
	json_put_kstringn(w, "text", s->text, s->len);
	json_end_object(w);
}

void lsp_write_snippets(struct json_writer *w, const struct snippets *snippets)
{
	json_begin_array(w, "context");
	for (size_t i = 0; i < snippets->count; i++)
		write_snippet(w, &snippets->items[i]);
	json_end_array(w);
}

static void on_explained(void *ctx, const struct engine_explanation *explanation)
{
	struct lsp_explanation *e = ctx;
	struct lsp *lsp = e->lsp;
	struct endpoint *endpoint = upstream_at(lsp->app.upstream, 0);
	struct json_writer w;
	struct strbuf result;

	strbuf_init(&result, MIB(4));
	json_writer_init(&w, &result);
	json_begin_object(&w, NULL);
	json_put_kstring(&w, "decision", explanation->decision);
	json_put_kstring(&w, "reason", explanation->reason);
	json_put_kdouble(&w, "score", explanation->score);
	json_put_key(&w, "budget");
	if (endpoint)
		budget_write(lsp->app.budget, endpoint_config(endpoint), &w);
	else
		json_put_null(&w);
	lsp_write_snippets(&w, &explanation->context);
	json_put_kint(&w, "promptTokens", (int64_t)explanation->prompt_tokens);
	json_end_object(&w);
	json_writer_end(&w);
	rpc_answer(lsp->rpc, e->ticket, &result);
	explanation_end(e);
}

static void on_cancel(void *ctx, uint64_t ticket)
{
	struct lsp_explanation *e = ctx;

	(void)ticket;
	engine_explain_cancel(e->lsp->app.engine, e->id);
	explanation_end(e);
}

struct rpc_result *lsp_explain_completion(void *ctx, struct rpc_request *request, const struct json *params)
{
	struct lsp *lsp = ctx;
	struct explain_params p = { .document = { NULL } };
	struct lsp_explanation *e;
	struct err err;

	lsp_refresh(lsp);
	if (!decode(params, explain_fields, "params", &p, &err))
		return rpc_fail(request, &err);
	e = xcalloc(1, sizeof(*e));
	e->lsp = lsp;
	e->ticket = rpc_ticket(request);
	e->id = engine_explain(lsp->app.engine, p.document.uri, p.position, on_explained, e, &err);
	if (!e->id) {
		free(e);
		return rpc_fail(request, &err);
	}
	e->next = lsp->explanations;
	lsp->explanations = e;
	return rpc_pending(request, on_cancel, e);
}
