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

#define ALL_BYTES UINT64_C(0x0101010101010101)
#define HIGH_BITS UINT64_C(0x8080808080808080)

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

static void begin(struct json_writer *w, const char *key, char c)
{
	if (key)
		json_put_key(w, key);
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

void json_begin_object(struct json_writer *w, const char *key)
{
	begin(w, key, '{');
}

void json_end_object(struct json_writer *w)
{
	end(w, '}');
}

void json_begin_array(struct json_writer *w, const char *key)
{
	begin(w, key, '[');
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

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

/* Not 0 if a byte of the word is below n, which is at most 0x80. */
static uint64_t bytes_below(uint64_t word, uint64_t n)
{
	return (word - n * ALL_BYTES) & ~word & HIGH_BITS;
}

/* Length of the beginning of s that goes out as it is: nearly all of most texts, so a word at a time. */
static size_t plain_run(const char *s, size_t len)
{
	size_t i = 0;
	uint64_t word;

	for (; i + sizeof(word) <= len; i += sizeof(word)) {
		memcpy(&word, s + i, sizeof(word));
		if ((word & HIGH_BITS) | bytes_below(word, 0x20) | bytes_below(word ^ '"' * ALL_BYTES, 1) |
		    bytes_below(word ^ '\\' * ALL_BYTES, 1) | bytes_below(word ^ 0x7F * ALL_BYTES, 1))
			break;
	}
	while (i < len && is_plain((unsigned char)s[i]))
		i++;
	return i;
}

/* A run of bytes above ASCII; each invalid sequence becomes U+FFFD. Returns the bytes taken. */
static size_t put_high_run(struct strbuf *out, const char *s, size_t len)
{
	size_t n = 0;
	size_t good;
	uint32_t cp;

	while (n < len && (unsigned char)s[n] >= 0x80)
		n++;
	good = utf8_valid_prefix(s, n);
	strbuf_add(out, s, good);
	if (good == n)
		return n;
	strbuf_adds(out, "\xEF\xBF\xBD");
	return good + utf8_decode(s + good, n - good, &cp);
}

static void put_text(struct strbuf *out, const char *s, size_t len)
{
	strbuf_reserve(out, len + 2);
	strbuf_addch(out, '"');
	while (len) {
		size_t n = plain_run(s, len);

		strbuf_add(out, s, n);
		if (n < len && (unsigned char)s[n] < 0x80)
			put_escape(out, (unsigned char)s[n++]);
		else if (n < len)
			n += put_high_run(out, s + n, len - n);
		s += n;
		len -= n;
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

void json_put_kstringn(struct json_writer *w, const char *key, const char *s, size_t len)
{
	json_put_key(w, key);
	json_put_stringn(w, s, len);
}

void json_put_kdouble(struct json_writer *w, const char *key, double d)
{
	json_put_key(w, key);
	json_put_double(w, d);
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
