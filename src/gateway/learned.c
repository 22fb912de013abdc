/*
 * A short list; when it is full nothing more is learned.
 */
#include "learned.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/attrs.h"
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

/* The name begins a word there: "stream" is in "streaming" and in "stream_options", and not in "upstream". */
static bool says(const struct error_body *error, const char *name)
{
	const char *const texts[] = { error->params.data, error->words.data };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		for (const char *hit = texts[i]; (hit = strcasestr(hit, name)); hit++)
			if (hit == texts[i] || !isalpha((unsigned char)hit[-1]))
				return true;
	return false;
}

unsigned learned_from(int status, const char *body, size_t len, bool stream, bool has_options)
{
	char *copy;
	struct error_body error;
	unsigned bits = 0;

	if (status != 400 && status != 404 && status != 405 && status != 422 && status != 501)
		return 0;
	copy = xmalloc(len + 1);
	memcpy(copy, body, len);
	copy[len] = '\0';
	error_body_init(&error, copy, len, NULL);
	if (says(&error, "stream_options"))
		bits = stream && has_options ? LEARNED_NO_STREAM_OPTIONS : 0;
	else if (says(&error, "stream"))
		bits = stream ? LEARNED_NEVER_STREAMS : LEARNED_STREAMS_ONLY;
	error_body_release(&error);
	free(copy);
	return bits;
}
