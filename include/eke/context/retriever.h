#ifndef EKE_CONTEXT_RETRIEVER_H
#define EKE_CONTEXT_RETRIEVER_H
/*
 * What a prompt shows beside the text around the cursor, from the whole workspace: declarations of what the document
 * imports and of files beside it, lines of open documents that look like those at the cursor, the document's own
 * outline, what was changed in the last minutes, cells above in a notebook.
 *
 * Files are read ahead (retriever_prepare()), one in a turn of the loop; choosing (retriever_choose()) looks only at
 * what is there. Nothing comes from a file that may not be sent, and from outside of the workspace's folders only what
 * is open. Memory: LIMIT_CONTEXT_BYTES, LIMIT_CONTEXT_SNAPSHOTS and LIMIT_CONTEXT_NAMES.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/config/config.h"
#include "eke/context/snippets.h"
#include "eke/io/loop.h"
#include "eke/text/docs.h"
#include "eke/text/workspace.h"

struct retriever;

/* Everything is borrowed and must outlive the retriever. */
struct retriever *retriever_new(struct loop *loop, struct docs *docs, struct workspace *workspace);
/* No more callbacks. */
void retriever_free(struct retriever *retriever);
/* Which files may be sent has changed: all are looked at again. */
void retriever_forget(struct retriever *retriever);
/* What happens to documents: for docs_observe(). */
void retriever_observe(struct retriever *retriever, const struct docs_event *event);

/*
 * Reads what is missing or has changed for an open document, or a file of the workspace. `done` comes once, from the
 * loop: when all is read, or after LIMIT_CONTEXT_WAIT_MS; what is missing then is read for the next time. `done` NULL:
 * nobody waits. The number is for retriever_cancel(); 0: there is no such document, and `done` does not come.
 */
uint64_t retriever_prepare(struct retriever *retriever, const char *uri, loop_fn *done, void *ctx);
void retriever_cancel(struct retriever *retriever, uint64_t id);

/* What to choose for. */
struct retrieval {
	const char *uri;
	size_t from, to; /* bytes of the document that the prompt has anyway */
	struct context_cursor cursor; /* their text, before and after the cursor */
	unsigned sources; /* as in struct packing_input */
	size_t tokens;
	size_t tokens_per_file;
	bool declarations; /* as in struct packing_input */
	bool keep; /* remember the packing: the next one for this document is much like it */
};

void retriever_choose(struct retriever *retriever, const struct retrieval *retrieval, struct snippets *out);
/* What is known of each name there, for measures. evidence_release(). */
void retriever_evidence(struct retriever *retriever, const struct retrieval *retrieval, struct evidence *out);
/* The names that numbers in it stand for. */
struct names *retriever_names(const struct retriever *retriever);

#endif
