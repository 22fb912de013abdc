/*
 * The headers of a response, as they come.
 */
#include "http_private.h"

#include <string.h>
#include <strings.h>

void http_head_take(struct strbuf *fields, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	const char *end = line + len;
	const char *value;
	size_t before = fields->len;

	if (!colon || colon == line || memchr(line, '\0', len))
		return;
	value = colon + 1;
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	while (end > value && (unsigned char)end[-1] <= ' ')
		end--;
	if (!strbuf_add(fields, line, (size_t)(colon - line)) || !strbuf_addch(fields, '\0') ||
		!strbuf_add(fields, value, (size_t)(end - value)) || !strbuf_addch(fields, '\0'))
		strbuf_truncate(fields, before);
}

bool http_header_next(const struct http_head *head, size_t *at, const char **name, const char **value)
{
	if (*at >= head->fields.len)
		return false;
	*name = head->fields.data + *at;
	*value = *name + strlen(*name) + 1;
	*at = (size_t)(*value - head->fields.data) + strlen(*value) + 1;
	return true;
}

const char *http_header(const struct http_head *head, const char *name)
{
	const char *found = NULL;
	const char *each;
	const char *value;

	for (size_t at = 0; http_header_next(head, &at, &each, &value);)
		if (!strcasecmp(each, name))
			found = value;
	return found;
}
