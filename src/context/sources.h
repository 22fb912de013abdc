#ifndef EKE_CONTEXT_SOURCES_H
#define EKE_CONTEXT_SOURCES_H
/*
 * The texts that a prompt may show pieces of, each read once and again when it changes: open documents and files of the
 * workspace. At most LIMIT_CONTEXT_FILES of them, with LIMIT_CONTEXT_BYTES. For the retriever's own files.
 */
#include <stdbool.h>
#include <stdint.h>

#include "eke/context/digest.h"
#include "eke/text/docs.h"
#include "eke/text/workspace.h"

/* A text; belongs to struct sources, which may drop it at the next call that reads one. */
struct source {
	char *key; /* uri_key() */
	uint32_t hash; /* of it */
	char *shown; /* path for prompts and people */
	char *language;
	struct digest *digest; /* NULL: it may not be sent, is no text, or is gone */
	uint64_t revision; /* of the document; 0: a file's */
	int64_t mtime_ns, size, inode; /* of the file */
	int64_t looked_ms;
	uint64_t used;
	struct source *next;
};

struct sources;

struct sources *sources_new(struct docs *docs, struct workspace *workspace);
void sources_free(struct sources *sources);
/* All are read again: the rules have changed. */
void sources_forget(struct sources *sources);
struct names *sources_names(const struct sources *sources);

enum refreshed {
	REFRESHED_NOT, /* it is as it was, or cannot be had */
	REFRESHED_PARTLY, /* it is being looked through, which took about a millisecond: call again, in another turn */
	REFRESHED, /* it was read or looked through */
};

/*
 * Makes sure that this text is as the document or the file is now; at most once in a second for one. What is known of
 * it stays until all is known anew. There is one that is being looked through: another one, or a change, begins again.
 */
enum refreshed sources_refresh_document(struct sources *sources, const struct doc *doc);
enum refreshed sources_refresh_file(struct sources *sources, const char *path);
/* NULL: unknown, or nothing of it may be shown. */
struct source *sources_find(struct sources *sources, const char *uri);
/* By its uri_key(). */
struct source *sources_find_key(struct sources *sources, const char *key);

#endif
