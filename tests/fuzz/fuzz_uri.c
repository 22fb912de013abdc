/*
 * text/uri: any bytes as a URI and as a path. A key is its own key, a path survives the way to a URI and back, and both
 * spellings of a file have one key.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/text/language.h"
#include "eke/text/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void check_key(const char *uri)
{
	char *key = uri_key(uri);
	char *again = NULL;

	require((key != NULL) == (strlen(uri) <= LIMIT_URI));
	if (key)
		again = uri_key(key);
	require(!again || !strcmp(again, key));
	free(again);
	free(key);
}

static void check_path(const char *path)
{
	char *uri = uri_from_path(path);
	char *back;

	if (!uri)
		return;
	require(!strncmp(uri, "file://", 7));
	back = uri_to_path(uri);
	if (path[0] == '/' && path[1] != '/' && !(path[1] && path[2] == ':'))
		require(back && !strcmp(back, path));
	free(back);
	free(uri);
}

static void check_spellings(const char *uri)
{
	char *path = uri_to_path(uri);
	char *ours = path && strncmp(path, "//", 2) != 0 ? uri_from_path(path) : NULL;

	/* An encoded slash, a query and a fragment are no part of the path. */
	if (ours && !strcasestr(uri, "%2f") && !strpbrk(uri, "?#\\") && !strcasestr(uri, "%5c")) {
		char *key = uri_key(uri);
		char *our_key = uri_key(ours);

		require(!key || !our_key || !strcmp(key, our_key));
		free(our_key);
		free(key);
	}
	free(ours);
	free(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size);
	char *part = uri_path_part(text);
	const char *extension = path_extension(text);

	require(strlen(part) <= size);
	require(!strchr(extension, '/'));
	language_of_path(text);
	language_of_first_line(text, strlen(text));
	check_key(text);
	check_path(text);
	check_spellings(text);
	free(part);
	free(text);
	return 0;
}
