/*
 * What the user can choose in a session: the model, and whether edits are written without a question. The models are
 * those that the configuration names, and, once the endpoints have said it (GET /models, which no plan counts), all
 * that they offer. Where nothing is chosen the engine takes the first endpoint that has something to give; the option
 * then shows who answered last.
 *
 * struct acp_models is one for all sessions, and lives as long as the front end. Its queries go out with the first
 * session that begins under a configuration.
 */
#include "acp_private.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/decode.h"
#include "eke/base/json_writer.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/upstream/models.h"

struct model {
	char *value; /* "endpoint/model"; all are owned */
	char *endpoint;
	char *name;
	bool configured; /* the endpoint's own chat model */
};

struct acp_models {
	struct acp *acp;
	struct model *items;
	size_t count;
	bool asked;
	struct query {
		struct acp_models *models;
		struct endpoint *endpoint; /* ref; NULL: none */
		uint64_t id;
	} queries[LIMIT_ENDPOINTS];
};

/* Parts of the names of models that do not chat. */
static const char *const no_chat[] = { "embed", "whisper", "tts", "dall-e", "moderation", "transcribe", "rerank",
				       "gpt-image", "stable-diffusion", "realtime", "sora" };

static void add(struct acp_models *m, const char *endpoint, const char *name, bool configured)
{
	char *value = xasprintf("%s/%s", endpoint, name);

	for (size_t i = 0; i < m->count; i++) {
		if (!strcmp(m->items[i].value, value)) {
			free(value);
			return;
		}
	}
	m->items = xreallocarray(m->items, m->count + 1, sizeof(*m->items));
	m->items[m->count++] = (struct model){ value, xstrdup(endpoint), xstrdup(name), configured };
}

static void add_configured(struct acp_models *m)
{
	struct upstream *upstream = m->acp->app.upstream;

	for (size_t i = 0; i < upstream_count(upstream); i++) {
		struct endpoint *e = upstream_at(upstream, i);

		add(m, endpoint_name(e), endpoint_chat_model(e), true);
	}
}

static void clear(struct acp_models *m)
{
	for (size_t i = 0; i < m->count; i++) {
		free(m->items[i].value);
		free(m->items[i].endpoint);
		free(m->items[i].name);
	}
	free(m->items);
	m->items = NULL;
	m->count = 0;
	for (size_t i = 0; i < LIMIT_ENDPOINTS; i++) {
		if (!m->queries[i].endpoint)
			continue;
		models_cancel(m->acp->app.upstream, m->queries[i].id);
		endpoint_unref(m->queries[i].endpoint);
		m->queries[i] = (struct query){ .endpoint = NULL };
	}
	m->asked = false;
}

struct acp_models *acp_models_new(struct acp *acp)
{
	struct acp_models *m = xcalloc(1, sizeof(*m));

	m->acp = acp;
	add_configured(m);
	return m;
}

void acp_models_free(struct acp_models *m)
{
	if (!m)
		return;
	clear(m);
	free(m);
}

void acp_models_reset(struct acp_models *m)
{
	clear(m);
	add_configured(m);
	if (m->acp->sessions)
		acp_models_ask(m);
}

static bool chats(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(no_chat); i++)
		if (strstr(name, no_chat[i]))
			return false;
	return true;
}

static void on_models(void *ctx, const char *const *ids, size_t count, const struct err *err)
{
	struct query *query = ctx;
	struct acp_models *m = query->models;
	size_t before = m->count;

	if (err)
		log_info("the models of %s are not known: %s", endpoint_name(query->endpoint), err->message);
	for (size_t i = 0; ids && i < count && i < LIMIT_MODELS_OFFERED; i++)
		if (chats(ids[i]))
			add(m, endpoint_name(query->endpoint), ids[i], false);
	endpoint_unref(query->endpoint);
	*query = (struct query){ .endpoint = NULL };
	for (struct acp_session *s = m->acp->sessions; s && m->count > before; s = s->next)
		acp_send_options(s);
}

