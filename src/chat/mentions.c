/*
 * Words that begin with @. Each yields a few names: as it is, without the lines that it ends with, and both without the
 * punctuation of the sentence around it.
 */
#include "mentions.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"

#define NAME_MOST 1024
#define LINE_MOST 9 /* digits */

static bool is_blank(char c)
{
	return !c || isspace((unsigned char)c);
}

/* Does a word begin behind this character? In me@example.org none does. */
static bool may_precede(char c)
{
	return is_blank(c) || strchr("([{<\"'`,;:", c);
}

/* Relative paths that stay below where they begin. */
static bool is_plain(const char *name, size_t len)
{
	size_t at = 0;

	if (!len || len > NAME_MOST || name[0] == '/' || name[len - 1] == '/')
		return false;
	while (at < len) {
		const char *slash = memchr(name + at, '/', len - at);
		size_t n = slash ? (size_t)(slash - (name + at)) : len - at;

		if (n == 2 && name[at] == '.' && name[at + 1] == '.')
			return false;
		at += n + 1;
	}
	return true;
}

static void add(struct mention *m, const char *name, size_t len, int64_t first, int64_t last)
{
	if (len > 2 && name[0] == '.' && name[1] == '/') {
		name += 2;
		len -= 2;
	}
	if (m->count == MENTION_NAMES || !is_plain(name, len))
		return;
	m->names[m->count].path = xstrndup(name, len);
	m->names[m->count].first = first;
	m->names[m->count++].last = last;
}

/* A number that ends at *end; *end is moved before it. 0 if there is none. */
static int64_t number_before(const char *name, size_t *end)
{
	size_t at = *end;
	int64_t n = 0;

	while (at && isdigit((unsigned char)name[at - 1]))
		at--;
	if (at == *end || *end - at > LINE_MOST)
		return 0;
	for (size_t i = at; i < *end; i++)
		n = n * 10 + (name[i] - '0');
	*end = at;
	return n;
}

static bool take_before(const char *name, size_t *end, const char *what)
{
	size_t len = strlen(what);

	if (*end < len || memcmp(name + *end - len, what, len) != 0)
		return false;
	*end -= len;
	return true;
}

/* name:10, name:10-20, name#L10, name#L10-L20, name#L10-20 */
static void add_with_lines(struct mention *m, const char *name, size_t len)
{
	size_t end = len;
	int64_t last = number_before(name, &end);
	int64_t first = last;

	if (!last)
		return;
	if (take_before(name, &end, "-L") || take_before(name, &end, "-"))
		first = number_before(name, &end);
	if (first && first <= last && (take_before(name, &end, ":") || take_before(name, &end, "#L")))
		add(m, name, end, first, last);
}

/* Without the punctuation of the sentence. */
static size_t bare_length(const char *name, size_t len)
{
	while (len && strchr(".,;:!?)]}>\"'`", name[len - 1]))
		len--;
	return len;
}

static void take(struct mention *m, const char *name, size_t len)
{
	size_t bare = bare_length(name, len);

	add(m, name, len, 0, 0);
	add_with_lines(m, name, len);
	if (bare < len) {
		add(m, name, bare, 0, 0);
		add_with_lines(m, name, bare);
	}
}

/* The name stood in quotes; what follows them, up to a blank, may be lines. */
static void take_quoted(struct mention *m, const char *name, size_t len)
{
	const char *rest = name + len + 1;
	char *whole;

	while (!is_blank(*rest))
		rest++;
	whole = xasprintf("%.*s%.*s", (int)len, name, (int)(rest - (name + len + 1)), name + len + 1);
	add_with_lines(m, whole, bare_length(whole, strlen(whole)));
	add(m, name, len, 0, 0);
	free(whole);
}

bool mention_next(struct mention *m)
{
	const char *from = m->end;

	m->count = 0;
	for (const char *p = from; (p = strchr(p, '@')); p++) {
		const char *name = p + 1;
		const char *quote = *name == '"' ? strchr(name + 1, '"') : NULL;
		const char *end = quote ? quote + 1 : name;

		if (p > from && !may_precede(p[-1]))
			continue;
		while (!quote && !is_blank(*end))
			end++;
		if (quote)
			take_quoted(m, name + 1, (size_t)(quote - (name + 1)));
		else
			take(m, name, (size_t)(end - name));
		if (m->count) {
			m->end = end;
			return true;
		}
	}
	m->end = from + strlen(from);
	return false;
}

void mention_release(struct mention *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->names[i].path);
	m->count = 0;
}
