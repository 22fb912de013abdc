/*
 * JSON in and out: whatever is taken is written as valid JSON and valid UTF-8, and that comes back the same. What
 * strict takes, lenient takes. Comments are blanked without moving anything, and a member's line is one of the text's.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/json.h"
#include "eke/base/json_guard.h"
#include "eke/base/json_locate.h"
#include "eke/base/json_writer.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/utf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_tree(const struct json *tree, struct strbuf *out)
{
	struct json_writer w;

	strbuf_init(out, MIB(64));
	json_writer_init(&w, out);
	json_put_tree(&w, tree);
	json_writer_end(&w);
	if (out->full || utf8_valid_prefix(out->data, out->len) != out->len || memchr(out->data, '\n', out->len))
		abort();
}

/* Parses and writes; false if the text is refused. */
static bool round_trip(const char *text, size_t len, enum json_source source, struct strbuf *out)
{
	struct json_pool *pool = json_pool_new();
	char *copy = xmalloc(len);
	struct err err = ERR_INIT;
	const struct json *tree;

	if (len)
		memcpy(copy, text, len);
	tree = json_parse(pool, copy, len, source, &err);
	/* The tree points into the pool only. */
	memset(copy, '#', len);
	free(copy);
	if (tree)
		write_tree(tree, out);
	else if (err.kind != ERR_PARSE || !err.message[0])
		abort();
	json_pool_free(pool);
	return tree != NULL;
}

static bool check(const char *text, size_t len, enum json_source source)
{
	struct strbuf once;
	struct strbuf twice;

	if (!round_trip(text, len, source, &once))
		return false;
	if (!round_trip(once.data, once.len, JSON_STRICT, &twice) || once.len != twice.len ||
	    memcmp(once.data, twice.data, once.len))
		abort();
	strbuf_release(&once);
	strbuf_release(&twice);
	return true;
}

static void check_line(const char *text, size_t len, const char *path)
{
	size_t line = json_line_of(text, len, path);

	if (line < 1 || line > text_line_of(text, len, len))
		abort();
}

/* The lines of every member of the outer two levels. */
static void check_lines(const char *text, size_t len)
{
	struct json_pool *pool = json_pool_new();
	char *copy = xstrndup(text, len);
	struct err err;
	const struct json *tree = json_parse(pool, copy, len, JSON_STRICT, &err);
	size_t n = 0;

	for (const struct json *m = json_first(tree); m && n < 100; m = json_next(m), n++) {
		char *path = json_key(m) ? xasprintf("%.100s", json_key(m)) : xasprintf("[%zu]", n);

		check_line(text, len, path);
		for (const struct json *e = json_first(m); e && n < 100; e = json_next(e), n++) {
			char *inner = json_key(e) ? xasprintf("%s.%.100s", path, json_key(e)) : xasprintf("%s[%zu]", path, n);

			check_line(text, len, inner);
			free(inner);
		}
		free(path);
	}
	json_pool_free(pool);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	char *stripped;
	bool strict;

	if (size > MIB(1))
		return 0;
	strict = check(text, size, JSON_STRICT);
	if (!check(text, size, JSON_LENIENT) && strict)
		abort();
	if (strict)
		check_lines(text, size);
	stripped = xstrndup(text, size);
	json_strip_comments(stripped, size);
	if (text_line_of(stripped, size, size) != text_line_of(text, size, size))
		abort();
	if (check(stripped, size, JSON_STRICT))
		check_lines(stripped, size);
	else if (strict)
		abort();
	free(stripped);
	return 0;
}
