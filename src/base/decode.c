/*
 * Field tables walked over JSON objects. Each type has one line that says what it wants, so that all messages
 * read alike.
 */
#include "eke/base/decode.h"

#include <stdio.h>
#include <string.h>

static void member_path(char *out, size_t size, const char *parent, const char *name)
{
	snprintf(out, size, "%s%s%s", parent, *parent ? "." : "", name);
}

static void fail(struct err *err, const char *parent, const struct decode_field *f, const struct json *value)
{
	char path[128];
	static const char *const wanted[] = {
		[DECODE_BOOL] = "true or false", [DECODE_INT] = "a whole number", [DECODE_DOUBLE] = "a number",
		[DECODE_STRING] = "a string",    [DECODE_OBJECT] = "an object",   [DECODE_ARRAY] = "an array",
		[DECODE_ANY] = "a value",
	};

	member_path(path, sizeof(path), parent, f->name);
	if (!value)
		err_set(err, ERR_INVALID_PARAMS, "%s is missing: it must be %s", path, wanted[f->type]);
	else if ((f->type == DECODE_INT || f->type == DECODE_DOUBLE) && (f->min != 0 || f->max != 0))
		err_set(err, ERR_INVALID_PARAMS, "%s must be %s from %.10g to %.10g%s%s", path, wanted[f->type],
			f->min, f->max, json_is_number(value) ? "" : ", not ",
			json_is_number(value) ? "" : json_type_name(value));
	else
		err_set(err, ERR_INVALID_PARAMS, "%s must be %s, not %s", path, wanted[f->type],
			json_is_number(value) ? "this number" : json_type_name(value));
}

static bool in_range(const struct decode_field *f, double d)
{
	return (f->min == 0 && f->max == 0) || (d >= f->min && d <= f->max);
}

/* Stores one value; false if it has the wrong type or range. */
static bool store(const struct json *value, const struct decode_field *f, void *at)
{
	int64_t n;
	double d;

	switch (f->type) {
	case DECODE_BOOL:
		return json_bool(value, at);
	case DECODE_INT:
		if (!json_int(value, &n) || !in_range(f, (double)n))
			return false;
		memcpy(at, &n, sizeof(n));
		return true;
	case DECODE_DOUBLE:
		if (!json_number(value, &d) || !in_range(f, d))
			return false;
		memcpy(at, &d, sizeof(d));
		return true;
	case DECODE_STRING: {
		const char *s = json_string(value);

		if (s)
			memcpy(at, &s, sizeof(s));
		return s != NULL;
	}
	case DECODE_OBJECT:
		if (!json_is_object(value))
			return false;
		break;
	case DECODE_ARRAY:
		if (!json_is_array(value))
			return false;
		break;
	case DECODE_ANY:
		break;
	}
	memcpy(at, &value, sizeof(value));
	return true;
}

bool decode(const struct json *obj, const struct decode_field *fields, const char *path, void *out, struct err *err)
{
	for (const struct decode_field *f = fields; f->name; f++) {
		const struct json *value = json_get_present(obj, f->name);
		void *at = (char *)out + f->offset;

		if (!value && !f->required)
			continue;
		if (value && f->sub) {
			char sub_path[128];

			if (!json_is_object(value)) {
				fail(err, path, f, value);
				return false;
			}
			member_path(sub_path, sizeof(sub_path), path, f->name);
			if (!decode(value, f->sub, sub_path, at, err))
				return false;
			continue;
		}
		if (!value || !store(value, f, at)) {
			fail(err, path, f, value);
			return false;
		}
	}
	return true;
}

const struct json *decode_unknown(const struct json *obj, const struct decode_field *fields, const struct json *after)
{
	const struct json *member = after ? json_next(after) : json_is_object(obj) ? json_first(obj) : NULL;

	for (; member; member = json_next(member)) {
		const struct decode_field *f = fields;

		while (f->name && strcmp(f->name, json_key(member)))
			f++;
		if (!f->name)
			return member;
	}
	return NULL;
}
