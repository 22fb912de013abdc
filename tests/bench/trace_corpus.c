/*
 * Finding and reading the files. What is too short, no text, or not valid UTF-8 counts as absent.
 */
#include "trace_corpus.h"

#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/mem.h"
#include "eke/base/utf.h"

#define READ_MAX ((size_t)64 * 1024)
#define BYTES_MIN 2500

/* Of each entry's patterns the first that names a usable file. */
static const struct {
	const char *language;
	const char *patterns[6];
} wanted[TRACE_CORPUS_FILES] = {
	{ "python", { "/usr/lib/python3.*/shlex.py", "/usr/lib/python3*/textwrap.py", "/usr/share/*/*.py" } },
	{ "javascript",
	  { "/usr/lib/node_modules/npm/lib/commands/ls.js", "/usr/share/nodejs/npm/lib/commands/ls.js",
	    "/usr/local/lib/node_modules/npm/lib/commands/ls.js", "/usr/share/nodejs/*/index.js",
	    "tests/upstream/reply.mjs" } },
	{ "perl", { "/usr/lib/*/perl-base/Getopt/Long.pm", "/usr/share/perl/5.*/Getopt/Long.pm" } },
	{ "cpp", { "/usr/include/c++/*/bits/stl_queue.h", "/usr/include/c++/*/deque" } },
	{ "c", { "/usr/include/ev.h", "/usr/include/*/ev.h", "/usr/include/obstack.h" } },
	{ "shellscript", { "/usr/bin/ldd", "/usr/bin/xzgrep", "/usr/bin/zgrep", "/usr/sbin/service", "tests/run" } },
	{ "python", { "/usr/lib/python3.*/configparser.py", "/usr/lib/python3*/argparse.py" } },
	{ "c", { "src/text/buffer.c" } },
};

size_t trace_corpus_tidy(char *text, size_t len)
{
	size_t to = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\r')
			continue;
		if (text[i] == '\n')
			while (to && (text[to - 1] == ' ' || text[to - 1] == '\t'))
				to--;
		text[to++] = text[i];
	}
	while (to && memchr(" \t\n", text[to - 1], 3))
		to--;
	if (to < len)
		text[to++] = '\n';
	return to;
}

static bool begins(const char *s, size_t len, const char *with)
{
	return len >= strlen(with) && !memcmp(s, with, strlen(with));
}

size_t trace_corpus_skip_head(const char *text, size_t len)
{
	bool in_comment = false;
	size_t at = 0;

	while (at < len) {
		const char *line = text + at;
		const char *end = memchr(line, '\n', len - at);
		size_t n = end ? (size_t)(end - line) : len - at;

		if (!in_comment && n && !begins(line, n, "//") && !begins(line, n, "/*") && !begins(line, n, "# ") &&
		    !begins(line, n, "#!") && n != strspn(line, "#"))
			return at;
		in_comment = (in_comment || begins(line, n, "/*")) && !memmem(line, n, "*/", 2);
		at += n + 1;
	}
	return 0;
}

/* The usable part of a file, or NULL. */
static char *read_part(const char *path, size_t *len)
{
	FILE *file = fopen(path, "r");
	char *text;
	size_t from;
	size_t n;

	if (!file)
		return NULL;
	text = xmalloc(READ_MAX + 1);
	n = fread(text, 1, READ_MAX, file);
	fclose(file);
	n = trace_corpus_tidy(text, n);
	from = trace_corpus_skip_head(text, n);
	n -= from;
	memmove(text, text + from, n);
	if (n > TRACE_CORPUS_BYTES) {
		n = TRACE_CORPUS_BYTES;
		while (n && text[n - 1] != '\n')
			n--;
	}
	if (n < BYTES_MIN || memchr(text, '\0', n) || utf8_valid_prefix(text, n) < n) {
		free(text);
		return NULL;
	}
	*len = n;
	return text;
}

static bool take(struct trace_corpus *c, const char *path, const char *language)
{
	size_t len;
	char *text;
	const char *slash;

	for (size_t i = 0; i < c->count; i++)
		if (!strcmp(c->paths[i], path))
			return false;
	text = read_part(path, &len);
	if (!text)
		return false;
	c->paths[c->count] = xstrdup(path);
	c->texts[c->count] = text;
	slash = strrchr(c->paths[c->count], '/');
	c->files[c->count] = (struct trace_file){ slash ? slash + 1 : c->paths[c->count], language, text, len };
	c->bytes += len;
	c->count++;
	return true;
}

static bool take_first(struct trace_corpus *c, const char *pattern, const char *language)
{
	bool taken = false;
	glob_t found;

	/* Sorted: the same on the same machine. */
	if (glob(pattern, 0, NULL, &found))
		return false;
	for (size_t i = 0; i < found.gl_pathc && !taken; i++)
		taken = take(c, found.gl_pathv[i], language);
	globfree(&found);
	return taken;
}

void trace_corpus_load(struct trace_corpus *corpus)
{
	memset(corpus, 0, sizeof(*corpus));
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		for (size_t j = 0; j < ARRAY_LEN(wanted[i].patterns) && wanted[i].patterns[j]; j++)
			if (take_first(corpus, wanted[i].patterns[j], wanted[i].language))
				break;
}

void trace_corpus_release(struct trace_corpus *corpus)
{
	for (size_t i = 0; i < corpus->count; i++) {
		free(corpus->paths[i]);
		free(corpus->texts[i]);
	}
}
