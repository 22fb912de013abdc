/*
 * A model may name its endpoint ("free/gpt-4o-mini"), be one that an endpoint's configuration names, or be any other.
 */
#include "target.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"
#include "eke/upstream/choose.h"
#include "eke/upstream/quirks.h"
#include "body.h"
#include "catalogue.h"

static bool is_chat_like(enum gateway_route route)
{
	return route == GATEWAY_CHAT || route == GATEWAY_COMPLETIONS;
}

/* --- which endpoint --- */

/* An endpoint whose name the model begins with; *rest is the model's own. NULL: none. */
static struct endpoint *named_endpoint(struct upstream *upstream, const char *model, const char **rest)
{
	struct endpoint *endpoint;

	for (size_t i = 0; (endpoint = upstream_at(upstream, i)); i++) {
		size_t len = strlen(endpoint_name(endpoint));

		if (strncmp(model, endpoint_name(endpoint), len) != 0 || model[len] != '/' || !model[len + 1])
			continue;
		*rest = model + len + 1;
		return endpoint;
	}
	return NULL;
}

/* One whose configuration names the model. */
static struct endpoint *endpoint_of_model(struct upstream *upstream, const char *model)
{
	struct endpoint *endpoint;

	for (size_t i = 0; (endpoint = upstream_at(upstream, i)); i++)
		if (!strcmp(endpoint_chat_model(endpoint), model) || !strcmp(endpoint_completion_model(endpoint), model))
			return endpoint;
	return NULL;
}

bool target_wants_catalogue(const struct gateway *gateway, const char *model)
{
	struct upstream *upstream = gateway->app.upstream;
	const char *rest;

	/* With one endpoint, which is asked for any model, there is nothing to choose. */
	return model && (upstream_count(upstream) > 1 || gateway->app.config->gateway.any_model) &&
	       !named_endpoint(upstream, model, &rest) && !endpoint_of_model(upstream, model) &&
	       !catalogue_is_known(gateway->catalogue, TARGET_CATALOGUE_MS);
}

/* One that has the model, by its configuration or else by its list; NULL: none. */
static struct endpoint *endpoint_with_model(const struct gateway *gateway, const char *model)
{
	struct upstream *upstream = gateway->app.upstream;
	struct endpoint *endpoint = endpoint_of_model(upstream, model);
	const struct catalogue_list *list = endpoint ? NULL : catalogue_find(gateway->catalogue, model);
	struct err ignored;

	return list ? upstream_find(upstream, list->endpoint, &ignored) : endpoint;
}

void target_choose(struct gateway *gateway, enum gateway_route route, const char *model, struct target *out)
{
	struct upstream *upstream = gateway->app.upstream;
	struct endpoint *first = upstream_at(upstream, 0);
	struct choice choice = { .endpoint = first };
	bool is_offered;

	*out = (struct target){ .model = model };
	out->endpoint = model ? named_endpoint(upstream, model, &out->model) : NULL;
	if (out->endpoint)
		return;
	out->endpoint = model ? endpoint_with_model(gateway, model) : NULL;
	if (out->endpoint && out->endpoint != first)
		return;
	is_offered = out->endpoint || (model && !gateway->app.config->gateway.any_model);
	/* Another endpoint's own model can chat as well; it need not be able to do the rest. */
	if (route == GATEWAY_CHAT)
		upstream_choose(upstream, CHOOSE_CHAT, BUDGET_EXPLICIT, gateway->app.config->completion.reserve, &choice);
	out->endpoint = choice.endpoint;
	out->is_ours = out->endpoint && (!is_offered || out->endpoint != first);
	if (out->is_ours)
		out->model = route == GATEWAY_COMPLETIONS ? endpoint_completion_model(out->endpoint) :
							    endpoint_chat_model(out->endpoint);
}

/* --- in which form --- */

/* One change after the other: what a step makes replaces what it was made of. */
struct draft {
	struct strbuf text;
	bool ok;
};

