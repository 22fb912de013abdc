#ifndef EKE_COMPLETE_OFFLINE_H
#define EKE_COMPLETE_OFFLINE_H
/*
 * The embedded engine that completes without a model: what was written before in the open documents and in those seen
 * lately, in the longest context that is the same, is what is offered again. It knows how often it is right
 * (offline_model.h) and says nothing below that.
 *
 * It holds no copy of any text, but each different line once, as numbers of its words, without its indentation
 * (offline_lines.h), and documents as lists of lines. Texts must be valid UTF-8. No loop, no clock, no I/O; one struct
 * offline serves all documents. Everything handed in is borrowed for the call.
 *
 * Bounds: texts together LIMIT_OFFLINE_BYTES, one LIMIT_OFFLINE_DOCUMENT, documents LIMIT_OFFLINE_DOCUMENTS; the closed
 * document not used for longest goes first, then the open one. Measured cost: tests/bench/bench_offline.c.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/attrs.h"
#include "eke/base/strbuf.h"

struct offline;

RETURNS_NONNULL MUST_USE struct offline *offline_new(void);
void offline_free(struct offline *offline);

/* --- what it knows; URIs are compared as they are --- */

/* The whole text of a document that is open from now on. One too large is forgotten. */
void offline_seen(struct offline *offline, const char *uri, const char *language, const char *text, size_t len);
/*
 * `old_count` lines from `line` on (from 0) are now the lines of `text`, which has no terminator behind the last one
 * (NULL: they are gone). Costs what these lines cost, and a move of 8 bytes a line behind them if their number changed.
 * False: the document is not known (evicted, or never seen): call offline_seen().
 */
bool offline_edited(struct offline *offline, const char *uri, size_t line, size_t old_count, const char *text,
		    size_t len);
/* It stays known as seen lately. */
void offline_closed(struct offline *offline, const char *uri);
/* It is known no more: it may not be used. */
void offline_forget(struct offline *offline, const char *uri);

struct docs_event;
/* For docs_observe(): all of the above, as the event has it. */
void offline_follow(struct offline *offline, const struct docs_event *event);

/* --- what it offers --- */

enum offline_level {
	OFFLINE_LIKELY, /* for when nothing better can be had: right more often than not */
	OFFLINE_SURE,   /* good enough to be shown instead of asking a model: 9 of 10 are right */
};

struct offline_request {
	const char *uri;
	const char *language;
	size_t line;        /* the cursor's, from 0; its own text is no evidence */
	const char *before; /* the text before the cursor, of which the last few KiB are looked at */
	size_t before_len;
	const char *after; /* and behind it, likewise */
	size_t after_len;
	size_t max_lines; /* 0: LIMIT_COMPLETION_LINES */
	enum offline_level level;
	/* The editor's indentation, for documents that show none; tab_size 0: unknown. */
	bool insert_spaces;
	unsigned tab_size;
};

enum offline_reason {
	OFFLINE_OFFERED,
	OFFLINE_NOTHING,   /* nothing like this was seen before */
	OFFLINE_UNSURE,    /* what was seen goes on in different ways, or too rarely in this one */
	OFFLINE_SHORT,     /* what is sure is not worth showing */
	OFFLINE_THERE,     /* it stands behind the cursor already */
	OFFLINE_IN_WORD,   /* the cursor stands before the rest of a word */
	OFFLINE_PROSE,     /* in a comment or a text, where no sentence is the same */
};

/* Why, for completion/explain. */
struct offline_verdict {
	enum offline_reason reason;
	double probability;   /* that the text offered (or else the best next word) is right, all of it */
	unsigned tokens;      /* of the cursor's line that agree with the place it was taken from */
	unsigned lines_above; /* lines above it that agree, too */
	unsigned candidates;  /* places that were compared */
};

/*
 * True with the text to insert at the cursor in `out` (which is emptied first; give it LIMIT_COMPLETION_TEXT), else
 * false and out empty. It begins and ends on characters, never ends in blanks or a line end, has the document's line
 * ends and indentation and at most max_lines lines, and does not repeat what follows the cursor.
 */
bool offline_complete(struct offline *offline, const struct offline_request *request, struct strbuf *out,
		      struct offline_verdict *verdict);
/* A few words, for logs and completion/explain. */
const char *offline_reason_name(enum offline_reason reason);

/* --- figures and tests --- */

struct offline_stats {
	size_t documents;
	size_t text;   /* bytes of text known */
	size_t memory; /* bytes allocated for it */
	size_t lines;  /* in all documents */
	size_t different_lines;
	size_t words;
};

struct offline_stats offline_stats(const struct offline *offline);
/* Recounts all references and entries; false if one is wrong or missing. For tests. */
bool offline_is_sound(struct offline *offline);
/* True if the document is known with just these lines (indentation and blanks at their ends aside). For tests. */
bool offline_holds(struct offline *offline, const char *uri, const char *text, size_t len);

#endif
