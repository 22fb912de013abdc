/*
 * The requests that wait. A waiter lives from engine_complete() to its one callback or its cancellation. Waiters that
 * want the same answer share a question, through the cache.
 *
 * When a question's answer is complete it is in the cache, and each of its waiters looks there again, at its own place:
 * one mechanism for the one who asked, who joined later, and who typed on meanwhile.
 */
#include "waiters.h"

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
#include "questions.h"

/*
 * The first useful piece of an answer is shown as soon as the rest lets itself be waited for: nothing more for so long,
 * or so long after all. Who asked by hand has more patience.
 */
#define EARLY_QUIET_MS 40
#define EARLY_MOST_MS 150
#define EARLY_MOST_BY_HAND_MS 500

enum waiter_state {
	WAITER_NEW,     /* decided at the turn's end */
	WAITER_PAUSING, /* for the typing to pause */
	WAITER_ASKED,   /* waits for `question` */
};

struct waiter {
	uint64_t id;
	struct engine *engine;
	enum waiter_state state;
	bool automatic;
	bool whole;
	bool insert_spaces;
	unsigned tab_size;
	struct place place;
	uint64_t revision; /* of the document, when it was asked for */
	struct range range;
	char *selected; /* or NULL */
	struct err err; /* why it fails, or what failed before it was answered otherwise; kind ERR_NONE: nothing */
	bool declined;
	struct timer *timer; /* of the pause; in WAITER_ASKED, of an early answer */
	int64_t early_at_ms; /* when that is given at the latest; 0: not useful yet */
	struct question *question;
	bool joined; /* the question was another's, for a place before this one */
	size_t told; /* bytes of the text that delta() has told */
	struct engine_callbacks callbacks;
	struct waiter *next;
};

/* --- ends --- */

static void decide(void *ctx);

static void waiter_release(void *p)
{
	struct waiter *w = p;

	place_release(&w->place);
	free(w->selected);
	free(w);
}

/* Unlinks it; the memory goes at the turn's end. Its question goes on, or not. */
static void waiter_end(struct waiter *w)
{
	struct engine *engine = w->engine;
	struct waiter **at = &engine->waiters;
	struct question *question = w->question;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	loop_undefer(engine->loop, decide, w);
	timer_free(w->timer);
	w->question = NULL;
	loop_defer_free(engine->loop, w, waiter_release);
	if (question)
		question_abandon(question);
}

static struct decision_input input_of(const struct waiter *w)
{
	return (struct decision_input){
		.place = &w->place, .automatic = w->automatic, .insert_spaces = w->insert_spaces, .tab_size = w->tab_size
	};
}

