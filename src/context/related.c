/*
 * Imports first, each target one step; then, for those that were not found, directories of the folder; the last step
 * lists the document's own directory.
 */
#include "related.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "eke/base/attrs.h"
#include "eke/base/clock.h"
#include "eke/base/hash.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/text/language.h"
#include "eke/text/uri.h"

/* Files beside a document that are read; of a package whose files see each other all that there is room for. */
#define BESIDE_MAX 12
#define PACKAGE_MAX 8 /* files of a package that is imported */
#define TRIED_MAX 2000 /* names that are looked for, for one target */

uint32_t related_hash(const struct digest *digest)
{
	uint32_t hash = HASH_FNV32;

	for (size_t i = 0; i < digest->count; i++)
		if (digest->pieces[i].kind == PIECE_IMPORT)
			hash = hash_fnv32(hash, &digest->pieces[i].hash, sizeof(uint32_t));
	return hash;
}

void related_begin(
	struct related *r, const char *path, const char *folder, const char *language, const struct digest *digest)
{
	const struct language *known = language_by_id(language);

	*r = (struct related){ .path = xstrdup(path),
		.folder = folder,
		.style = import_style_of(language),
		.language = known ? known->id : NULL,
		.hash = related_hash(digest),
		.targets = xcalloc(1, sizeof(*r->targets)),
		.made_ms = clock_mono_ms() };
	for (size_t i = 0; r->style && i < digest->count; i++) {
		const struct piece *piece = &digest->pieces[i];

		if (piece->kind == PIECE_IMPORT)
			import_targets_add(r->style, digest->text + piece->start, piece->end - piece->start, r->targets);
	}
}

/* What is not needed any more once all steps are done. */
static void forget_targets(struct related *r)
{
	for (size_t i = 0; r->below && i < r->below->count; i++)
		free(r->below->directories[i]);
	free(r->below);
	free(r->targets);
	r->below = NULL;
	r->targets = NULL;
}

void related_release(struct related *r)
{
	for (size_t i = 0; i < r->count; i++) {
		free(r->files[i].path);
		free(r->files[i].key);
	}
	forget_targets(r);
	free(r->path);
	*r = (struct related){ .path = NULL };
}

static void add_file(struct related *r, const char *path, enum context_role role)
{
	char *uri;
	char *key;

	if (r->count == LIMIT_CONTEXT_RELATED || !strcmp(path, r->path))
		return;
	for (size_t i = 0; i < r->count; i++)
		if (!strcmp(r->files[i].path, path))
			return;
	uri = uri_from_path(path);
	key = uri ? uri_key(uri) : NULL;
	free(uri);
	if (key)
		r->files[r->count++] = (struct related_file){ xstrdup(path), key, role };
}

/* --- the directory --- */

static bool is_file(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISREG(st.st_mode);
}

struct neighbour {
	char name[256];
	size_t like; /* letters that its name has in common with the document's */
};

static size_t common(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	return n;
}

/* "test_parse.py" is about "parse.py". */
static size_t likeness(const char *a, const char *b)
{
	size_t best = common(a, b);
	const char *in_a = strpbrk(a, "_-.");
	const char *in_b = strpbrk(b, "_-.");
	size_t other;

	other = in_a ? common(in_a + 1, b) : 0;
	best = other > best ? other : best;
	other = in_b ? common(a, in_b + 1) : 0;
	return other > best ? other : best;
}

static int liker_first(const void *a, const void *b)
{
	const struct neighbour *x = a;
	const struct neighbour *y = b;

	if (x->like != y->like)
		return x->like > y->like ? -1 : 1;
	return strcmp(x->name, y->name);
}

static bool is_same_language(const struct related *r, const char *name)
{
	const struct language *language = language_of_path(name);
	const char *a = language ? language->id : NULL;

	if (!a || !r->language)
		return false;
	/* Headers are C, whatever includes them; scripts come in both forms. */
	return !strcmp(a, r->language) ||
		(strchr("cC", a[0]) && strchr("cC", r->language[0]) && import_style_of(a) == r->style) ||
		(r->style && import_style_of(a) == r->style);
}

/* The files of this language, those first whose names are likest to `name`. */
static void add_directory(
	struct related *r, const char *directory, const char *name, enum context_role role, size_t most)
{
	DIR *dir = opendir(directory);
	struct neighbour *found = NULL;
	struct dirent *entry;
	size_t count = 0;
	size_t room = 0;

