#ifndef EKE_COMPLETE_CURSOR_CONTEXT_H
#define EKE_COMPLETE_CURSOR_CONTEXT_H
/*
 * The text around a cursor, copied from its document, so that it outlives edits. For the engine's own files.
 */
#include <stdbool.h>

#include "eke/base/err.h"
#include "eke/base/strbuf.h"
#include "eke/complete/cache.h"
#include "eke/text/docs.h"
#include "eke/text/position.h"
#include "eke/text/workspace.h"

struct cursor_context {
	char *uri;
	char *language;
	size_t offset; /* of the cursor, bytes from the document's start */
	size_t line;
	struct strbuf before; /* the end of what precedes the cursor: more than an excerpt */
	struct strbuf after;
};

/* Where in a document, and what of it is to be replaced. */
struct cursor_context_spec {
	const char *uri;
	struct position position;
	/* Not NULL: as if this text (a popup's selected item) stood in the document already, instead of the range. */
	const char *selected_text;
	struct range selected_range;
};

/* False with outbound_document()'s error: the document stays on this machine, and the context has no text. */
bool cursor_context_take(struct cursor_context *context, struct workspace *workspace, const struct doc *doc,
	const struct cursor_context_spec *spec, enum position_encoding encoding, struct err *err);
/* A context without text, which only names its document. */
void cursor_context_empty(struct cursor_context *context, const char *uri);
void cursor_context_copy(struct cursor_context *to, const struct cursor_context *from);
void cursor_context_release(struct cursor_context *context);

/* For the cache; borrows from both. */
struct cache_context cursor_context_for_cache(const struct cursor_context *context, const char *model_id);

#endif
