/*
 * The parser changes what it parses, so it gets a copy.
 */
#include "ask.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/json.h"
#include "eke/base/mem.h"

/* Of members that come twice the last one counts, as for nearly everybody who reads JSON. */
static const struct json *member(const struct json *object, const char *name, size_t *count)
{
	const struct json *last = NULL;

	*count = 0;
	for (const struct json *m = json_first(object); m; m = json_next(m)) {
		if (strcmp(json_key(m), name) != 0)
			continue;
		last = m;
		++*count;
	}
	return last;
}

static bool take(struct ask *ask, const struct json *value, struct err *err)
{
	size_t count;
	const struct json *model = member(value, "model", &count);
	double temperature = 1;

	if (!json_is_object(value)) {
		err_set(err, ERR_INVALID_PARAMS, "The request must be a JSON object, and is %s.", json_type_name(value));
		return false;
	}
	if (count > 1) {
		err_set(err, ERR_INVALID_PARAMS, "The request has its model twice.");
		return false;
	}
	if (model && !json_is_string(model) && !json_is_null(model)) {
		err_set(err, ERR_INVALID_PARAMS, "The request's model must be a string, and is %s.", json_type_name(model));
		return false;
	}
	ask->model = json_is_string(model) && *json_string(model) ? xstrdup(json_string(model)) : NULL;
	json_bool(member(value, "stream", &count), &ask->stream);
	json_bool(json_get(member(value, "stream_options", &count), "include_usage"), &ask->wants_usage);
	ask->is_repeatable = json_number(member(value, "temperature", &count), &temperature) && temperature == 0;
	return true;
}

bool ask_read(struct ask *ask, const char *body, size_t len, struct err *err)
{
	struct json_pool *pool = json_pool_new();
	char *copy = xmalloc(len + 1);
	const struct json *value;
	struct err fault;
	bool ok = false;

	*ask = (struct ask){ 0 };
	memcpy(copy, body, len);
	copy[len] = '\0';
	value = json_parse(pool, copy, len, JSON_STRICT, &fault);
	if (value)
		ok = take(ask, value, err);
	else if (!len)
		err_set(err, ERR_INVALID_PARAMS, "The request is empty; it must be a JSON object.");
	else
		err_set(err, ERR_INVALID_PARAMS, "The request is not JSON: %s.", fault.message);
	free(copy);
	json_pool_free(pool);
	return ok;
}

void ask_release(struct ask *ask)
{
	free(ask->model);
	ask->model = NULL;
}
