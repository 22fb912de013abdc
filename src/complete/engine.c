/*
 * The engine that joins the parts: what is known (cache.h, cache_sync.h), what is being asked (inflight.h), who waits
 * (pending.h), and what the open documents tell by themselves (offline.h). Which of them serves a request is decided in
 * decide.c.
 */
#include "eke/complete/engine.h"

#include <stdlib.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "cache_sync.h"
#include "decide.h"
#include "engine_private.h"
#include "explain.h"
#include "inflight.h"
#include "pending.h"

/*
 * What may not be sent is not learned from either: what is offered of it elsewhere would go out with the next
 * question.
 */
static void learn_offline(struct engine *engine, const struct docs_event *event)
{
	struct err err;

	if (!engine->offline)
		return;
	if (!workspace_may_send(engine->workspace, doc_uri(event->doc), &err))
		offline_forget(engine->offline, doc_uri(event->doc));
	else
		offline_follow(engine->offline, event);
}

static void on_text(void *ctx, const struct docs_event *event)
{
	struct engine *engine = ctx;

	retriever_observe(engine->retriever, event);
	learn_offline(engine, event);
}

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
	engine->retriever = retriever_new(loop, docs, workspace);
	docs_observe(docs, on_text, engine);
	upstream_on_full(upstream, inflight_make_room, engine);
	strbuf_init(&engine->offline_text, LIMIT_COMPLETION_TEXT);
	return engine;
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	pending_free_all(engine);
	inflight_free_all(engine);
	explanations_free_all(engine);
	cache_sync_free(engine->sync);
	cache_free(engine->cache);
	feedback_free(engine->feedback);
	docs_observe(engine->docs, NULL, NULL);
	upstream_on_full(engine->upstream, NULL, NULL);
	retriever_free(engine->retriever);
	offline_free(engine->offline);
	strbuf_release(&engine->offline_text);
	config_unref(engine->config);
	free(engine);
}

static void configure_offline(struct engine *engine, bool on)
{
	offline_free(engine->offline);
	engine->offline = on ? offline_new() : NULL;
	for (const struct doc *doc = docs_first(engine->docs); on && doc; doc = doc_next(doc)) {
		struct docs_event event = { .kind = DOCS_WHOLE, .doc = doc };

		if (doc_is_kept(doc))
			learn_offline(engine, &event);
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
	retriever_forget(engine->retriever);
	configure_offline(engine, engine->config->completion.offline);
}

struct retriever *engine_retriever(struct engine *engine)
{
	return engine->retriever;
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
