/*
 * A scanner of JSON's outer structure: it knows strings, depth, and at the level asked for keys from values.
 * Inside deeper values and long strings it only looks for their end.
 */
#include "eke/rpc/peek.h"

#include <string.h>

#include "eke/base/ascii.h"
#include "eke/base/json_guard.h"

void peek_init(struct peek *p, unsigned level)
{
	memset(p, 0, sizeof(*p));
	p->level = level;
	p->name = "id";
}

static void capture(struct peek *p, char c)
{
	if (p->id_len < LIMIT_ID)
		p->id[p->id_len] = c;
	p->id_len++;
}

/* Is it one JSON string, to the letter? An id is echoed as it came, also that of a message which was never parsed. */
static bool is_string_text(const char *s, size_t len)
{
	char copy[LIMIT_ID]; /* the guard repairs in place */
	struct err err;
	size_t i = 1;

	if (len < 2 || s[0] != '"')
		return false;
	while (i < len && s[i] != '"')
		i += s[i] == '\\' ? 2 : 1;
	memcpy(copy, s, len);
	return i == len - 1 && json_guard(copy, len, JSON_STRICT, &err);
}

/* The id's value has ended: is it one? */
static void finish_id(struct peek *p)
{
	bool fits = p->id_len <= LIMIT_ID;

	p->capturing = false;
	if (!fits)
		p->id_len = LIMIT_ID;
	p->id[p->id_len] = '\0';
	if (fits && ((p->id_len == 4 && !memcmp(p->id, "null", 4)) || json_is_number_text(p->id, p->id_len) ||
		     is_string_text(p->id, p->id_len)))
		p->id_kind = PEEK_ID_VALID;
	else
		p->id_kind = PEEK_ID_INVALID;
}

/* Bytes that the character c, below U+0080, has at s, escaped or not; 0 if it is another. */
static size_t match(const char *s, size_t len, char c)
{
	if (len && s[0] == c)
		return 1;
	return len >= 6 && !memcmp(s, "\\u00", 4) && ascii_hex(s[4]) * 16 + ascii_hex(s[5]) == c ? 6 : 0;
}

static void finish_key(struct peek *p)
{
	const char *name = p->name;
	size_t at = 0;
	size_t n = 1;

	for (; p->key_len <= sizeof(p->key) && n && *name; name++) {
		n = match(p->key + at, p->key_len - at, *name);
		at += n;
	}
	p->want_value = n && !*name && at == p->key_len && p->id_kind == PEEK_ID_ABSENT;
	p->is_key = false;
}

static void in_string(struct peek *p, char c)
{
	if (p->capturing)
		capture(p, c);
	if (p->escaped) {
		p->escaped = false;
	} else if (c == '\\') {
		p->escaped = true;
	} else if (c == '"') {
		p->in_string = false;
		if (p->is_key && p->depth == p->level)
			finish_key(p);
		return;
	}
	if (p->is_key && p->depth == p->level) {
		if (p->key_len < sizeof(p->key))
			p->key[p->key_len] = c;
		p->key_len++;
	}
}

static void outside(struct peek *p, char c)
{
	bool ends_value = p->depth == p->level && (c == ',' || c == '}');
	bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';

	if (p->capturing && ends_value)
		finish_id(p);
	if (p->capturing && !blank)
		capture(p, c);
	switch (c) {
	case '"':
		p->in_string = true;
		p->key_len = 0;
		break;
	case '{':
	case '[':
		p->depth++;
		p->is_key = p->depth == p->level && c == '{';
		break;
	case '}':
	case ']':
		if (p->depth)
			p->depth--;
		break;
	case ',':
		p->is_key = p->depth == p->level;
		break;
	case ':':
		if (p->depth == p->level && p->want_value) {
			p->want_value = false;
			p->capturing = true;
			p->id_len = 0;
		}
		break;
	default:
		break;
	}
}

void peek_feed(struct peek *p, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!p->in_string) {
			outside(p, bytes[i]);
			continue;
		}
		/* Almost all of a large message is inside strings that are of no interest. */
		if (!p->capturing && !p->escaped && !(p->is_key && p->depth == p->level)) {
			while (i < len && bytes[i] != '"' && bytes[i] != '\\')
				i++;
			if (i == len)
				return;
		}
		in_string(p, bytes[i]);
	}
}

void peek_end(struct peek *p)
{
	if (p->capturing)
		finish_id(p);
}
