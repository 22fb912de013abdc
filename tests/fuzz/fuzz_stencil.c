/*
 * Two events, each a line: what the stencil of the first makes of the second must be what parsing the second
 * makes of it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"
#include "eke/upstream/stencil.h"
#include "eke/upstream/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* Decodes an event of its own copy; false if it is no JSON object. */
static bool parse(struct json_pool *pool, const char *raw, size_t len, struct wire_chunk *out)
{
	char *copy = xstrndup(raw, len);
	struct err err;
	const struct json *value = json_parse(pool, copy, len, JSON_LENIENT, &err);

	free(copy);
	if (!json_is_object(value))
		return false;
	wire_decode(value, out);
	return true;
}

static bool says_only_text(const struct wire_chunk *chunk)
{
	return chunk->is_answer && !chunk->is_error && !chunk->is_whole && !chunk->usage.present &&
	       chunk->finish == WIRE_OPEN && !(chunk->reasoning && *chunk->reasoning) && chunk->text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *first = (const char *)data;
	const char *line_end = size ? memchr(first, '\n', size) : NULL;
	size_t first_len = line_end ? (size_t)(line_end - first) : size;
	const char *second = line_end ? line_end + 1 : first;
	size_t second_len = line_end ? size - first_len - 1 : size;
	struct json_pool *pool = json_pool_new();
	struct stencil stencil;
	struct wire_chunk chunk;
	const char *text;
	char *copy;
	size_t len;

	stencil_init(&stencil);
	if (parse(pool, first, first_len, &chunk) && says_only_text(&chunk))
		stencil_learn(&stencil, first, first_len, chunk.text);
	copy = xstrndup(second, second_len);
	text = stencil_match(&stencil, copy, second_len, &len);
	if (text) {
		require(parse(pool, second, second_len, &chunk));
		require(says_only_text(&chunk));
		require(strlen(chunk.text) == len && !memcmp(chunk.text, text, len));
	}
	free(copy);
	stencil_release(&stencil);
	json_pool_free(pool);
	return 0;
}
