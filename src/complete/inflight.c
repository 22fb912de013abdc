/*
 * The model requests that are under way. struct inflight is in the engine's list from inflight_start() to its answer or
 * its abandonment; it owns its model request.
 */
#include "inflight.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"
#include "engine_private.h"
#include "pending.h"

/* Longer than the time between two keystrokes. */
#define ABORT_AFTER_MS 300

static void inflight_release(void *p)
{
	struct inflight *inflight = p;

	free(inflight->uri);
	free(inflight);
}

/* The memory goes at the turn's end: a callback of its request may be on the stack. */
static void inflight_unlink(struct inflight *inflight)
{
	struct inflight **at = &inflight->engine->inflight;

	while (*at != inflight)
		at = &(*at)->next;
	*at = inflight->next;
	timer_free(inflight->abort_timer);
	retriever_cancel(inflight->engine->retriever, inflight->preparing);
	claim_end(inflight->claim);
	loop_defer_free(inflight->engine->loop, inflight, inflight_release);
}

static void on_grown(void *ctx, struct model_request *request)
{
	struct inflight *inflight = ctx;

	(void)request;
	pending_on_grown(inflight->engine, inflight);
}

static void on_kept(void *ctx, const struct cache_key *key, const struct cache_answer *answer)
{
	const struct inflight *inflight = ctx;

	cache_sync_keep(inflight->engine->sync, inflight->uri, key, answer);
}

static void on_done(void *ctx, struct model_request *request, const struct err *err)
{
	struct inflight *inflight = ctx;

	(void)request;
	inflight_unlink(inflight);
	pending_on_done(inflight->engine, inflight, err);
}

static void inflight_cancel(struct inflight *inflight)
{
	inflight_unlink(inflight);
	model_request_cancel(inflight->request);
}

/* Another process has the answer, or nobody wants it any more: those who wait look into the cache. */
static void inflight_answered(void *ctx)
{
	struct inflight *inflight = ctx;

	inflight_cancel(inflight);
	pending_on_done(inflight->engine, inflight, NULL);
}

static void on_context(void *ctx)
{
	struct inflight *inflight = ctx;

	inflight->preparing = 0;
	model_request_add_context(inflight->request);
	model_request_send(inflight->request);
}

static void inflight_send(void *ctx, bool waited)
{
	struct inflight *inflight = ctx;
	struct engine *engine = inflight->engine;

	/* What others did not answer in time may be wanted by nobody any more. */
	if (waited && !pending_any_current(engine, inflight)) {
		inflight_answered(inflight);
		return;
	}
	inflight->preparing = retriever_prepare(engine->retriever, inflight->uri, on_context, inflight);
	if (!inflight->preparing)
		model_request_send(inflight->request);
}

/* Costs nothing, and nobody waits for it. */
static bool is_idle(const struct inflight *inflight)
{
	return !model_request_is_paid(inflight->request) && !pending_any_for(inflight->engine, inflight);
}

static void on_abort_time(void *ctx)
{
	struct inflight *inflight = ctx;

	if (is_idle(inflight) && !inflight->used)
		inflight_cancel(inflight);
}

struct inflight *inflight_start(struct engine *engine, const struct model_request_params *params, struct err *err)
{
	struct inflight *inflight = xcalloc(1, sizeof(*inflight));
	struct model_request_callbacks callbacks = { .grown = on_grown, .kept = on_kept, .done = on_done, .ctx = inflight };
	struct claim_callbacks claim_callbacks = { .send = inflight_send, .answered = inflight_answered, .ctx = inflight };

	inflight->request = model_request_new(params, &callbacks, err);
	if (!inflight->request) {
		free(inflight);
		return NULL;
	}
	inflight->engine = engine;
	inflight->abort_timer = timer_new(engine->loop, on_abort_time, inflight);
	inflight->uri = xstrdup(params->context->uri);
	inflight->automatic = params->automatic;
	inflight->next = engine->inflight;
	engine->inflight = inflight;
	inflight->claim = claim_start(engine->sync, inflight->uri, model_request_key(inflight->request),
		model_request_timeout_ms(inflight->request), &claim_callbacks);
	return inflight;
}

struct inflight *inflight_find(const struct engine *engine, uint64_t item)
{
	struct inflight *inflight = engine->inflight;

	while (inflight && !model_request_has_item(inflight->request, item))
		inflight = inflight->next;
	return inflight;
}

bool inflight_any_automatic(const struct engine *engine, const char *uri)
{
	for (const struct inflight *inflight = engine->inflight; inflight; inflight = inflight->next)
		if (inflight->automatic && !strcmp(inflight->uri, uri))
			return true;
	return false;
}

void inflight_abandon(struct inflight *inflight)
{
	if (is_idle(inflight) && !inflight->used)
		timer_start(inflight->abort_timer, ABORT_AFTER_MS);
}

bool inflight_make_room(void *ctx)
{
	struct engine *engine = ctx;
	struct inflight *oldest = NULL;

	/* The newest is first. */
	for (struct inflight *inflight = engine->inflight; inflight; inflight = inflight->next)
		if (!pending_any_for(engine, inflight))
			oldest = inflight;
	if (oldest)
		inflight_cancel(oldest);
	return oldest != NULL;
}

void inflight_sweep(struct engine *engine, const char *uri, const struct inflight *except)
{
	struct inflight *inflight = engine->inflight;

	while (inflight) {
		struct inflight *next = inflight->next;

		if (inflight != except && !strcmp(inflight->uri, uri) && is_idle(inflight))
			inflight_cancel(inflight);
		inflight = next;
	}
}

void inflight_free_all(struct engine *engine)
{
	while (engine->inflight)
		inflight_cancel(engine->inflight);
}
