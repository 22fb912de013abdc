/*
 * text/ignore: the first line is a path, the others are patterns. Nothing may crash or hang; a workspace's patterns
 * never make less ignored; the path itself, escaped, is a pattern that matches it.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/text/ignore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void check_escaped(const char *path)
{
	struct ignore *ig = ignore_new();
	struct err err = ERR_INIT;
	struct strbuf pattern;
	bool plain = *path && !strstr(path, "//") && !strstr(path, "\\") && path[strlen(path) - 1] != '/';

	/* components that are taken out of a path, and names that consist of nothing else */
	plain = plain && !strstr(path, "/./") && path[0] != '.' && path[strlen(path) - 1] != '.' && path[0] != '/';
	strbuf_init(&pattern, 2 * LIMIT_IGNORE_PATTERN);
	strbuf_addch(&pattern, '/');
	for (const char *s = path; *s; s++) {
		if (*s != '/')
			strbuf_addch(&pattern, '\\');
		strbuf_addch(&pattern, *s);
	}
	/* a backslash before a byte of a longer character would split it */
	for (const char *s = path; *s; s++)
		plain = plain && !(*s & 0x80);
	if (plain && ignore_add(ig, IGNORE_USER, NULL, pattern.data, &err))
		require(ignore_match(ig, path, NULL));
	strbuf_release(&pattern);
	ignore_free(ig);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size < 8000 ? size : 8000);
	char *path = text;
	char *line = strchr(text, '\n');
	struct ignore *user = ignore_new();
	struct ignore *both = ignore_new();
	struct err err = ERR_INIT;
	bool is_user = true;

	if (line)
		*line++ = '\0';
	while (line) {
		char *next = strchr(line, '\n');
		const char *dir = line[0] == '@' ? "/r" : NULL;

		if (next)
			*next++ = '\0';
		line += dir != NULL;
		if (is_user) {
			bool added = ignore_add(user, IGNORE_USER, dir, line, &err);

			require(added == ignore_add(both, IGNORE_USER, dir, line, &err));
		} else {
			ignore_add(both, IGNORE_WORKSPACE, dir, line, &err);
		}
		is_user = !is_user;
		line = next;
	}
	require(!ignore_match(user, path, NULL) || ignore_match(both, path, NULL));
	ignore_match_uri(both, path, NULL);
	check_escaped(path);
	ignore_free(both);
	ignore_free(user);
	free(text);
	return 0;
}
