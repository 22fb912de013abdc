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
#include "eke/text/lines.h"
#include "cache_sync.h"
#include "decide.h"
#include "engine_private.h"
#include "inflight.h"

/*
 * The first useful piece of an answer is shown once the stream has been quiet for EARLY_QUIET_MS, or EARLY_MOST_MS
 * after the piece became useful, whichever comes first; a request made by hand waits EARLY_MOST_BY_HAND_MS instead.
 */
#define EARLY_QUIET_MS 40
#define EARLY_MOST_MS 150
#define EARLY_MOST_BY_HAND_MS 500

enum pending_state {
	PENDING_NEW, /* decided at the turn's end */
	PENDING_PAUSING, /* for the typing to pause */
	PENDING_REQUESTED, /* waits for `inflight` */
};

struct pending {
	uint64_t id;
	struct engine *engine;
	enum pending_state state;
	bool automatic;
	bool whole;
	bool insert_spaces;
	unsigned tab_size;
	bool project_style;
	struct cursor_context context;
	struct post_context *surroundings; /* of context; NULL: not needed yet */
	uint64_t revision; /* of the document, when it was asked for */
	struct range range;
	char *selected; /* or NULL */
	struct err err; /* why it fails, or what failed before it was answered otherwise; kind ERR_NONE: nothing */
	bool declined;
	struct timer *timer; /* of the pause; in PENDING_REQUESTED, of an early answer */
	int64_t early_at_ms; /* when that is given at the latest; 0: not useful yet */
	struct inflight *inflight;
	const struct inflight *answered_by; /* while it is answered from what came of that */
	bool joined; /* the model request was sent by another, for a context before this one */
	size_t told; /* bytes of the text that delta() has told */
	bool waits_for_more; /* than was offered here before */
	struct engine_callbacks callbacks;
	struct pending *next;
};

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

/* Unlinks it; the memory goes at the turn's end. Its model request goes on, or not. */
static void pending_end(struct pending *p)
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

static struct decision_input input_of(const struct pending *p)
{
	return (struct decision_input){
		.context = &p->context, .automatic = p->automatic, .insert_spaces = p->insert_spaces, .tab_size = p->tab_size
	};
}

static void pending_answer_nothing(struct pending *p, const struct err *err)
{
	struct engine_callbacks callbacks = p->callbacks;

	pending_end(p);
	callbacks.done(callbacks.ctx, NULL, 0, err);
}

/* Tells what of the item's text was not told yet. */
static void tell(struct pending *p, const struct cache_hit *hit)
{
	if (!p->callbacks.delta || hit->len <= p->told)
		return;
	if (p->selected && !p->told)
		p->callbacks.delta(p->callbacks.ctx, p->selected, strlen(p->selected));
	p->callbacks.delta(p->callbacks.ctx, hit->text + p->told, hit->len - p->told);
	p->told = hit->len;
}

/* As much of a text as completion.maxLines lets be shown, without a line end. */
static size_t cut_lines(const struct pending *p, const char *text, size_t len)
{
	size_t most = (size_t)p->engine->config->completion.max_lines;

	if (lines_count(text, len) < most)
		return len;
	len = lines_skip(text, len, most);
	while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	return len;
}

/* Worked out when there is something to show. */
static const struct post_context *surroundings_of(struct pending *p)
{
	struct post_input in = {
		.prefix = p->context.before.data,
		.prefix_len = p->context.before.len,
		.suffix = p->context.after.data,
		.suffix_len = p->context.after.len,
		.language = p->context.language,
		.insert_spaces = p->insert_spaces,
		.tab_size = p->tab_size,
		.project_style = p->project_style,
	};
	const struct post_context *known =
		p->answered_by ? model_request_surroundings(p->answered_by->request, &p->context) : NULL;

	if (!known && !p->surroundings)
		p->surroundings = post_context_new(&in);
	return known ? known : p->surroundings;
}

/*
 * The range that an item replaces: closers that the editor put right of the cursor, if the text goes on behind its own.
 * They are ASCII, of one unit in any encoding.
 */
