#ifndef EKE_CHAT_CONTEXT_H
#define EKE_CHAT_CONTEXT_H
/*
 * What goes with a question: the selection, files, parts of them, diagnostics, text; and the files that the question
 * itself mentions (@src/main.c, @"a file.c", @main.c:10-20). Each becomes one block of text: a line that says what it
 * is, and a fence, longer than any in it, with the language, and line numbers in the margin of what comes from files.
 *
 * A file's text is what the caller says it is, else that of the open document, saved or not, else what the disk has.
 * The workspace's rules hold for everything that has a URI. Nothing is kept: the blocks are the caller's.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/err.h"
#include "eke/base/strbuf.h"
#include "eke/text/docs.h"
#include "eke/text/position.h"
#include "eke/text/workspace.h"

enum context_kind {
	CONTEXT_SELECTION, /* of the current document: never left out of a prompt */
	CONTEXT_FILE,
	CONTEXT_TEXT,
	CONTEXT_DIAGNOSTICS,
	CONTEXT_CHANGES, /* what of the file is not committed, for a command that wants a diff */
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
	const char *uri; /* CONTEXT_TEXT: of the file that it is out of, or NULL */
	bool has_range;  /* else the whole file */
	struct range range;
	const char *name; /* CONTEXT_TEXT: what it is, for the user and the model; NULL: "text" */
	const char *text; /* CONTEXT_TEXT: it; `language` may hold its fence's language */
	size_t len;
	const char *language; /* languageId, or NULL */
	const struct context_diagnostic *diagnostics; /* CONTEXT_DIAGNOSTICS: all that is known; none: nothing is sent */
	size_t diagnostic_count;
};

/* A block as it is sent. */
struct attachment {
	bool selection;
	char *key;  /* what it is of, so that a newer one can take its place in what is sent */
	char *text; /* its first line, without the colon at its end, names it */
	size_t len;
};

struct attachments {
	struct attachment *items;
	size_t count;
	/* Of the selection, else of the first file: for commands. */
	char *selected;    /* the text of the selection, as it is; NULL: none */
	char *path;        /* to be shown; NULL: no file */
	char *uri;         /* of it, or NULL */
	char *language;    /* languageId; NULL: unknown */
	char *head;        /* the beginning of the file's text, some KiB: its imports; NULL: no file */
};

/* The whole text of a file, which the caller knows better than docs and the disk. */
struct context_text {
	const char *uri;
	const char *text;
	size_t len;
};

/* What blocks are made from; all borrowed. */
struct context_sources {
	const struct docs *docs;
	struct workspace *workspace;
	const char *folder; /* absolute path in which @file is looked for; NULL: the workspace's folders */
	const struct context_text *texts;
	size_t text_count;
};

/* A file that a prompt mentions. */
struct context_mention {
	const char *end; /* of the word; before the first call: the prompt */
	size_t words;    /* that begin with an @, so far */
	char *uri;       /* the caller's, to be freed */
	bool has_range;  /* whole lines; else all of it */
	struct range range;
};

void context_init(struct attachments *blocks);
void context_release(struct attachments *blocks);
/*
 * Adds the block of an item. ERR_IGNORED, or ERR_INVALID_PARAMS with a sentence: no such file, too large
 * (LIMIT_CONTEXT_PIECE), not a text, one too many (LIMIT_CONTEXT_ITEMS). What is there already is not added again, nor
 * as a file what is there as a selection.
 */
bool context_add(struct attachments *blocks, const struct context_sources *sources, const struct context_item *item,
	struct err *err);
/*
 * The next file that the prompt mentions: @path, relative to the folder, in it, and there; what names no file is
 * ordinary text, and so is what comes behind LIMIT_MENTIONS words that could name one. False: no more. Whether it may
 * be sent is not looked at.
 */
bool context_next_mention(const struct context_sources *sources, struct context_mention *mention);
/* Adds all of them. Fails as context_add(). */
bool context_add_mentions(struct attachments *blocks, const struct context_sources *sources, const char *prompt,
	struct err *err);
/* What keys of blocks begin with that nobody attached. */
#define CONTEXT_RETRIEVED "retrieved "
/* Adds such a block, if there may be one more. Takes the key, and the text of the block. */
void context_add_retrieved(struct attachments *blocks, char *key, struct strbuf *text);
/* A block of text that is no file's. `language` is the fence's, or NULL. Fails as context_add(). */
bool context_add_text(struct attachments *blocks, const char *name, const char *language, const char *text,
	size_t len,
	struct err *err);

#endif
