/*
 * The editor's requests that are not answered yet. A struct pending lives from engine_complete() to its one callback or
 * its cancellation. Those that want the same answer share a model request, through the cache.
 *
 * When an answer is complete it is in the cache, and each pending request that waited for it looks there again, for its
 * own context. So the one that sent it, one that joined later and one whose text has grown meanwhile are served alike.
 */
#include "pending.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/post/post.h"
#include "cache_sync.h"
#include "decide.h"
#include "engine_private.h"
#include "inflight.h"
#include "pending_private.h"

/*
 * The first useful piece of an answer is shown once the stream has been quiet for EARLY_QUIET_MS, or EARLY_MOST_MS
 * after the piece became useful, whichever comes first; a request made by hand waits EARLY_MOST_BY_HAND_MS instead.
 */
#define EARLY_QUIET_MS 40
#define EARLY_MOST_MS 150
#define EARLY_MOST_BY_HAND_MS 500

/* --- ends --- */

static void decide(void *ctx);

static void pending_release(void *memory)
{
	struct pending *p = memory;

	cursor_context_release(&p->context);
	post_context_free(p->surroundings);
	free(p->selected);
	free(p);
}

void pending_end(struct pending *p)
{
	struct engine *engine = p->engine;
	struct pending **at = &engine->pending;
	struct inflight *inflight = p->inflight;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	loop_undefer(engine->loop, decide, p);
	timer_free(p->timer);
	p->inflight = NULL;
	loop_defer_free(engine->loop, p, pending_release);
	if (inflight)
		inflight_abandon(inflight);
}

/* --- answers of a model request --- */

bool pending_any_for(const struct engine *engine, const struct inflight *inflight)
{
	for (const struct pending *p = engine->pending; p; p = p->next)
		if (p->inflight == inflight)
			return true;
	return false;
}

/* What has come of the awaited answer, for this context; false if nothing has. */
static bool find_growing(const struct pending *p, struct cache_hit *hit)
{
	struct cache_context context = cursor_context_for_cache(&p->context, model_request_model_id(p->inflight->request));

	return cache_find(p->engine->cache, &context, clock_mono_ms(), hit) == CACHE_HIT &&
		model_request_has_item(p->inflight->request, hit->item);
}

/* Only blanks follow the cursor on its line. */
static bool is_line_end(const struct cursor_context *context)
{
	const char *s = context->after.data;

	s += strspn(s, " \t");
	return !*s || *s == '\n' || *s == '\r';
}

/* Something was offered for this very place and text. */
static bool has_offer(const struct pending *p)
{
	const struct doc_feedback *doc = feedback_of_doc(p->engine->feedback, p->context.uri);

	return doc->offered.len && doc->offset == p->context.offset && doc->revision == p->revision;
}

/* Of what is known, there is more to show than was offered here. */
static bool has_grown(struct pending *p, const struct cache_hit *hit)
{
	const struct doc_feedback *doc = feedback_of_doc(p->engine->feedback, p->context.uri);

	return pending_shown(p, hit) > doc_feedback_remaining(doc, p->context.offset, hit->text, hit->len);
}

/* How much of what is known so far is useful by itself; 0: nothing is. */
static size_t find_useful(struct pending *p, struct cache_hit *hit)
{
	if (p->whole || !find_growing(p, hit))
		return 0;
	/* Before a closer in the line a piece in several lines lacks the line break that the whole has. */
	if (memchr(hit->text, '\n', hit->len) && !is_line_end(&p->context))
		return 0;
	if (p->waits_for_more)
		return has_grown(p, hit) ? hit->len : 0;
	return post_first_useful(pending_surroundings(p), hit->text, hit->len);
}

static void on_early(struct pending *p)
{
	struct cache_hit hit;
	size_t useful = find_useful(p, &hit);

	if (!useful)
		return;
	p->inflight->used = true;
	p->answered_by = p->inflight;
	pending_answer(p, &hit, 1, useful);
}

