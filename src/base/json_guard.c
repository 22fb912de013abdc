/*
 * The fence around cJSON: what it would silently get wrong is repaired or refused here. See reference cases in
 * tests/unit/test_json.c: each was tried against cJSON 1.7.15 and does harm without this pass.
 */
#include "eke/base/json_guard.h"

#include <string.h>

#include "eke/base/ascii.h"
#include "eke/base/utf.h"

/* The value of the four digits at s, which has len bytes left; -1 if they are not four hex digits. */
static int hex4(const char *s, size_t len)
{
	int value = 0;

	if (len < 4)
		return -1;
	for (size_t i = 0; i < 4; i++) {
		int digit = ascii_hex(s[i]);

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

/* The escape "\u" at text[i]; returns its length with a low surrogate's, 0 if it is malformed. */
static size_t guard_unicode_escape(char *text, size_t i, size_t len)
{
	int unit = hex4(text + i + 2, len - i - 2);
	int low;

	if (unit < 0)
		return 0;
	if (unit >= 0xD800 && unit <= 0xDBFF && len - i >= 12 && text[i + 6] == '\\' && text[i + 7] == 'u') {
		low = hex4(text + i + 8, len - i - 8);
		if (low >= 0xDC00 && low <= 0xDFFF)
			return 12;
	}
	if (unit == 0 || (unit >= 0xD800 && unit <= 0xDFFF))
		memcpy(text + i + 2, "fffd", 4);
	return 6;
}

/* text[i] is the byte behind an opening quote; returns the index of the closing one, or 0 with err set. */
static size_t guard_string(char *text, size_t i, size_t len, enum json_source source, struct err *err)
{
	size_t start = i - 1;

	while (i < len) {
		unsigned char c = (unsigned char)text[i];
		size_t n = 1;

		if (c == '"')
			return i;
		if (c == '\\') {
			if (len - i < 2 || !text[i + 1] || !strchr("\"\\/bfnrtu", text[i + 1])) {
				err_set(err, ERR_PARSE, "bad escape in a JSON string at byte %zu", i);
				return 0;
			}
			n = text[i + 1] == 'u' ? guard_unicode_escape(text, i, len) : 2;
			if (!n) {
				err_set(err, ERR_PARSE, "bad \\u escape in a JSON string at byte %zu", i);
				return 0;
			}
		} else if (c == 0 || (c < 0x20 && source == JSON_STRICT)) {
			err_set(err, ERR_PARSE, "unescaped control character 0x%02x in a JSON string at byte %zu", c, i);
			return 0;
		}
		i += n;
	}
	err_set(err, ERR_PARSE, "malformed JSON: the string that begins at byte %zu does not end", start);
	return 0;
}

static bool is_number_char(char c)
{
	return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/* Goes to the last byte of the number at text[*i]; false with err set if it is malformed. */
static bool guard_number(const char *text, size_t *i, size_t len, struct err *err)
{
	size_t end = *i;

	while (end < len && is_number_char(text[end]))
		end++;
	if (!json_is_number_text(text + *i, end - *i)) {
		err_set(err, ERR_PARSE, "malformed number in JSON at byte %zu", *i);
		return false;
	}
	*i = end - 1;
	return true;
}

bool json_guard(char *text, size_t len, enum json_source source, struct err *err)
{
	size_t depth = 0;
	size_t valid;

	/*
	 * Most pieces of a stream have no escape: then there is nothing to repair, and cJSON's own limit of 1000
	 * levels does for an endpoint. It halves the cost of a token.
	 */
	if (source == JSON_LENIENT && !memchr(text, '\\', len) && !memchr(text, '\0', len))
		return true;
	if (source == JSON_STRICT && (valid = utf8_valid_prefix(text, len)) != len) {
		err_set(err, ERR_PARSE, "JSON text is not valid UTF-8 at byte %zu", valid);
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		switch (c) {
		case '"':
			i = guard_string(text, i + 1, len, source, err);
			if (!i)
				return false;
			break;
		case '[':
		case '{':
			if (++depth > LIMIT_JSON_DEPTH) {
				err_set(err, ERR_PARSE, "JSON is nested deeper than %d levels, at byte %zu", LIMIT_JSON_DEPTH, i);
				return false;
			}
			break;
		case ']':
		case '}':
			if (depth)
				depth--;
			break;
		case '\0':
			err_set(err, ERR_PARSE, "NUL byte in JSON at byte %zu", i);
			return false;
		case ' ':
		case '\t':
		case '\n':
		case '\r':
			break;
		default:
			if (source == JSON_LENIENT)
				break;
			if (c < 0x20) {
				err_set(err, ERR_PARSE, "control character 0x%02x in JSON at byte %zu", c, i);
				return false;
			}
			if (is_number_char(text[i]) && c != 'e' && c != 'E' && !guard_number(text, &i, len, err))
				return false;
			break;
		}
	}
	return true;
}

static size_t skip_digits(const char *s, size_t i, size_t len)
{
	while (i < len && s[i] >= '0' && s[i] <= '9')
		i++;
	return i;
}

bool json_is_number_text(const char *text, size_t len)
{
	size_t i = 0;
	size_t start;

	if (i < len && text[i] == '-')
		i++;
	start = i;
	i = skip_digits(text, i, len);
	if (i == start || (text[start] == '0' && i > start + 1))
		return false;
	if (i < len && text[i] == '.') {
		start = ++i;
		i = skip_digits(text, i, len);
		if (i == start)
			return false;
	}
	if (i < len && (text[i] == 'e' || text[i] == 'E')) {
		i++;
		if (i < len && (text[i] == '+' || text[i] == '-'))
			i++;
		start = i;
		i = skip_digits(text, i, len);
		if (i == start)
			return false;
	}
	return i == len;
}

/* Blanks out [from, to) but keeps line ends. */
static void blank(char *text, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (text[i] != '\n' && text[i] != '\r')
			text[i] = ' ';
}

void json_strip_comments(char *text, size_t len)
{
	size_t comma = SIZE_MAX; /* the last comma with only blanks and comments behind it */

	for (size_t i = 0; i < len; i++) {
		size_t start = i;
		char c = text[i];

		if (c == '"') {
			for (i++; i < len && text[i] != '"'; i++)
				if (text[i] == '\\')
					i++;
		} else if (c == '/' && i + 1 < len && text[i + 1] == '/') {
			while (i < len && text[i] != '\n')
				i++;
			blank(text, start, i);
			continue;
		} else if (c == '/' && i + 1 < len && text[i + 1] == '*') {
			for (i += 2; i + 1 < len && !(text[i] == '*' && text[i + 1] == '/'); i++)
				continue;
			i = i + 2 < len ? i + 2 : len;
			blank(text, start, i--);
			continue;
		} else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
			continue;
		} else if ((c == '}' || c == ']') && comma != SIZE_MAX) {
			text[comma] = ' ';
		}
		comma = c == ',' ? start : SIZE_MAX;
	}
}
