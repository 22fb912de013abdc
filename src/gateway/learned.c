/*
 * A short list; when it is full nothing more is learned.
 */
#include "learned.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/json.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/upstream/error_body.h"

struct learned_list {
	struct {
		char *endpoint;
		char *model;
		unsigned bits;
	} entries[LIMIT_GATEWAY_LEARNED];
	size_t count;
};

struct learned_list *learned_new(void)
{
	return xcalloc(1, sizeof(struct learned_list));
}

void learned_reset(struct learned_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->entries[i].endpoint);
		free(list->entries[i].model);
	}
	list->count = 0;
}

void learned_free(struct learned_list *list)
{
	if (list)
		learned_reset(list);
	free(list);
}

static size_t index_of(const struct learned_list *list, const char *endpoint, const char *model)
{
	size_t i = 0;

	while (i < list->count &&
		(strcmp(list->entries[i].endpoint, endpoint) != 0 || strcmp(list->entries[i].model, model) != 0))
		i++;
	return i;
}

unsigned learned_of(const struct learned_list *list, const char *endpoint, const char *model)
{
	size_t i = index_of(list, endpoint, model);

	return i < list->count ? list->entries[i].bits : 0;
}

void learned_add(struct learned_list *list, const char *endpoint, const char *model, enum learned what)
{
	size_t i = index_of(list, endpoint, model);

	if (i == LIMIT_GATEWAY_LEARNED)
		return;
	if (i == list->count) {
		list->entries[i].endpoint = xstrdup(endpoint);
		list->entries[i].model = xstrdup(model);
		list->entries[i].bits = 0;
		list->count++;
	}
	list->entries[i].bits |= what;
}

/* Without regard to case. */
static bool says(const struct strbuf *words, const char *what)
{
	return strcasestr(words->data, what) != NULL;
}

/* The member that the provider complains about, in OpenAI's form: error.param. */
static bool names_param(const char *body, size_t len, const char *param)
{
	struct json_pool *pool = json_pool_new();
	char *copy = xmalloc(len + 1);
	const char *named;
	struct err ignored;
	bool same;

	memcpy(copy, body, len);
	named = json_string(json_get(json_get(json_parse(pool, copy, len, JSON_LENIENT, &ignored), "error"), "param"));
	same = named && !strncmp(named, param, strlen(param)) && (!named[strlen(param)] || named[strlen(param)] == '.');
	free(copy);
	json_pool_free(pool);
	return same;
}

unsigned learned_from(int status, const char *body, size_t len, bool stream, bool has_options)
{
	char *copy = xmalloc(len + 1);
	struct error_body error;
	unsigned bits = 0;

	if (status != 400 && status != 404 && status != 405 && status != 422 && status != 501) {
		free(copy);
		return 0;
	}
	memcpy(copy, body, len);
	copy[len] = '\0';
	error_body_init(&error, copy, len, NULL);
	if (names_param(body, len, "stream_options") || says(&error.words, "stream_options"))
		bits = stream && has_options ? LEARNED_NO_STREAM_OPTIONS : 0;
	else if (names_param(body, len, "stream") || says(&error.words, "stream"))
		bits = stream ? LEARNED_NEVER_STREAMS : LEARNED_STREAMS_ONLY;
	error_body_release(&error);
	free(copy);
	return bits;
}
