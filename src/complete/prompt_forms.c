/*
 * Context before a prefix.
 */
#include "eke/complete/prompt_forms.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "eke/base/limits.h"
#include "eke/text/language.h"
#include "eke/text/lines.h"

#define LINE_SHOWN 400

enum prompt_form prompt_form_of(const char *model)
{
	return model && strcasestr(model, "codestral") ? PROMPT_FORM_CODESTRAL : PROMPT_FORM_COMMENTS;
}

static void add_comment(const struct language *language, const char *text, size_t len, struct strbuf *out)
{
	char line[LINE_SHOWN];

	snprintf(line, sizeof(line), "%.*s", (int)len, text);
	language_add_comment(language, line, out);
	strbuf_addch(out, '\n');
}

static void write_comments(const struct snippets *snippets, const char *path, const char *language, struct strbuf *out)
{
	const struct language *known = language_by_id(language);

	for (size_t i = 0; i < snippets->count; i++) {
		const struct snippet *s = &snippets->items[i];
		char head[LINE_SHOWN];

		snprintf(head, sizeof(head), "%s %s:", s->role == ROLE_CHANGES ? "Changed in" : "From", s->path);
		add_comment(known, head, strlen(head), out);
		for (size_t at = 0; at < s->len; at += lines_skip(s->text + at, s->len - at, 1))
			add_comment(known, s->text + at, lines_first_end(s->text + at, s->len - at), out);
	}
	add_comment(known, path, strlen(path), out);
}

/* One line: a path with a line end in it would forge another file. */
static void add_path(struct strbuf *out, const char *path)
{
	strbuf_adds(out, "+++++ ");
	for (; *path; path++)
		strbuf_addch(out, (unsigned char)*path < 0x20 ? '?' : *path);
	strbuf_addch(out, '\n');
}

void prompt_form_write(
	enum prompt_form form, const struct snippets *snippets, const char *path, const char *language, struct strbuf *out)
{
	if (!snippets || !snippets->count)
		return;
	switch (form) {
	case PROMPT_FORM_COMMENTS:
		write_comments(snippets, path, language, out);
		break;
	case PROMPT_FORM_CODESTRAL:
		for (size_t i = 0; i < snippets->count; i++) {
			add_path(out, snippets->items[i].path);
			strbuf_add(out, snippets->items[i].text, snippets->items[i].len);
			strbuf_addch(out, '\n');
		}
		add_path(out, path);
		break;
	}
}
