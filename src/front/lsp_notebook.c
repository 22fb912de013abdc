/*
 * Notebooks (LSP 3.17, "Notebook Document Synchronization"): their cells are documents as others are; what a notebook
 * adds is their order. A struct lsp_notebook lives from didOpen to didClose.
 */
#include "lsp_private.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/list.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"

struct lsp_notebook {
	uint64_t number; /* docs_set_cell() */
	char *uri;
	char **cells; /* URIs, in their order */
	size_t count;
	struct lsp_notebook *next;
};

static void notebook_end(struct lsp *lsp, struct lsp_notebook *n)
{
	list_unlink(lsp->notebooks, n);
	for (size_t i = 0; i < n->count; i++)
		free(n->cells[i]);
	free(n->cells);
	free(n->uri);
	free(n);
}

void lsp_notebooks_free(struct lsp *lsp)
{
	while (lsp->notebooks)
		notebook_end(lsp, lsp->notebooks);
}

static const char *uri_of(const struct json *params)
{
	return json_string(json_get(json_get(params, "notebookDocument"), "uri"));
}

static struct lsp_notebook *find_uri(struct lsp *lsp, const char *uri)
{
	struct lsp_notebook *n = lsp->notebooks;

	while (n && strcmp(n->uri, uri) != 0)
		n = n->next;
	return n;
}

static struct lsp_notebook *find(struct lsp *lsp, const char *method, const struct json *params)
{
	const char *uri = uri_of(params);
	struct lsp_notebook *n = uri ? find_uri(lsp, uri) : NULL;

	if (!n)
		log_warn("ignored %s: the notebook %s is not open", method, uri ? uri : "without a uri");
	return n;
}

/* Cells [start, start + removed) give way to those of `cells`. */
static void splice_cells(struct lsp_notebook *n, size_t start, size_t removed, const struct json *cells)
{
	size_t added = cells ? json_count(cells) : 0;
	char **all;
	size_t at;

	start = start < n->count ? start : n->count;
	removed = removed < n->count - start ? removed : n->count - start;
	added = added < LIMIT_NOTEBOOK_CELLS - (n->count - removed) ? added : LIMIT_NOTEBOOK_CELLS - (n->count - removed);
	all = xcalloc(n->count - removed + added + 1, sizeof(*all));
	for (at = 0; at < start; at++)
		all[at] = n->cells[at];
	for (const struct json *c = cells ? json_first(cells) : NULL; c && added; c = json_next(c), added--) {
		const char *uri = json_string(json_get(c, "document"));

		all[at++] = xstrdup(uri && strlen(uri) <= LIMIT_URI ? uri : "");
	}
	for (size_t i = 0; i < removed; i++)
		free(n->cells[start + i]);
	for (size_t i = start + removed; i < n->count; i++)
		all[at++] = n->cells[i];
	free(n->cells);
	n->cells = all;
	n->count = at;
}

static void number_cells(struct lsp *lsp, const struct lsp_notebook *n)
{
	for (size_t i = 0; i < n->count; i++)
		docs_set_cell(lsp->app.docs, n->cells[i], n->number, i);
}

static void for_each(struct lsp *lsp, const char *method, const struct json *items,
	void (*fn)(struct lsp *lsp, const char *method, const struct json *item))
{
	for (const struct json *item = items ? json_first(items) : NULL; item; item = json_next(item))
		fn(lsp, method, item);
}

/* NULL: there is no room for it. */
static struct lsp_notebook *notebook_begin(struct lsp *lsp, const char *uri)
{
	struct lsp_notebook *n = find_uri(lsp, uri);
	size_t count = 0;

	if (n)
		notebook_end(lsp, n);
	for (n = lsp->notebooks; n; n = n->next)
		count++;
	if (count == LIMIT_NOTEBOOKS || strlen(uri) > LIMIT_URI)
		return NULL;
	n = xcalloc(1, sizeof(*n));
	n->number = ++lsp->last_notebook;
	n->uri = xstrdup(uri);
	n->next = lsp->notebooks;
	lsp->notebooks = n;
	return n;
}

void lsp_did_open_notebook(void *ctx, const struct json *params)
{
	static const char method[] = "notebookDocument/didOpen";
	struct lsp *lsp = ctx;
	const char *uri = uri_of(params);
	struct lsp_notebook *n;

	if (!uri) {
		log_warn("ignored %s: the notebook has no uri", method);
		return;
	}
	n = notebook_begin(lsp, uri);
	if (n)
		splice_cells(n, 0, 0, json_get(json_get(params, "notebookDocument"), "cells"));
	else
		log_warn("%s: the order of the cells of %.200s is not kept: at most %d notebooks, with URIs of at most "
			 "%zu bytes", method, uri, LIMIT_NOTEBOOKS, (size_t)LIMIT_URI);
	for_each(lsp, method, json_get(params, "cellTextDocuments"), lsp_open_cell);
	if (n)
		number_cells(lsp, n);
	lsp_refresh(lsp);
	upstream_prewarm(lsp->app.upstream);
}

void lsp_did_change_notebook(void *ctx, const struct json *params)
{
	static const char method[] = "notebookDocument/didChange";
	struct lsp *lsp = ctx;
	struct lsp_notebook *n = find(lsp, method, params);
	const struct json *cells = json_get(json_get(params, "change"), "cells");
	const struct json *structure = cells ? json_get(cells, "structure") : NULL;
	const struct json *array = structure ? json_get(structure, "array") : NULL;
	int64_t start = 0;
	int64_t removed = 0;

	if (!n || !cells)
		return;
	if (array) {
		json_int(json_get(array, "start"), &start);
		json_int(json_get(array, "deleteCount"), &removed);
		splice_cells(n, start > 0 ? (size_t)start : 0, removed > 0 ? (size_t)removed : 0, json_get(array, "cells"));
		for_each(lsp, method, json_get(structure, "didClose"), lsp_close_cell);
		for_each(lsp, method, json_get(structure, "didOpen"), lsp_open_cell);
		number_cells(lsp, n);
	}
	for_each(lsp, method, json_get(cells, "textContent"), lsp_change_cell);
}

void lsp_did_save_notebook(void *ctx, const struct json *params)
{
	struct lsp *lsp = ctx;

	(void)params;
	lsp_refresh(lsp);
}

void lsp_did_close_notebook(void *ctx, const struct json *params)
{
	static const char method[] = "notebookDocument/didClose";
	struct lsp *lsp = ctx;
	struct lsp_notebook *n = find(lsp, method, params);

	for_each(lsp, method, json_get(params, "cellTextDocuments"), lsp_close_cell);
	if (n)
		notebook_end(lsp, n);
}
