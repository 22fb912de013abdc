#ifndef EKE_BASE_DECODE_H
#define EKE_BASE_DECODE_H
/*
 * From a JSON object into a C struct by a static table of its fields, for the params of methods and the configuration.
 * A field that is absent or null leaves the struct's value as it was (set the defaults first) unless it is
 * required. Fields not in the table are the caller's business (decode_unknown finds them). Strings and subtrees
 * are borrowed from the tree.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/json.h"

enum decode_type {
	DECODE_BOOL,   /* bool */
	DECODE_INT,    /* int64_t, within min and max */
	DECODE_DOUBLE, /* double, within min and max */
	DECODE_STRING, /* const char * */
	DECODE_OBJECT, /* const struct json *, or with .sub the struct embedded at the offset */
	DECODE_ARRAY,  /* const struct json * */
	DECODE_ANY,    /* const struct json * */
};

struct decode_field {
	const char *name;
	enum decode_type type;
	bool required;
	size_t offset;
	double min, max;                /* for numbers; both 0: any */
	const struct decode_field *sub; /* for DECODE_OBJECT; ends with .name NULL */
};

/*
 * `fields` ends with .name NULL. `path` names the object in messages ("params"; ""
 * for a whole document). NULL for obj is an empty object. On
 * failure err is ERR_INVALID_PARAMS, "params.position.line must be a number from 0 to 2147483647, not a string": the
 * member's path is its first word. out may then be partly filled.
 */
MUST_USE bool decode(const struct json *obj, const struct decode_field *fields, const char *path, void *out,
	struct err *err);

/* The first member of obj after `after` (NULL: from the start) that the table does not know, or NULL. */
const struct json *decode_unknown(const struct json *obj, const struct decode_field *fields, const struct json *after);

#endif
