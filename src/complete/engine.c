/*
 * The engine that joins the parts: what is known (cache.h, cache_sync.h), what is being asked (inflight.h), who waits
 * (pending.h), and what the open documents tell by themselves (offline.h). Which of them serves a request is decided in
 * decide.c.
 */
#include "eke/complete/engine.h"

#include <stdio.h>
#include <stdlib.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "cache_sync.h"
#include "decide.h"
#include "engine_private.h"
#include "inflight.h"
#include "pending.h"

struct engine *engine_new(
	struct loop *loop, struct upstream *upstream, struct docs *docs, struct workspace *workspace)
{
	struct engine *engine = xcalloc(1, sizeof(*engine));

	engine->loop = loop;
	engine->upstream = upstream;
	engine->docs = docs;
	engine->workspace = workspace;
	engine->cache = cache_new(0, 0);
	engine->sync = cache_sync_new(loop, engine->cache, &engine->last_id);
	engine->feedback = feedback_new();
	strbuf_init(&engine->offline_text, LIMIT_COMPLETION_TEXT);
	return engine;
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	pending_free_all(engine);
	inflight_free_all(engine);
	cache_sync_free(engine->sync);
	cache_free(engine->cache);
	feedback_free(engine->feedback);
	docs_observe(engine->docs, NULL, NULL);
	offline_free(engine->offline);
	strbuf_release(&engine->offline_text);
	config_unref(engine->config);
	free(engine);
}

/*
 * What may not be sent is not learned from either: what is offered of it elsewhere would go out with the next
 * question.
 */
static void on_text(void *ctx, const struct docs_event *event)
{
	struct engine *engine = ctx;
	struct err err;

	if (!workspace_may_send(engine->workspace, doc_uri(event->doc), &err))
		offline_forget(engine->offline, doc_uri(event->doc));
	else
		offline_follow(engine->offline, event);
}

static void configure_offline(struct engine *engine, bool on)
{
	offline_free(engine->offline);
	engine->offline = on ? offline_new() : NULL;
	docs_observe(engine->docs, on ? on_text : NULL, engine);
	for (const struct doc *doc = docs_first(engine->docs); on && doc; doc = doc_next(doc)) {
		struct docs_event event = { .kind = DOCS_WHOLE, .doc = doc };

		if (doc_is_kept(doc))
			on_text(engine, &event);
	}
}

void engine_configure(struct engine *engine, struct config *config)
{
	config_ref(config);
	config_unref(engine->config);
	engine->config = config;
	cache_sync_configure(engine->sync, config->history, !config->owner_history);
	engine_rules_changed(engine);
}

void engine_rules_changed(struct engine *engine)
{
	configure_offline(engine, engine->config->completion.offline);
}

bool engine_may_send(struct engine *engine, const char *uri, struct err *err)
{
	return workspace_may_send(engine->workspace, uri, err);
}

uint64_t engine_complete(
	struct engine *engine, const struct engine_request *request, const struct engine_callbacks *callbacks)
{
	return pending_start(engine, request, callbacks);
}

void engine_cancel(struct engine *engine, uint64_t id)
{
	pending_cancel(engine, id);
}

void engine_feedback(struct engine *engine, uint64_t item, enum engine_event event)
{
	struct doc_feedback *doc = feedback_latest(engine->feedback);

	switch (event) {
	case ENGINE_SHOWN:
		break;
	case ENGINE_ACCEPTED:
		if (doc)
			doc_feedback_accepted(doc);
		break;
	case ENGINE_PARTLY_ACCEPTED:
		if (doc)
			doc->rejected = 0;
		break;
	case ENGINE_REJECTED:
		/* What was turned down is not offered again. */
		cache_forget_item(engine->cache, item);
		cache_sync_rejected(engine->sync, item);
		if (doc)
			doc_feedback_rejected(doc);
		break;
	}
}

static const char *const decision_names[] = {
	[DECISION_ANSWER] = "cache",    [DECISION_JOIN] = "cache",      [DECISION_NOTHING] = "decline",
	[DECISION_ASK] = "ask",         [DECISION_DECLINE] = "decline", [DECISION_NO_ENDPOINT] = "decline",
	[DECISION_OFFLINE] = "offline",
};

static void explain(const struct decision *d, struct engine_explanation *out)
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

bool engine_explain(struct engine *engine, const char *uri, struct position position, struct engine_explanation *out,
	struct err *err)
{
	struct doc *doc = docs_find(engine->docs, uri);
	struct cursor_context_spec spec = { .uri = uri, .position = position };
	struct cursor_context context;
	struct decision_input in = { .context = &context, .automatic = true, .insert_spaces = true };
	struct decision decision;
	struct err rule;

	*out = (struct engine_explanation){ .decision = "decline" };
	if (!doc) {
		err_set(err, ERR_INVALID_PARAMS, "the document is not open: send textDocument/didOpen first");
		return false;
	}
	if (!doc_is_kept(doc)) {
		snprintf(out->reason, sizeof(out->reason), "the document is too large, or its text was lost");
		return true;
	}
	cursor_context_take(&context, doc, &spec, docs_encoding(engine->docs));
	if (!engine_may_send(engine, uri, &rule)) {
		snprintf(out->reason, sizeof(out->reason), "%.250s", rule.message);
	} else if (engine_is_off(engine, &context, true)) {
		snprintf(out->reason, sizeof(out->reason), "completion.trigger or completion.languages is set against it");
	} else {
		engine_decide(engine, &in, &decision);
		explain(&decision, out);
	}
	cursor_context_release(&context);
	return true;
}
