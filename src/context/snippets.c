/*
 * Pieces overlap (a chunk may hold a declaration): their lines are joined, and a line tells where some are left out.
 */
#include "eke/context/snippets.h"

#include <stdlib.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"

#define GAP "…\n"

const char *context_role_reason(enum context_role role)
{
	static const char *const reasons[] = {
		[ROLE_CURRENT] = "the rest of this file",
		[ROLE_ABOVE] = "a cell above in the same notebook",
		[ROLE_IMPORTED] = "this file imports it",
		[ROLE_BESIDE] = "in the same directory",
		[ROLE_OPEN] = "open in the editor",
		[ROLE_CHANGES] = "changed in the last minutes",
	};

	return reasons[role];
}

/* Lines that stand together. */
struct run {
	size_t start, end; /* bytes */
	size_t first, last; /* lines, from 1 */
};

/* printf() would be a tenth of what choosing takes. */
static void add_number(struct strbuf *out, size_t n)
{
	char digits[24];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + n % 10);
	while (n /= 10);
	strbuf_add(out, digits + at, sizeof(digits) - at);
}

static void add_run(
	struct strbuf *text, struct strbuf *lines, const struct digest *digest, const struct run *run, bool diff)
{
	if (text->len && !diff)
		strbuf_adds(text, GAP);
	strbuf_add(text, digest->text + run->start, run->end - run->start);
	if (text->len && text->data[text->len - 1] != '\n')
		strbuf_addch(text, '\n');
	if (diff)
		return;
	if (lines->len)
		strbuf_adds(lines, ", ");
	add_number(lines, run->first);
	if (run->last == run->first)
		return;
	strbuf_addch(lines, '-');
	add_number(lines, run->last);
}

void snippets_add(struct snippets *snippets, const struct context_file *file, const char *path, const char *language,
	const struct packed *items, size_t count)
{
	struct snippet snippet = { .role = file->role };
	bool diff = file->role == ROLE_CHANGES;
	struct strbuf text;
	struct strbuf lines;
	struct run run = { .start = 0 };

	strbuf_init(&text, 2 * LIMIT_CONTEXT_FILE);
	strbuf_init(&lines, KIB(64));
	for (size_t i = 0; i < count; i++) {
		const struct piece *piece = &file->digest->pieces[items[i].piece];

		snippet.sources |= 1u << items[i].source;
		snippet.worth += items[i].worth;
		snippet.tokens += piece->tokens;
		if (run.last && piece->start <= run.end) {
			if (piece->end > run.end) {
				run.end = piece->end;
				run.last = piece->line + piece->lines;
			}
			continue;
		}
		if (run.last)
			add_run(&text, &lines, file->digest, &run, diff);
		run = (struct run){ piece->start, piece->end, piece->line + 1, piece->line + piece->lines };
	}
	add_run(&text, &lines, file->digest, &run, diff);
	snippet.path = xstrdup(path);
	snippet.language = xstrdup(language);
	snippet.text = strbuf_detach(&text, &snippet.len);
	snippet.lines = strbuf_detach(&lines, NULL);
	snippets->items = xreallocarray(snippets->items, snippets->count + 1, sizeof(snippet));
	snippets->items[snippets->count++] = snippet;
}

void snippets_release(struct snippets *snippets)
{
	for (size_t i = 0; i < snippets->count; i++) {
		struct snippet *s = &snippets->items[i];

		free(s->path);
		free(s->text);
		free(s->language);
		free(s->lines);
	}
	free(snippets->items);
	*snippets = (struct snippets){ .items = NULL };
}
