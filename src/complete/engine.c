/*
 * The engine that joins the pure parts. Two objects: a *waiter* is a client's request, from engine_complete()
 * to its one callback; an *ask* (ask.h) is a question to an endpoint. Waiters that want the same answer share
 * an ask, through the cache.
 *
 * When an ask's answer is complete it is in the cache, and each of its waiters looks there again, at its own place: one
 * mechanism for the one who asked, who joined later, and who typed on meanwhile.
 */
#include "eke/complete/engine.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/complete/cache.h"
#include "eke/text/ignore.h"
#include "ask.h"
#include "place.h"

/* Until the debounce learns from the typing: about the pause between two words. */
#define DEBOUNCE_MS 150

enum waiter_state {
	WAITER_NEW,       /* decided at the turn's end */
	WAITER_DEBOUNCING,
	WAITER_ASKED,     /* waits for `ask` */
};

struct waiter {
	uint64_t id;
	struct engine *engine;
	enum waiter_state state;
	bool automatic;
	bool insert_spaces;
	unsigned tab_size;
	struct place place;
	uint64_t revision; /* of the document, when it was asked for */
	struct range range;
	char *selected; /* or NULL */
	struct err err; /* why it fails; kind ERR_NONE: it does not */
	bool declined;
	struct timer *timer;
	struct ask *ask;
	bool joined; /* the ask was another's, for a place before this one */
	size_t told; /* bytes of the text that delta() has told */
	struct engine_callbacks callbacks;
	struct waiter *next;
};

struct engine {
	struct loop *loop;
	struct upstream *upstream;
	struct docs *docs;
	struct config *config; /* ref */
	struct ignore *ignore;
	struct cache *cache;
	struct waiter *waiters;
	struct ask_node {
		struct ask *ask;
		struct ask_node *next;
	} *asks;
	uint64_t last_id;
};

struct engine *engine_new(struct loop *loop, struct upstream *upstream, struct docs *docs)
{
	struct engine *engine = xcalloc(1, sizeof(*engine));

	engine->loop = loop;
	engine->upstream = upstream;
	engine->docs = docs;
	engine->ignore = ignore_new();
	engine->cache = cache_new(0, 0);
	return engine;
}

/* --- ends --- */

static void decide(void *ctx);
static void abandon_if_unwanted(struct engine *engine, struct ask *ask);

static void waiter_release(void *p)
{
	struct waiter *w = p;

	place_release(&w->place);
	free(w->selected);
	free(w);
}

/* Unlinks it; the memory goes at the turn's end. Its ask goes on, or not. */
static void waiter_end(struct waiter *w)
{
	struct engine *engine = w->engine;
	struct waiter **at = &engine->waiters;
	struct ask *ask = w->ask;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	loop_undefer(engine->loop, decide, w);
	timer_free(w->timer);
	w->ask = NULL;
	loop_defer_free(engine->loop, w, waiter_release);
	if (ask)
		abandon_if_unwanted(engine, ask);
}

static void waiter_nothing(struct waiter *w, const struct err *err)
{
	struct engine_callbacks callbacks = w->callbacks;

	waiter_end(w);
	callbacks.done(callbacks.ctx, NULL, err);
}

/* Tells what of the item's text was not told yet. */
static void tell(struct waiter *w, const struct cache_hit *hit)
{
	if (!w->callbacks.delta || hit->len <= w->told)
		return;
	if (w->selected && !w->told)
		w->callbacks.delta(w->callbacks.ctx, w->selected, strlen(w->selected));
	w->callbacks.delta(w->callbacks.ctx, hit->text + w->told, hit->len - w->told);
	w->told = hit->len;
}