/* More has come: will it be answered before the rest is there? */
static void consider_early(struct pending *p)
{
	int64_t now = clock_mono_ms();
	struct cache_hit hit;

	if (!p->early_at_ms) {
		if (!find_useful(p, &hit))
			return;
		p->early_at_ms = now + (p->automatic ? EARLY_MOST_MS : EARLY_MOST_BY_HAND_MS);
	}
	timer_start(p->timer,
		p->early_at_ms - now < EARLY_QUIET_MS ? (p->early_at_ms > now ? p->early_at_ms - now : 0) : EARLY_QUIET_MS);
}

void pending_on_grown(struct engine *engine, struct inflight *inflight)
{
	struct cache_hit hit;

	for (struct pending *p = engine->pending; p; p = p->next) {
		if (p->inflight != inflight)
			continue;
		if (find_growing(p, &hit))
			pending_tell(p, &hit);
		consider_early(p);
	}
}

/* The first that waits for this model request, detached from it. */
static struct pending *pop_pending(const struct engine *engine, const struct inflight *inflight)
{
	for (struct pending *p = engine->pending; p; p = p->next) {
		if (p->inflight != inflight)
			continue;
		p->inflight = NULL;
		return p;
	}
	return NULL;
}

static bool is_current(const struct pending *p)
{
	const struct doc *doc = docs_find(p->engine->docs, p->context.uri);

	return doc && doc_revision(doc) == p->revision;
}

bool pending_any_current(const struct engine *engine, const struct inflight *inflight)
{
	for (const struct pending *p = engine->pending; p; p = p->next)
		if (p->inflight == inflight && is_current(p))
			return true;
	return false;
}

static void pending_act(struct pending *p, const struct decision *decision);
static void pending_send_request(struct pending *p, struct endpoint *endpoint);

static void pending_decide(struct pending *p, struct decision *decision)
{
	struct decision_input in = pending_input(p);

	/* What other processes, and former ones, know of the document; without an endpoint nobody knows anything. */
	if (upstream_at(p->engine->upstream, 0))
		cache_sync_refresh(p->engine->sync, p->context.uri);
	engine_decide(p->engine, &in, decision);
}

static void answer_pending(struct pending *p, const struct inflight *inflight)
{
	struct cache_context context = cursor_context_for_cache(&p->context, model_request_model_id(inflight->request));
	struct cache_hit hits[ENGINE_ITEMS];
	size_t count = cache_find_all(p->engine->cache, &context, clock_mono_ms(), hits, ENGINE_ITEMS);
	struct decision decision;

	if (count) {
		p->answered_by = inflight;
		pending_answer(p, hits, count, SIZE_MAX);
	} else if (p->joined && is_current(p)) {
		/* The answer went another way than the typing. */
		pending_decide(p, &decision);
		pending_act(p, &decision);
	} else {
		pending_answer_nothing(p, NULL);
	}
}

/* The endpoint has nothing to give: whom may who asked by hand be served by instead? NULL: nobody. */
static struct endpoint *other_endpoint(const struct pending *p, const struct inflight *inflight, const struct err *err)
{
	struct endpoint *other;

	if (!err || err->kind != ERR_BUDGET || p->automatic || !is_current(p))
		return NULL;
	other = engine_endpoint(p->engine, false);
	return other == model_request_endpoint(inflight->request) ? NULL : other;
}

void pending_on_done(struct engine *engine, struct inflight *inflight, const struct err *err)
{
	struct pending *p;

	while ((p = pop_pending(engine, inflight))) {
		struct endpoint *other = other_endpoint(p, inflight, err);

		if (other)
			pending_send_request(p, other);
		else if (err)
			pending_fail(p, err);
		else
			answer_pending(p, inflight);
	}
}

/* --- requests --- */

