/*
 * Document synchronisation (LSP 3.18, "Text Document Synchronization"): decoded here, kept by text/docs.h.
 */
#include "lsp_private.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/decode.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "lsp_positions.h"

struct document_params {
	struct {
		const char *uri;
		const char *language;
		int64_t version;
		const char *text;
	} document;
	const struct json *changes;
	const char *text;
};

#define DOCUMENT_AT(member)                                                                                        \
	(offsetof(struct document_params, document.member) - offsetof(struct document_params, document))

/* Versions are integers of 32 bits in LSP; some clients count further. */
#define VERSION_FIELD(is_required) \
	{ .name = "version", .type = DECODE_INT, .required = is_required, .offset = DOCUMENT_AT(version) }

static const struct decode_field open_document[] = {
	{ .name = "uri", .type = DECODE_STRING, .required = true, .offset = DOCUMENT_AT(uri) },
	{ .name = "languageId", .type = DECODE_STRING, .offset = DOCUMENT_AT(language) },
	VERSION_FIELD(false),
	{ .name = "text", .type = DECODE_STRING, .required = true, .offset = DOCUMENT_AT(text) },
	{ .name = NULL },
};

static const struct decode_field named_document[] = {
	{ .name = "uri", .type = DECODE_STRING, .required = true, .offset = DOCUMENT_AT(uri) },
	VERSION_FIELD(false),
	{ .name = NULL },
};

static const struct decode_field open_fields[] = {
	{ .name = "textDocument", .type = DECODE_OBJECT, .required = true, .offset = 0, .sub = open_document },
	{ .name = NULL },
};

static const struct decode_field change_fields[] = {
	{ .name = "textDocument", .type = DECODE_OBJECT, .required = true, .offset = 0, .sub = named_document },
	{ .name = "contentChanges", .type = DECODE_ARRAY, .required = true,
	  .offset = offsetof(struct document_params, changes) },
	{ .name = NULL },
};

/* One of cells.textContent of a notebook's change. */
static const struct decode_field change_cell_fields[] = {
	{ .name = "document", .type = DECODE_OBJECT, .required = true, .offset = 0, .sub = named_document },
	{ .name = "changes", .type = DECODE_ARRAY, .required = true, .offset = offsetof(struct document_params, changes) },
	{ .name = NULL },
};

static const struct decode_field close_fields[] = {
	{ .name = "textDocument", .type = DECODE_OBJECT, .required = true, .offset = 0, .sub = named_document },
	{ .name = "text", .type = DECODE_STRING, .offset = offsetof(struct document_params, text) },
	{ .name = NULL },
};

static bool decode_document(const char *method, const struct json *params, const struct decode_field *fields,
			    struct document_params *out)
{
	struct err err;

	*out = (struct document_params){ .document = { .language = "plaintext", .version = DOC_NO_VERSION } };
	if (decode(params, fields, "params", out, &err))
		return true;
	log_warn("ignored %s: %s", method, err.message);
	return false;
}

static void report(const char *method, const char *uri, enum docs_result result)
{
	switch (result) {
	case DOCS_OK:
		return;
	case DOCS_REOPENED:
		log_info("%s: %s was open already", method, uri);
		return;
	case DOCS_OLD_VERSION:
		log_info("%s: %s has a version that is not above the former one; applied all the same", method, uri);
		return;
	case DOCS_NOT_KEPT:
		log_warn("%s: %s is too large, or too many documents are open: no completions for it", method, uri);
		return;
	case DOCS_UNKNOWN:
		log_warn("ignored %s: %s is not open", method, uri);
		return;
	case DOCS_REFUSED:
		log_warn("ignored %s: %s has too long a name, or too many documents are open", method, uri);
		return;
	}
}

static void open_document_of(struct lsp *lsp, const char *method, const struct document_params *p)
{
	report(method, p->document.uri,
	       docs_open(lsp->app.docs, p->document.uri, p->document.language, p->document.version, p->document.text,
			 strlen(p->document.text)));
}