static void waiter_answer(struct waiter *w, const struct cache_hit *hit)
{
	struct engine_callbacks callbacks = w->callbacks;
	struct engine_item item = { .id = hit->item, .range = w->range };
	struct strbuf text;

	strbuf_init(&text, LIMIT_COMPLETION_TEXT + LIMIT_COMPLETION);
	if (w->selected)
		strbuf_adds(&text, w->selected);
	strbuf_add(&text, hit->text, hit->len);
	item.text = text.data;
	item.len = text.len;
	tell(w, hit);
	waiter_end(w);
	callbacks.done(callbacks.ctx, &item, NULL);
	strbuf_release(&text);
}

static struct ask *find_ask(const struct engine *engine, uint64_t id)
{
	struct ask_node *node = engine->asks;

	while (node && ask_id(node->ask) != id)
		node = node->next;
	return node ? node->ask : NULL;
}

static void forget_ask(struct engine *engine, const struct ask *ask)
{
	struct ask_node **at = &engine->asks;
	struct ask_node *node;

	while ((*at)->ask != ask)
		at = &(*at)->next;
	node = *at;
	*at = node->next;
	free(node);
}

static bool is_wanted(const struct engine *engine, const struct ask *ask)
{
	for (const struct waiter *w = engine->waiters; w; w = w->next)
		if (w->ask == ask)
			return true;
	return false;
}

/* Nobody waits any more: an answer that was paid for goes on into the cache, a free one is aborted (design.md 4.7). */
static void abandon_if_unwanted(struct engine *engine, struct ask *ask)
{
	if (ask_is_counted(ask) || is_wanted(engine, ask))
		return;
	forget_ask(engine, ask);
	ask_cancel(ask);
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	while (engine->waiters)
		waiter_end(engine->waiters);
	while (engine->asks) {
		struct ask *ask = engine->asks->ask;

		forget_ask(engine, ask);
		ask_cancel(ask);
	}
	cache_free(engine->cache);
	ignore_free(engine->ignore);
	config_unref(engine->config);
	free(engine);
}

void engine_configure(struct engine *engine, struct config *config, config_warn_fn *warn, void *warn_ctx)
{
	struct err err;

	config_ref(config);
	config_unref(engine->config);
	engine->config = config;
	ignore_free(engine->ignore);
	engine->ignore = ignore_new();
	for (const char **pattern = config->ignore; *pattern; pattern++)
		if (!ignore_add(engine->ignore, IGNORE_USER, NULL, *pattern, &err))
			warn(warn_ctx, err.message);
}

bool engine_may_send(const struct engine *engine, const char *uri, struct err *err)
{
	const char *rule;

	if (!ignore_match_uri(engine->ignore, uri, &rule))
		return true;
	err_set(err, ERR_IGNORED, "the rule \"%s\" keeps this file on this machine", rule);
	return false;
}

/* --- answers --- */

static int64_t now_ms(void)
{
	return clock_mono_ms();
}

static void tell_growth(struct waiter *w)
{
	struct cache_place place = place_for_cache(&w->place, ask_who(w->ask));
	struct cache_hit hit;

	if (cache_find(w->engine->cache, &place, now_ms(), &hit) == CACHE_HIT && hit.item == ask_id(w->ask))
		tell(w, &hit);
}

static void on_grown(void *ctx, struct ask *ask)
{
	struct engine *engine = ctx;

	for (struct waiter *w = engine->waiters; w; w = w->next)
		if (w->ask == ask)
			tell_growth(w);
}

/* The first of an ask's waiters, detached from it. */
static struct waiter *pop_waiter(const struct engine *engine, const struct ask *ask)
{
	for (struct waiter *w = engine->waiters; w; w = w->next) {
		if (w->ask != ask)
			continue;
		w->ask = NULL;
		return w;
	}
	return NULL;
}

static void waiter_ask(struct waiter *w);

static bool is_current(const struct waiter *w)
{
	const struct doc *doc = docs_find(w->engine->docs, w->place.uri);

	return doc && doc_revision(doc) == w->revision;
}

