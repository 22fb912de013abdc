/*
 * The models of all endpoints as one list. Each request for it asks every endpoint anew: no plan counts that, and a
 * list lives in the gateway until all have answered, or its client is gone.
 */
#include "models.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/json_writer.h"
#include "eke/base/list.h"
#include "eke/base/mem.h"
#include "eke/upstream/models.h"
#include "routes.h"

struct question {
	struct model_list *list;
	struct endpoint *endpoint; /* ref */
	uint64_t fetch;            /* 0: it has answered */
	char **ids;
	size_t count;
};

struct model_list {
	struct gateway *gateway;
	struct gateway_request *request;
	char *wanted; /* the id of one model, or NULL */
	struct question questions[LIMIT_ENDPOINTS];
	size_t count;
	size_t left;
	struct model_list *next;
};

static void list_free(void *p)
{
	struct model_list *list = p;

	for (size_t i = 0; i < list->count; i++) {
		struct question *q = &list->questions[i];

		for (size_t n = 0; n < q->count; n++)
			free(q->ids[n]);
		free(q->ids);
		endpoint_unref(q->endpoint);
	}
	free(list->wanted);
	free(list);
}

/* Nobody waits for it any more. */
static void list_end(struct model_list *list)
{
	list_unlink(list->gateway->model_lists, list);
	for (size_t i = 0; i < list->count; i++)
		models_cancel(list->gateway->app.upstream, list->questions[i].fetch);
	loop_defer_free(list->gateway->app.loop, list, list_free);
}

void gateway_models_free_all(struct gateway *gateway)
{
	while (gateway->model_lists)
		list_end(gateway->model_lists);
}

static void on_end(void *ctx, bool complete)
{
	(void)complete;
	list_end(ctx);
}

/* Was the id in the list of an endpoint before this one? */
static bool is_earlier(const struct model_list *list, size_t endpoint, const char *id)
{
	for (size_t i = 0; i < endpoint; i++)
		for (size_t n = 0; n < list->questions[i].count; n++)
			if (!strcmp(list->questions[i].ids[n], id))
				return true;
	return false;
}

/* As it is asked for: with its endpoint before it where the id alone means another's. */
static char *full_id(const struct model_list *list, size_t endpoint, const char *id)
{
	if (is_earlier(list, endpoint, id))
		return xasprintf("%s/%s", endpoint_name(list->questions[endpoint].endpoint), id);
	return xstrdup(id);
}

static void put_model(struct json_writer *w, const char *id, const char *endpoint)
{
	json_begin_object(w, NULL);
	json_put_kstring(w, "id", id);
	json_put_kstring(w, "object", "model");
	json_put_kint(w, "created", 0);
	json_put_kstring(w, "owned_by", endpoint);
	json_end_object(w);
}

/* Is it the wanted one: by its id in the list, or with its endpoint's name before it? */
static bool is_wanted(const struct model_list *list, const char *shown, const char *id, const char *endpoint)
{
	size_t len = strlen(endpoint);

	return !strcmp(list->wanted, shown) || (!strncmp(list->wanted, endpoint, len) && list->wanted[len] == '/' &&
						!strcmp(list->wanted + len + 1, id));
}

/* Writes the list, or the wanted one. False: it is not there. */
static bool write_models(const struct model_list *list, struct json_writer *w)
{
	bool found = !list->wanted;

	if (!list->wanted) {
		json_begin_object(w, NULL);
		json_put_kstring(w, "object", "list");
		json_begin_array(w, "data");
	}
	for (size_t i = 0; i < list->count; i++) {
		const char *endpoint = endpoint_name(list->questions[i].endpoint);

		for (size_t n = 0; n < list->questions[i].count; n++) {
			const char *id = list->questions[i].ids[n];
			char *shown = full_id(list, i, id);

			if (!list->wanted || (!found && is_wanted(list, shown, id, endpoint))) {
				put_model(w, list->wanted ? list->wanted : shown, endpoint);
				found = true;
			}
			free(shown);
		}
	}
	if (!list->wanted) {
		json_end_array(w);
		json_end_object(w);
	}
	return found;
}

static void reply(struct model_list *list)
{
	struct gateway_request *request = list->request;
	struct json_writer w;
	struct strbuf body;

	strbuf_init(&body, LIMIT_BODY);
	json_writer_init(&w, &body);
	if (write_models(list, &w)) {
		json_writer_end(&w);
		gateway_reply_header(request, "Content-Type", "application/json");
		gateway_log(request, 200, NULL);
		gateway_reply(request, 200, body.data, body.len);
	} else {
		gateway_fail(request, 404, "invalid_request_error", "model_not_found", "No endpoint offers this model.", true);
	}
	strbuf_release(&body);
}

static void add_id(struct question *q, const char *id)
{
	q->ids = xreallocarray(q->ids, q->count + 1, sizeof(*q->ids));
	q->ids[q->count++] = xstrdup(id);
}

static void on_models(void *ctx, const char *const *ids, size_t count, const struct err *err)
{
	struct question *q = ctx;
	const char *chat = endpoint_chat_model(q->endpoint);
	const char *completion = endpoint_completion_model(q->endpoint);

	q->fetch = 0;
	for (size_t i = 0; i < count && ids; i++)
		add_id(q, ids[i]);
	/* Many relays have no list: what is configured can be asked for. */
	if (err) {
		add_id(q, chat);
		if (strcmp(chat, completion) != 0)
			add_id(q, completion);
	}
	if (!--q->list->left)
		reply(q->list);
}

void gateway_models(struct gateway *gateway, struct gateway_request *request, const char *id)
{
	struct upstream *upstream = gateway->app.upstream;
	struct model_list *list = xcalloc(1, sizeof(*list));

	list->gateway = gateway;
	list->request = request;
	list->wanted = id ? xstrdup(id) : NULL;
	list->next = gateway->model_lists;
	gateway->model_lists = list;
	list->count = list->left = upstream_count(upstream);
	gateway_request_on_end(request, on_end, list);
	for (size_t i = 0; i < list->count; i++) {
		struct question *q = &list->questions[i];

		q->list = list;
		q->endpoint = endpoint_ref(upstream_at(upstream, i));
		q->fetch = models_start(upstream, q->endpoint, on_models, q);
	}
	if (!list->count)
		reply(list);
}
