/*
 * A request for the list asks every endpoint anew, so that it shows what there is now.
 */
#include "models.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/json_writer.h"
#include "eke/base/list.h"
#include "eke/base/mem.h"
#include "catalogue.h"
#include "routes.h"

struct model_list {
	struct gateway *gateway;
	struct gateway_request *request;
	char *wanted; /* the id of one model, or NULL */
	struct catalogue_pending pending;
	struct model_list *next;
};

static void list_free(void *p)
{
	struct model_list *list = p;

	free(list->wanted);
	free(list);
}

/* Nobody waits for it any more. */
static void list_end(struct model_list *list)
{
	list_unlink(list->gateway->model_lists, list);
	catalogue_unwant(list->gateway->catalogue, &list->pending);
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

/* As it is asked for: with its endpoint before it where the id alone means another's. */
static char *full_id(const struct gateway *gateway, const struct catalogue_list *list, const char *id)
{
	if (catalogue_find(gateway->catalogue, id) != list)
		return xasprintf("%s/%s", list->endpoint, id);
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
static bool is_wanted(const char *wanted, const char *shown, const char *id, const char *endpoint)
{
	size_t len = strlen(endpoint);

	return !strcmp(wanted, shown) ||
	       (!strncmp(wanted, endpoint, len) && wanted[len] == '/' && !strcmp(wanted + len + 1, id));
}

/* Writes the models of one endpoint, or the wanted one of them; true: something was written. */
static bool write_list(const struct gateway *gateway, const struct catalogue_list *list, const char *wanted,
		       struct json_writer *w)
{
	bool found = false;

	for (size_t n = 0; n < list->count && !(wanted && found); n++) {
		char *shown = full_id(gateway, list, list->ids[n]);

		if (!wanted || is_wanted(wanted, shown, list->ids[n], list->endpoint)) {
			put_model(w, wanted ? wanted : shown, list->endpoint);
			found = true;
		}
		free(shown);
	}
	return found;
}

/* Writes the list, or the wanted one. False: it is not there. */
static bool write_models(const struct model_list *all, struct json_writer *w)
{
	const struct catalogue_list *list;
	bool found = false;

	if (!all->wanted) {
		json_begin_object(w, NULL);
		json_put_kstring(w, "object", "list");
		json_begin_array(w, "data");
	}
	for (size_t i = 0; (list = catalogue_at(all->gateway->catalogue, i)) && !(all->wanted && found); i++)
		found |= write_list(all->gateway, list, all->wanted, w);
	if (!all->wanted) {
		json_end_array(w);
		json_end_object(w);
	}
	return found || !all->wanted;
}

static void reply(void *ctx)
{
	struct model_list *list = ctx;
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

void gateway_models(struct gateway *gateway, struct gateway_request *request, const char *id)
{
	struct model_list *list = xcalloc(1, sizeof(*list));

	list->gateway = gateway;
	list->request = request;
	list->wanted = id ? xstrdup(id) : NULL;
	list->pending = (struct catalogue_pending){ .fn = reply, .ctx = list };
	list->next = gateway->model_lists;
	gateway->model_lists = list;
	gateway_request_on_end(request, on_end, list);
	catalogue_want(gateway->catalogue, 0, &list->pending);
}
