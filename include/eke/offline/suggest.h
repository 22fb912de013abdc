#ifndef EKE_OFFLINE_SUGGEST_H
#define EKE_OFFLINE_SUGGEST_H
/*
 * What the offline engine (offline.h) offers at a cursor: as much as it is sure enough of, from the rest of a word to
 * several lines, or nothing and the reason. Each answer costs some 0.1 ms with 10 MB of text known. Pure but for
 * scratch memory in struct offline.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/strbuf.h"

struct offline;

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
	const char *after; /* the text after the cursor, likewise */
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
	OFFLINE_UNSURE,    /* what was seen goes on in different ways, or was seen too rarely */
	OFFLINE_SHORT,     /* what is sure is too short to be worth showing */
	OFFLINE_THERE,     /* the same text follows the cursor already */
	OFFLINE_IN_WORD,   /* the cursor stands before the rest of a word */
	OFFLINE_PROSE,     /* in a comment or a text, where no sentence is the same */
};

/* Why, for completion/explain. */
struct offline_verdict {
	enum offline_reason reason;
	double probability;   /* that the text offered (or else the best next word) is right, all of it */
	unsigned tokens; /* of the cursor's line that agree with the line it was taken from */
	unsigned lines_above; /* lines above it that agree, too */
	unsigned candidates; /* lines and words that were compared */
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

#endif
