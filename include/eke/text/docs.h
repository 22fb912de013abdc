#ifndef EKE_TEXT_DOCS_H
#define EKE_TEXT_DOCS_H
/*
 * The documents an editor has open (LSP 3.18, "Text Document Synchronization"), found by URI in whatever spelling
 * (uri.h), most recently used first. A struct doc belongs to struct docs and lives until it is closed: who waits for
 * something keeps its URI and doc_revision(), not the pointer.
 *
 * A document may be *known but not kept*: too large (LIMIT_DOCUMENT), one too many (LIMIT_DOCUMENTS,
 * LIMIT_DOCUMENTS_BYTES), or its text was lost. It then has no buffer; changes to it are no errors and change nothing
 * but its version, until one brings its whole text and there is room for it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/attrs.h"
#include "eke/text/position.h"

struct docs;
struct doc;
struct text_buffer;

/* A change without a version (some clients): the document keeps the one it has. */
#define DOC_NO_VERSION INT64_MIN

/* One element of contentChanges. Text is borrowed, valid UTF-8. */
struct doc_edit {
	bool has_range; /* else the text is the whole document's */
	struct range range;
	const char *text;
	size_t len;
};

/* What there is to log about a call that was obeyed as far as it could be; the worst if several apply. */
enum docs_result {
	DOCS_OK,
	DOCS_REOPENED,  /* open: it was open already, and is what the client says now */
	DOCS_OLD_VERSION, /* change: version not above the present one; applied all the same: changes arrive in order */
	DOCS_NOT_KEPT,  /* from this call on the document is known but not kept */
	DOCS_UNKNOWN,   /* no such document; nothing was done */
	DOCS_REFUSED,   /* open: URI longer than LIMIT_URI, or LIMIT_DOCUMENTS_KNOWN reached; nothing was done */
};

RETURNS_NONNULL MUST_USE struct docs *docs_new(void);
void docs_free(struct docs *docs);
/* What columns of edits count, from now on; POSITION_UTF16 at first. */
void docs_set_encoding(struct docs *docs, enum position_encoding encoding);
enum position_encoding docs_encoding(const struct docs *docs);

/* didOpen. Strings are copied. */
enum docs_result docs_open(struct docs *docs, const char *uri, const char *language, int64_t version, const char *text,
			   size_t len);
/*
 * didChange. Edits apply in their order, each to the result of the one before. Positions are clamped (buffer.h); a
 * range that ends before it starts is taken the other way round, as vscode-languageserver's TextDocument does.
 * Versions need not be consecutive. The document becomes the most recently used one.
 */
enum docs_result docs_change(struct docs *docs, const char *uri, int64_t version, const struct doc_edit *edits,
			     size_t count);
/* didSave. `text` is what was saved, if the client includes it: it makes a document whole that was lost. Or NULL. */
enum docs_result docs_save(struct docs *docs, const char *uri, const char *text, size_t len);
/* didClose. Frees the document. */
enum docs_result docs_close(struct docs *docs, const char *uri);
/* A change to the document could not be read: its text is not the editor's any more. It is known but not kept then. */
enum docs_result docs_lose(struct docs *docs, const char *uri);

/* What happened to a document's text. */
enum docs_event_kind {
	DOCS_WHOLE,  /* this is its text: opened, replaced, or kept again */
	DOCS_EDITED, /* a part of it was replaced */
	DOCS_LOST,   /* it is known but not kept from now on */
	DOCS_CLOSED, /* about to be freed */
};

/*
 * Borrowed for the call. The text is that after the change. Lines are those of DOCS_EDITED, from 0: first_line to
 * old_last_line were there before, first_line to new_last_line stand in their place; new_last_line is
 * first_line - 1 where a lone \r became part of a \r\n.
 */
struct docs_event {
	enum docs_event_kind kind;
	const struct doc *doc;
	size_t first_line;
	size_t old_last_line;
	size_t new_last_line;
};

/* It must not change any document. */
typedef void docs_observe_fn(void *ctx, const struct docs_event *event);
/* Tells every change of a text from now on, one call for each edit; fn NULL: nobody is told. There is one observer. */
void docs_observe(struct docs *docs, docs_observe_fn *fn, void *ctx);

/*
 * The document is a cell of a notebook (LSP 3.17, "Notebook Document Synchronization"), the one with this number, in
 * this place from 0. 0: it is none.
 */
void docs_set_cell(struct docs *docs, const char *uri, uint64_t notebook, size_t place);
/* 0: it is none, or the client says nothing of notebooks. */
uint64_t doc_notebook(const struct doc *doc);
size_t doc_cell(const struct doc *doc);

/* NULL: not open. */
struct doc *docs_find(const struct docs *docs, const char *uri);
/* Makes it the most recently used one: someone looks at it. */
void docs_touch(struct docs *docs, struct doc *doc);
/* The most recently used one; NULL: none is open. Then doc_next(), until NULL. */
struct doc *docs_first(const struct docs *docs);
struct doc *doc_next(const struct doc *doc);
/* Documents known. */
size_t docs_count(const struct docs *docs);
/* Bytes of all texts kept. */
size_t docs_bytes(const struct docs *docs);

/* As the client spelled it when it opened the document. */
RETURNS_NONNULL const char *doc_uri(const struct doc *doc);
/* languageId, cut to LIMIT_LANGUAGE_ID. */
RETURNS_NONNULL const char *doc_language(const struct doc *doc);
int64_t doc_version(const struct doc *doc);
/* Another number for every text that any document of this struct docs ever had, so it survives closing and opening. */
uint64_t doc_revision(const struct doc *doc);
bool doc_is_kept(const struct doc *doc);
/* NULL if it is not kept. */
const struct text_buffer *doc_text(const struct doc *doc);

#endif
