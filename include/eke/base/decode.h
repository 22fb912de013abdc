#ifndef EKE_BASE_DECODE_H
#define EKE_BASE_DECODE_H
/*
 * From a JSON object into a C struct by a static table of its fields, and back: for the params of methods and the
 * configuration. A field that is absent or null leaves the struct's value as it was (set the defaults first) unless it
 * is required. Fields not in the table are the caller's business (decode_unknown finds them). Strings and subtrees are
 * borrowed from the tree.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/json.h"
#include "eke/base/json_writer.h"

enum decode_type {
	DECODE_BOOL,   /* bool */
	DECODE_INT,    /* int64_t, within min and max */
	DECODE_DOUBLE, /* double, within min and max */
	DECODE_STRING, /* const char * */
	DECODE_ENUM,   /* an enum, of the size of an int: the index of a string in .names */
	DECODE_OBJECT, /* const struct json *, or with .sub the fields of the struct that begins at the offset */
	DECODE_ARRAY,  /* const struct json * */
	DECODE_ANY,    /* const struct json * */
};

struct decode_field {
	const char *name;
	enum decode_type type;
	bool required;
	size_t offset;
	double min, max;                /* for numbers; both 0: any */
	const char *const *names;       /* for DECODE_ENUM; ends with NULL */
	const struct decode_field *sub; /* for DECODE_OBJECT; ends with .name NULL */
	/* For encode(): writes the member with its key, or nothing, from the struct that .offset counts in; or NULL. */
	void (*put)(struct json_writer *w, const char *key, const void *object);
	bool omit_unset; /* for encode(): what is not set is left out, not written as null */
};

/*
 * `fields` ends with .name NULL. `path` names the object in messages ("params"; ""
 * for a whole document). NULL for obj is an empty object. On
 * failure err is ERR_INVALID_PARAMS, "params.position.line must be a number from 0 to 2147483647, not a string": the
 * member's path is its first word. out may then be partly filled.
 */
MUST_USE bool decode(const struct json *obj, const struct decode_field *fields, const char *path, void *out,
	struct err *err);

/*
 * Writes the struct's members by the same table; the caller begins and ends the object. A NULL string and a number
 * outside its field's range count as not set and become null. A field that holds a tree and has no .put is left out.
 */
void encode(struct json_writer *w, const struct decode_field *fields, const void *object);

/* The first member of obj after `after` (NULL: from the start) that the table does not know, or NULL. */
const struct json *decode_unknown(const struct json *obj, const struct decode_field *fields, const struct json *after);

#endif
