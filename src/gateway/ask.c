/*
 * The parser changes what it parses, so it gets a copy.
 */
#include "ask.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/json.h"
#include "eke/base/mem.h"

static size_t count_members(const struct json *object, const char *name)
{
	size_t count = 0;

	for (const struct json *m = json_first(object); m; m = json_next(m))
		count += !strcmp(json_key(m), name);
	return count;
}

static bool take(struct ask *ask, const struct json *value)
{
	const struct json *model = json_get(value, "model");
	double temperature = 1;

	if (!json_is_object(value) || count_members(value, "model") > 1 || (model && !json_is_string(model)))
		return false;
	ask->model = model ? xstrdup(json_string(model)) : NULL;
	json_bool(json_get(value, "stream"), &ask->stream);
	json_bool(json_get(json_get(value, "stream_options"), "include_usage"), &ask->wants_usage);
	ask->is_repeatable = json_number(json_get(value, "temperature"), &temperature) && temperature == 0;
	return true;
}

bool ask_read(struct ask *ask, const char *body, size_t len)
{
	struct json_pool *pool = json_pool_new();
	char *copy = xmalloc(len + 1);
	struct err ignored;
	bool ok;

	*ask = (struct ask){ 0 };
	memcpy(copy, body, len);
	copy[len] = '\0';
	ok = take(ask, json_parse(pool, copy, len, JSON_STRICT, &ignored));
	free(copy);
	json_pool_free(pool);
	return ok;
}

void ask_release(struct ask *ask)
{
	free(ask->model);
	ask->model = NULL;
}
