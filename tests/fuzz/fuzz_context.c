/*
 * context/: any bytes as a file in a language, which the first byte chooses; its second half as what the excerpt shows.
 * Pieces lie in the text and begin with lines, imports lead to no path outside of the folder, what is packed keeps to
 * its budget.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/context/digest.h"
#include "eke/context/imports.h"
#include "eke/context/packing.h"
#include "eke/context/snippets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BUDGET 300
#define FOLDER "/p/q"

static void require(bool ok)
{
	if (!ok)
		abort();
}

static bool check_path(void *ctx, const char *path)
{
	size_t *tried = ctx;

	require(!strncmp(path, FOLDER "/", strlen(FOLDER) + 1));
	require(!strstr(path, "/../") && !strstr(path, "/./"));
	return ++*tried > 500;
}

static void check_imports(const char *language, const struct digest *digest)
{
	const struct import_style *style = import_style_of(language);
	struct import_targets *targets = xcalloc(1, sizeof(*targets));
	size_t tried = 0;

	for (size_t i = 0; style && i < digest->count; i++)
		if (digest->pieces[i].kind == PIECE_IMPORT)
			import_targets_add(style, digest->text + digest->pieces[i].start,
				digest->pieces[i].end - digest->pieces[i].start, targets);
	require(targets->count <= IMPORT_TARGETS_MAX);
	for (size_t i = 0; i < targets->count; i++)
		import_resolve(style, targets->path[i], FOLDER "/r/s.x", FOLDER, check_path, &tried);
	free(targets);
}

static void check_digest(const struct digest *digest, const struct names *names)
{
	require(digest->count <= LIMIT_CONTEXT_PIECES);
	for (size_t i = 0; i < digest->count; i++) {
		const struct piece *p = &digest->pieces[i];

		require(p->start < p->end && p->end <= digest->len && p->lines > 0);
		require(!p->start || digest->text[p->start - 1] == '\n');
		require(p->first_name + p->name_count <= digest->name_count);
		require(p->declares <= names_last(names) && p->parent <= i);
		require(!i || digest->pieces[i - 1].end <= p->end || digest->pieces[i - 1].start >= p->start ||
			digest->pieces[i - 1].kind != PIECE_CHUNK || p->kind != PIECE_CHUNK);
	}
	for (size_t i = 0; i < digest->name_count; i++)
		require(digest->names[i] && digest->names[i] <= names_last(names));
}

static void check_packing(struct names *names, const struct digest *digest, const struct digest *diff, const char *text,
	size_t len, size_t half)
{
	struct context_file files[] = {
		{ .digest = diff, .role = ROLE_CHANGES, .sendable = true },
		{ .digest = digest, .role = ROLE_CURRENT, .sendable = true, .hide_from = half, .hide_to = len },
	};
	struct packing_input in = { .names = names,
		.cursor = { text + half, len - half, "", 0, false },
		.files = files,
		.file_count = ARRAY_LEN(files),
		.sources = (1u << CONTEXT_SOURCES) - 1,
		.tokens = BUDGET,
		.tokens_per_file = 10 };
	struct snippets snippets = { .items = NULL };
	struct packing packing;

	pack(&in, &packing);
	require(packing.tokens <= BUDGET);
	for (size_t i = 0; i < packing.count;) {
		size_t end = i;

		while (end < packing.count && packing.items[end].file == packing.items[i].file)
			end++;
		snippets_add(&snippets, &files[packing.items[i].file], "x", "c", &packing.items[i], end - i);
		i = end;
	}
	for (size_t i = 0; i < snippets.count; i++)
		require(snippets.items[i].len && snippets.items[i].text[snippets.items[i].len - 1] == '\n');
	snippets_release(&snippets);
	packing_release(&packing);
}

/* Of the text without some bytes of its middle, by the digest of the whole: as from nothing. */
static void check_reuse(
	struct names *names, const char *language, const struct digest *before, const char *text, size_t len)
{
	size_t gone = len % 7;
	size_t at = (len - gone) / 2;
	char *changed = xmalloc(len + 1);
	struct digest *fresh;
	struct digest *made;

	memcpy(changed, text, at);
	memcpy(changed + at, text + at + gone, len - at - gone);
	len -= gone;
	fresh = digest_new(names, language, changed, len);
	made = digester_finish(digester_new(names, language, changed, len, len, before));
	require(
		made->count == fresh->count && made->name_count == fresh->name_count && made->use_count == fresh->use_count);
	require(!memcmp(made->pieces, fresh->pieces, made->count * sizeof(*made->pieces)));
	require(!memcmp(made->names, fresh->names, made->name_count * sizeof(*made->names)));
	check_digest(made, names);
	digest_free(fresh);
	digest_free(made);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const languages[] = { "python", "javascript", "typescript", "c", "cpp", "perl", "go", "rust",
		"java", "ruby", "php", "lua", "shellscript", "haskell", "dart", "zig", "css", "markdown", NULL };
	const char *language = languages[size ? data[0] % ARRAY_LEN(languages) : 0];
	const char *text = size ? (const char *)data + 1 : "";
	size_t len = size ? size - 1 : 0;
	struct names *names = names_new();
	struct digest *digest = digest_new(names, language, text, len);
	struct digest *diff = digest_of_diff(names, text, len);

	check_digest(digest, names);
	check_digest(diff, names);
	check_imports(language, digest);
	check_reuse(names, language, digest, text, len);
	check_packing(names, digest, diff, text, len, len / 2);
	digest_free(digest);
	digest_free(diff);
	names_free(names);
	return 0;
}
