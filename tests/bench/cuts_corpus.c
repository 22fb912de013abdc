/*
 * Finding and reading the files.
 */
#include "cuts_corpus.h"

#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/mem.h"
#include "eke/base/utf.h"
#include "eke/text/language.h"

#define FILE_MAX ((size_t)256 * 1024)
#define FILE_MIN 200
/* Longer lines are minified or data. */
#define LINE_MAX_BYTES 400
#define PACKAGE_DEPTH 4 /* directories, as in /usr/share/doc/git */

static const char *const groups[CORPUS_GROUPS] = {
	"python", "javascript", "typescript", "c",    "cpp",  "perl", "shellscript", "makefile", "yaml",
	"markdown", "go",       "rust",       "java", "ruby", "php",  "csharp",      "other",
};

/* Fields of a growing list, while the tree is walked. */
struct finder {
	struct corpus *corpus;
	const char *only;
	size_t room;
};

const char *corpus_group_name(size_t group)
{
	return groups[group];
}

static size_t group_of(const char *language)
{
	for (size_t i = 0; i + 1 < CORPUS_GROUPS; i++) {
		if (!strcmp(groups[i], language))
			return i;
	}
	if (!strcmp(language, "typescriptreact"))
		return 2;
	return CORPUS_GROUPS - 1;
}

bool corpus_group_has(size_t group, const char *language)
{
	return group_of(language) == group;
}

/* Programs have no extension: their first line says what they are. */
static const struct language *language_of_program(const char *path)
{
	const struct language *found = NULL;
	char line[128];
	FILE *f = fopen(path, "r");

	if (!f)
		return NULL;
	if (fgets(line, sizeof(line), f))
		found = language_of_first_line(line, strcspn(line, "\r\n"));
	fclose(f);
	return found;
}

/* What is text for people, or no text that anybody types, is left out. */
static bool is_typed(const char *language)
{
	static const char *const others[] = { "plaintext", "diff", "git-commit", "svg", "asm", "bibtex" };

	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		if (!strcmp(others[i], language))
			return false;
	}
	return true;
}

static const char *language_of_file(const char *path, const char *name)
{
	const struct language *language = language_of_path(path);

	if (!language && !strchr(name, '.'))
		language = strstr(path, "/include/c++/") ? language_by_id("cpp") : language_of_program(path);
	if (!language || !is_typed(language->id))
		return NULL;
	if (!strcmp(language->id, "c") && strstr(path, "/c++/"))
		return "cpp";
	return language->id;
}

static void take_file(struct finder *finder, const char *path, const char *name)
{
	struct corpus *corpus = finder->corpus;
	const char *language = language_of_file(path, name);

	if (!language || (finder->only && strcmp(finder->only, language)))
		return;
	if (corpus->count == finder->room) {
		finder->room = finder->room ? finder->room * 2 : 1024;
		corpus->files = xreallocarray(corpus->files, finder->room, sizeof(*corpus->files));
	}
	corpus->files[corpus->count++] = (struct corpus_file){ xstrdup(path), language };
}

/* Directories that hold builds, not sources. */
static bool is_skipped(const char *name)
{
	return !strcmp(name, "build") || !strcmp(name, ".git") || !strcmp(name, "__pycache__");
}

static void walk(struct finder *finder, char *root)
{
	char *const roots[] = { root, NULL };
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOSTAT | FTS_NOCHDIR, NULL);
	FTSENT *entry;

	if (!fts)
		return;
	while ((entry = fts_read(fts))) {
		if (entry->fts_info == FTS_D && entry->fts_level && is_skipped(entry->fts_name))
			fts_set(fts, entry, FTS_SKIP);
		else if (entry->fts_info == FTS_F || entry->fts_info == FTS_NSOK)
			take_file(finder, entry->fts_path, entry->fts_name);
	}
	fts_close(fts);
}

static int compare_files(const void *a, const void *b)
{
	const struct corpus_file *x = a;
	const struct corpus_file *y = b;
	size_t group_x = group_of(x->language);
	size_t group_y = group_of(y->language);

	if (group_x != group_y)
		return group_x < group_y ? -1 : 1;
	return strcmp(x->path, y->path);
}

/* The first directories of a path, by which packages are told apart. */
static size_t package_length(const char *path)
{
	const char *last = strrchr(path, '/');
	const char *at = path;

	for (int n = 0; n <= PACKAGE_DEPTH && at < last; n++)
		at = strchr(at + 1, '/');
	return (size_t)(at - path);
}

static bool same_package(const struct corpus_file *a, const struct corpus_file *b)
{
	size_t len = package_length(a->path);

	return len == package_length(b->path) && !memcmp(a->path, b->path, len) &&
	       group_of(a->language) == group_of(b->language);
}

static void find_packages(struct corpus *corpus)
{
	size_t count = 0;

	corpus->packages = xcalloc(corpus->count + 1, sizeof(*corpus->packages));
	for (size_t i = 0; i < corpus->count; i++) {
		if (!i || !same_package(&corpus->files[i - 1], &corpus->files[i]))
			corpus->packages[count++] = i;
		for (size_t g = group_of(corpus->files[i].language) + 1; g <= CORPUS_GROUPS; g++) {
			corpus->begin[g] = i + 1;
			corpus->first[g] = count;
		}
	}
	corpus->packages[count] = corpus->count;
}

void corpus_find(struct corpus *corpus, const char *only)
{
	char roots[][24] = { "/usr/bin", "/usr/sbin",      "/usr/include", "/usr/lib",          "/usr/share",
			     "/usr/src", "/usr/local/lib", ".",            "build/bench/corpus" };
	struct finder finder = { .corpus = corpus, .only = only };

	*corpus = (struct corpus){ .files = NULL };
	for (size_t i = 0; i < ARRAY_LEN(roots); i++)
		walk(&finder, roots[i]);
	qsort(corpus->files, corpus->count, sizeof(*corpus->files), compare_files);
	find_packages(corpus);
}

const struct corpus_file *corpus_pick(const struct corpus *corpus, size_t group, struct rng *rng)
{
	size_t begin = corpus->begin[group];
	size_t end = corpus->begin[group + 1];

	if (rng_below(rng, 2)) {
		size_t package = corpus->first[group] + rng_below(rng, corpus->first[group + 1] - corpus->first[group]);

		begin = corpus->packages[package];
		end = corpus->packages[package + 1];
	}
	return &corpus->files[begin + rng_below(rng, end - begin)];
}

void corpus_release(struct corpus *corpus)
{
	for (size_t i = 0; i < corpus->count; i++)
		free(corpus->files[i].path);
	free(corpus->files);
	free(corpus->packages);
}

static bool is_source(const char *text, size_t len)
{
	size_t lines = 0;

	if (len < FILE_MIN || len >= FILE_MAX || memchr(text, '\0', len) || utf8_valid_prefix(text, len) < len)
		return false;
	for (size_t at = 0; at < len; lines++) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end ? (size_t)(end - text) - at : len - at;

		if (n > LINE_MAX_BYTES)
			return false;
		at += n + 1;
	}
	return lines >= 8;
}

char *corpus_read(const struct corpus_file *file, size_t *len)
{
	FILE *f = fopen(file->path, "r");
	char *text;

	if (!f)
		return NULL;
	text = xmalloc(FILE_MAX);
	*len = fread(text, 1, FILE_MAX, f);
	fclose(f);
	if (is_source(text, *len))
		return text;
	free(text);
	return NULL;
}