/* `endpoint` NULL: there is none. */
static void pending_send_request(struct pending *p, struct endpoint *endpoint)
{
	struct engine *engine = p->engine;
	struct doc_feedback *doc = feedback_of_doc(engine->feedback, p->context.uri);
	struct err err;
	struct model_request_params params = {
		.id = engine->last_id += CACHE_RANKS,
		.upstream = engine->upstream,
		.cache = engine->cache,
		.endpoint = endpoint ? endpoint : upstream_find(engine->upstream, NULL, &err),
		.config = engine->config,
		.retriever = engine->retriever,
		.context = &p->context,
		.automatic = p->automatic,
		.insert_spaces = p->insert_spaces,
		.tab_size = p->tab_size,
		.project_style = p->project_style,
	};
	char *path = workspace_show_outside(engine->workspace, p->context.uri);
	struct inflight *inflight;

	params.path = path;
	inflight = params.endpoint ? inflight_start(engine, &params, &err) : NULL;
	free(path);
	if (!inflight) {
		pending_fail(p, &err);
		return;
	}
	if (p->automatic)
		doc_feedback_requested(doc, p->context.line);
	p->state = PENDING_REQUESTED;
	p->inflight = inflight;
	p->joined = false;
	p->early_at_ms = 0;
}

static void pending_join(struct pending *p, struct inflight *inflight)
{
	p->state = PENDING_REQUESTED;
	p->inflight = inflight;
	p->joined = true;
	p->early_at_ms = 0;
	p->waits_for_more = has_offer(p);
	consider_early(p);
}

/* Does what was decided; the pause that it asks for is over for one that is pausing already. */
static void pending_act(struct pending *p, const struct decision *decision)
{
	switch (decision->kind) {
	case DECISION_ANSWER:
		pending_answer(p, decision->hits, decision->hit_count, SIZE_MAX);
		return;
	case DECISION_JOIN:
		pending_join(p, decision->inflight);
		return;
	case DECISION_DECLINE:
		log_debug("completion declined: %s", decision->admission.reason);
		pending_answer_nothing(p, NULL);
		return;
	case DECISION_NOTHING:
		pending_answer_nothing(p, NULL);
		return;
	case DECISION_OFFLINE:
		pending_answer_offline(p);
		return;
	case DECISION_ASK:
		if (decision->admission.delay_ms && p->state != PENDING_PAUSING) {
			p->state = PENDING_PAUSING;
			timer_start(p->timer, decision->admission.delay_ms);
			return;
		}
		/* fall through */
	case DECISION_NO_ENDPOINT:
		pending_send_request(p, decision->endpoint);
		return;
	}
}

static void on_timer(void *ctx)
{
	struct pending *p = ctx;
	struct decision decision;

	if (p->state == PENDING_REQUESTED) {
		on_early(p);
		return;
	}
	/* An answer for a text that is gone could be shown to nobody. */
	if (!is_current(p)) {
		pending_answer_nothing(p, NULL);
		return;
	}
	pending_decide(p, &decision);
	pending_act(p, &decision);
}

/*
 * Older requests in the same document are superseded: answered at once, as some clients take whichever answer
 * comes last. Those without a request never get one; those that wait for an answer go after the newest had
 * its chance to join it.
 */
static void withdraw_unasked(struct engine *engine, const struct pending *newest)
{
	for (struct pending *p = engine->pending; p; p = p->next) {
		if (p == newest || p->state == PENDING_REQUESTED || strcmp(p->context.uri, newest->context.uri))
			continue;
		p->declined = true;
		if (p->state != PENDING_PAUSING)
			continue;
		p->state = PENDING_NEW;
		timer_stop(p->timer);
		loop_defer(engine->loop, decide, p);
	}
}

static void supersede_asked(struct engine *engine, uint64_t newest, const char *uri)
{
	struct pending *p = engine->pending;

	while (p) {
		if (p->state != PENDING_REQUESTED || p->id >= newest || strcmp(p->context.uri, uri)) {
			p = p->next;
			continue;
		}
		/* Its callback may change the list. */
		pending_answer_nothing(p, NULL);
		p = engine->pending;
	}
}

