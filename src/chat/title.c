/*
 * Titles. No state.
 */
#include "title.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/base/strbuf.h"
#include "eke/base/utf.h"

#define TITLE_CHARACTERS 60
/* A word is not cut away if that leaves less than so many. */
#define TITLE_LEAST 30

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || (unsigned char)c < ' ';
}

/* Appends a line with single blanks and without marks around words: # headings, > quotes, * emphasis, `code`. */
static void add_line(struct strbuf *out, const char *line, size_t len)
{
	size_t begin = out->len;
	size_t at = 0;

	while (at < len && (is_blank(line[at]) || strchr("#>*-+_`~", line[at])))
		at++;
	for (; at < len; at++) {
		char c = line[at];
		bool mark = c == '`' || ((c == '*' || c == '_') && at + 1 < len && line[at + 1] == c);

		if (mark)
			at += c != '`';
		else if (!is_blank(c))
			strbuf_addch(out, c);
		else if (out->len > begin && out->data[out->len - 1] != ' ')
			strbuf_addch(out, ' ');
	}
	while (out->len > begin && strchr(" *_", out->data[out->len - 1]))
		strbuf_truncate(out, out->len - 1);
}

/* The first line of text with something in it, code in fences left out. */
static void add_first_line(struct strbuf *out, const char *text)
{
	size_t begin = out->len;
	bool fenced = false;

	while (*text && out->len == begin) {
		size_t len = strcspn(text, "\r\n");
		bool fence = len >= 3 && (!strncmp(text, "```", 3) || !strncmp(text, "~~~", 3));

		if (!fence && !fenced)
			add_line(out, text, len);
		fenced = fenced != fence;
		text += len + (text[len] != '\0');
	}
}

/* Cuts to so many characters, at a blank if there is one late enough. */
static void cut(struct strbuf *sb, size_t most)
{
	size_t at = 0;
	size_t n = 0;
	size_t blank = 0;

	for (; at < sb->len; n++) {
		uint32_t cp;
		size_t len = utf8_decode(sb->data + at, sb->len - at, &cp);

		if (n == most)
			break;
		if (cp == ' ' && n >= TITLE_LEAST)
			blank = at;
		at += len;
	}
	if (at == sb->len)
		return;
	if (sb->data[at] == ' ')
		blank = at;
	strbuf_truncate(sb, blank ? blank : at);
	while (sb->len && strchr(" ,;:.", sb->data[sb->len - 1]))
		strbuf_truncate(sb, sb->len - 1);
	strbuf_adds(sb, "…");
}

char *title_make(const char *question, const char *command, const char *about)
{
	struct strbuf title;
	size_t begin;

	strbuf_init(&title, LIMIT_CHAT_PROMPT);
	if (command)
		strbuf_addf(&title, "%s: ", command);
	begin = title.len;
	add_first_line(&title, question);
	if (title.len == begin && about)
		strbuf_adds(&title, path_basename(about));
	if (title.len == begin && command)
		strbuf_truncate(&title, begin - 2);
	if (!title.len)
		add_line(&title, question, strlen(question));
	if (!title.len)
		strbuf_adds(&title, "Chat");
	cut(&title, TITLE_CHARACTERS);
	return strbuf_detach(&title, NULL);
}

char *title_clean(const char *title)
{
	struct strbuf clean;
	char *result = NULL;

	strbuf_init(&clean, LIMIT_TITLE);
	title += strspn(title, " \t\r\n");
	for (const char *p = title; *p; p++) {
		bool blank = is_blank(*p);

		if (!blank || (clean.len && clean.data[clean.len - 1] != ' '))
			strbuf_addch(&clean, blank ? ' ' : *p);
	}
	strbuf_truncate(&clean, utf8_valid_prefix(clean.data, clean.len));
	while (clean.len && clean.data[clean.len - 1] == ' ')
		strbuf_truncate(&clean, clean.len - 1);
	if (clean.len)
		result = xstrndup(clean.data, clean.len);
	strbuf_release(&clean);
	return result;
}
