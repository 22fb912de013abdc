#ifndef EKE_COMPLETE_OFFLINE_PRIVATE_H
#define EKE_COMPLETE_OFFLINE_PRIVATE_H
/*
 * The offline engine's own objects, for its files alone: documents as lists of lines (offline.c keeps them), the place
 * that is asked about, and the candidates for what goes on there (offline_match.c finds them, offline_predict.c lets
 * them vote).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/strbuf.h"
#include "eke/complete/offline.h"
#include "eke/complete/syntax.h"

#include "offline_lines.h"

/* A line of a document: what the list of its numbers does not say. */
struct offline_slot {
	struct offline_blanks blanks;
	uint16_t bytes; /* its length with indentation and terminator, at most UINT16_MAX */
};

/* What a document indents with. */
struct offline_style {
	bool tabs;
	unsigned unit; /* columns of a level; of a tab, if tabs */
};

struct offline_doc {
	char *uri; /* owned */
	const struct syntax *syntax;
	uint32_t *lines;            /* owned; apart from the slots, because they are searched */
	struct offline_slot *slots; /* owned */
	size_t count;
	size_t cap;
	size_t bytes;
	uint32_t number; /* index in struct offline's by_number */
	bool open;
	struct offline_style style;
	size_t style_count; /* lines when it was worked out; 0: never */
};

#define FEATURES 24

/* One token ahead. */
struct offline_step {
	uint32_t token;
	struct offline_blanks blanks; /* see struct offline_candidate */
	double probability;
	double features[FEATURES]; /* what the probability was made of */
	bool by_word; /* by words alone: the other set of weights */
	bool whole;   /* the best candidate's */
	uint32_t tokens; /* the best candidate's */
	uint32_t above;
	uint32_t supporters;
};

struct offline {
	struct offline_lines lines;
	struct offline_doc **docs; /* owned, the one used last first */
	struct offline_doc **by_number;
	size_t count;
	size_t bytes;
	/*
	 * The line being typed is kept as text, not indexed anew with every letter; its number in the document is
	 * LINE_OPAQUE as long. NULL: there is none.
	 */
	struct offline_doc *hot;
	size_t hot_line;
	struct strbuf hot_text;
	uint32_t mark; /* for counting words; see struct offline_word */
	struct offline_pool *pool;   /* owned; scratch of one call, as the draft */
	struct strbuf draft;
	struct offline_step first; /* of the last answer: what weights are fitted to */
};

struct offline_doc *offline_find(const struct offline *offline, const char *uri);
/* Indexes the line being typed. */
void offline_settle(struct offline *offline);
/* What the document indents with; worked out when it has changed much. */
struct offline_style offline_doc_style(struct offline_doc *doc);

/* --- the place asked about --- */

#define PLACE_ABOVE 12 /* lines above that are compared */

struct offline_place {
	struct offline *offline;
	const struct offline_doc *doc; /* NULL: not known */
	const struct syntax *syntax;
	size_t line;                 /* in doc */
	uint32_t above[PLACE_ABOVE]; /* lines with text above the cursor's, the nearest first */
	size_t above_count;
	size_t gap; /* blank lines between the cursor's line and the nearest of these */
	struct offline_blanks above_blanks;
	struct offline_style style;

	/* The cursor's line up to the cursor. */
	struct offline_blanks blanks;
	struct offline_cut head; /* its whole tokens */
	const char *partial;     /* what there is of the next one */
	size_t partial_len;
	bool prose; /* in a comment or a text */
};

/* --- candidates --- */

#define CANDIDATES_MAX 512

struct offline_candidate {
	uint32_t line; /* LINE_NONE: only a word */
	uint32_t at;   /* its token that comes next; of a word alone the token itself */
	uint32_t tokens;  /* of the head that agree, back from the cursor; of a word alone how often it is used */
	uint32_t above;   /* lines above that agree */
	bool whole;       /* all of the head agrees */
	bool same_doc;
	bool same_language;
	bool done; /* a word alone that was taken */
	struct offline_blanks blanks; /* what the line would be indented with here; only if nothing is typed of it */
};

struct offline_pool {
	struct offline_candidate list[CANDIDATES_MAX];
	size_t count;
	uint32_t seen[4 * CANDIDATES_MAX]; /* a hash table of entries that are in the list */
};

/* Fills the pool for the place. */
void offline_match(const struct offline_place *place, struct offline_pool *pool);
/* TOKEN_EOL: the line ends here. TOKEN_STOP: nothing is known. */
#define TOKEN_EOL 0xFFFFFFFFu
#define TOKEN_STOP 0xFFFFFFFEu
uint32_t offline_candidate_next(const struct offline *offline, const struct offline_candidate *candidate);
/* True if the token begins with what is typed of it. */
bool offline_token_begins(const struct offline *offline, uint32_t token, const char *partial, size_t len);

/* --- prediction --- */

/* False: the pool is empty. */
bool offline_predict(const struct offline_place *place, const struct offline_pool *pool, struct offline_step *step);
/* Leaves those that said this token, one token further. */
void offline_pool_take(const struct offline_place *place, struct offline_pool *pool, const struct offline_step *step);

/* A text being drafted ends well here: behind a token. */
struct offline_point {
	size_t len;
	double probability; /* of all that is before it */
	size_t lines;
	bool line_end; /* nothing more is expected on its line */
};

#define POINTS_MAX 400

struct offline_draft {
	struct strbuf *text; /* LF line ends */
	struct offline_point points[POINTS_MAX];
	size_t count;
	struct offline_step first; /* how it begins */
	bool any;                  /* there is a first step */
	size_t candidates;
};

/* --- fitting --- */

/*
 * How much of the draft may be inserted before `after`, so that nothing is repeated that stands there. at_start: the
 * cursor's line is blank before the cursor.
 */
size_t offline_fit(const struct offline_draft *draft, const char *after, size_t after_len, bool at_start);

#endif
