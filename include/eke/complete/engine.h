#ifndef EKE_COMPLETE_ENGINE_H
#define EKE_COMPLETE_ENGINE_H
/*
 * Inline completion: what to insert at a position of an open document. In this order (src/README.md, "Where a keystroke
 * goes"): what is known already, what is on its way already, what the open documents tell by themselves, and only then,
 * if the place is worth it and the budget bears it, a request to the endpoint. That request and those who wait for it
 * are separate: who types on, or cancels, stops waiting; the request then goes on into the cache where requests are
 * counted, and is aborted where they are not.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/err.h"
#include "eke/config/config.h"
#include "eke/context/retriever.h"
#include "eke/io/loop.h"
#include "eke/text/docs.h"
#include "eke/text/position.h"
#include "eke/text/workspace.h"
#include "eke/upstream/upstream.h"

/* Items of one answer. */
#define ENGINE_ITEMS 3

struct engine;

/* Borrowed for the call. */
struct engine_request {
	const char *uri;
	struct position position;
	bool automatic; /* triggerKind Automatic: nobody asked for this very completion */
	/*
	 * Wait for all of the answer. Else the first useful piece of it is the answer as soon as it is there, and the
	 * requests that follow get the rest: one at the same place waits until there is more to show, or no more to come.
	 */
	bool whole;
	/* The editor's indentation, for documents that show none; tab_size 0: unknown. */
	bool insert_spaces;
	unsigned tab_size;
	bool project_style; /* insert_spaces is the project's rule (.editorconfig), no setting */
	/* The popup's selected item, which the answer must extend (LSP 3.18, selectedCompletionInfo); NULL: none. */
	const char *selected_text;
	struct range selected_range;
};

/* What may be inserted; borrowed for the callback. */
struct engine_item {
	uint64_t id; /* for engine_feedback() */
	const char *text;
	size_t len;
	struct range range; /* to be replaced; on one line */
	bool offline; /* from the open documents, not from an endpoint */
	bool growing; /* more of it is coming: who asks again, at the same place of the same text, gets it as it comes */
};

struct engine_callbacks {
	/* The first item's text, piece by piece: all of it before done(). May be NULL. */
	void (*delta)(void *ctx, const char *text, size_t len);
	/*
	 * Once, the last. No items and err NULL: nothing to show (declined, superseded, the model had nothing to
	 * say). err: it was tried and failed, or a rule forbids it; if there are items nevertheless, they are what
	 * the open documents tell.
	 */
	void (*done)(void *ctx, const struct engine_item *items, size_t count, const struct err *err);
	void *ctx;
};

enum engine_event { ENGINE_SHOWN, ENGINE_ACCEPTED, ENGINE_PARTLY_ACCEPTED, ENGINE_REJECTED };

/* What would be done with an automatic request, and why. */
struct engine_explanation {
	const char *decision; /* "cache", "offline", "ask", "decline" */
	double score;         /* of the place, 0 to 1 */
	char reason[256];
	/* What would go along with the prompt from elsewhere than the text around the cursor; none without an endpoint. */
	struct snippets context;
	size_t prompt_tokens; /* of the whole prompt, about; 0: there would be none */
};

/* Once, from the loop; all is borrowed for the call. */
typedef void engine_explain_fn(void *ctx, const struct engine_explanation *explanation);

/* Everything is borrowed and must outlive the engine. */
struct engine *engine_new(
	struct loop *loop, struct upstream *upstream, struct docs *docs, struct workspace *workspace);
/* Waiting requests end without a word. */
void engine_free(struct engine *engine);
/* What knows the workspace, for chats and edits; as long as the engine. */
struct retriever *engine_retriever(struct engine *engine);
void engine_configure(struct engine *engine, struct config *config);
/* Which documents may be sent has changed: what was learned from those that may not be any more is forgotten. */
void engine_rules_changed(struct engine *engine);

/* The number (never 0) is for engine_cancel(). Callbacks come from the loop only. */
uint64_t engine_complete(struct engine *engine, const struct engine_request *request,
	const struct engine_callbacks *callbacks);
/* The request is not waited for any more; no callbacks. */
void engine_cancel(struct engine *engine, uint64_t id);
void engine_feedback(struct engine *engine, uint64_t item, enum engine_event event);
/*
 * Sends nothing and shows nothing. It may add a key to the cache: that of this cursor, for an answer found to continue
 * here (realign_recent.h). The number is for engine_explain_cancel(); 0 with ERR_INVALID_PARAMS if the document is not
 * open.
 */
uint64_t engine_explain(struct engine *engine, const char *uri, struct position position, engine_explain_fn *fn,
	void *ctx, struct err *err);
void engine_explain_cancel(struct engine *engine, uint64_t id);

#endif