static void answer_waiter(struct waiter *w, const struct ask *ask)
{
	struct cache_place place = place_for_cache(&w->place, ask_who(ask));
	struct cache_hit hit;

	if (cache_find(w->engine->cache, &place, now_ms(), &hit) == CACHE_HIT)
		waiter_answer(w, &hit);
	else if (w->joined && is_current(w)) /* the answer went another way than the typing: ask for this place */
		waiter_ask(w);
	else
		waiter_nothing(w, NULL);
}

static void on_ask_done(void *ctx, struct ask *ask, const struct err *err)
{
	struct engine *engine = ctx;
	struct waiter *w;

	forget_ask(engine, ask);
	while ((w = pop_waiter(engine, ask))) {
		if (err)
			waiter_nothing(w, err);
		else
			answer_waiter(w, ask);
	}
}

/* --- questions --- */

static void waiter_ask(struct waiter *w)
{
	struct engine *engine = w->engine;
	struct ask_callbacks callbacks = { .grown = on_grown, .done = on_ask_done, .ctx = engine };
	struct err err;
	struct ask_wanted wanted = {
		.id = ++engine->last_id,
		.upstream = engine->upstream,
		.cache = engine->cache,
		.endpoint = upstream_find(engine->upstream, NULL, &err),
		.config = engine->config,
		.place = &w->place,
		.automatic = w->automatic,
		.insert_spaces = w->insert_spaces,
		.tab_size = w->tab_size,
	};
	struct ask *ask = wanted.endpoint ? ask_start(&wanted, &callbacks, &err) : NULL;
	struct ask_node *node;

	if (!ask) {
		waiter_nothing(w, &err);
		return;
	}
	node = xcalloc(1, sizeof(*node));
	node->ask = ask;
	node->next = engine->asks;
	engine->asks = node;
	w->state = WAITER_ASKED;
	w->ask = ask;
	w->joined = false;
}

/* --- requests --- */

/* Uses what is known or on its way; true if the waiter is served by that. */
static bool waiter_reuse(struct waiter *w)
{
	struct endpoint *endpoint = upstream_at(w->engine->upstream, 0);
	struct cache_place place;
	struct cache_hit hit;
	enum cache_status status;
	char *who;

	if (!endpoint)
		return false;
	who = ask_who_of(endpoint);
	place = place_for_cache(&w->place, who);
	status = cache_find(w->engine->cache, &place, now_ms(), &hit);
	free(who);
	if (status == CACHE_HIT && hit.complete) {
		waiter_answer(w, &hit);
		return true;
	}
	if (status == CACHE_HIT || status == CACHE_PENDING) {
		w->ask = find_ask(w->engine, hit.item);
		if (!w->ask)
			return false;
		w->state = WAITER_ASKED;
		w->joined = true;
		return true;
	}
	/* "Nothing to say here" holds for automatic requests; who asks by hand gets another try. */
	if (status == CACHE_NOTHING && w->automatic) {
		waiter_nothing(w, NULL);
		return true;
	}
	return false;
}

static void on_debounced(void *ctx)
{
	struct waiter *w = ctx;

	/* An answer for a text that is gone could be shown to nobody. */
	if (!is_current(w))
		waiter_nothing(w, NULL);
	else if (!waiter_reuse(w))
		waiter_ask(w);
}

/*
 * Older requests in the same document are superseded: answered at once, as some clients take whichever answer
 * comes last. Those that are not asked yet never will be; those that wait for an answer go after the newest had
 * its chance to join it.
 */
static void withdraw_unasked(struct engine *engine, const struct waiter *newest)
{
	for (struct waiter *w = engine->waiters; w; w = w->next) {
		if (w == newest || w->state == WAITER_ASKED || strcmp(w->place.uri, newest->place.uri))
			continue;
		w->declined = true;
		if (w->state != WAITER_DEBOUNCING)
			continue;
		w->state = WAITER_NEW;
		timer_stop(w->timer);
		loop_defer(engine->loop, decide, w);
	}
}

