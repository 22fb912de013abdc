/*
 * The engine that joins the pure parts. Two objects: a *waiter* is a client's request, from engine_complete()
 * to its one callback; an *ask* is a question to an endpoint, from call_start() to its answer. Waiters that
 * want the same answer share an ask, through the cache: an ask is put there when it goes out (with nothing
 * yet), and whoever comes to a place that it covers is told to wait for it.
 *
 * When an ask's answer is complete it is put into the cache, and each of its waiters looks there again, at its
 * own place: one mechanism for the one who asked, who joined later, and who typed on meanwhile.
 */
#include "eke/complete/engine.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/complete/cache.h"
#include "eke/complete/post.h"
#include "eke/complete/prompt.h"
#include "eke/complete/window.h"
#include "eke/text/buffer.h"
#include "eke/text/ignore.h"
#include "eke/text/uri.h"
#include "eke/upstream/call.h"

/* Until the debounce learns from the typing: about the pause between two words. */
#define DEBOUNCE_MS 150
/* Room for an answer of max_lines lines of code; providers charge the room in advance (upstream.md 1.4). */
#define TOKENS_PER_LINE 24
#define TOKENS_MAX 1024

/* The text around a cursor, copied. */
struct place {
	char *uri;
	char *language;
	struct strbuf before;
	struct strbuf after;
};

struct ask {
	uint64_t id; /* also the item's id */
	struct engine *engine;
	struct place place;
	char *who;
	struct cache_key key;
	struct window window; /* slices of place */
	unsigned mark;
	enum post_source source;
	uint64_t call;
	bool counted; /* its plan is: never thrown away */
	bool insert_spaces;
	unsigned tab_size;
	struct strbuf raw;
	struct strbuf text; /* post-processed so far */
	struct ask *next;
};

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
	struct ask *asks;
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

/* --- places --- */

static void place_init(struct place *place)
{
	place->uri = place->language = NULL;
	strbuf_init(&place->before, LIMIT_PREFIX_WINDOW + LIMIT_URI + LIMIT_COMPLETION);
	strbuf_init(&place->after, LIMIT_SUFFIX_WINDOW + LIMIT_CACHE_HEAD);
}

static void place_release(struct place *place)
{
	free(place->uri);
	free(place->language);
	strbuf_release(&place->before);
	strbuf_release(&place->after);
}

static void place_copy(struct place *to, const struct place *from)
{
	place_init(to);
	to->uri = xstrdup(from->uri);
	to->language = xstrdup(from->language);
	strbuf_add(&to->before, from->before.data, from->before.len);
	strbuf_add(&to->after, from->after.data, from->after.len);
}

/* The text around the cursor, as if the popup's selected item were in the document already. */
static void place_take(struct place *place, const struct doc *doc, const struct engine_request *r, enum position_encoding enc)
{
	const struct text_buffer *text = doc_text(doc);
	size_t start = text_buffer_offset(text, r->selected_text ? r->selected_range.start : r->position, enc);
	size_t end = r->selected_text ? text_buffer_offset(text, r->selected_range.end, enc) : start;

	place_init(place);
	place->uri = xstrdup(r->uri);
	place->language = xstrdup(doc_language(doc));
	text_buffer_before(text, start, LIMIT_PREFIX_WINDOW + LIMIT_CACHE_TYPED, &place->before);
	if (r->selected_text)
		strbuf_adds(&place->before, r->selected_text);
	text_buffer_after(text, end, LIMIT_SUFFIX_WINDOW, &place->after);
}

static struct cache_place cache_place_of(const struct place *place, const char *who)
{
	return (struct cache_place){ .who = who,
				     .uri = place->uri,
				     .prefix = place->before.data,
				     .prefix_len = place->before.len,
				     .suffix = place->after.data,
				     .suffix_len = place->after.len };
}

/* The last components of a file's path: enough to tell the model where it is, without the user's directories. */
static char *short_path(const char *uri)
{
	char *path = uri_path_part(uri);
	char *from = path + strlen(path);
	int slashes = 0;

	while (from > path && (from[-1] != '/' || ++slashes < 3))
		from--;
	memmove(path, from, strlen(from) + 1);
	return path;
}

