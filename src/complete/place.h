#ifndef EKE_COMPLETE_PLACE_H
#define EKE_COMPLETE_PLACE_H
/*
 * A place in a document: the text around a cursor, copied, so that it outlives edits. For the engine's own files.
 */
#include "eke/base/strbuf.h"
#include "eke/complete/cache.h"
#include "eke/text/docs.h"
#include "eke/text/position.h"

struct place {
	char *uri;
	char *language;
	size_t offset; /* of the cursor, bytes from the document's start */
	size_t line;
	struct strbuf before; /* the end of what precedes the cursor: more than a window */
	struct strbuf after;
};

/* Where in a document, and what of it is to be replaced. */
struct place_wanted {
	const char *uri;
	struct position position;
	/* Not NULL: as if this text (a popup's selected item) stood in the document already, instead of the range. */
	const char *selected_text;
	struct range selected_range;
};

/* Of a document that is kept. */
void place_take(
	struct place *place, const struct doc *doc, const struct place_wanted *wanted, enum position_encoding encoding);
/* A place without text, which only names its document. */
void place_name(struct place *place, const char *uri);
void place_copy(struct place *to, const struct place *from);
void place_release(struct place *place);

/* For the cache; borrows from both. */
struct cache_place place_for_cache(const struct place *place, const char *who);
/*
 * The last components of the document's path: enough to tell a model where it is, without the user's
 * directories. Owned by the caller.
 */
char *place_short_path(const struct place *place);

#endif