void acp_models_ask(struct acp_models *m)
{
	struct upstream *upstream = m->acp->app.upstream;

	if (m->asked)
		return;
	m->asked = true;
	for (size_t i = 0; i < upstream_count(upstream); i++) {
		struct query *query = &m->queries[i];

		*query = (struct query){ .models = m, .endpoint = endpoint_ref(upstream_at(upstream, i)) };
		query->id = models_start(upstream, query->endpoint, on_models, query);
	}
}

/* --- a session's choice --- */

static const struct model *find(const struct acp_models *m, const char *value)
{
	for (size_t i = 0; value && i < m->count; i++)
		if (!strcmp(m->items[i].value, value))
			return &m->items[i];
	return NULL;
}

/* A choice that the configuration does not offer any more is none. */
static const struct model *chosen(const struct acp_session *session)
{
	return find(session->acp->models, session->model);
}

void acp_chosen(const struct acp_session *session, const char **endpoint, const char **model)
{
	const struct model *m = chosen(session);

	*endpoint = m ? m->endpoint : NULL;
	*model = m ? m->name : NULL;
}

/* Which option the client shows; NULL: there is no endpoint. */
static const struct model *shown(const struct acp_session *session)
{
	const struct acp_models *m = session->acp->models;
	const struct model *found = chosen(session);

	if (!found)
		found = find(m, session->answered_by);
	return found ? found : m->count ? &m->items[0] : NULL;
}

void acp_note_endpoint(struct acp_session *session, const char *endpoint)
{
	const struct acp_models *m = session->acp->models;
	const struct model *before = shown(session);

	for (size_t i = 0; !chosen(session) && i < m->count; i++) {
		if (!m->items[i].configured || strcmp(m->items[i].endpoint, endpoint) != 0)
			continue;
		free(session->answered_by);
		session->answered_by = xstrdup(m->items[i].value);
		if (shown(session) != before)
			acp_send_options(session);
		return;
	}
}

/* --- as JSON --- */

static void begin_option(struct json_writer *w, const char *id, const char *name, const char *description,
	const char *category, const char *current)
{
	json_begin_object(w, NULL);
	json_put_kstring(w, "type", "select");
	json_put_kstring(w, "id", id);
	json_put_kstring(w, "name", name);
	json_put_kstring(w, "description", description);
	if (category)
		json_put_kstring(w, "category", category);
	json_put_kstring(w, "currentValue", current);
	json_begin_array(w, "options");
}

static void end_option(struct json_writer *w)
{
	json_end_array(w);
	json_end_object(w);
}

static void put_choice(struct json_writer *w, const char *value, const char *name, const char *description)
{
	json_begin_object(w, NULL);
	json_put_kstring(w, "value", value);
	json_put_kstring(w, "name", name);
	if (description)
		json_put_kstring(w, "description", description);
	json_end_object(w);
}

static void write_model(const struct acp_session *session, struct json_writer *w)
{
	const struct acp *acp = session->acp;
	const struct acp_models *m = acp->models;
	const struct model *current = shown(session);
	bool several = upstream_count(acp->app.upstream) > 1;
	char budget[LIMIT_ENDPOINTS][160] = { "" };

	if (!current)
		return;
	for (size_t i = 0; i < upstream_count(acp->app.upstream); i++)
		budget_describe(acp->app.budget, endpoint_config(upstream_at(acp->app.upstream, i)), budget[i],
			sizeof(budget[i]));
	begin_option(w, "model", "Model", "Who answers. The first choice goes on to the next endpoint if the "
		"configuration lets it.", "model", current->value);
	for (size_t i = 0; i < m->count; i++) {
		const struct model *model = &m->items[i];
		char *name = several ? xasprintf("%s (%s)", model->name, model->endpoint) : xstrdup(model->name);
		size_t e = 0;

		while (e + 1 < upstream_count(acp->app.upstream) &&
		       strcmp(endpoint_name(upstream_at(acp->app.upstream, e)), model->endpoint) != 0)
			e++;
		put_choice(w, model->value, name, budget[e]);
		free(name);
	}
	end_option(w);
}

