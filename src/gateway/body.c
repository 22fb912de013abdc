/*
 * A walk over the members of an object, by the few characters that JSON has outside of its strings. What is walked over
 * is valid: that was checked before.
 */
#include "body.h"

#include <string.h>

#include "eke/base/json_writer.h"

static size_t skip_blanks(const char *s, size_t len, size_t at)
{
	while (at < len && (s[at] == ' ' || (s[at] >= '\t' && s[at] <= '\r')))
		at++;
	return at;
}

/* Behind the string that begins at `at`. */
static size_t skip_string(const char *s, size_t len, size_t at)
{
	for (at++; at < len && s[at] != '"'; at++)
		if (s[at] == '\\')
			at++;
	return at < len ? at + 1 : len;
}

/* Behind the value that begins at `at`. */
static size_t skip_value(const char *s, size_t len, size_t at)
{
	size_t depth = 0;

	while (at < len) {
		if (s[at] == '"') {
			at = skip_string(s, len, at);
		} else if (s[at] == '{' || s[at] == '[') {
			depth++;
			at++;
		} else if (s[at] == '}' || s[at] == ']') {
			if (!depth)
				return at;
			depth--;
			at++;
		} else if (!depth && (s[at] == ',' || s[at] == ' ' || (s[at] >= '\t' && s[at] <= '\r'))) {
			return at;
		} else {
			at++;
			continue;
		}
		if (!depth)
			return at;
	}
	return len;
}

/* How often the member is there; the place is of the first. */
static size_t count_members(const char *s, size_t len, const char *name, size_t *from, size_t *to)
{
	size_t name_len = strlen(name);
	size_t at = skip_blanks(s, len, 0) + 1;
	size_t found = 0;

	for (at = skip_blanks(s, len, at); at < len && s[at] == '"'; at = skip_blanks(s, len, at + 1)) {
		size_t key = at + 1;
		size_t key_end = skip_string(s, len, at);
		size_t value = skip_blanks(s, len, skip_blanks(s, len, key_end) + 1);
		bool same = key_end - 1 - key == name_len && !memcmp(s + key, name, name_len);

		if (value >= len)
			break;
		at = skip_value(s, len, value);
		if (same && !found++) {
			*from = value;
			*to = at;
		}
		at = skip_blanks(s, len, at);
		if (at >= len || s[at] != ',')
			break;
	}
	return found;
}

bool gateway_body_find(const char *json, size_t len, const char *name, size_t *from, size_t *to)
{
	return count_members(json, len, name, from, to) == 1;
}

bool gateway_body_has(const char *json, size_t len, const char *name)
{
	size_t from;
	size_t to;

	return gateway_body_find(json, len, name, &from, &to);
}

bool gateway_body_set(const char *json, size_t len, const char *name, const char *value, struct strbuf *out)
{
	size_t from = skip_blanks(json, len, 0) + 1;
	size_t to = from;
	size_t found = count_members(json, len, name, &from, &to);

	if (found > 1)
		return false;
	strbuf_add(out, json, from);
	if (found)
		strbuf_adds(out, value);
	else
		strbuf_addf(out, "\"%s\":%s%s", name, value, json[skip_blanks(json, len, from)] == '}' ? "" : ",");
	strbuf_add(out, json + to, len - to);
	return true;
}

bool gateway_body_set_string(const char *json, size_t len, const char *name, const char *value, struct strbuf *out)
{
	struct json_writer w;
	struct strbuf text;
	bool ok;

	strbuf_init(&text, 6 * strlen(value) + 8);
	json_writer_init(&w, &text);
	json_put_string(&w, value);
	json_writer_end(&w);
	ok = gateway_body_set(json, len, name, text.data, out);
	strbuf_release(&text);
	return ok;
}

bool gateway_body_remove(const char *json, size_t len, const char *name, struct strbuf *out)
{
	size_t value = 0;
	size_t to = 0;
	size_t found = count_members(json, len, name, &value, &to);
	size_t from = value;

	if (found > 1)
		return false;
	if (!found) {
		strbuf_add(out, json, len);
		return true;
	}
	/* Back over the colon and the key to what stands before it; one comma goes along. */
	while (json[from] != ':')
		from--;
	while (json[from] != '"')
		from--;
	from -= strlen(name) + 1;
	to = skip_blanks(json, len, to);
	if (json[to] == ',') {
		to++;
	} else {
		while (json[from - 1] == ' ' || (json[from - 1] >= '\t' && json[from - 1] <= '\r'))
			from--;
		from -= json[from - 1] == ',';
	}
	strbuf_add(out, json, from);
	strbuf_add(out, json + to, len - to);
	return true;
}
