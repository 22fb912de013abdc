/*
 * JSON trees, by cJSON. The only file that includes cJSON.h.
 *
 * cJSON allocates each node and string for itself. A message's tree dies as a whole, so its allocations are taken
 * from a pool through cJSON's hooks: one pointer bump each, no free. `active` is the pool of the parse under
 * way; there is one thread, and cJSON is called from json_parse() only, so it is set and cleared there.
 */
#include "eke/base/json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/json_guard.h"
#include "eke/base/json_writer.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/base/utf.h"

#define POOL_BLOCK KIB(4)
#define POOL_ALIGN 16
#define POOL_TRIM MIB(4) /* a tree above it is no ordinary message */

/* struct json is a cJSON item seen through an opaque type. */

struct block {
	struct block *next;
	size_t used;
	size_t size;
	_Alignas(POOL_ALIGN) char bytes[];
};

struct json_pool {
	struct block *blocks; /* the one allocated from first; the last in the list is kept over a reset */
	size_t bytes;	      /* handed out */
	size_t pieces;       /* values and strings */
	size_t max_pieces;
	bool full;	      /* LIMIT_JSON_TREES was reached */
};

static struct json_pool *active;

static struct block *block_new(size_t size, struct block *next)
{
	struct block *b = xmalloc(sizeof(*b) + size);

	b->next = next;
	b->used = 0;
	b->size = size;
	return b;
}

/* NULL where the limit is reached; cJSON then gives up. */
static void *pool_alloc(size_t size)
{
	struct block *b = active->blocks;
	void *p;

	size = (size + POOL_ALIGN - 1) & ~(size_t)(POOL_ALIGN - 1);
	if (size > LIMIT_JSON_TREES - active->bytes || active->pieces == active->max_pieces) {
		active->full = true;
		return NULL;
	}
	active->bytes += size;
	active->pieces++;
	if (b->size - b->used < size) {
		b = block_new(size > POOL_BLOCK ? size : POOL_BLOCK, b);
		active->blocks = b;
	}
	p = b->bytes + b->used;
	b->used += size;
	return p;
}

static void pool_no_free(void *p)
{
	(void)p;
}

struct json_pool *json_pool_new(void)
{
	struct json_pool *pool = xcalloc(1, sizeof(*pool));
	cJSON_Hooks hooks = { .malloc_fn = pool_alloc, .free_fn = pool_no_free };

	cJSON_InitHooks(&hooks);
	pool->blocks = block_new(POOL_BLOCK, NULL);
	pool->max_pieces = SIZE_MAX;
	return pool;
}

void json_pool_limit(struct json_pool *pool, size_t values)
{
	/* Each has at most a node, a name and a string. */
	pool->max_pieces = 3 * values;
}

void json_pool_reset(struct json_pool *pool)
{
	while (pool->blocks->next) {
		struct block *b = pool->blocks;

		pool->blocks = b->next;
		free(b);
	}
	/* So many small blocks do not go back to the system by themselves. */
	if (pool->bytes > POOL_TRIM)
		mem_trim();
	pool->blocks->used = 0;
	pool->bytes = 0;
	pool->pieces = 0;
	pool->full = false;
}

void json_pool_free(struct json_pool *pool)
{
	if (!pool)
		return;
	json_pool_reset(pool);
	free(pool->blocks);
	free(pool);
}

static const cJSON *item(const struct json *j)
{
	return (const cJSON *)(const void *)j;
}

static const struct json *view(const cJSON *c)
{
	return (const struct json *)(const void *)c;
}