/* The model request that a decision rests on, or NULL. */
static const struct inflight *inflight_of(const struct engine *engine, const struct decision *decision)
{
	if (decision->kind == DECISION_JOIN)
		return decision->inflight;
	return decision->kind == DECISION_ANSWER ? inflight_find(engine, decision->hits[0].item) : NULL;
}

static void decide(void *ctx)
{
	struct pending *p = ctx;
	struct engine *engine = p->engine;
	const struct inflight *inflight;
	struct decision decision;

	if (p->declined || p->err.kind != ERR_NONE) {
		struct err err = p->err;

		pending_answer_nothing(p, err.kind != ERR_NONE ? &err : NULL);
		return;
	}
	doc_feedback_observe(feedback_of_doc(engine->feedback, p->context.uri), p->context.offset, p->context.before.data,
		p->context.before.len);
	pending_decide(p, &decision);
	inflight = inflight_of(engine, &decision);
	/* w may be over after it is served; its memory stays till the turn's end. */
	if (decision.kind == DECISION_JOIN || decision.kind == DECISION_ANSWER || decision.kind == DECISION_OFFLINE) {
		pending_act(p, &decision);
		supersede_asked(engine, p->id, p->context.uri);
	} else {
		supersede_asked(engine, p->id, p->context.uri);
		pending_act(p, &decision);
	}
	inflight_sweep(engine, p->context.uri, inflight);
}

uint64_t pending_start(
	struct engine *engine, const struct engine_request *request, const struct engine_callbacks *callbacks)
{
	struct pending *p = xcalloc(1, sizeof(*p));
	struct doc *doc = docs_find(engine->docs, request->uri);
	struct cursor_context_spec spec = { .uri = request->uri,
		.position = request->position,
		.selected_text = request->selected_text,
		.selected_range = request->selected_range };

	p->id = ++engine->last_id;
	p->engine = engine;
	p->automatic = request->automatic;
	p->whole = request->whole;
	p->insert_spaces = request->insert_spaces;
	p->tab_size = request->tab_size;
	p->project_style = request->project_style;
	p->callbacks = *callbacks;
	p->range = (struct range){ request->position, request->position };
	p->timer = timer_new(engine->loop, on_timer, p);
	if (request->selected_text) {
		p->selected = xstrdup(request->selected_text);
		p->range = request->selected_range;
	}
	p->next = engine->pending;
	engine->pending = p;
	if (p->automatic)
		feedback_keystroke(engine->feedback, clock_mono_ms());
	if (!doc) {
		cursor_context_empty(&p->context, request->uri);
		err_set(&p->err, ERR_INVALID_PARAMS, "the document is not open: send textDocument/didOpen first");
	} else if (!doc_is_kept(doc)) {
		cursor_context_empty(&p->context, request->uri);
		p->declined = true;
	} else {
		docs_touch(engine->docs, doc);
		p->declined =
			!cursor_context_take(&p->context, engine->workspace, doc, &spec, docs_encoding(engine->docs), &p->err);
		p->revision = doc_revision(doc);
		if (engine_is_off(engine, &p->context, p->automatic)) {
			p->declined = true;
			p->err.kind = ERR_NONE;
		}
	}
	/* Nobody asked for it: then a rule that forbids it is no news. */
	if (p->automatic && p->err.kind == ERR_IGNORED)
		p->err.kind = ERR_NONE;
	loop_defer(engine->loop, decide, p);
	withdraw_unasked(engine, p);
	return p->id;
}

void pending_cancel(struct engine *engine, uint64_t id)
{
	struct pending *p = engine->pending;

	while (p && p->id != id)
		p = p->next;
	if (p)
		pending_end(p);
}

void pending_free_all(struct engine *engine)
{
	while (engine->pending)
		pending_end(engine->pending);
}
