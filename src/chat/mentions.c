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

/*
 * The path in one spelling, without what says nothing ("./", "//"). NULL: it is no relative one that stays below where
 * it begins.
 */
static char *plain_path(const char *name, size_t len)
{
	char path[NAME_MOST + 1];
	size_t made = 0;
	size_t n;

	if (!len || len > NAME_MOST || name[0] == '/' || name[len - 1] == '/')
		return NULL;
	for (size_t at = 0; at < len; at += n + 1) {
		const char *part = name + at;
		const char *slash = memchr(part, '/', len - at);

		n = slash ? (size_t)(slash - part) : len - at;
		if (n == 2 && part[0] == '.' && part[1] == '.')
			return NULL;
		if (!n || (n == 1 && part[0] == '.'))
			continue;
		if (made)
			path[made++] = '/';
		memcpy(path + made, part, n);
		made += n;
	}
	return made ? xstrndup(path, made) : NULL;
}

static void add(struct mention *m, const char *name, size_t len, int64_t first, int64_t last)
{
	char *path = m->count < MENTION_NAMES ? plain_path(name, len) : NULL;

	if (!path)
		return;
	m->names[m->count].path = path;
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
