/*
 * A scanner of JSON's outer structure: it knows strings, depth, and at the level asked for keys from values.
 * Inside deeper values and long strings it only looks for their end.
 */
#include "eke/rpc/peek.h"

#include <string.h>

#include "eke/base/json_guard.h"

void peek_init(struct peek *p, unsigned level)
{
	memset(p, 0, sizeof(*p));
	p->level = level;
}

static void capture(struct peek *p, char c)
{
	if (p->id_len < LIMIT_ID)
		p->id[p->id_len] = c;
	p->id_len++;
}

/* The id's value has ended: is it one? */
static void finish_id(struct peek *p)
{
	bool fits = p->id_len <= LIMIT_ID;
	size_t len = fits ? p->id_len : LIMIT_ID;

	p->capturing = false;
	while (len && strchr(" \t\r\n", p->id[len - 1]))
		len--;
	p->id[len] = '\0';
	p->id_len = len;
	if (fits && ((len >= 2 && p->id[0] == '"' && p->id[len - 1] == '"') || !strcmp(p->id, "null") ||
		     json_is_number_text(p->id, len)))
		p->id_kind = PEEK_ID_VALID;
	else
		p->id_kind = PEEK_ID_INVALID;
}

static void finish_key(struct peek *p)
{
	bool is_id = p->key_len == 2 && !memcmp(p->key, "id", 2);

	if (p->key_len == 6 && !memcmp(p->key, "method", 6))
		p->has_method = true;
	p->want_value = is_id && p->id_kind == PEEK_ID_ABSENT;
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

	if (p->capturing && ends_value)
		finish_id(p);
	if (p->capturing)
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
	case ' ':
	case '\t':
	case '\r':
	case '\n':
		/* Blanks before the value are not part of it. */
		if (p->capturing && p->id_len == 1)
			p->id_len = 0;
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
