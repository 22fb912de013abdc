#ifndef EKE_BASE_JSON_H
#define EKE_BASE_JSON_H
/*
 * JSON in (RFC 8259). A read-only view of a parsed text; src/base/json.c is the only user of cJSON, and its traps are
 * fenced here, by a pass over the text before cJSON sees it (json_guard.h): lone surrogates and \u0000 become U+FFFD
 * (which is one UTF-16 unit, like what it replaces, so columns still agree), bad escapes, raw NULs, too deep
 * nesting and bytes behind the value are errors. Look-ups are case-sensitive; of duplicate keys the first
 * counts.
 *
 * A tree lives in a pool: parsing takes its nodes from there, and resetting the pool ends all of its trees at
 * once. Whoever handles one message after the other keeps one pool and resets it between them; nothing is freed
 * node by node. A pool holds LIMIT_JSON_TREES; a text that needs more is refused.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/err.h"

struct json;
struct json_pool;

struct json_pool *json_pool_new(void);
/* A text of more than so many values and names is refused; by default LIMIT_JSON_TREES alone counts. */
void json_pool_limit(struct json_pool *pool, size_t values);
/* Ends every tree parsed in it; keeps a little memory for the next. */
void json_pool_reset(struct json_pool *pool);
void json_pool_free(struct json_pool *pool);

enum json_source {
	JSON_STRICT,  /* a client's message or a file: invalid UTF-8, raw control characters, numbers like 01 are errors */
	JSON_LENIENT, /* an endpoint's: they are taken, invalid UTF-8 as U+FFFD */
};

/*
 * Parses text[0..len), one value; text is modified (and need not be terminated). NULL on failure, err ERR_PARSE
 * with the byte offset in words. The tree points into the pool only, text may go.
 */
MUST_USE const struct json *json_parse(struct json_pool *pool, char *text, size_t len, enum json_source source,
	struct err *err);

/* All accept NULL for "absent" and then answer false, NULL or 0. JSON null is present: json_is_null. */
bool json_is_object(const struct json *j);
bool json_is_array(const struct json *j);
bool json_is_string(const struct json *j);
bool json_is_number(const struct json *j);
bool json_is_null(const struct json *j);
/* Member of an object, or NULL (also when j is no object). */
const struct json *json_get(const struct json *j, const char *key);
/* Same, but null counts as absent. */
const struct json *json_get_present(const struct json *j, const char *key);
/* The string, valid as long as the pool's trees; NULL if j is no string. */
const char *json_string(const struct json *j);
/* Stores and returns true only if j is a number; for json_int one without fraction and within +-2^53. */
bool json_number(const struct json *j, double *out);
bool json_int(const struct json *j, int64_t *out);
bool json_bool(const struct json *j, bool *out);
/* Elements of an array, or members of an object. */
size_t json_count(const struct json *j);
const struct json *json_first(const struct json *j);
const struct json *json_next(const struct json *j);
/* The key under which j is a member, or NULL. */
const char *json_key(const struct json *j);
/* "an object", "a string", "nothing" … for sentences. */
const char *json_type_name(const struct json *j);
/* Writes the tree as one value. */
struct json_writer;
void json_put_tree(struct json_writer *w, const struct json *j);

#endif