static void draft_take(struct draft *draft, bool ok, struct strbuf *made)
{
	draft->ok = draft->ok && ok;
	strbuf_move(&draft->text, made);
}

static void draft_set(struct draft *draft, const char *name, const char *value)
{
	struct strbuf made;
	bool ok;

	strbuf_init(&made, draft->text.max);
	ok = gateway_body_set(draft->text.data, draft->text.len, name, value, &made);
	draft_take(draft, ok, &made);
}

static void draft_set_model(struct draft *draft, const char *model)
{
	struct strbuf made;
	bool ok;

	strbuf_init(&made, draft->text.max);
	ok = gateway_body_set_string(draft->text.data, draft->text.len, "model", model, &made);
	draft_take(draft, ok, &made);
}

static void draft_remove(struct draft *draft, const char *name)
{
	struct strbuf made;
	bool ok;

	strbuf_init(&made, draft->text.max);
	ok = gateway_body_remove(draft->text.data, draft->text.len, name, &made);
	draft_take(draft, ok, &made);
}

static bool draft_has(const struct draft *draft, const char *name)
{
	return gateway_body_has(draft->text.data, draft->text.len, name);
}

static void draft_rename(struct draft *draft, const char *name, const char *as)
{
	size_t from = 0;
	size_t to = 0;
	char *value;

	gateway_body_find(draft->text.data, draft->text.len, name, &from, &to);
	value = xstrndup(draft->text.data + from, to - from);
	draft_remove(draft, name);
	draft_set(draft, as, value);
	free(value);
}

/* What a model of ours takes under another name, or not at all: the client could not know. The quirks that were met. */
static unsigned adapt(struct draft *draft, unsigned quirks)
{
	unsigned met = 0;

	if ((quirks & QUIRK_COMPLETION_TOKENS) && draft_has(draft, "max_tokens") &&
	    !draft_has(draft, "max_completion_tokens")) {
		draft_rename(draft, "max_tokens", "max_completion_tokens");
		met |= QUIRK_COMPLETION_TOKENS;
	}
	if ((quirks & QUIRK_NO_TEMPERATURE) && draft_has(draft, "temperature")) {
		draft_remove(draft, "temperature");
		met |= QUIRK_NO_TEMPERATURE;
	}
	return met;
}

bool target_body(const struct target *target, const struct ask *ask, enum gateway_route route, unsigned quirks,
	const char *body, size_t len, struct strbuf *out, unsigned *changed)
{
	bool takes_options = endpoint_config(target->endpoint)->stream_options && !(quirks & QUIRK_NO_STREAM_OPTIONS);
	struct draft draft = { .ok = true };
	struct ask check;
	struct err ignored;

	strbuf_init(&draft.text, out->max);
	draft.ok = strbuf_add(&draft.text, body, len);
	if (!ask->model || strcmp(ask->model, target->model) != 0)
		draft_set_model(&draft, target->model);
	if (is_chat_like(route) && ask->stream && (quirks & QUIRK_NO_STREAM)) {
		draft_set(&draft, "stream", "false");
		draft_remove(&draft, "stream_options");
	} else if (is_chat_like(route) && !ask->stream && (quirks & QUIRK_STREAMS_ONLY)) {
		draft_set(&draft, "stream", "true");
		if (takes_options)
			draft_set(&draft, "stream_options", "{\"include_usage\":true}");
	} else if (is_chat_like(route) && !takes_options) {
		draft_remove(&draft, "stream_options");
	}
	*changed = target->is_ours ? adapt(&draft, quirks) : 0;
	/* The name of the model's member may be written with escapes: then there are two now. */
	if (draft.ok && ask_read(&check, draft.text.data, draft.text.len, &ignored)) {
		draft.ok = check.model && !strcmp(check.model, target->model);
		ask_release(&check);
	} else {
		draft.ok = false;
	}
	if (draft.ok)
		strbuf_move(out, &draft.text);
	strbuf_release(&draft.text);
	return draft.ok;
}
