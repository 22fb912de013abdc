/*
 * The lists are fetched together, for all who want them at that time. One fetch is under way at most.
 */
#include "catalogue.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/list.h"
#include "eke/base/mem.h"
#include "eke/upstream/models.h"

/* Endpoints that have not answered by then count as having no list. */
#define ANSWER_MS 8000

struct fetch {
	struct catalogue *catalogue;
	struct endpoint *endpoint; /* ref */
	uint64_t id;               /* 0: it has answered */
	struct catalogue_list list;
};

struct catalogue {
	struct upstream *upstream;
	struct catalogue_list lists[LIMIT_ENDPOINTS];
	size_t count;
	int64_t known_ms; /* when they were fetched; 0: never */

	struct fetch fetches[LIMIT_ENDPOINTS];
	size_t fetch_count; /* 0: none is under way */
	struct timer *timer;
	struct catalogue_pending *pending;
};

static void list_release(struct catalogue_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->ids[i]);
	free(list->ids);
	free(list->endpoint);
	*list = (struct catalogue_list){ .count = 0 };
}

static void add_id(struct catalogue_list *list, const char *id)
{
	list->ids = xreallocarray(list->ids, list->count + 1, sizeof(*list->ids));
	list->ids[list->count++] = xstrdup(id);
}

static void add_configured(struct fetch *fetch)
{
	const char *chat = endpoint_chat_model(fetch->endpoint);
	const char *completion = endpoint_completion_model(fetch->endpoint);

	add_id(&fetch->list, chat);
	if (strcmp(chat, completion) != 0)
		add_id(&fetch->list, completion);
}

/* --- a fetch --- */

static void call_pending(void *ctx)
{
	struct catalogue *c = ctx;

	while (c->pending) {
		struct catalogue_pending *w = c->pending;

		c->pending = w->next;
		w->is_waiting = false;
		w->fn(w->ctx);
	}
}

static void drop_fetches(struct catalogue *c)
{
	for (size_t i = 0; i < c->fetch_count; i++) {
		models_cancel(c->upstream, c->fetches[i].id);
		endpoint_unref(c->fetches[i].endpoint);
		list_release(&c->fetches[i].list);
	}
	c->fetch_count = 0;
	timer_stop(c->timer);
}

/* All have answered, or had their time. */
static void finish(void *ctx)
{
	struct catalogue *c = ctx;

	for (size_t i = 0; i < c->count; i++)
		list_release(&c->lists[i]);
	c->count = c->fetch_count;
	for (size_t i = 0; i < c->count; i++) {
		if (c->fetches[i].id)
			add_configured(&c->fetches[i]);
		c->lists[i] = c->fetches[i].list;
		c->fetches[i].list = (struct catalogue_list){ .count = 0 };
	}
	c->known_ms = clock_mono_ms();
	drop_fetches(c);
	loop_undefer(upstream_loop(c->upstream), call_pending, c);
	loop_defer(upstream_loop(c->upstream), call_pending, c);
}

static void on_models(void *ctx, const char *const *ids, size_t count, const struct err *err)
{
	struct fetch *fetch = ctx;
	struct catalogue *c = fetch->catalogue;

	fetch->id = 0;
	for (size_t i = 0; i < count && ids; i++)
		add_id(&fetch->list, ids[i]);
	/* Many relays have no list: what is configured can be asked for. */
	if (err)
		add_configured(fetch);
	for (size_t i = 0; i < c->fetch_count; i++)
		if (c->fetches[i].id)
			return;
	finish(c);
}

static void start(struct catalogue *c)
{
	c->fetch_count = upstream_count(c->upstream);
	for (size_t i = 0; i < c->fetch_count; i++) {
		struct fetch *fetch = &c->fetches[i];

		fetch->catalogue = c;
		fetch->endpoint = endpoint_ref(upstream_at(c->upstream, i));
		fetch->list.endpoint = xstrdup(endpoint_name(fetch->endpoint));
		fetch->id = models_start(c->upstream, fetch->endpoint, on_models, fetch);
	}
	timer_start(c->timer, c->fetch_count ? ANSWER_MS : 0);
}

/* --- its life --- */

struct catalogue *catalogue_new(struct upstream *upstream)
{
	struct catalogue *c = xcalloc(1, sizeof(*c));

	c->upstream = upstream;
	c->timer = timer_new(upstream_loop(upstream), finish, c);
	return c;
}

void catalogue_reset(struct catalogue *c)
{
	for (size_t i = 0; i < c->count; i++)
		list_release(&c->lists[i]);
	c->count = 0;
	c->known_ms = 0;
	drop_fetches(c);
	if (c->pending)
		start(c);
}

void catalogue_free(struct catalogue *c)
{
	if (!c)
		return;
	c->pending = NULL;
	catalogue_reset(c);
	loop_undefer(upstream_loop(c->upstream), call_pending, c);
	timer_free(c->timer);
	free(c);
}

void catalogue_want(struct catalogue *c, int64_t max_age_ms, struct catalogue_pending *w)
{
	w->is_waiting = true;
	list_append(c->pending, w);
	if (catalogue_is_known(c, max_age_ms)) {
		loop_undefer(upstream_loop(c->upstream), call_pending, c);
		loop_defer(upstream_loop(c->upstream), call_pending, c);
	} else if (!c->fetch_count && !timer_is_running(c->timer)) {
		start(c);
	}
}

void catalogue_unwant(struct catalogue *c, struct catalogue_pending *w)
{
	if (w->is_waiting)
		list_unlink(c->pending, w);
	w->is_waiting = false;
}

bool catalogue_is_known(const struct catalogue *c, int64_t max_age_ms)
{
	return c->known_ms && clock_mono_ms() - c->known_ms < max_age_ms;
}

const struct catalogue_list *catalogue_at(const struct catalogue *c, size_t index)
{
	return index < c->count ? &c->lists[index] : NULL;
}

const struct catalogue_list *catalogue_find(const struct catalogue *c, const char *model)
{
	for (size_t i = 0; i < c->count; i++)
		for (size_t n = 0; n < c->lists[i].count; n++)
			if (!strcmp(c->lists[i].ids[n], model))
				return &c->lists[i];
	return NULL;
}