	for (int i = 0; dir && i < LIMIT_CONTEXT_DIRECTORY && (entry = readdir(dir)); i++) {
		if (entry->d_name[0] == '.' || !is_same_language(r, entry->d_name))
			continue;
		if (count == room) {
			room = room ? 2 * room : 16;
			found = xreallocarray(found, room, sizeof(*found));
		}
		snprintf(found[count].name, sizeof(found[count].name), "%s", entry->d_name);
		found[count].like = likeness(entry->d_name, name);
		count++;
	}
	if (dir)
		closedir(dir);
	if (count)
		qsort(found, count, sizeof(*found), liker_first);
	for (size_t i = 0; i < count && i < most; i++) {
		char *path = xasprintf("%s/%s", strcmp(directory, "/") ? directory : "", found[i].name);

		if (is_file(path))
			add_file(r, path, role);
		free(path);
	}
	free(found);
}

static void add_beside(struct related *r)
{
	const char *slash = strrchr(r->path, '/');
	char *directory = xstrndup(r->path, (size_t)(slash - r->path) + (slash == r->path));
	bool shares = r->style && import_style_shares_directory(r->style);

	add_directory(r, directory, slash + 1, ROLE_BESIDE, shares ? 2 * BESIDE_MAX : BESIDE_MAX);
	free(directory);
}

/* --- what is imported --- */

struct search {
	struct related *related;
	unsigned tried;
};

/* A package may be a directory (Go). */
static bool try_path(void *ctx, const char *path)
{
	struct search *search = ctx;
	struct related *r = search->related;
	struct stat st;

	if (++search->tried > TRIED_MAX)
		return true;
	if (lstat(path, &st))
		return false;
	if (S_ISREG(st.st_mode)) {
		add_file(r, path, ROLE_IMPORTED);
		return true;
	}
	if (!S_ISDIR(st.st_mode) || !import_style_shares_directory(r->style))
		return false;
	add_directory(r, path, "", ROLE_IMPORTED, PACKAGE_MAX);
	return true;
}

static void find_target(struct related *r, size_t target)
{
	struct search search = { .related = r };

	if (import_resolve(r->style, r->targets->path[target], r->path, r->folder, try_path, &search) ||
		!import_style_looks_below(r->style))
		return;
	if (!r->below)
		r->below = xcalloc(1, sizeof(*r->below));
	r->below->missing[r->below->missing_count++] = target;
}

/* --- what is imported from elsewhere in the folder --- */

static bool holds_no_sources(const char *name)
{
	static const char *const names[] = { "node_modules", "build", "target", "dist", "out", "venv", "__pycache__", "doc",
		"docs" };

	if (name[0] == '.')
		return true;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

static size_t depth_of(const char *path)
{
	size_t n = 0;

	for (; *path; path++)
		n += *path == '/';
	return n;
}

/* Appends its directories; links are none. */
static void list_below(struct related_below *below, const char *directory)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;

	for (int i = 0; dir && i < LIMIT_CONTEXT_DIRECTORY && (entry = readdir(dir)); i++)
		if (entry->d_type == DT_DIR && !holds_no_sources(entry->d_name) && below->count < LIMIT_CONTEXT_BELOW)
			below->directories[below->count++] = xasprintf(
				"%s/%s", strcmp(directory, "/") ? directory : "", entry->d_name);
	if (dir)
		closedir(dir);
}

/* The folder's directories, and theirs; one is listed. False if all are. */
static bool list_step(struct related *r)
{
	struct related_below *below = r->below;
	size_t top = depth_of(strcmp(r->folder, "/") ? r->folder : "");
	const char *directory;

	if (!below->listed++) {
		list_below(below, r->folder);
		return true;
	}
	if (below->listed - 2 >= below->count)
		return false;
	directory = below->directories[below->listed - 2];
	if (depth_of(directory) <= top + 1)
		list_below(below, directory);
	return true;
}

static void look_below(struct related *r, const char *target)
{
	struct search search = { .related = r };

	for (size_t i = 0; i < r->below->count; i++)
		if (import_resolve_below(r->style, target, r->below->directories[i], r->folder, try_path, &search))
			return;
}

bool related_step(struct related *r)
{
	if (!r->targets)
		return false;
	if (r->step < r->targets->count) {
		find_target(r, r->step++);
		return true;
	}
	if (r->below && r->below->looked < r->below->missing_count) {
		if (!list_step(r))
			look_below(r, r->targets->path[r->below->missing[r->below->looked++]]);
		return true;
	}
	add_beside(r);
	forget_targets(r);
	return true;
}
