/*
 * Writing attachments, and cutting them where a prompt has no room.
 */
#include "attachment.h"

#include <stdio.h>
#include <string.h>

#include "eke/base/mem.h"
#include "eke/base/utf.h"
#include "eke/text/lines.h"

/* Backquotes of a fence around the text. */
static size_t fence_for(const char *text, size_t len)
{
	size_t longest = 2;
	size_t run = 0;

	for (size_t i = 0; i < len; i++) {
		run = text[i] == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	return longest + 1;
}

static void add_fence(struct strbuf *out, size_t length)
{
	while (length--)
		strbuf_addch(out, '`');
}

bool attachment_write(const struct attachment_spec *spec, struct strbuf *out)
{
	size_t fence = fence_for(spec->text, spec->len);
	size_t number = spec->first_line;
	int width = snprintf(NULL, 0, "%zu", number + lines_count(spec->text, spec->len));
	size_t at = 0;

	strbuf_addf(out, "%s:\n", spec->name);
	add_fence(out, fence);
	strbuf_addf(out, "%s\n", spec->language ? spec->language : "");
	while (at < spec->len) {
		size_t len = lines_first_end(spec->text + at, spec->len - at);

		if (number)
			strbuf_addf(out, "%*zu | ", width, number++);
		utf8_append_valid(out, spec->text + at, len);
		strbuf_addch(out, '\n');
		at += lines_skip(spec->text + at, spec->len - at, 1);
	}
	add_fence(out, fence);
	return !out->full;
}

char *attachment_name(const char *name, size_t max)
{
	char *copy = xstrndup(name, utf8_cut(name, strlen(name), max));

	for (char *p = copy; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7F)
			*p = ' ';
	return copy;
}

/* --- cutting --- */

size_t attachment_name_len(const char *text, size_t len)
{
	const char *end = memchr(text, '\n', len);
	size_t n = end ? (size_t)(end - text) : len;

	return n - (n && text[n - 1] == ':');
}

/* Where the body begins and ends, the fence behind it not included; false if it is no attachment. */
static bool find_body(const char *text, size_t len, size_t *from, size_t *to)
{
	const char *fence = memchr(text, '\n', len);
	const char *body = fence ? memchr(fence + 1, '\n', len - (size_t)(fence + 1 - text)) : NULL;
	const char *end = body ? memrchr(text, '\n', len) : NULL;

	if (!end || end < body)
		return false;
	*from = (size_t)(body + 1 - text);
	*to = (size_t)(end + 1 - text);
	return true;
}

size_t attachment_lines(const char *text, size_t len)
{
	size_t from;
	size_t to;
	size_t lines = 0;

	if (!find_body(text, len, &from, &to))
		return 0;
	for (size_t i = from; i < to; i++)
		lines += text[i] == '\n';
	return lines;
}

void attachment_cut(const char *text, size_t len, size_t lines, struct strbuf *out)
{
	size_t left_out = attachment_lines(text, len) - lines;
	size_t from = 0;
	size_t to = 0;
	size_t at;

	find_body(text, len, &from, &to);
	at = from;
	for (size_t i = 0; i < lines; i++)
		at = (size_t)((const char *)memchr(text + at, '\n', len - at) + 1 - text);
	strbuf_add(out, text, at);
	strbuf_addf(out, "(%zu more line%s left out)\n", left_out, left_out == 1 ? "" : "s");
	strbuf_add(out, text + to, len - to);
}