static bool only_blanks(const char *s, const char *end)
{
	while (s < end && (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\r'))
		s++;
	return s == end;
}

static const struct json *parse_guarded(struct json_pool *pool, const char *text, size_t len, struct err *err)
{
	const char *end = text;
	cJSON *tree;

	active = pool;
	tree = cJSON_ParseWithLengthOpts(text, len, &end, 0);
	active = NULL;
	if (!tree && pool->full) {
		err_set(err, ERR_PARSE, "too many JSON values, at byte %zu", (size_t)(end - text));
		return NULL;
	}
	if (!tree) {
		err_set(err, ERR_PARSE, "malformed JSON at byte %zu", (size_t)(end - text));
		return NULL;
	}
	if (!only_blanks(end, text + len)) {
		err_set(err, ERR_PARSE, "unexpected text behind the JSON value, at byte %zu", (size_t)(end - text));
		return NULL;
	}
	return view(tree);
}

const struct json *json_parse(struct json_pool *pool, char *text, size_t len, enum json_source source, struct err *err)
{
	struct strbuf valid;
	const struct json *tree;

	if (source == JSON_STRICT || utf8_valid_prefix(text, len) == len)
		return json_guard(text, len, source, err) ? parse_guarded(pool, text, len, err) : NULL;
	strbuf_init(&valid, 3 * len);
	utf8_append_valid(&valid, text, len);
	tree = json_guard(valid.data, valid.len, source, err) ? parse_guarded(pool, valid.data, valid.len, err) : NULL;
	strbuf_release(&valid);
	return tree;
}

bool json_is_object(const struct json *j)
{
	return cJSON_IsObject(item(j));
}

bool json_is_array(const struct json *j)
{
	return cJSON_IsArray(item(j));
}

bool json_is_string(const struct json *j)
{
	return cJSON_IsString(item(j));
}

bool json_is_number(const struct json *j)
{
	return cJSON_IsNumber(item(j));
}

bool json_is_null(const struct json *j)
{
	return cJSON_IsNull(item(j));
}

const struct json *json_get(const struct json *j, const char *key)
{
	/* On an array cJSON would compare the keys that its elements do not have. */
	if (!cJSON_IsObject(item(j)))
		return NULL;
	return view(cJSON_GetObjectItemCaseSensitive(item(j), key));
}

const struct json *json_get_present(const struct json *j, const char *key)
{
	const struct json *member = json_get(j, key);

	return json_is_null(member) ? NULL : member;
}

const char *json_string(const struct json *j)
{
	return cJSON_IsString(item(j)) ? item(j)->valuestring : NULL;
}

bool json_number(const struct json *j, double *out)
{
	if (!cJSON_IsNumber(item(j)))
		return false;
	*out = item(j)->valuedouble;
	return true;
}

bool json_int(const struct json *j, int64_t *out)
{
	const double exact = 9007199254740992.0; /* 2^53 */
	double d;

	if (!json_number(j, &d) || !(fabs(d) <= exact) || d != trunc(d))
		return false;
	*out = (int64_t)d;
	return true;
}

bool json_bool(const struct json *j, bool *out)
{
	if (!cJSON_IsBool(item(j)))
		return false;
	*out = cJSON_IsTrue(item(j));
	return true;
}

size_t json_count(const struct json *j)
{
	size_t n = 0;

	for (const struct json *e = json_first(j); e; e = json_next(e))
		n++;
	return n;
}

const struct json *json_first(const struct json *j)
{
	return j && (cJSON_IsArray(item(j)) || cJSON_IsObject(item(j))) ? view(item(j)->child) : NULL;
}

const struct json *json_next(const struct json *j)
{
	return j ? view(item(j)->next) : NULL;
}

const char *json_key(const struct json *j)
{
	return j ? item(j)->string : NULL;
}

const char *json_type_name(const struct json *j)
{
	if (!j)
		return "nothing";
	switch (item(j)->type & 0xFF) {
	case cJSON_False:
	case cJSON_True:
		return "a boolean";
	case cJSON_NULL:
		return "null";
	case cJSON_Number:
		return "a number";
	case cJSON_String:
		return "a string";
	case cJSON_Array:
		return "an array";
	default:
		return "an object";
	}
}

/* Depth is that of the parser, LIMIT_JSON_DEPTH; the writer's own limit is lower, so what is too deep is left out. */
static void put_tree(struct json_writer *w, const struct json *j, unsigned depth)
{
	double d;
	int64_t n;
	bool b;

	if (json_is_object(j) && depth) {
		json_begin_object(w, NULL);
		for (const struct json *m = json_first(j); m; m = json_next(m)) {
			json_put_key(w, json_key(m));
			put_tree(w, m, depth - 1);
		}
		json_end_object(w);
	} else if (json_is_array(j) && depth) {
		json_begin_array(w, NULL);
		for (const struct json *e = json_first(j); e; e = json_next(e))
			put_tree(w, e, depth - 1);
		json_end_array(w);
	} else if (json_string(j)) {
		json_put_string(w, json_string(j));
	} else if (json_int(j, &n)) {
		json_put_int(w, n);
	} else if (json_number(j, &d)) {
		json_put_double(w, d);
	} else if (json_bool(j, &b)) {
		json_put_bool(w, b);
	} else {
		json_put_null(w);
	}
}

void json_put_tree(struct json_writer *w, const struct json *j)
{
	put_tree(w, j, JSON_WRITER_DEPTH - 1 - w->depth);
}
