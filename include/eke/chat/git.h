#ifndef EKE_CHAT_GIT_H
#define EKE_CHAT_GIT_H
/*
 * Runs git in a repository that a stranger may have made, so that nothing which its configuration, attributes or hooks
 * name is run. For diff.c.
 */
#include <stdbool.h>

#include "eke/io/loop.h"
#include "eke/io/proc.h"
#include "eke/text/own_files.h"

struct git;

/* What to run. The strings need not outlive the call. */
struct git_spec {
	const char *top;          /* the work tree's directory, absolute */
	const char *const *words; /* the command and its arguments; ends with NULL */
	bool reads_files;         /* of the work tree, for which the user's own filters may have to be run */
	const struct own_files *hidden; /* which git is kept from in its sandbox; NULL: it runs without one */
};

/* Limits are those of changes (LIMIT_DIFF). fn as of proc_run(): once, from the loop. */
struct git *git_run(struct loop *loop, const struct git_spec *spec, proc_fn *fn, void *ctx);
/* Asks git for its version, to see whether it can be run so. `hidden` as in a struct git_spec. */
struct git *git_version(struct loop *loop, const struct own_files *hidden, proc_fn *fn, void *ctx);
/* fn is not called. */
void git_cancel(struct git *git);

#endif
