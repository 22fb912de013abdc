/*
 * The scanner for ids: whole and byte by byte must give the same; where the message is JSON it must agree with a
 * full parse; and what it calls a valid id must be JSON, whatever the message is.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/json.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/rpc/peek.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(const char *bytes, size_t size, size_t piece, unsigned level, struct peek *p)
{
	peek_init(p, level);
	for (size_t at = 0; at < size; at += piece)
		peek_feed(p, bytes + at, size - at < piece ? size - at : piece);
	peek_end(p);
	if (p->id_len > LIMIT_ID || (p->id_kind == PEEK_ID_VALID && strlen(p->id) != p->id_len))
		abort();
}

static const struct json *parse(struct json_pool *pool, const char *text, size_t len)
{
	char *copy = xstrndup(text, len);
	struct err err;
	const struct json *tree = json_parse(pool, copy, len, JSON_STRICT, &err);

	free(copy);
	return tree;
}

static bool same(const struct json *a, const struct json *b)
{
	double x;
	double y;

	if (json_string(a) && json_string(b))
		return !strcmp(json_string(a), json_string(b));
	if (json_number(a, &x) && json_number(b, &y))
		return !memcmp(&x, &y, sizeof(x));
	return json_is_null(a) && json_is_null(b);
}

static void compare(const struct peek *p, const char *bytes, size_t size)
{
	struct json_pool *pool = json_pool_new();
	const struct json *message = parse(pool, bytes, size);
	const struct json *id = json_get(message, "id");
	const struct json *seen = NULL;

	if (p->id_kind == PEEK_ID_VALID) {
		seen = parse(pool, p->id, p->id_len);
		if (!json_is_string(seen) && !json_is_number(seen) && !json_is_null(seen))
			abort();
	}
	if (json_is_object(message)) {
		bool scalar = json_is_string(id) || json_is_number(id) || json_is_null(id);

		if ((p->id_kind == PEEK_ID_ABSENT) != !id)
			abort();
		if (seen && !same(id, seen))
			abort();
		if (scalar && !seen && size <= LIMIT_ID)
			abort();
	}
	json_pool_free(pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;

	if (size > KIB(64))
		return 0;
	for (unsigned level = 1; level <= 2; level++) {
		const size_t pieces[] = { 1, size ? 1 + data[0] : 1 };
		struct peek whole;

		run(bytes, size, size ? size : 1, level, &whole);
		for (size_t i = 0; i < 2; i++) {
			struct peek cut;

			run(bytes, size, pieces[i], level, &cut);
			if (cut.id_kind != whole.id_kind || cut.id_len != whole.id_len || strcmp(cut.id, whole.id))
				abort();
		}
		if (level == 1)
			compare(&whole, bytes, size);
	}
	return 0;
}
