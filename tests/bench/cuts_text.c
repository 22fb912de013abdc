/*
 * A text as lines with their indentation, and what an editor learns from them.
 */
#include "cuts_text.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/mem.h"

#define TAB_COLUMNS 8

static void learn_line(struct cut_line *line, const char *s)
{
	while (line->blanks < line->len && (s[line->blanks] == ' ' || s[line->blanks] == '\t')) {
		line->column += s[line->blanks] == '\t' ? TAB_COLUMNS - line->column % TAB_COLUMNS : 1;
		line->blanks++;
	}
	line->empty = line->blanks == line->len;
}

/* As VS Code does: lines that begin with a tab against those with blanks, and the commonest step between lines. */
static void detect_formatting(struct cut_text *t)
{
	size_t tabs = 0;
	size_t spaces = 0;
	size_t steps[9] = { 0 };
	size_t before = 0;

	for (size_t i = 0; i < t->count; i++) {
		const struct cut_line *line = &t->lines[i];
		size_t step = line->column > before ? line->column - before : before - line->column;

		if (line->empty)
			continue;
		tabs += t->s[line->start] == '\t';
		spaces += line->blanks > 1 && t->s[line->start] == ' ';
		if (step >= 2 && step < ARRAY_LEN(steps))
			steps[step]++;
		before = line->column;
	}
	t->tab_size = 4;
	t->insert_spaces = tabs == spaces ? strcmp(t->language, "go") && strcmp(t->language, "makefile") : spaces > tabs;
	if (!t->insert_spaces)
		return;
	for (unsigned step = 2; step < ARRAY_LEN(steps); step++) {
		if (steps[step] > steps[t->tab_size])
			t->tab_size = step;
	}
}

void cut_text_init(struct cut_text *t, const char *text, size_t len, const char *language)
{
	size_t count = 1;

	for (size_t i = 0; i < len; i++)
		count += text[i] == '\n';
	*t = (struct cut_text){ .s = text, .len = len, .language = language };
	t->lines = xcalloc(count, sizeof(*t->lines));
	for (size_t at = 0; at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end ? (size_t)(end - text) - at : len - at;
		struct cut_line *line = &t->lines[t->count++];

		*line = (struct cut_line){ .start = at, .len = n && text[at + n - 1] == '\r' ? n - 1 : n };
		learn_line(line, text + at);
		at += n + 1;
	}
	detect_formatting(t);
}

void cut_text_release(struct cut_text *t)
{
	free(t->lines);
}

size_t cut_text_line_of(const struct cut_text *t, size_t at)
{
	size_t lo = 0;
	size_t hi = t->count;

	while (lo + 1 < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->lines[mid].start <= at)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}
