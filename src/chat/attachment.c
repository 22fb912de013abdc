/*
 * Writing blocks. No state.
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