void lsp_did_open(void *ctx, const struct json *params)
{
	struct lsp *lsp = ctx;
	struct document_params p;

	if (!decode_document("textDocument/didOpen", params, open_fields, &p))
		return;
	open_document_of(lsp, "textDocument/didOpen", &p);
	lsp_refresh(lsp);
	upstream_prewarm(lsp->app.upstream);
}

void lsp_open_cell(struct lsp *lsp, const char *method, const struct json *item)
{
	struct document_params p = { .document = { .language = "plaintext", .version = DOC_NO_VERSION } };
	struct err err;

	if (decode(item, open_document, "cell", &p.document, &err))
		open_document_of(lsp, method, &p);
	else
		log_warn("ignored a cell of %s: %s", method, err.message);
}

struct edit_fields {
	const struct json *range;
	const char *text;
};

static const struct decode_field edit_table[] = {
	{ .name = "range", .type = DECODE_OBJECT, .offset = offsetof(struct edit_fields, range) },
	{ .name = "text", .type = DECODE_STRING, .required = true, .offset = offsetof(struct edit_fields, text) },
	{ .name = NULL },
};

static bool decode_edit(const struct json *value, struct doc_edit *out, struct err *err)
{
	struct edit_fields f = { 0 };

	if (!json_is_object(value)) {
		err_set(err, ERR_INVALID_PARAMS, "params.contentChanges[] must be an object, not %s", json_type_name(value));
		return false;
	}
	if (!decode(value, edit_table, "params.contentChanges[]", &f, err))
		return false;
	*out = (struct doc_edit){ .has_range = f.range != NULL, .text = f.text, .len = strlen(f.text) };
	return !f.range || lsp_decode_range(f.range, "params.contentChanges[].range", &out->range, err);
}

static void change_document(struct lsp *lsp, const char *method, const struct document_params *p)
{
	struct doc_edit *edits = xcalloc(json_count(p->changes), sizeof(*edits));
	size_t n = 0;
	struct err err;

	for (const struct json *c = json_first(p->changes); c; c = json_next(c)) {
		if (decode_edit(c, &edits[n], &err)) {
			n++;
			continue;
		}
		/* Our text is not the editor's any more: better no completions than wrong ones. */
		log_warn("%s: %s; no completions until its whole text is sent", p->document.uri, err.message);
		docs_lose(lsp->app.docs, p->document.uri);
		free(edits);
		return;
	}
	report(method, p->document.uri,
	       docs_change(lsp->app.docs, p->document.uri, p->document.version, edits, n));
	free(edits);
}

void lsp_did_change(void *ctx, const struct json *params)
{
	struct document_params p;

	if (decode_document("textDocument/didChange", params, change_fields, &p))
		change_document(ctx, "textDocument/didChange", &p);
}

void lsp_change_cell(struct lsp *lsp, const char *method, const struct json *change)
{
	struct document_params p;

	if (decode_document(method, change, change_cell_fields, &p))
		change_document(lsp, method, &p);
}

static void close_document(struct lsp *lsp, const char *method, const char *uri)
{
	report(method, uri, docs_close(lsp->app.docs, uri));
	if (!docs_count(lsp->app.docs))
		mem_trim();
}

void lsp_did_close(void *ctx, const struct json *params)
{
	struct document_params p;

	if (decode_document("textDocument/didClose", params, close_fields, &p))
		close_document(ctx, "textDocument/didClose", p.document.uri);
}

void lsp_close_cell(struct lsp *lsp, const char *method, const struct json *item)
{
	const char *uri = json_string(json_get(item, "uri"));

	if (uri)
		close_document(lsp, method, uri);
	else
		log_warn("ignored a cell of %s: it has no uri", method);
}

void lsp_did_save(void *ctx, const struct json *params)
{
	struct lsp *lsp = ctx;
	struct document_params p;

	if (!decode_document("textDocument/didSave", params, close_fields, &p))
		return;
	report("textDocument/didSave", p.document.uri,
	       docs_save(lsp->app.docs, p.document.uri, p.text, p.text ? strlen(p.text) : 0));
	/* Perhaps it was the configuration that was saved. */
	lsp->app.looked_ms = 0;
	lsp_refresh(lsp);
}
