/*
 * JSON text into a strbuf. Strings are copied in runs that need no escape.
 */
#include "eke/base/json_writer.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/utf.h"

void json_writer_init(struct json_writer *w, struct strbuf *out)
{
	*w = (struct json_writer){ .out = out };
}

void json_writer_end(struct json_writer *w)
{
	assert(w->depth == 0 && !w->after_key);
}

/* What goes before any value: a comma, unless it is the first or follows its key. */
static void before_value(struct json_writer *w)
{
	uint32_t bit = (uint32_t)1 << w->depth;

	if (w->after_key) {
		w->after_key = false;
		return;
	}
	if (w->depth && (w->has_member & bit))
		strbuf_addch(w->out, ',');
	w->has_member |= bit;
}

static void begin(struct json_writer *w, char c)
{
	before_value(w);
	strbuf_addch(w->out, c);
	w->depth++;
	assert(w->depth < JSON_WRITER_DEPTH);
	w->has_member &= ~((uint32_t)1 << w->depth);
}

static void end(struct json_writer *w, char c)
{
	assert(w->depth && !w->after_key);
	w->depth--;
	strbuf_addch(w->out, c);
}

void json_begin_object(struct json_writer *w)
{
	begin(w, '{');
}

void json_end_object(struct json_writer *w)
{
	end(w, '}');
}

void json_begin_array(struct json_writer *w)
{
	begin(w, '[');
}

void json_end_array(struct json_writer *w)
{
	end(w, ']');
}

static void put_escape(struct strbuf *out, unsigned char c)
{
	static const char short_form[] = "\"\"\\\\\bb\ff\nn\rr\tt";

	for (const char *p = short_form; *p; p += 2) {
		if ((unsigned char)p[0] == c) {
			strbuf_addch(out, '\\');
			strbuf_addch(out, p[1]);
			return;
		}
	}
	strbuf_addf(out, "\\u%04x", c);
}

static bool needs_escape(unsigned char c)
{
	return c < 0x20 || c == '"' || c == '\\' || c == 0x7F;
}

static void put_valid(struct strbuf *out, const char *s, size_t len)
{
	size_t from = 0;

	for (size_t i = 0; i < len; i++) {
		if (!needs_escape((unsigned char)s[i]))
			continue;
		strbuf_add(out, s + from, i - from);
		put_escape(out, (unsigned char)s[i]);
		from = i + 1;
	}
	strbuf_add(out, s + from, len - from);
}

static void put_text(struct strbuf *out, const char *s, size_t len)
{
	strbuf_reserve(out, len + 2);
	strbuf_addch(out, '"');
	while (len) {
		size_t good = utf8_valid_prefix(s, len);
		uint32_t cp;

		put_valid(out, s, good);
		if (good < len) {
			strbuf_adds(out, "\xEF\xBF\xBD");
			good += utf8_decode(s + good, len - good, &cp);
		}
		s += good;
		len -= good;
	}
	strbuf_addch(out, '"');
}

void json_put_key(struct json_writer *w, const char *key)
{
	before_value(w);
	put_text(w->out, key, strlen(key));
	strbuf_addch(w->out, ':');
	w->after_key = true;
}

void json_put_string(struct json_writer *w, const char *s)
{
	if (s)
		json_put_stringn(w, s, strlen(s));
	else
		json_put_null(w);
}

void json_put_stringn(struct json_writer *w, const char *s, size_t len)
{
	before_value(w);
	put_text(w->out, s, len);
}

void json_put_int(struct json_writer *w, int64_t n)
{
	before_value(w);
	strbuf_addf(w->out, "%" PRId64, n);
}

void json_put_double(struct json_writer *w, double d)
{
	char text[40];

	if (!isfinite(d)) {
		json_put_null(w);
		return;
	}
	before_value(w);
	/* The shortest of the usual precisions that reads back as the same number. */
	for (int digits = 6; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, d);
		if (strtod(text, NULL) == d)
			break;
	}
	strbuf_adds(w->out, text);
}

void json_put_bool(struct json_writer *w, bool b)
{
	before_value(w);
	strbuf_adds(w->out, b ? "true" : "false");
}

void json_put_null(struct json_writer *w)
{
	before_value(w);
	strbuf_adds(w->out, "null");
}

void json_put_raw(struct json_writer *w, const char *text, size_t len)
{
	before_value(w);
	strbuf_add(w->out, text, len);
}

void json_put_kstring(struct json_writer *w, const char *key, const char *s)
{
	json_put_key(w, key);
	json_put_string(w, s);
}

void json_put_kint(struct json_writer *w, const char *key, int64_t n)
{
	json_put_key(w, key);
	json_put_int(w, n);
}

void json_put_kbool(struct json_writer *w, const char *key, bool b)
{
	json_put_key(w, key);
	json_put_bool(w, b);
}