/* --- ends --- */

static void decide(void *ctx);
static void ask_abandon_if_unwanted(struct ask *ask);

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
		ask_abandon_if_unwanted(ask);
}

static void waiter_nothing(struct waiter *w, const struct err *err)
{
	struct engine_callbacks callbacks = w->callbacks;

	waiter_end(w);
	callbacks.done(callbacks.ctx, NULL, err);
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
	waiter_end(w);
	callbacks.done(callbacks.ctx, &item, NULL);
	strbuf_release(&text);
}

static void ask_release(void *p)
{
	struct ask *ask = p;

	place_release(&ask->place);
	strbuf_release(&ask->raw);
	strbuf_release(&ask->text);
	free(ask->who);
	free(ask);
}

static void ask_end(struct ask *ask)
{
	struct ask **at = &ask->engine->asks;

	while (*at != ask)
		at = &(*at)->next;
	*at = ask->next;
	call_cancel(ask->engine->upstream, ask->call);
	loop_defer_free(ask->engine->loop, ask, ask_release);
}

static bool ask_is_wanted(const struct ask *ask)
{
	for (const struct waiter *w = ask->engine->waiters; w; w = w->next)
		if (w->ask == ask)
			return true;
	return false;
}

/* Nobody waits any more: an answer that was paid for goes on into the cache, a free one is aborted (design.md 4.7). */
static void ask_abandon_if_unwanted(struct ask *ask)
{
	if (ask->counted || ask_is_wanted(ask))
		return;
	cache_forget_item(ask->engine->cache, ask->id);
	ask_end(ask);
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	while (engine->waiters)
		waiter_end(engine->waiters);
	while (engine->asks)
		ask_end(engine->asks);
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

/* What of an ask's answer can be used at this stage; leaves it in ask->text. */
static enum post_verdict post(struct ask *ask, enum post_finish finish)
{
	struct post_input in = {
		.answer = ask->raw.data,
		.answer_len = ask->raw.len,
		.finish = finish,
		.source = ask->source,
		.mark = ask->mark,
		.prefix = ask->window.prefix,
		.prefix_len = ask->window.prefix_len,
		.suffix = ask->window.suffix,
		.suffix_len = ask->window.suffix_len,
		.language = ask->place.language,
		.max_lines = (size_t)ask->engine->config->completion.max_lines,
		.insert_spaces = ask->insert_spaces,
		.tab_size = ask->tab_size,
	};

	return post_process(&in, &ask->text);
}

static void tell_growth(struct waiter *w)
{
	struct cache_place place = cache_place_of(&w->place, w->ask->who);
	struct cache_hit hit;

	if (!w->callbacks.delta || cache_find(w->engine->cache, &place, now_ms(), &hit) != CACHE_HIT ||
	    hit.item != w->ask->id || hit.len <= w->told)
		return;
	if (w->selected && !w->told)
		w->callbacks.delta(w->callbacks.ctx, w->selected, strlen(w->selected));
	w->callbacks.delta(w->callbacks.ctx, hit.text + w->told, hit.len - w->told);
	w->told = hit.len;
}

static void on_delta(void *ctx, bool reasoning, const char *text, size_t len)
{
	struct ask *ask = ctx;

	if (reasoning)
		return;
	strbuf_add(&ask->raw, text, len);
	/* Only whole lines are taken from an open answer. */
	if (!memchr(text, '\n', len) || post(ask, POST_OPEN) != POST_INSERT)
		return;
	cache_put(ask->engine->cache, &ask->key, ask->text.data, ask->text.len, ask->id, false, now_ms());
	for (struct waiter *w = ask->engine->waiters; w; w = w->next)
		if (w->ask == ask)
			tell_growth(w);
}

/* The first of an ask's waiters, detached from it. */
static struct waiter *pop_waiter(struct ask *ask)
{
	for (struct waiter *w = ask->engine->waiters; w; w = w->next) {
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

static void answer_waiters(struct ask *ask)
{
	struct waiter *w;

	while ((w = pop_waiter(ask))) {
		struct cache_place place = cache_place_of(&w->place, ask->who);
		struct cache_hit hit;

		if (cache_find(ask->engine->cache, &place, now_ms(), &hit) == CACHE_HIT)
			waiter_answer(w, &hit);
		else if (w->joined && is_current(w)) /* the answer went another way than the typing: ask for this place */
			waiter_ask(w);
		else
			waiter_nothing(w, NULL);
	}
}

static void on_done(void *ctx, const struct call_answer *answer, const struct err *err)
{
	struct ask *ask = ctx;
	struct waiter *w;

	ask->call = 0;
	if (!answer) {
		cache_forget_item(ask->engine->cache, ask->id);
		while ((w = pop_waiter(ask)))
			waiter_nothing(w, err);
	} else {
		enum post_verdict verdict = post(ask, answer->finish == CALL_STOP ? POST_STOP : POST_CUT);

		log_debug("completion %llu: %s, %zu of %zu bytes", (unsigned long long)ask->id, post_verdict_name(verdict),
			  ask->text.len, ask->raw.len);
		cache_put(ask->engine->cache, &ask->key, ask->text.data, ask->text.len, ask->id, true, now_ms());
		answer_waiters(ask);
	}
	ask_end(ask);
}

/* --- questions --- */

static int64_t max_tokens(const struct config *config, const char *model)
{
	int64_t tokens = config->completion.max_lines * TOKENS_PER_LINE;

	/* A limit would be used up by the reasoning. */
	if (request_model_reasons(model))
		return 0;
	return tokens < TOKENS_MAX ? tokens : TOKENS_MAX;
}

/* False if the plan's cap on prompts leaves no room for one. */
static bool ask_by_chat(struct ask *ask, struct call_spec *spec, const struct call_callbacks *callbacks)
{
	const struct plan *plan = endpoint_config(spec->endpoint)->plan;
	char *path = short_path(ask->place.uri);
	struct prompt prompt;
	struct prompt_input in = {
		.path = path,
		.language = ask->place.language,
		.prefix = ask->window.prefix,
		.prefix_len = ask->window.prefix_len,
		.suffix = ask->window.suffix,
		.suffix_len = ask->window.suffix_len,
		.max_lines = (size_t)ask->engine->config->completion.max_lines,
		.insert_spaces = ask->insert_spaces,
		.tab_size = ask->tab_size,
		.max_tokens = (size_t)plan->max_prompt_tokens,
	};
	struct request_message messages[2];
	bool fits;

	prompt_init(&prompt);
	fits = prompt_build(&in, &prompt);
	messages[0] = (struct request_message){ "system", prompt.system.data, prompt.system.len };
	messages[1] = (struct request_message){ "user", prompt.user.data, prompt.user.len };
	ask->mark = prompt.mark;
	spec->request.messages = messages;
	spec->request.message_count = ARRAY_LEN(messages);
	spec->request.stop = prompt.stop;
	spec->request.stop_count = prompt.stop_count;
	if (fits)
		ask->call = call_start(ask->engine->upstream, spec, callbacks);
	prompt_release(&prompt);
	free(path);
	return fits;
}

static void ask_by_fim(struct ask *ask, struct call_spec *spec, const struct call_callbacks *callbacks)
{
	spec->request.prefix = ask->window.prefix;
	spec->request.prefix_len = ask->window.prefix_len;
	spec->request.suffix = ask->window.suffix;
	spec->request.suffix_len = ask->window.suffix_len;
	ask->call = call_start(ask->engine->upstream, spec, callbacks);
}

static char *who_of(const struct endpoint *endpoint)
{
	return xasprintf("%s/%s", endpoint_name(endpoint), endpoint_completion_model(endpoint));
}

static struct ask *ask_new(struct engine *engine, const struct place *place, struct endpoint *endpoint)
{
	struct ask *ask = xcalloc(1, sizeof(*ask));
	struct window_input in;
	struct cache_place where;

	ask->id = ++engine->last_id;
	ask->engine = engine;
	ask->who = who_of(endpoint);
	ask->counted = plan_is_counted(endpoint_config(endpoint)->plan);
	place_copy(&ask->place, place);
	in = (struct window_input){ .before = ask->place.before.data,
				    .before_len = ask->place.before.len,
				    .after = ask->place.after.data,
				    .after_len = ask->place.after.len };
	window_choose(&in, &ask->window);
	where = cache_place_of(&ask->place, ask->who);
	cache_key_make(&where, &ask->key);
	strbuf_init(&ask->raw, LIMIT_COMPLETION);
	strbuf_init(&ask->text, LIMIT_COMPLETION_TEXT);
	ask->next = engine->asks;
	engine->asks = ask;
	return ask;
}

static void waiter_ask(struct waiter *w)
{
	struct engine *engine = w->engine;
	struct err err;
	struct endpoint *endpoint = upstream_find(engine->upstream, NULL, &err);
	struct call_callbacks callbacks = { .delta = on_delta, .done = on_done };
	struct call_spec spec;
	struct ask *ask;

	if (!endpoint) {
		waiter_nothing(w, &err);
		return;
	}
	ask = ask_new(engine, &w->place, endpoint);
	callbacks.ctx = ask;
	spec = (struct call_spec){
		.endpoint = endpoint,
		.purpose = w->automatic ? CALL_COMPLETION_AUTOMATIC : CALL_COMPLETION_EXPLICIT,
		.reserve = engine->config->completion.reserve,
		.request = { .api = endpoint_completion_api(endpoint),
			     .model = endpoint_completion_model(endpoint),
			     .max_tokens = max_tokens(engine->config, endpoint_completion_model(endpoint)),
			     .temperature = 0,
			     .stream = true,
			     .stream_options = endpoint_config(endpoint)->stream_options },
	};
	ask->source = spec.request.api == WIRE_CHAT ? POST_CHAT : POST_FIM;
	/* From now on others can join. */
	cache_put(engine->cache, &ask->key, "", 0, ask->id, false, now_ms());
	w->state = WAITER_ASKED;
	w->ask = ask;
	w->joined = false;
	ask->insert_spaces = w->insert_spaces;
	ask->tab_size = w->tab_size;
	if (spec.request.api != WIRE_CHAT) {
		ask_by_fim(ask, &spec, &callbacks);
	} else if (!ask_by_chat(ask, &spec, &callbacks)) {
		err_set(&err, ERR_PROMPT_TOO_LONG, "the plan %s allows prompts of %lld tokens, too few for any completion",
			endpoint_config(endpoint)->plan->name, (long long)endpoint_config(endpoint)->plan->max_prompt_tokens);
		w->ask = NULL;
		cache_forget_item(engine->cache, ask->id);
		ask_end(ask);
		waiter_nothing(w, &err);
	}
}

/* --- requests --- */

static struct ask *find_ask(struct engine *engine, uint64_t id)
{
	struct ask *ask = engine->asks;

	while (ask && ask->id != id)
		ask = ask->next;
	return ask;
}

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
	who = who_of(endpoint);
	place = cache_place_of(&w->place, who);
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
	       (w->automatic && (c->trigger == TRIGGER_MANUAL || !config_language_enabled(engine->config, w->place.language)));
}

uint64_t engine_complete(struct engine *engine, const struct engine_request *request, const struct engine_callbacks *callbacks)
{
	struct waiter *w = xcalloc(1, sizeof(*w));
	struct doc *doc = docs_find(engine->docs, request->uri);

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
	place_init(&w->place);
	if (!doc) {
		w->place.uri = xstrdup(request->uri);
		err_set(&w->err, ERR_INVALID_PARAMS, "the document is not open: send textDocument/didOpen first");
	} else if (!doc_is_kept(doc)) {
		w->place.uri = xstrdup(request->uri);
		w->declined = true;
	} else {
		docs_touch(engine->docs, doc);
		place_take(&w->place, doc, request, docs_encoding(engine->docs));
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