static struct range range_of(struct pending *p, const char *text, size_t len)
{
	struct range range = p->range;

	range.end.character += (int64_t)post_replaced(surroundings_of(p), text, len);
	return range;
}

/*
 * How much of a text is shown at once: the block, but never less than what was shown of it before. The rest is in the
 * cache when the user gets there.
 */
static size_t shown(struct pending *p, const struct cache_hit *hit)
{
	const struct doc_feedback *doc = feedback_of_doc(p->engine->feedback, p->context.uri);
	size_t before = doc_feedback_remaining(doc, p->context.offset, hit->text, hit->len);
	size_t block = p->whole ? hit->len : post_first_block(surroundings_of(p), hit->text, hit->len);

	return cut_lines(p, hit->text, block > before ? block : before);
}

/* A closer right of the cursor cuts no complete answer that can take its place. */
static struct cache_hit uncut(struct pending *p, struct cache_hit hit)
{
	if (hit.cut && hit.complete && post_replaced(surroundings_of(p), hit.text, hit.len + hit.cut))
		hit.len += hit.cut;
	return hit;
}

/* Of the first, nothing beyond `most` bytes is shown. */
static void pending_answer(struct pending *p, const struct cache_hit *hits, size_t count, size_t most)
{
	struct engine_callbacks callbacks = p->callbacks;
	struct doc_feedback *doc = feedback_of_doc(p->engine->feedback, p->context.uri);
	struct engine_item items[ENGINE_ITEMS] = { { .id = 0 } };
	struct strbuf texts[ENGINE_ITEMS];
	struct cache_hit head = uncut(p, hits[0]);
	struct cache_hit hit;
	size_t first;
	size_t len;

	head.len = head.len < most ? head.len : most;
	first = shown(p, &head);
	for (size_t i = 0; i < count; i++) {
		strbuf_init(&texts[i], LIMIT_COMPLETION_TEXT + LIMIT_COMPLETION);
		if (p->selected)
			strbuf_adds(&texts[i], p->selected);
		hit = i ? uncut(p, hits[i]) : head;
		len = i ? shown(p, &hit) : first;
		strbuf_add(&texts[i], hit.text, len);
		items[i] = (struct engine_item){
			.id = hit.item,
			.text = texts[i].data,
			.len = texts[i].len,
			.range = range_of(p, hit.text, len),
			.offline = hit.text == p->engine->offline_text.data,
			.growing = !hit.complete && inflight_find(p->engine, hit.item),
		};
	}
	tell(p, &head);
	cache_sync_used(p->engine->sync, hits[0].item);
	doc_feedback_offer(doc, p->context.offset, p->revision, hits[0].text, first);
	if (count && !items[0].offline)
		recent_touch(&doc->recent, &hits[0], p->context.offset);
	pending_end(p);
	callbacks.done(callbacks.ctx, items, count, p->err.kind != ERR_NONE ? &p->err : NULL);
	for (size_t i = 0; i < count; i++)
		strbuf_release(&texts[i]);
}

/* Answers with what the open documents tell; it stands in engine->offline_text. */
static void pending_answer_offline(struct pending *p)
{
	struct engine *engine = p->engine;
	struct cache_hit hit = {
		.text = engine->offline_text.data, .len = engine->offline_text.len, .item = engine->last_id += CACHE_RANKS
	};

	pending_answer(p, &hit, 1, SIZE_MAX);
}

/* It was tried and failed: the open documents may know something, too. */
static void pending_fail(struct pending *p, const struct err *err)
{
	struct decision_input in = input_of(p);
	struct offline_verdict verdict;

	p->err = *err;
	if (engine_look_offline(p->engine, &in, OFFLINE_LIKELY, &verdict))
		pending_answer_offline(p);
	else
		pending_answer_nothing(p, &p->err);
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

	return shown(p, hit) > doc_feedback_remaining(doc, p->context.offset, hit->text, hit->len);
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
	return post_first_useful(surroundings_of(p), hit->text, hit->len);
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
			tell(p, &hit);
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
	struct decision_input in = input_of(p);

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
