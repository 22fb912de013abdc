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
#define BEHIND_MOST 64 /* bytes behind a name in quotes, in which its lines stand */

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

	while (at && *end - at <= LINE_MOST && isdigit((unsigned char)name[at - 1]))
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

/* `bare`: its length without punctuation. */
static void take(struct mention *m, const char *name, size_t len, size_t bare)
{
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
	size_t n = 0;
	char *whole;

	if (len > NAME_MOST)
		return;
	while (n < BEHIND_MOST && !is_blank(rest[n]))
		n++;
	if (is_blank(rest[n])) {
		whole = xasprintf("%.*s%.*s", (int)len, name, (int)n, rest);
		add_with_lines(m, whole, bare_length(whole, strlen(whole)));
		free(whole);
	}
	add(m, name, len, 0, 0);
}

/*
 * A word in which several could begin ("@/a,@/b,@/c") is read once: what was found ahead of the walk is kept until the
 * walk is there.
 */
struct reach {
	const char *quote; /* the next one, NULL if there is none any more */
	const char *end;
	const char *bare;
	const char *up; /* its last component ".."; names that begin before it lead out */
};

static bool is_quoted(struct reach *reach, const char *name)
{
	if (*name != '"')
		return false;
	if (reach->quote && reach->quote <= name)
		reach->quote = strchr(name + 1, '"');
	return reach->quote != NULL;
}

static void read_word(struct reach *reach, const char *name)
{
	const char *end = name;

	if (name <= reach->end)
		return;
	for (; !is_blank(*end); end++) {
		if (*end == '/' && end[1] == '.' && end[2] == '.' && (end[3] == '/' || is_blank(end[3])))
			reach->up = end + 1;
	}
	reach->end = end;
	reach->bare = name + bare_length(name, (size_t)(end - name));
}

bool mention_next(struct mention *m)
{
	const char *from = m->end;
	struct reach reach = { from, from, from, from };

	m->count = 0;
	for (const char *p = from; (p = strchr(p, '@')); p++) {
		const char *name = p + 1;

		if (p > from && !may_precede(p[-1]))
			continue;
		if (is_quoted(&reach, name)) {
			take_quoted(m, name + 1, (size_t)(reach.quote - (name + 1)));
			m->end = reach.quote + 1;
		} else {
			read_word(&reach, name);
			if (name > reach.up)
				take(m, name, (size_t)(reach.end - name),
					reach.bare > name ? (size_t)(reach.bare - name) : 0);
			m->end = reach.end;
		}
		if (m->count)
			return true;
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
