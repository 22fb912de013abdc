#ifndef EKE_CONTEXT_EVIDENCE_H
#define EKE_CONTEXT_EVIDENCE_H
/*
 * How likely each name is needed in the lines that come at the cursor, from where it occurs: in the rest of the file,
 * in places that look like the one around the cursor, in what the file imports. Pure. A logistic model, whose weights
 * were fitted to real projects (tests/bench/bench_context.c --dump has what they were fitted to).
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/context/digest.h"
#include "eke/context/names.h"

/* What a file is to the document with the cursor. */
enum context_role {
	ROLE_CURRENT, /* the document itself */
	ROLE_ABOVE, /* a cell above in the same notebook */
	ROLE_IMPORTED, /* the document imports it */
	ROLE_BESIDE, /* in the same directory, in the same language */
	ROLE_OPEN, /* open, or changed in the last minutes */
	ROLE_CHANGES, /* no file: what was changed in one in the last minutes */
};

/* Borrowed for the call. */
struct context_file {
	const struct digest *digest;
	enum context_role role;
	bool sendable; /* false: nothing of it is shown */
	/* ROLE_CURRENT: bytes that the prompt has anyway. */
	size_t hide_from, hide_to;
};

/* The excerpt that is sent. */
struct context_cursor {
	const char *before;
	size_t before_len;
	const char *after;
	size_t after_len;
	bool flat; /* it is no place but a whole: all of `before` counts alike */
};

enum evidence_feature {
	EVIDENCE_BIAS,
	EVIDENCE_USES, /* log of how many chunks of the file have it, outside of the excerpt */
	EVIDENCE_NEAR, /* how near to the cursor one of these is */
	EVIDENCE_ALIKE, /* how like the cursor's surroundings the likest of these is, or the one before it */
	EVIDENCE_ALIKE_ELSEWHERE, /* the same in other documents */
	EVIDENCE_IMPORTED, /* an import statement of the file names it */
	EVIDENCE_DECLARED_HERE,
	EVIDENCE_DECLARED_IMPORTED,
	EVIDENCE_DECLARED_BESIDE,
	EVIDENCE_PRIVATE, /* begins with an underscore and is declared in another file */
	EVIDENCE_PARTS, /* shares words with names around the cursor */
	EVIDENCE_CHANGED, /* occurs in recent changes */
	EVIDENCE_COMMON, /* log of how many chunks of all files have it */
	EVIDENCE_FEATURES,
};

struct evidence {
	size_t count; /* names_last() + 1: the length of the arrays, whose index is a name's number */
	float *likely; /* that the name is needed, 0 to 1; 0 of names that the excerpt shows */
	float *near; /* how much the excerpt's end is about it, 0 to 1 */
	bool *shown; /* the excerpt shows it */
	bool keep_features; /* set before: `features` is wanted */
	float (*features)[EVIDENCE_FEATURES];
};

/* Of the names in `names`, to which those of the excerpt are added. */
void evidence_gather(struct evidence *evidence, struct names *names, const struct context_cursor *cursor,
	const struct context_file *files, size_t file_count);
void evidence_release(struct evidence *evidence);

#endif
