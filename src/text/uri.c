/*
 * Taking URIs apart and putting them into one spelling. Lenient on purpose: a URI names a document that the editor has
 * open whether or not it is well-formed, so nothing here fails for bad escapes (a '%' without two digits is a '%').
 * Nothing is kept; every result is a fresh string.
 */
#include "eke/text/uri.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "eke/base/ascii.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/base/strbuf.h"

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_unreserved(char c)
{
	return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/* The byte that s begins with, a %XX as the byte it stands for; returns the characters it takes. */
static size_t decode(const char *s, char *byte)
{
	int high = s[0] == '%' ? ascii_hex(s[1]) : -1;
	int low = high >= 0 ? ascii_hex(s[2]) : -1;

	if (low >= 0) {
		*byte = (char)(high << 4 | low);
		return 3;
	}
	*byte = s[0];
	return 1;
}

static void add_encoded(struct strbuf *out, char byte)
{
	strbuf_addf(out, "%%%02X", (unsigned)(unsigned char)byte);
}

/* Length of the scheme without its colon; 0: none. A single letter is a drive, no scheme. */
static size_t scheme_len(const char *uri)
{
	size_t n = 0;

	if (!is_alpha(uri[0]))
		return 0;
	while (is_alpha(uri[n]) || is_digit(uri[n]) || uri[n] == '+' || uri[n] == '-' || uri[n] == '.')
		n++;
	return n > 1 && uri[n] == ':' ? n : 0;
}

static bool is_file_scheme(const char *uri)
{
	return scheme_len(uri) == 4 && !strncasecmp(uri, "file", 4);
}

/* Splits what follows the scheme: authority (may be empty) and path. */
static const char *split_authority(const char *rest, const char **authority, size_t *len)
{
	*authority = rest;
	*len = 0;
	if (strncmp(rest, "//", 2) != 0)
		return rest;
	*authority = rest + 2;
	*len = strcspn(*authority, "/?#");
	return *authority + *len;
}

static bool is_this_machine(const char *authority, size_t len)
{
	return !len || (len == 9 && !strncasecmp(authority, "localhost", 9));
}

/* "/c:" or "/c%3A" before a slash or the end: the characters of "/c", and the letter; 0 if it is no drive. */
static size_t drive_len(const char *path, char *letter)
{
	char colon;
	size_t n;
	size_t end;

	if (path[0] != '/')
		return 0;
	n = 1 + decode(path + 1, letter);
	if (!is_alpha(*letter))
		return 0;
	end = n + decode(path + n, &colon);
	return colon == ':' && (!path[end] || strchr("/?#", path[end])) ? n : 0;
}

/* Decodes up to the query or fragment. */
static bool decode_path(const char *path, struct strbuf *out)
{
	bool clean = true;
	char byte;

	while (*path && *path != '?' && *path != '#') {
		path += decode(path, &byte);
		if (!byte) {
			clean = false;
			byte = '?';
		}
		strbuf_addch(out, byte);
	}
	return clean;
}

char *uri_to_path(const char *uri)
{
	const char *authority;
	const char *path;
	size_t authority_len;
	struct strbuf out;
	char letter;

	if (!is_file_scheme(uri))
		return NULL;
	path = split_authority(uri + 5, &authority, &authority_len);
	if (path[0] != '/')
		return NULL;
	strbuf_init(&out, strlen(uri));
	if (!is_this_machine(authority, authority_len)) {
		strbuf_adds(&out, "//");
		strbuf_add(&out, authority, authority_len);
	} else if (drive_len(path, &letter)) {
		path++;
	}
	if (!decode_path(path, &out)) {
		strbuf_release(&out);
		return NULL;
	}
	return strbuf_detach(&out, NULL);
}

char *uri_path_part(const char *uri)
{
	size_t scheme = scheme_len(uri);
	const char *authority;
	const char *path;
	size_t authority_len;
	struct strbuf out;
	char letter;

	if (!scheme)
		return xstrdup(uri);
	path = split_authority(uri + scheme + 1, &authority, &authority_len);
	strbuf_init(&out, strlen(uri));
	decode_path(drive_len(path, &letter) ? path + 1 : path, &out);
	return strbuf_detach(&out, NULL);
}

char *uri_from_path(const char *path)
{
	bool drive = is_alpha(path[0]) && path[1] == ':' && (path[2] == '/' || path[2] == '\\');
	bool host = path[0] == '/' && path[1] == '/' && path[2] && path[2] != '/';
	struct strbuf out;

	if (path[0] != '/' && !drive)
		return NULL;
	strbuf_init(&out, 3 * strlen(path) + sizeof("file:///"));
	strbuf_adds(&out, drive ? "file:///" : host ? "file:" : "file://");
	for (; *path; path++) {
		if (is_unreserved(*path) || *path == '/')
			strbuf_addch(&out, *path);
		else if (drive && *path == '\\')
			strbuf_addch(&out, '/');
		else
			add_encoded(&out, *path);
	}
	return strbuf_detach(&out, NULL);
}

char *uri_key(const char *uri)
{
	size_t scheme = scheme_len(uri);
	const char *rest = uri + scheme + !!scheme;
	struct strbuf out;
	size_t drive;
	char letter;
	char byte;

	if (strlen(uri) > LIMIT_URI)
		return NULL;
	strbuf_init(&out, 3 * strlen(uri) + sizeof("file:///"));
	for (size_t i = 0; i < scheme; i++)
		strbuf_addch(&out, uri[i] >= 'A' && uri[i] <= 'Z' ? (char)(uri[i] | 0x20) : uri[i]);
	if (scheme)
		strbuf_addch(&out, ':');
	if (is_file_scheme(uri)) {
		const char *authority;
		size_t authority_len;
		const char *path = split_authority(rest, &authority, &authority_len);

		strbuf_adds(&out, "//");
		if (is_this_machine(authority, authority_len))
			rest = path;
		else
			rest = authority;
		drive = drive_len(rest, &letter);
		if (drive) {
			strbuf_addch(&out, '/');
			strbuf_addch(&out, (char)(letter | 0x20));
			rest += drive;
		}
	}
	while (*rest) {
		bool raw = *rest != '%';

		rest += decode(rest, &byte);
		/* An encoded / ? or # is not the delimiter. */
		if (is_unreserved(byte) || (raw && strchr("/?#", byte)))
			strbuf_addch(&out, byte);
		else
			add_encoded(&out, byte);
	}
	return strbuf_detach(&out, NULL);
}

const char *path_extension(const char *path)
{
	const char *base = path_basename(path);
	const char *dot = strrchr(base, '.');

	return dot && dot > base ? dot + 1 : base + strlen(base);
}
