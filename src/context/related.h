#ifndef EKE_CONTEXT_RELATED_H
#define EKE_CONTEXT_RELATED_H
/*
 * Which files of the workspace belong to a document: those that it imports, and those beside it. Found step by step, as
 * each may ask the file system for many names. For the retriever's own files.
 */
#include <stdbool.h>
#include <stdint.h>

#include "eke/base/limits.h"
#include "eke/context/digest.h"
#include "eke/context/evidence.h"
#include "eke/context/imports.h"
#include "eke/text/workspace.h"

struct related_file {
	char *path;
	char *key; /* uri_key() of it */
	enum context_role role; /* ROLE_IMPORTED or ROLE_BESIDE */
};

/* Targets that were not found, and the directories beneath the folder where they may be. */
struct related_below {
	size_t missing[IMPORT_TARGETS_MAX]; /* in targets->path[] */
	size_t missing_count;
	size_t looked; /* for so many of them */
	char *directories[LIMIT_CONTEXT_BELOW];
	size_t count;
	size_t listed; /* the folder, and so many less one of the directories */
};

struct related {
	char *path; /* of the document */
	const char *folder; /* of the workspace, in which it lies; borrowed for the steps */
	const struct import_style *style;
	const char *language; /* static */
	uint32_t hash; /* of the import statements that it was made from */
	struct import_targets *targets; /* owned; NULL once all steps are done */
	size_t step; /* the next target; behind them the directory */
	struct related_below *below; /* likewise; NULL: all targets were found so far */
	int64_t made_ms;
	struct related_file files[LIMIT_CONTEXT_RELATED];
	size_t count;
};

/* For a document that lies in a folder of the workspace. */
void related_begin(
	struct related *r, const char *path, const char *folder, const char *language, const struct digest *digest);
/* One step; false when there is none left. */
bool related_step(struct related *r);
void related_release(struct related *r);
/* Hash of a document's import statements. */
uint32_t related_hash(const struct digest *digest);

#endif
