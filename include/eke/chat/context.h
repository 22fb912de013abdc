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
	const char *text; /* CONTEXT_TEXT: the text; its fence is of `language` */
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
 * Adds the block of an item. False with ERR_IGNORED, or with ERR_INVALID_PARAMS: there is no such file, it is larger
 * than LIMIT_CONTEXT_PIECE, it is not a text, or there are LIMIT_CONTEXT_ITEMS already. An item that is there is not
 * added again; neither is a whole file whose selection is there.
 */
bool context_add(struct attachments *blocks, const struct context_sources *sources, const struct context_item *item,
	struct err *err);
/*
 * Finds the next file that the prompt mentions as @path, relative to the folder; it must lie in the folder and be
 * there. A word that names no such file is ordinary text, and so is every word behind the first LIMIT_MENTIONS that
 * begin with an @. False: no more. Does not ask whether the file may be sent.
 */
bool context_next_mention(const struct context_sources *sources, struct context_mention *mention);
/* Adds all of them. Fails as context_add(). */
bool context_add_mentions(struct attachments *blocks, const struct context_sources *sources, const char *prompt,
	struct err *err);
/* The keys of blocks that nobody attached begin with it. */
#define CONTEXT_RETRIEVED "retrieved "
/* Adds such a block if there is room for one more. Takes over the key, and the text of the block. */
void context_add_retrieved(struct attachments *blocks, char *key, struct strbuf *text);
/* A block of text that is no file's. `language` is the fence's, or NULL. Fails as context_add(). */
bool context_add_text(struct attachments *blocks, const char *name, const char *language, const char *text,
	size_t len, struct err *err);

#endif
