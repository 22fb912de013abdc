#ifndef EKE_CONTEXT_GATHERING_H
#define EKE_CONTEXT_GATHERING_H
/*
 * The body of the retriever, and the files of which pieces may be chosen for a document. For the retriever's own files.
 */
#include "eke/base/attrs.h"
#include "eke/context/retriever.h"
#include "changes.h"
#include "related.h"
#include "sources.h"
#include "standing.h"

#define CHANGED_MAX 8 /* documents whose changes are shown */

/* What belongs to a document. */
struct focus {
	char *uri;
	struct related related; /* path NULL: not made */
	struct standing standing;
	struct focus *next;
};

struct job;
struct pending;

struct retriever {
	struct loop *loop; /* borrowed, as the next two */
	struct docs *docs;
	struct workspace *workspace;
	struct sources *sources;
	struct changes *changes;
	struct focus *focuses; /* the last used first */
	struct job *jobs; /* the first one is at work */
	struct pending *pending;
	struct timer *timer; /* the next step */
	uint64_t last_id;
};

#define GATHERING_MAX (LIMIT_CONTEXT_RELATED + LIMIT_CONTEXT_DOCUMENTS + CHANGED_MAX + 1)

struct gathering {
	struct context_file files[GATHERING_MAX];
	struct source *sources[GATHERING_MAX];
	uint32_t keys[GATHERING_MAX]; /* for struct standing */
	struct digest *owned[CHANGED_MAX]; /* of changes */
	char *shown[CHANGED_MAX];
	size_t owned_count;
	size_t count;
};

/* In the order in which they stand in the prompt: what changes least first. `g` is zeroed. */
void gathering_fill(struct retriever *r, struct focus *focus, const struct retrieval *in, struct gathering *g);
void gathering_release(struct gathering *g);

#endif
