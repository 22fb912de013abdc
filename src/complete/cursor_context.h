#ifndef EKE_COMPLETE_CURSOR_CONTEXT_H
#define EKE_COMPLETE_CURSOR_CONTEXT_H
/*
 * The text around a cursor, copied from its document, so that it outlives edits. For the engine's own files.
 */
#include "eke/base/strbuf.h"
#include "eke/complete/cache.h"
#include "eke/text/docs.h"
#include "eke/text/position.h"

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

/* Of a document that is kept. */
void cursor_context_take(struct cursor_context *context, const struct doc *doc, const struct cursor_context_spec *spec,
	enum position_encoding encoding);
/* A context without text, which only names its document. */
void cursor_context_empty(struct cursor_context *context, const char *uri);
void cursor_context_copy(struct cursor_context *to, const struct cursor_context *from);
void cursor_context_release(struct cursor_context *context);

/* For the cache; borrows from both. */
struct cache_context cursor_context_for_cache(const struct cursor_context *context, const char *model_id);

#endif
