/*
 * From what was read ahead to files with their roles.
 */
#include "gathering.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/hash.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"

static void add_source(struct gathering *g, struct source *source, enum context_role role)
{
	if (!source || g->count == ARRAY_LEN(g->files))
		return;
	for (size_t i = 0; i < g->count; i++)
		if (g->sources[i] == source)
			return;
	g->sources[g->count] = source;
	g->keys[g->count] = source->hash;
	g->files[g->count++] = (struct context_file){ .digest = source->digest, .role = role, .sendable = true };
}

/* Cells of one notebook are documents whose URIs differ behind the '#'. */
static bool is_cell_beside(const char *uri, const char *other)
{
	size_t len = strcspn(uri, "#");

	return uri[len] && !strncmp(uri, "vscode-notebook-cell:", 21) && !strncmp(uri, other, len) && other[len] == '#' &&
		strcmp(uri, other) != 0;
}

/* `cell` NULL: the document is not open. */
static bool is_above(const struct retriever *r, const char *uri, const struct doc *cell, const struct doc *beside)
{
	const struct change *a;
	const struct change *b;

	if (cell && doc_notebook(cell))
		return doc_notebook(cell) == doc_notebook(beside) && doc_cell(beside) < doc_cell(cell);
	/* Where the client says nothing of notebooks: most open their cells from above. */
	if (!is_cell_beside(uri, doc_uri(beside)))
		return false;
	a = changes_find(r->changes, uri);
	b = changes_find(r->changes, doc_uri(beside));
	return a && b && b->opened < a->opened;
}

/* From 1; 0: the document is not known. */
static size_t cursor_line(const struct source *source, const struct retrieval *in)
{
	return source ? 1 + digest_line_at(source->digest, in->from + in->cursor.before_len) : 0;
}

static void add_changes(struct retriever *r, const struct retrieval *in, struct gathering *g)
{
	size_t seen = 0;

	for (const struct change *c = changes_first(r->changes); c && seen < CHANGED_MAX; c = c->next) {
		struct source *source = sources_find(r->sources, c->uri);
		size_t line = strcmp(c->uri, in->uri) ? 0 : cursor_line(source, in);
		struct strbuf hunks;
		struct err err;

		if (!change_is_recent(c) || g->count == ARRAY_LEN(g->files))
			continue;
		seen++;
		if (!c->diff || (!source && (c->is_open || !workspace_may_send(r->workspace, c->uri, &err))))
			continue;
		strbuf_init(&hunks, LIMIT_CONTEXT_FILE);
		change_add_hunks(c->diff, line, &hunks);
		g->shown[g->owned_count] = source ? xstrdup(source->shown) : workspace_show_outside(r->workspace, c->uri);
		g->owned[g->owned_count] = digest_of_diff(sources_names(r->sources), hunks.data, hunks.len);
		strbuf_release(&hunks);
		g->sources[g->count] = NULL;
		g->keys[g->count] = ~hash_fnv32(HASH_FNV32, c->uri, strlen(c->uri));
		g->files[g->count++] = (struct context_file){
			.digest = g->owned[g->owned_count++], .role = ROLE_CHANGES, .sendable = true
		};
	}
}

static void add_related(struct retriever *r, const struct related_file *file, struct gathering *g)
{
	struct source *source = sources_find_key(r->sources, file->key);

	/* Of an open document chunks may be shown, too: it comes with these. */
	if (source && !(source->revision && docs_find(r->docs, file->key)))
		add_source(g, source, file->role);
}

void gathering_fill(struct retriever *r, struct focus *focus, const struct retrieval *in, struct gathering *g)
{
	struct source *current = sources_find(r->sources, in->uri);
	const struct related *related = &focus->related;
	const struct doc *cell = docs_find(r->docs, in->uri);
	size_t seen = 0;

	for (int role = ROLE_IMPORTED; role <= ROLE_BESIDE; role++)
		for (size_t i = 0; related->path && i < related->count; i++)
			if (related->files[i].role == (enum context_role)role)
				add_related(r, &related->files[i], g);
	for (const struct doc *doc = docs_first(r->docs); doc && seen < LIMIT_CONTEXT_DOCUMENTS;
		 doc = doc_next(doc), seen++) {
		struct source *source = sources_find(r->sources, doc_uri(doc));

		if (source && source != current)
			add_source(g, source, is_above(r, in->uri, cell, doc) ? ROLE_ABOVE : ROLE_OPEN);
	}
	add_source(g, current, ROLE_CURRENT);
	if (current) {
		g->files[g->count - 1].hide_from = in->from;
		g->files[g->count - 1].hide_to = in->to;
	}
	add_changes(r, in, g);
}

void gathering_release(struct gathering *g)
{
	for (size_t i = 0; i < g->owned_count; i++) {
		digest_free(g->owned[i]);
		free(g->shown[i]);
	}
}
