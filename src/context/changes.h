#ifndef EKE_CONTEXT_CHANGES_H
#define EKE_CONTEXT_CHANGES_H
/*
 * What the user changed in the last minutes: for each document its text as it was before, and by that a diff. The texts
 * before are at most LIMIT_CONTEXT_SNAPSHOTS in all; a document for which there is no room has no diff. For the
 * retriever's own files.
 */
#include <stdbool.h>
#include <stdint.h>

#include "eke/base/strbuf.h"
#include "eke/text/docs.h"

/* A document that is or was open. */
struct change {
	char *uri;
	uint64_t opened; /* counts up: in which order documents were opened */
	char *before; /* NULL: not known, or it is closed */
	size_t before_len;
	int64_t edited_ms; /* INT64_MIN: not yet */
	bool is_open;
	char *diff; /* change_compare()'s; of a document that was closed the last one; NULL: none */
	bool compared; /* it is of the present text, ... */
	bool removing; /* ... and was made so */
	struct change *next;
};

struct changes;

struct changes *changes_new(void);
void changes_free(struct changes *changes);
void changes_observe(struct changes *changes, const struct docs_event *event);
/* The one changed last first; then ->next. */
struct change *changes_first(const struct changes *changes);
const struct change *changes_find(const struct changes *changes, const char *uri);
/* It was changed in the last minutes. */
bool change_is_recent(const struct change *change);
/*
 * Makes the diff of an open document, unless it is there: hunks, each with a line "@@ -a,b +c,d @@" before it as git
 * has them, without lines of context. `text` is what the document holds now. `removing`: only hunks that take
 * something away. True if it had to be made.
 */
bool change_compare(struct change *change, const char *text, size_t len, bool removing);
/* Appends a diff's hunks but the one that line (from 1; 0: none) is in: what is being typed there is no past change. */
void change_add_hunks(const char *diff, size_t line, struct strbuf *out);

#endif