static void supersede_asked(struct engine *engine, const struct waiter *newest)
{
	struct waiter *w = engine->waiters;

	while (w) {
		if (w == newest || w->state != WAITER_ASKED || w->id > newest->id || strcmp(w->place.uri, newest->place.uri)) {
			w = w->next;
			continue;
		}
		/* Its callback may change the list. */
		waiter_nothing(w, NULL);
		w = engine->waiters;
	}
}

static void decide(void *ctx)
{
	struct waiter *w = ctx;
	struct engine *engine = w->engine;
	int64_t debounce = engine->config->completion.debounce_ms;
	bool served;

	if (w->declined || w->err.kind != ERR_NONE) {
		struct err err = w->err;

		waiter_nothing(w, err.kind != ERR_NONE ? &err : NULL);
		return;
	}
	served = waiter_reuse(w);
	/* w may be over; its memory stays till the turn's end. */
	supersede_asked(engine, w);
	if (served)
		return;
	if (w->automatic && debounce) {
		w->state = WAITER_DEBOUNCING;
		timer_start(w->timer, debounce == DEBOUNCE_ADAPTIVE ? DEBOUNCE_MS : debounce);
	} else {
		waiter_ask(w);
	}
}

static bool is_declined(const struct engine *engine, const struct waiter *w)
{
	const struct config_completion *c = &engine->config->completion;

	return c->trigger == TRIGGER_OFF ||
		   (w->automatic &&
			   (c->trigger == TRIGGER_MANUAL || !config_language_enabled(engine->config, w->place.language)));
}

uint64_t engine_complete(
	struct engine *engine, const struct engine_request *request, const struct engine_callbacks *callbacks)
{
	struct waiter *w = xcalloc(1, sizeof(*w));
	struct doc *doc = docs_find(engine->docs, request->uri);
	struct place_wanted where = { .uri = request->uri,
				      .position = request->position,
				      .selected_text = request->selected_text,
				      .selected_range = request->selected_range };

	w->id = ++engine->last_id;
	w->engine = engine;
	w->automatic = request->automatic;
	w->insert_spaces = request->insert_spaces;
	w->tab_size = request->tab_size;
	w->callbacks = *callbacks;
	w->range = (struct range){ request->position, request->position };
	w->timer = timer_new(engine->loop, on_debounced, w);
	if (request->selected_text) {
		w->selected = xstrdup(request->selected_text);
		w->range = request->selected_range;
	}
	w->next = engine->waiters;
	engine->waiters = w;
	if (!doc) {
		place_name(&w->place, request->uri);
		err_set(&w->err, ERR_INVALID_PARAMS, "the document is not open: send textDocument/didOpen first");
	} else if (!doc_is_kept(doc)) {
		place_name(&w->place, request->uri);
		w->declined = true;
	} else {
		docs_touch(engine->docs, doc);
		place_take(&w->place, doc, &where, docs_encoding(engine->docs));
		w->revision = doc_revision(doc);
		w->declined = is_declined(engine, w) || !engine_may_send(engine, request->uri, &w->err);
	}
	/* Nobody asked for it: then a rule that forbids it is no news. */
	if (w->automatic && w->err.kind == ERR_IGNORED)
		w->err.kind = ERR_NONE;
	loop_defer(engine->loop, decide, w);
	withdraw_unasked(engine, w);
	return w->id;
}

void engine_cancel(struct engine *engine, uint64_t id)
{
	struct waiter *w = engine->waiters;

	while (w && w->id != id)
		w = w->next;
	if (w)
		waiter_end(w);
}

void engine_feedback(struct engine *engine, uint64_t item, enum engine_event event)
{
	/* What was turned down is not offered again; the rest is for the pacing that learns from it. */
	if (event == ENGINE_REJECTED)
		cache_forget_item(engine->cache, item);
}
