/*
 * What would be done with a request, and what would go along with it. Files are read first, as before a request; a
 * struct explaining waits for that.
 */
#include "explain.h"

#include <stdio.h>
#include <stdlib.h>

#include "eke/base/list.h"
#include "eke/base/mem.h"
#include "decide.h"
#include "engine_private.h"

struct explaining {
	uint64_t id;
	struct engine *engine;
	char *uri;
	struct position position;
	uint64_t preparing; /* the retriever's number; 0: it has nothing to read */
	engine_explain_fn *fn;
	void *ctx;
	struct explaining *next;
};

static void on_ready(void *ctx);

static void explaining_end(struct explaining *e)
{
	list_unlink(e->engine->explaining, e);
	retriever_cancel(e->engine->retriever, e->preparing);
	loop_undefer(e->engine->loop, on_ready, e);
	free(e->uri);
	free(e);
}

void explanations_free_all(struct engine *engine)
{
	while (engine->explaining)
		explaining_end(engine->explaining);
}

void engine_explain_cancel(struct engine *engine, uint64_t id)
{
	struct explaining *e = engine->explaining;

	while (e && e->id != id)
		e = e->next;
	if (e)
		explaining_end(e);
}

static const char *const decision_names[] = {
	[DECISION_ANSWER] = "cache",
	[DECISION_JOIN] = "cache",
	[DECISION_NOTHING] = "decline",
	[DECISION_ASK] = "ask",
	[DECISION_DECLINE] = "decline",
	[DECISION_NO_ENDPOINT] = "decline",
	[DECISION_OFFLINE] = "offline",
};

static void describe(const struct decision *d, struct engine_explanation *out)
{
	out->decision = decision_names[d->kind];
	out->score = d->kind == DECISION_OFFLINE ? d->offline.probability : d->admission.score;
	switch (d->kind) {
	case DECISION_ANSWER:
		snprintf(out->reason, sizeof(out->reason), "an answer is known%s",
			d->hits[0].typed ? ", and typed through so far" : "");
		break;
	case DECISION_JOIN:
		snprintf(out->reason, sizeof(out->reason), "an answer that leads here is on its way");
		break;
	case DECISION_NOTHING:
		snprintf(out->reason, sizeof(out->reason), "the model had nothing to add right here, a short while ago");
		break;
	case DECISION_OFFLINE:
		snprintf(out->reason, sizeof(out->reason), "the open documents say so, with a probability of %.2f",
			d->offline.probability);
		break;
	case DECISION_ASK:
		snprintf(out->reason, sizeof(out->reason), "%s; after a pause of %lld ms", d->admission.reason,
			(long long)d->admission.delay_ms);
		break;
	case DECISION_DECLINE:
		snprintf(out->reason, sizeof(out->reason), "%s", d->admission.reason);
		break;
	case DECISION_NO_ENDPOINT:
		snprintf(out->reason, sizeof(out->reason), "no endpoint is configured");
		break;
	}
}

static void preview(const struct explaining *e, const struct cursor_context *context, struct engine_explanation *out)
{
	struct engine *engine = e->engine;
	struct model_request_params params = {
		.upstream = engine->upstream,
		.cache = engine->cache,
		.endpoint = engine_endpoint(engine, true),
		.config = engine->config,
		.retriever = engine->retriever,
		.context = context,
		.automatic = true,
		.insert_spaces = true,
	};
	char *path = workspace_show_outside(engine->workspace, e->uri);

	params.path = path;
	if (params.endpoint)
		model_request_preview(&params, &out->context, &out->prompt_tokens);
	free(path);
}

static void explain(const struct explaining *e, const struct doc *doc, struct engine_explanation *out)
{
	struct engine *engine = e->engine;
	struct cursor_context_spec spec = { .uri = e->uri, .position = e->position };
	struct cursor_context context;
	struct decision_input in = { .context = &context, .automatic = true, .insert_spaces = true };
	struct decision decision;
	struct err rule;

	if (!doc || !doc_is_kept(doc)) {
		snprintf(out->reason, sizeof(out->reason), "the document is too large, or its text was lost");
		return;
	}
	if (!cursor_context_take(&context, engine->workspace, doc, &spec, docs_encoding(engine->docs), &rule)) {
		snprintf(out->reason, sizeof(out->reason), "%.250s", rule.message);
	} else if (engine_is_off(engine, &context, true)) {
		snprintf(out->reason, sizeof(out->reason), "completion.trigger or completion.languages is set against it");
	} else {
		engine_decide(engine, &in, &decision);
		describe(&decision, out);
		preview(e, &context, out);
	}
	cursor_context_release(&context);
}

static void on_ready(void *ctx)
{
	struct explaining *e = ctx;
	struct engine_explanation explanation = { .decision = "decline" };
	engine_explain_fn *fn = e->fn;
	void *fn_ctx = e->ctx;

	e->preparing = 0;
	explain(e, docs_find(e->engine->docs, e->uri), &explanation);
	explaining_end(e);
	fn(fn_ctx, &explanation);
	snippets_release(&explanation.context);
}

uint64_t engine_explain(
	struct engine *engine, const char *uri, struct position position, engine_explain_fn *fn, void *ctx, struct err *err)
{
	struct explaining *e;

	if (!docs_find(engine->docs, uri)) {
		err_set(err, ERR_INVALID_PARAMS, "the document is not open: send textDocument/didOpen first");
		return 0;
	}
	e = xcalloc(1, sizeof(*e));
	e->id = ++engine->last_id;
	e->engine = engine;
	e->uri = xstrdup(uri);
	e->position = position;
	e->fn = fn;
	e->ctx = ctx;
	e->next = engine->explaining;
	engine->explaining = e;
	e->preparing = retriever_prepare(engine->retriever, uri, on_ready, e);
	if (!e->preparing)
		loop_defer(engine->loop, on_ready, e);
	return e->id;
}
