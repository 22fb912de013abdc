/*
 * Copies and comparison. struct request_copy is its owner's storage.
 */
#include "request_copy.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"
#include "eke/chat/fit.h"

void request_copy_copy(struct request_copy *asked, const struct chat_request *request)
{
	*asked = (struct request_copy){ .count = request->count,
				 .temperature = request->temperature,
				 .max_tokens = request->max_tokens };
	asked->endpoint = request->endpoint ? xstrdup(request->endpoint) : NULL;
	asked->model = request->model ? xstrdup(request->model) : NULL;
	asked->classes = xcalloc(request->count, sizeof(*asked->classes));
	if (request->classes)
		memcpy(asked->classes, request->classes, request->count * sizeof(*asked->classes));
	else
		fit_classes(request->messages, request->count, asked->classes);
	asked->messages = xcalloc(request->count, sizeof(*asked->messages));
	asked->strings = xcalloc(2 * request->count, sizeof(*asked->strings));
	for (size_t i = 0; i < request->count; i++) {
		const struct request_message *m = &request->messages[i];
		char **own = &asked->strings[2 * i];

		own[0] = xstrdup(m->role);
		own[1] = xstrndup(m->content, m->content_len);
		asked->messages[i] = (struct request_message){ own[0], own[1], m->content_len };
	}
}

void request_copy_release(struct request_copy *asked)
{
	for (size_t i = 0; i < 2 * asked->count; i++)
		free(asked->strings[i]);
	free(asked->strings);
	free(asked->messages);
	free(asked->classes);
	free(asked->endpoint);
	free(asked->model);
}

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

bool request_copy_is(const struct request_copy *asked, const struct chat_request *request)
{
	if (asked->count != request->count || !same(asked->endpoint, request->endpoint) ||
	    !same(asked->model, request->model) || asked->max_tokens != request->max_tokens ||
	    asked->temperature != request->temperature)
		return false;
	for (size_t i = 0; i < asked->count; i++) {
		const struct request_message *a = &asked->messages[i];
		const struct request_message *b = &request->messages[i];

		if ((request->classes && request->classes[i] != asked->classes[i]) || strcmp(a->role, b->role) ||
			a->content_len != b->content_len ||
		    memcmp(a->content, b->content, a->content_len))
			return false;
	}
	return true;
}
