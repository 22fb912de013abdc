#ifndef EKE_OFFLINE_OFFLINE_H
#define EKE_OFFLINE_OFFLINE_H
/*
 * The embedded engine that completes without a model. It looks for the cursor's context in the open documents and those
 * seen lately, and offers what followed the longest one that is the same. This header is what it knows; suggest.h asks.
 *
 * It holds no copy of any text, but each different line once, as numbers of its words, without its indentation
 * (lines.h), and documents as lists of lines. Texts must be valid UTF-8. No loop, no clock, no I/O; one struct
 * offline serves all documents. Everything handed in is borrowed for the call.
 *
 * Bounds: texts together LIMIT_OFFLINE_BYTES, one LIMIT_OFFLINE_DOCUMENT, documents LIMIT_OFFLINE_DOCUMENTS; the closed
 * document not used for longest goes first, then the open one. Measured cost: tests/bench/bench_offline.c.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/attrs.h"

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
/* The document is closed, and stays known as one seen lately. */
void offline_closed(struct offline *offline, const char *uri);
/* Forgets the document: it may not be used. */
void offline_forget(struct offline *offline, const char *uri);

struct docs_event;
/* For docs_observe(): all of the above, as the event has it. */
void offline_follow(struct offline *offline, const struct docs_event *event);

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
