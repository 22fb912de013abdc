/*
 * Field tables walked over JSON objects and structs. Each type has one line that says what it wants, so that all
 * messages read alike.
 */
#include "eke/base/decode.h"

#include <stdio.h>
#include <string.h>

static void member_path(char *out, size_t size, const char *parent, const char *name)
{
	snprintf(out, size, "%s%s%s", parent, *parent ? "." : "", name);
}

/* "log.level must be one of broken, warn, info, not "loud"" */
static void fail_enum(struct err *err, const char *path, const char *const *names, const char *given)
{
	char list[160] = "";

	for (size_t i = 0; names[i]; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", i ? ", " : "", names[i]);
	err_set(err, ERR_INVALID_PARAMS, "%s must be one of %s, not \"%s\"", path, list, given);
}

static void fail(struct err *err, const char *parent, const struct decode_field *f, const struct json *value)
{
	char path[128];
	static const char *const wanted[] = {
		[DECODE_BOOL] = "true or false", [DECODE_INT] = "a whole number", [DECODE_DOUBLE] = "a number",
		[DECODE_STRING] = "a string",    [DECODE_ENUM] = "a string",      [DECODE_OBJECT] = "an object",
		[DECODE_ARRAY] = "an array",     [DECODE_ANY] = "a value",
	};

	member_path(path, sizeof(path), parent, f->name);
	if (!value)
		err_set(err, ERR_INVALID_PARAMS, "%s is missing: it must be %s", path, wanted[f->type]);
	else if (f->type == DECODE_ENUM && json_string(value))
		fail_enum(err, path, f->names, json_string(value));
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

static bool store_enum(const char *name, const char *const *names, void *at)
{
	int i = 0;

	while (name && names[i] && strcmp(names[i], name) != 0)
		i++;
	if (!name || !names[i])
		return false;
	memcpy(at, &i, sizeof(i));
	return true;
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
	case DECODE_ENUM:
		return store_enum(json_string(value), f->names, at);
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

/* --- back --- */

/* Writes one member that has no .put; false if it is not set. */
static bool put_member(struct json_writer *w, const struct decode_field *f, const void *at)
{
	const char *s;
	int64_t n;
	double d;
	bool b;
	int i;

	switch (f->type) {
	case DECODE_BOOL:
		memcpy(&b, at, sizeof(b));
		json_put_kbool(w, f->name, b);
		return true;
	case DECODE_INT:
		memcpy(&n, at, sizeof(n));
		if (in_range(f, (double)n))
			json_put_kint(w, f->name, n);
		return in_range(f, (double)n);
	case DECODE_DOUBLE:
		memcpy(&d, at, sizeof(d));
		if (in_range(f, d))
			json_put_kdouble(w, f->name, d);
		return in_range(f, d);
	case DECODE_STRING:
		memcpy(&s, at, sizeof(s));
		if (s)
			json_put_kstring(w, f->name, s);
		return s != NULL;
	case DECODE_ENUM:
		memcpy(&i, at, sizeof(i));
		json_put_kstring(w, f->name, f->names[i]);
		return true;
	case DECODE_OBJECT:
		if (!f->sub)
			return true;
		json_begin_object(w, f->name);
		encode(w, f->sub, at);
		json_end_object(w);
		return true;
	case DECODE_ARRAY:
	case DECODE_ANY:
		return true;
	}
	return true;
}

void encode(struct json_writer *w, const struct decode_field *fields, const void *object)
{
	for (const struct decode_field *f = fields; f->name; f++) {
		if (f->put)
			f->put(w, f->name, object);
		else if (!put_member(w, f, (const char *)object + f->offset) && !f->omit_unset)
			json_put_kstring(w, f->name, NULL);
	}
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
