#ifndef EKE_CHAT_CONTEXT_H
#define EKE_CHAT_CONTEXT_H
/*
 * What goes with a question: the selection, files, parts of them, diagnostics, text; and the files that the question
 * itself mentions (@src/main.c, @"a file.c", @main.c:10-20). Each becomes one block of text: a line that says what it
 * is, and a fence, longer than any in it, with the language, and line numbers in the margin of what comes from files.
 *
 * An open document is taken as the editor has it, saved or not; else the file is read. The workspace's rules hold for
 * everything that has a URI. Nothing is kept: the blocks are the caller's.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/err.h"
#include "eke/text/docs.h"
#include "eke/text/position.h"
#include "eke/text/workspace.h"

enum context_kind {
	CONTEXT_SELECTION, /* of the current document: never left out of a prompt */
	CONTEXT_FILE,
	CONTEXT_TEXT,
	CONTEXT_DIAGNOSTICS,
};

/* LSP's DiagnosticSeverity. */
enum { CONTEXT_ERROR = 1, CONTEXT_WARNING, CONTEXT_INFORMATION, CONTEXT_HINT };

struct context_diagnostic {
	struct range range;
	const char *message;
	int severity; /* 0: not said */
	const char *source; /* or NULL, as the next */
	const char *code;
};

/* One thing that the client gives; borrowed for the call. */
struct context_item {
	enum context_kind kind;
	const char *uri; /* for all but CONTEXT_TEXT */
	bool has_range;  /* else the whole file */
	struct range range;
	const char *name; /* CONTEXT_TEXT: what it is, for the user and the model; NULL: "text" */
	/*
	 * CONTEXT_TEXT: it; it may hold a fence's language in `language`. CONTEXT_FILE and CONTEXT_SELECTION: the
	 * document's whole text where the caller knows it better than docs and the disk (ACP's embedded resources); else
	 * NULL.
	 */
	const char *text;
	size_t len;
	const char *language; /* languageId, or NULL */
	const struct context_diagnostic *diagnostics; /* CONTEXT_DIAGNOSTICS: all that is known; none: nothing is sent */
	size_t diagnostic_count;
};

/* A block as it is sent. */
struct context_block {
	bool selection;
	char *key;  /* what it is of, so that a newer one can take its place in what is sent */
	char *text; /* its first line, without the colon at its end, names it */
	size_t len;
};

struct context_blocks {
	struct context_block *items;
	size_t count;
	/* Of the selection, else of the first file: for commands. */
	char *selected;    /* the text of the selection, as it is; NULL: none */
	char *path;        /* to be shown; NULL: no file */
	char *language;    /* languageId; NULL: unknown */
	char *head;        /* the beginning of the file's text, some KiB: its imports; NULL: no file */
};

/* What blocks are made from; all borrowed. */
struct context_sources {
	const struct docs *docs;
	struct workspace *workspace;
	const char *folder; /* absolute path in which @file is looked for; NULL: the workspace's folders */
};

void context_init(struct context_blocks *blocks);
void context_release(struct context_blocks *blocks);
/*
 * Adds the block of an item. ERR_IGNORED, or ERR_INVALID_PARAMS with a sentence: no such file, too large
 * (LIMIT_CONTEXT_PIECE), not a text, one too many (LIMIT_CONTEXT_ITEMS). What is there already is not added again.
 */
bool context_add(struct context_blocks *blocks, const struct context_sources *sources, const struct context_item *item,
	struct err *err);
/*
 * Adds the files that the prompt mentions: @path, relative to the folder, in it, and there; what names no file is
 * ordinary text. Fails as context_add().
 */
bool context_add_mentions(struct context_blocks *blocks, const struct context_sources *sources, const char *prompt,
	struct err *err);
/* A block of text that is no file's. `language` is the fence's, or NULL. Fails as context_add(). */
bool context_add_text(struct context_blocks *blocks, const char *name, const char *language, const char *text,
	size_t len,
	struct err *err);

#endif
