#ifndef EKE_CHAT_EDIT_H
#define EKE_CHAT_EDIT_H
/*
 * edit/propose: from an instruction and a range of an open document to what should stand there instead, streamed as it
 * comes and then as the smallest edits. The document itself is not changed. If it changes before the answer is there,
 * the proposal no longer fits, and the request fails with ERR_CONTENT_MODIFIED.
 */
#include <stddef.h>
#include <stdint.h>

#include "eke/base/err.h"
#include "eke/config/config.h"
#include "eke/context/retriever.h"
#include "eke/text/docs.h"
#include "eke/text/position.h"
#include "eke/text/workspace.h"
#include "eke/upstream/upstream.h"

struct edits;

/* Borrowed for the call. */
struct edit_request {
	const char *uri;
	struct range range;      /* empty: text is to be inserted there */
	const char *instruction; /* in the user's words */
	const char *endpoint;    /* NULL: the first whose budget allows the request */
	const char *model;       /* NULL: the endpoint's chat model */
};

struct edit_change {
	struct range range; /* in the document as it was asked about */
	const char *text;
	size_t len;
};

/* Borrowed for the callback. */
struct edit_proposal {
	const char *uri;
	int64_t version; /* of the document; DOC_NO_VERSION: it has none */
	const struct edit_change *changes; /* ascending, as small as they can be */
	size_t count;    /* 0: the model would leave it as it is */
	const char *text; /* all of what would stand in the range */
	size_t text_len;
	const struct config_endpoint *endpoint; /* who was asked */
	const struct snippets *retrieved; /* the declarations of other files that went along */
};

struct edit_callbacks {
	/* The replacement as it comes; all of it before done(). May be NULL. */
	void (*delta)(void *ctx, const char *text, size_t len);
	/* Once, the last: a proposal, or err. */
	void (*done)(void *ctx, const struct edit_proposal *proposal, const struct err *err);
	void *ctx;
};

/* Everything is borrowed and must outlive it. */
struct edits *edits_new(struct upstream *upstream, struct docs *docs, struct workspace *workspace);
/* Ends requests under way; their callbacks are not called. */
void edits_free(struct edits *edits);
/* Where declarations of other files come from that go along; borrowed. Without one none do. */
void edits_use(struct edits *edits, struct retriever *retriever);
void edits_configure(struct edits *edits, struct config *config);
/*
 * Returns a number for edits_cancel(), or 0 with err: the document is not open (ERR_INVALID_PARAMS), may not leave the
 * machine (ERR_IGNORED), or is too long with its instruction (ERR_PROMPT_TOO_LONG), or there is no endpoint.
 */
uint64_t edits_start(struct edits *edits, const struct edit_request *request, const struct edit_callbacks *callbacks,
	struct err *err);
void edits_cancel(struct edits *edits, uint64_t id);

#endif
