#ifndef EKE_OFFLINE_PRIVATE_H
#define EKE_OFFLINE_PRIVATE_H
/*
 * What the offline engine knows, for its own files: documents as lists of lines. offline.c keeps them, match.c
 * searches them.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/strbuf.h"
#include "eke/code/syntax.h"
#include "eke/offline/offline.h"

#include "lines.h"
#include "predict.h"

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

#define STEPS_KEPT 16

struct offline {
	struct offline_lines lines;
	struct offline_doc **docs;      /* owned, the one used last first */
	struct offline_doc **by_number; /* NULL: the number is free */
	size_t count;
	size_t room; /* of both */
	size_t bytes;
	/*
	 * The line being typed is kept as text, not indexed anew with every letter; its number in the document is
	 * LINE_OPAQUE as long. NULL: there is none.
	 */
	struct offline_doc *hot;
	size_t hot_line;
	struct strbuf hot_text;
	uint32_t stamp; /* for counting words; see struct offline_word */
	struct offline_pool *pool;   /* owned; scratch of one call, as the draft */
	struct strbuf draft;
	/* Of the last answer: what weights are fitted to. */
	struct offline_step steps[STEPS_KEPT];
	size_t step_count;
};

/* The word of a token; of one that is none, the empty word. */
static inline struct offline_word *offline_token_word(const struct offline *offline, uint32_t token)
{
	return &offline->lines.words.words[token_word(token)];
}

/* The document the line was last added to; NULL if that is forgotten. */
static inline struct offline_doc *offline_line_doc(const struct offline *offline, const struct offline_line *line)
{
	return offline->by_number[line->last];
}

struct offline_doc *offline_find(const struct offline *offline, const char *uri);
/* Indexes the line being typed. */
void offline_settle(struct offline *offline);
/*
 * Takes the cursor's line, whose whole text this is, out of the index until the cursor is elsewhere: it is no evidence
 * for itself. Nothing is done with a line that is not as it is known. doc may be NULL.
 */
void offline_set_aside(struct offline *offline, struct offline_doc *doc, size_t at, const char *s, size_t len);
/* What the document indents with; worked out when it has changed much. */
struct offline_style offline_doc_style(struct offline_doc *doc);

#endif