static void waiter_nothing(struct waiter *w, const struct err *err)
{
	struct engine_callbacks callbacks = w->callbacks;

	waiter_end(w);
	callbacks.done(callbacks.ctx, NULL, 0, err);
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

/* As much of a text as completion.maxLines lets be shown, without a line end. */
static size_t cut_lines(const struct waiter *w, const char *text, size_t len)
{
	size_t most = (size_t)w->engine->config->completion.max_lines;

	if (lines_count(text, len) < most)
		return len;
	len = lines_skip(text, len, most);
	while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	return len;
}

static struct post_input post_input_of(const struct waiter *w)
{
	return (struct post_input){
		.prefix = w->place.before.data,
		.prefix_len = w->place.before.len,
		.suffix = w->place.after.data,
		.suffix_len = w->place.after.len,
		.language = w->place.language,
		.insert_spaces = w->insert_spaces,
		.tab_size = w->tab_size,
	};
}

/*
 * The range that an item replaces: closers that the editor put right of the cursor, if the text goes on behind its own.
 * They are ASCII, of one unit in any encoding.
 */
static struct range range_of(const struct waiter *w, const char *text, size_t len)
{
	struct post_input in = post_input_of(w);
	struct range range = w->range;

	range.end.character += (int64_t)post_replaced(&in, text, len);
	return range;
}

/*
 * How much of a text is shown at once: the block, but never less than what was shown of it before. The rest is in the
 * cache when the user gets there.
 */
static size_t shown(const struct waiter *w, const struct cache_hit *hit)
{
	const struct habit *habit = habits_of(w->engine->habits, w->place.uri);
	size_t before = habit_remaining(habit, w->place.offset, hit->text, hit->len);
	struct post_input in = post_input_of(w);
	size_t block = w->whole ? hit->len : post_first_block(&in, hit->text, hit->len);

	return cut_lines(w, hit->text, block > before ? block : before);
}

/* Of the first, nothing beyond `most` bytes is shown. */
static void waiter_answer(struct waiter *w, const struct cache_hit *hits, size_t count, size_t most)
{
	struct engine_callbacks callbacks = w->callbacks;
	struct habit *habit = habits_of(w->engine->habits, w->place.uri);
	struct engine_item items[ENGINE_ITEMS];
	struct strbuf texts[ENGINE_ITEMS];
	struct cache_hit head = hits[0];
	size_t first;
	size_t len;

	head.len = head.len < most ? head.len : most;
	first = shown(w, &head);
	for (size_t i = 0; i < count; i++) {
		strbuf_init(&texts[i], LIMIT_COMPLETION_TEXT + LIMIT_COMPLETION);
		if (w->selected)
			strbuf_adds(&texts[i], w->selected);
		len = i ? shown(w, &hits[i]) : first;
		strbuf_add(&texts[i], hits[i].text, len);
		items[i] = (struct engine_item){
			.id = hits[i].item,
			.text = texts[i].data,
			.len = texts[i].len,
			.range = range_of(w, hits[i].text, len),
			.offline = hits[i].text == w->engine->offline_text.data,
		};
	}
	tell(w, &head);
	cache_sync_used(w->engine->sync, hits[0].item);
	habit_offer(habit, w->place.offset, hits[0].text, first);
	if (!items[0].offline)
		trail_follow(&habit->trail, &hits[0], w->place.offset);
	waiter_end(w);
	callbacks.done(callbacks.ctx, items, count, w->err.kind != ERR_NONE ? &w->err : NULL);
	for (size_t i = 0; i < count; i++)
		strbuf_release(&texts[i]);
}

/* Answers with what the open documents tell; it stands in engine->offline_text. */
static void waiter_answer_offline(struct waiter *w)
{
	struct engine *engine = w->engine;
	struct cache_hit hit = { .text = engine->offline_text.data,
				 .len = engine->offline_text.len,
				 .item = engine->last_id += CACHE_RANKS };

	waiter_answer(w, &hit, 1, hit.len);
}

/* It was tried and failed: the open documents may know something, too. */
static void waiter_fail(struct waiter *w, const struct err *err)
{
	struct decision_input in = input_of(w);
	struct offline_verdict verdict;

	w->err = *err;
	if (engine_look_offline(w->engine, &in, OFFLINE_LIKELY, &verdict))
		waiter_answer_offline(w);
	else
		waiter_nothing(w, &w->err);
}

/* --- answers of a question --- */

bool waiters_want(const struct engine *engine, const struct question *question)
{
	for (const struct waiter *w = engine->waiters; w; w = w->next)
		if (w->question == question)
			return true;
	return false;
}

/* What is known at the waiter's place of its question's answer; false if nothing is. */
static bool find_growing(const struct waiter *w, struct cache_hit *hit)
{
	struct cache_place place = place_for_cache(&w->place, ask_who(w->question->ask));

	return cache_find(w->engine->cache, &place, clock_mono_ms(), hit) == CACHE_HIT &&
	       ask_has_item(w->question->ask, hit->item);
}

/* Only blanks follow the cursor on its line. */
static bool is_line_end(const struct place *place)
{
	const char *s = place->after.data;

	s += strspn(s, " \t");
	return !*s || *s == '\n' || *s == '\r';
}

/* How much of what is known so far is useful by itself; 0: nothing is. */
static size_t find_useful(const struct waiter *w, struct cache_hit *hit)
{
	if (w->whole || !find_growing(w, hit))
		return 0;
	/* Before a closer in the line a piece in several lines lacks the line break that the whole has. */
	if (memchr(hit->text, '\n', hit->len) && !is_line_end(&w->place))
		return 0;
	return ask_first_useful(w->question->ask, &w->place, hit->text, hit->len);
}

static void on_early(struct waiter *w)
{
	struct cache_hit hit;
	size_t useful = find_useful(w, &hit);

	if (!useful)
		return;
	w->question->used = true;
	waiter_answer(w, &hit, 1, useful);
}

/* More has come: will it be answered before the rest is there? */
static void consider_early(struct waiter *w)
{
	int64_t now = clock_mono_ms();
	struct cache_hit hit;

	if (!w->early_at_ms) {
		if (!find_useful(w, &hit))
			return;
		w->early_at_ms = now + (w->automatic ? EARLY_MOST_MS : EARLY_MOST_BY_HAND_MS);
	}
	timer_start(w->timer, w->early_at_ms - now < EARLY_QUIET_MS ?
				      (w->early_at_ms > now ? w->early_at_ms - now : 0) :
				      EARLY_QUIET_MS);
}

void waiters_on_grown(struct engine *engine, struct question *question)
{
	struct cache_hit hit;

	for (struct waiter *w = engine->waiters; w; w = w->next) {
		if (w->question != question)
			continue;
		if (find_growing(w, &hit))
			tell(w, &hit);
		consider_early(w);
	}
}

/* The first of a question's waiters, detached from it. */
static struct waiter *pop_waiter(const struct engine *engine, const struct question *question)
{
	for (struct waiter *w = engine->waiters; w; w = w->next) {
		if (w->question != question)
			continue;
		w->question = NULL;
		return w;
	}
	return NULL;
}

static bool is_current(const struct waiter *w)
{
	const struct doc *doc = docs_find(w->engine->docs, w->place.uri);

	return doc && doc_revision(doc) == w->revision;
}

bool waiters_are_current(const struct engine *engine, const struct question *question)
{
	for (const struct waiter *w = engine->waiters; w; w = w->next)
		if (w->question == question && is_current(w))
			return true;
	return false;
}

static void waiter_act(struct waiter *w, const struct decision *decision);
static void waiter_ask(struct waiter *w, struct endpoint *endpoint);

static void waiter_decide(struct waiter *w, struct decision *decision)
{
	struct decision_input in = input_of(w);

	/* What other processes, and former ones, know of the document; without an endpoint nobody knows anything. */
	if (upstream_at(w->engine->upstream, 0))
		cache_sync_refresh(w->engine->sync, w->place.uri);
	engine_decide(w->engine, &in, decision);
}

static void answer_waiter(struct waiter *w, const struct question *question)
{
	struct cache_place place = place_for_cache(&w->place, ask_who(question->ask));
	struct cache_hit hits[ENGINE_ITEMS];
	size_t count = cache_find_all(w->engine->cache, &place, clock_mono_ms(), hits, ENGINE_ITEMS);
	struct decision decision;

	if (count) {
		waiter_answer(w, hits, count, hits[0].len);
	} else if (w->joined && is_current(w)) {
		/* The answer went another way than the typing. */
		waiter_decide(w, &decision);
		waiter_act(w, &decision);
	} else {
		waiter_nothing(w, NULL);
	}
}

/* The endpoint has nothing to give: whom may who asked by hand be served by instead? NULL: nobody. */
static struct endpoint *other_endpoint(const struct waiter *w, const struct question *question, const struct err *err)
{
	struct endpoint *other;

	if (!err || err->kind != ERR_BUDGET || w->automatic || !is_current(w))
		return NULL;
	other = engine_endpoint(w->engine, false);
	return other == ask_endpoint(question->ask) ? NULL : other;
}

void waiters_on_done(struct engine *engine, struct question *question, const struct err *err)
{
	struct waiter *w;

	while ((w = pop_waiter(engine, question))) {
		struct endpoint *other = other_endpoint(w, question, err);

		if (other)
			waiter_ask(w, other);
		else if (err)
			waiter_fail(w, err);
		else
			answer_waiter(w, question);
	}
}

/* --- requests --- */

/* `endpoint` NULL: there is none. */
static void waiter_ask(struct waiter *w, struct endpoint *endpoint)
{
	struct engine *engine = w->engine;
	struct habit *habit = habits_of(engine->habits, w->place.uri);
	struct err err;
	struct ask_wanted wanted = {
		.id = engine->last_id += CACHE_RANKS,
		.upstream = engine->upstream,
		.cache = engine->cache,
		.endpoint = endpoint ? endpoint : upstream_find(engine->upstream, NULL, &err),
		.config = engine->config,
		.place = &w->place,
		.automatic = w->automatic,
		.insert_spaces = w->insert_spaces,
		.tab_size = w->tab_size,
	};
	struct question *question = wanted.endpoint ? question_start(engine, &wanted, &err) : NULL;

	if (!question) {
		waiter_fail(w, &err);
		return;
	}
	if (w->automatic)
		habit_asked(habit, w->place.line);
	w->state = WAITER_ASKED;
	w->question = question;
	w->joined = false;
	w->early_at_ms = 0;
}

static void waiter_join(struct waiter *w, struct question *question)
{
	w->state = WAITER_ASKED;
	w->question = question;
	w->joined = true;
	w->early_at_ms = 0;
	consider_early(w);
}

/* Does what was decided; the pause that it asks for is over for a waiter that is pausing already. */
static void waiter_act(struct waiter *w, const struct decision *decision)
{
	switch (decision->kind) {
	case DECISION_ANSWER:
		waiter_answer(w, decision->hits, decision->hit_count, decision->hits[0].len);
		return;
	case DECISION_JOIN:
		waiter_join(w, decision->question);
		return;
	case DECISION_DECLINE:
		log_debug("completion declined: %s", decision->admission.reason);
		waiter_nothing(w, NULL);
		return;
	case DECISION_NOTHING:
		waiter_nothing(w, NULL);
		return;
	case DECISION_OFFLINE:
		waiter_answer_offline(w);
		return;
	case DECISION_ASK:
		if (decision->admission.delay_ms && w->state != WAITER_PAUSING) {
			w->state = WAITER_PAUSING;
			timer_start(w->timer, decision->admission.delay_ms);
			return;
		}
		/* fall through */
	case DECISION_NO_ENDPOINT:
		waiter_ask(w, decision->endpoint);
		return;
	}
}

static void on_timer(void *ctx)
{
	struct waiter *w = ctx;
	struct decision decision;

	if (w->state == WAITER_ASKED) {
		on_early(w);
		return;
	}
	/* An answer for a text that is gone could be shown to nobody. */
	if (!is_current(w)) {
		waiter_nothing(w, NULL);
		return;
	}
	waiter_decide(w, &decision);
	waiter_act(w, &decision);
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
		if (w->state != WAITER_PAUSING)
			continue;
		w->state = WAITER_NEW;
		timer_stop(w->timer);
		loop_defer(engine->loop, decide, w);
	}
}