static const char *const edits_values[] = { "ask", "allow", "refuse" };

static void write_edits(const struct acp_session *session, struct json_writer *w)
{
	if (!session->acp->can_write)
		return;
	begin_option(w, "edits", "Edits", "What happens with a change to a file", NULL, edits_values[session->edits]);
	put_choice(w, edits_values[ACP_EDITS_ASK], "Ask first", NULL);
	put_choice(w, edits_values[ACP_EDITS_ALLOW], "Write without asking", NULL);
	put_choice(w, edits_values[ACP_EDITS_REFUSE], "Answer only, change nothing", NULL);
	end_option(w);
}

void acp_write_options(const struct acp_session *session, struct json_writer *w)
{
	json_begin_array(w, "configOptions");
	write_model(session, w);
	write_edits(session, w);
	json_end_array(w);
}

void acp_send_options(const struct acp_session *session)
{
	struct json_writer *w = acp_update_begin(session, "config_option_update");

	acp_write_options(session, w);
	acp_update_end(session, w);
}

/* --- session/set_config_option --- */

void acp_set_edits(struct acp_session *session, enum acp_edits edits)
{
	if (session->edits == edits)
		return;
	session->edits = edits;
	acp_send_options(session);
}

static bool choose_model(struct acp_session *session, const char *value, struct err *err)
{
	const struct acp_models *m = session->acp->models;
	const struct model *model = find(m, value);

	if (!model) {
		err_set(err, ERR_INVALID_PARAMS, "unknown model %.100s", value);
		return false;
	}
	free(session->model);
	free(session->answered_by);
	session->answered_by = NULL;
	/* The first one is what is asked first without a choice, too, and leaves the way to the next endpoint open. */
	session->model = model == &m->items[0] ? NULL : xstrdup(value);
	return true;
}

static bool choose_edits(struct acp_session *session, const char *value, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(edits_values); i++) {
		if (strcmp(edits_values[i], value) != 0)
			continue;
		session->edits = (enum acp_edits)i;
		return true;
	}
	err_set(err, ERR_INVALID_PARAMS, "edits must be ask, allow or refuse, not %.100s", value);
	return false;
}

struct option_params {
	const char *id;
	const struct json *value;
};

static const struct decode_field option_fields[] = {
	{ .name = "configId", .type = DECODE_STRING, .required = true, .offset = offsetof(struct option_params, id) },
	{ .name = "value", .type = DECODE_ANY, .required = true, .offset = offsetof(struct option_params, value) },
	{ .name = NULL },
};

static bool set_option(struct acp_session *session, const struct json *params, struct err *err)
{
	struct option_params p = { NULL, NULL };
	const char *value;

	if (!decode(params, option_fields, "params", &p, err))
		return false;
	value = json_string(p.value);
	if (!value) {
		err_set(err, ERR_INVALID_PARAMS, "params.value must be a string, not %s", json_type_name(p.value));
		return false;
	}
	if (!strcmp(p.id, "model"))
		return choose_model(session, value, err);
	if (!strcmp(p.id, "edits") && session->acp->can_write)
		return choose_edits(session, value, err);
	err_set(err, ERR_INVALID_PARAMS, "unknown option %.100s", p.id);
	return false;
}

struct rpc_result *acp_set_config_option(void *ctx, struct rpc_request *request, const struct json *params)
{
	struct acp *acp = ctx;
	struct acp_session *session;
	struct json_writer w;
	struct strbuf result;
	struct err err;

	acp_refresh(acp);
	session = acp_session_of(acp, params, &err);
	if (!session || !set_option(session, params, &err))
		return rpc_fail(request, &err);
	strbuf_init(&result, MIB(4));
	json_writer_init(&w, &result);
	json_begin_object(&w, NULL);
	acp_write_options(session, &w);
	json_end_object(&w);
	json_writer_end(&w);
	return rpc_reply(request, &result);
}
