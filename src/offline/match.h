#ifndef EKE_OFFLINE_MATCH_H
#define EKE_OFFLINE_MATCH_H
/*
 * The cursor's context as the offline engine sees it, and the candidates for what goes on there: lines that begin or go
 * on as the cursor's line, and words. A pool is scratch memory of one call; the context borrows from the request.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lines.h"
#include "predict.h"
#include "private.h"

/* --- the context --- */

#define LINES_ABOVE 12 /* lines above that are compared */

struct offline_context {
	struct offline *offline;
	const struct offline_doc *doc; /* NULL: not known */
	const struct syntax *syntax;
	size_t line;                 /* in doc */
	uint32_t above[LINES_ABOVE]; /* lines with text above the cursor's, the nearest first */
	size_t above_count;
	size_t gap; /* blank lines between the cursor's line and the nearest of these */
	struct offline_blanks above_blanks;
	struct offline_style style;

	/* The cursor's line up to the cursor. */
	struct offline_blanks blanks;
	struct offline_cut head; /* its whole tokens */
	const char *partial;     /* what there is of the next one */
	size_t partial_len;
	bool chained;  /* the last token of the head is predicted */
	bool at_start; /* nothing but blanks before the cursor */
	bool prose;    /* in a comment or a text */
	bool crlf;     /* the document's line ends */
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

/* Fills the pool with candidates for the context. */
void offline_match(const struct offline_context *context, struct offline_pool *pool);
uint32_t offline_candidate_next(const struct offline *offline, const struct offline_candidate *candidate);

#endif