static void supersede_asked(struct engine *engine, uint64_t newest, const char *uri)
{
	struct waiter *w = engine->waiters;

	while (w) {
		if (w->state != WAITER_ASKED || w->id >= newest || strcmp(w->place.uri, uri)) {
			w = w->next;
			continue;
		}
		/* Its callback may change the list. */
		waiter_nothing(w, NULL);
		w = engine->waiters;
	}
}

/* The question that a decision rests on, or NULL. */
static const struct question *question_of(const struct engine *engine, const struct decision *decision)
{
	if (decision->kind == DECISION_JOIN)
		return decision->question;
	return decision->kind == DECISION_ANSWER ? question_find(engine, decision->hits[0].item) : NULL;
}

static void decide(void *ctx)
{
	struct waiter *w = ctx;
	struct engine *engine = w->engine;
	const struct question *question;
	struct decision decision;

	if (w->declined || w->err.kind != ERR_NONE) {
		struct err err = w->err;

		waiter_nothing(w, err.kind != ERR_NONE ? &err : NULL);
		return;
	}
	habit_observe(habits_of(engine->habits, w->place.uri), w->place.offset, w->place.before.data, w->place.before.len);
	waiter_decide(w, &decision);
	question = question_of(engine, &decision);
	/* w may be over after it is served; its memory stays till the turn's end. */
	if (decision.kind == DECISION_JOIN || decision.kind == DECISION_ANSWER || decision.kind == DECISION_OFFLINE) {
		waiter_act(w, &decision);
		supersede_asked(engine, w->id, w->place.uri);
	} else {
		supersede_asked(engine, w->id, w->place.uri);
		waiter_act(w, &decision);
	}
	questions_sweep(engine, w->place.uri, question);
}

