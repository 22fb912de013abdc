/*
 * Walks a JSON text along a path. The text is known to be valid, so that skipping a value only has to balance
 * brackets and find the ends of strings.
 */
#include "eke/base/json_locate.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

size_t text_line_of(const char *text, size_t len, size_t at)
{
	size_t line = 1;

	for (size_t i = 0; i < len && i < at; i++)
		line += text[i] == '\n';
	return line;
}

static size_t skip_blanks(const char *s, size_t len, size_t i)
{
	while (i < len && (strchr(" \t\r\n,:", s[i]) && s[i]))
		i++;
	return i;
}

static size_t skip_string(const char *s, size_t len, size_t i)
{
	for (i++; i < len && s[i] != '"'; i++)
		if (s[i] == '\\')
			i++;
	return i < len ? i + 1 : len;
}

static size_t skip_value(const char *s, size_t len, size_t i)
{
	size_t depth = 0;

	do {
		i = skip_blanks(s, len, i);
		if (i >= len)
			break;
		if (s[i] == '"') {
			i = skip_string(s, len, i);
		} else if (s[i] == '{' || s[i] == '[') {
			depth++;
			i++;
		} else if (s[i] == '}' || s[i] == ']') {
			depth -= depth > 0;
			i++;
		} else {
			while (i < len && !strchr(" \t\r\n,:{}[]\"", s[i]))
				i++;
		}
	} while (depth);
	return i;
}

/* The byte at which the member of the object at `i` begins: its key for a name; *value is its value. */
static bool find_member(
	const char *s, size_t len, size_t i, const char *name, size_t name_len, size_t *key, size_t *value)
{
	if (i >= len || s[i] != '{')
		return false;
	for (i = skip_blanks(s, len, i + 1); i < len && s[i] == '"'; i = skip_blanks(s, len, i)) {
		size_t end = skip_string(s, len, i);

		if (end - i == name_len + 2 && !memcmp(s + i + 1, name, name_len)) {
			*key = i;
			*value = skip_blanks(s, len, end);
			return true;
		}
		i = skip_value(s, len, end);
	}
	return false;
}

static bool find_element(const char *s, size_t len, size_t i, unsigned long index, size_t *value)
{
	if (i >= len || s[i] != '[')
		return false;
	for (i = skip_blanks(s, len, i + 1); i < len && s[i] != ']'; i = skip_blanks(s, len, i)) {
		if (!index--) {
			*value = i;
			return true;
		}
		i = skip_value(s, len, i);
	}
	return false;
}

size_t json_line_of(const char *text, size_t len, const char *path)
{
	size_t value = skip_blanks(text, len, 0);
	size_t shown = value;

	while (*path) {
		size_t name_len = strcspn(path, ".[");

		if (*path == '[') {
			char *end;
			unsigned long index = strtoul(path + 1, &end, 10);

			if (!find_element(text, len, value, index, &value))
				break;
			shown = value;
			path = *end == ']' ? end + 1 : end;
		} else {
			if (!find_member(text, len, value, path, name_len, &shown, &value))
				break;
			path += name_len;
		}
		path += *path == '.';
	}
	return text_line_of(text, len, shown);
}
