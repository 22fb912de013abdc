/*
 * Bodies of requests to the gateway: in whatever JSON a strict parser takes, the member that is found is the parser's,
 * and what is set is what the parser finds afterwards; nothing else changes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/json.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "../../src/gateway/body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* How many members have that name. */
static size_t count(const struct json *object, const char *name)
{
	size_t n = 0;

	for (const struct json *m = json_first(object); m; m = json_next(m))
		n += !strcmp(json_key(m), name);
	return n;
}

static void check(struct json_pool *pool, const char *text, size_t len, const struct json *before)
{
	const char *was = json_string(json_get(before, "model"));
	size_t members = json_count(before);
	size_t models = count(before, "model");
	size_t from;
	size_t to;
	struct err err;
	struct strbuf out;
	bool found = gateway_body_find(text, len, "model", &from, &to);

	/* A name may be written with escapes: the walk does not know it then, so what it finds is never more. */
	must(!found || (models >= 1 && from < to && to <= len));
	must(!found || !was || models > 1 || text[from] == '"');
	strbuf_init(&out, LIMIT_GATEWAY_BODY);
	if (gateway_body_set_string(text, len, "model", "new", &out)) {
		const struct json *after = json_parse(pool, out.data, out.len, JSON_STRICT, &err);

		must(json_is_object(after));
		must(json_count(after) == members + !found);
		must(!strcmp(json_string(json_get(after, "model")), "new") || models > 1);
	} else {
		must(models > 1 && !out.len);
	}
	strbuf_reset(&out);
	if (gateway_body_remove(text, len, "model", &out)) {
		const struct json *after = json_parse(pool, out.data, out.len, JSON_STRICT, &err);

		must(json_is_object(after));
		must(json_count(after) + found == members);
	} else {
		must(models > 1 && !out.len);
	}
	strbuf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_pool *pool = json_pool_new();
	char *text = xmalloc(size + 1);
	char *copy = xmalloc(size + 1);
	const struct json *value;
	struct err err;

	memcpy(text, data, size);
	text[size] = '\0';
	memcpy(copy, text, size + 1);
	value = json_parse(pool, copy, size, JSON_STRICT, &err);
	if (json_is_object(value))
		check(pool, text, size, value);
	free(text);
	free(copy);
	json_pool_free(pool);
	return 0;
}
