/*
 * What an edit changed, in words for the history: one hunk, from the first to the last line that differs. Pure.
 */
#include "acp_private.h"

#include <string.h>

#include "eke/base/limits.h"

/* More than that is no message any more. */
#define DIFF_SHOWN KIB(16)

static bool is_within_line(const char *s, size_t i)
{
	return i && s[i - 1] != '\n';
}

/* Bytes of s up to the line that i is in. */
static size_t line_start(const char *s, size_t i)
{
	while (is_within_line(s, i))
		i--;
	return i;
}

/* Bytes of s up to the end of the line that i is in. */
static size_t line_end(const char *s, size_t len, size_t i)
{
	const char *lf = i < len ? memchr(s + i, '\n', len - i) : NULL;

	return lf ? (size_t)(lf - s) + 1 : len;
}

static void add_lines(struct strbuf *out, char mark, const char *s, size_t len)
{
	for (size_t i = 0, end; i < len; i = end) {
		end = line_end(s, len, i);
		strbuf_addch(out, mark);
		strbuf_add(out, s + i, end - i);
		if (s[end - 1] != '\n')
			strbuf_addch(out, '\n');
	}
}

void acp_edit_add_diff(const struct acp_edit *e, struct strbuf *out)
{
	const char *old = e->old ? e->old : "";
	const struct strbuf *new = &e->text;
	size_t least = e->old_len < new->len ? e->old_len : new->len;
	size_t start = 0;
	size_t end = 0;
	size_t old_to;
	size_t new_to;

	while (start < least && old[start] == new->data[start])
		start++;
	start = line_start(new->data, start);
	while (end < least - start && old[e->old_len - 1 - end] == new->data[new->len - 1 - end])
		end++;
	old_to = e->old_len - end;
	new_to = new->len - end;
	if (is_within_line(old, old_to) || is_within_line(new->data, new_to)) {
		old_to = line_end(old, e->old_len, old_to);
		new_to = line_end(new->data, new->len, new_to);
	}
	if (old_to - start + new_to - start > DIFF_SHOWN)
		return;
	strbuf_adds(out, "\n\n```diff\n");
	add_lines(out, '-', old + start, old_to - start);
	add_lines(out, '+', new->data + start, new_to - start);
	strbuf_adds(out, "```");
}