uint64_t waiter_start(
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
	w->whole = request->whole;
	w->insert_spaces = request->insert_spaces;
	w->tab_size = request->tab_size;
	w->callbacks = *callbacks;
	w->range = (struct range){ request->position, request->position };
	w->timer = timer_new(engine->loop, on_timer, w);
	if (request->selected_text) {
		w->selected = xstrdup(request->selected_text);
		w->range = request->selected_range;
	}
	w->next = engine->waiters;
	engine->waiters = w;
	if (w->automatic)
		habits_tick(engine->habits, clock_mono_ms());
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
		w->declined = engine_is_off(engine, &w->place, w->automatic) ||
			      !engine_may_send(engine, request->uri, &w->err);
	}
	/* Nobody asked for it: then a rule that forbids it is no news. */
	if (w->automatic && w->err.kind == ERR_IGNORED)
		w->err.kind = ERR_NONE;
	loop_defer(engine->loop, decide, w);
	withdraw_unasked(engine, w);
	return w->id;
}

void waiter_cancel(struct engine *engine, uint64_t id)
{
	struct waiter *w = engine->waiters;

	while (w && w->id != id)
		w = w->next;
	if (w)
		waiter_end(w);
}

void waiters_free(struct engine *engine)
{
	while (engine->waiters)
		waiter_end(engine->waiters);
}
