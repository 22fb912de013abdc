/*
 * The cut.
 */
#include "eke/post/candidates.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The offset behind the first closing tag from `from` on, or 0. */
static size_t behind_tag(const char *s, size_t len, const char *tag, size_t from)
{
	size_t n = strlen(tag);

	while (from + n <= len) {
		const char *next = memchr(s + from, '<', len - from);

		if (!next || (size_t)(next - s) + n > len)
			return 0;
		from = (size_t)(next - s);
		if (!strncasecmp(next, tag, n))
			return from + n;
		from++;
	}
	return 0;
}

static bool is_blank(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!memchr(" \t\r\n", s[i], 4))
			return false;
	return true;
}

size_t candidates_split(const char *answer, size_t len, unsigned tag_number, size_t wanted, struct candidate *out)
{
	char tag[32];
	size_t count = 0;
	size_t at = 0;

	if (tag_number)
		snprintf(tag, sizeof(tag), "</completion%u>", tag_number);
	else
		snprintf(tag, sizeof(tag), "</completion>");
	while (wanted > 1 && count < wanted) {
		size_t end = behind_tag(answer, len, tag, at);

		if (!end)
			break;
		out[count++] = (struct candidate){ answer + at, end - at, true };
		at = end;
	}
	if (!count || (count < wanted && !is_blank(answer + at, len - at)))
		out[count++] = (struct candidate){ answer + at, len - at, false };
	return count;
}
