#ifndef EKE_CHAT_GIT_H
#define EKE_CHAT_GIT_H
/*
 * Runs git in a repository that a stranger may have made, so that nothing which its configuration, attributes or hooks
 * name is run. For diff.c.
 */
#include <stddef.h>

#include "eke/io/loop.h"
#include "eke/io/proc.h"

struct git;

/*
 * `top` is the work tree's directory, absolute. `words` are the command and its arguments, ends with NULL. Limits are
 * those of changes (LIMIT_DIFF). fn as of proc_run(): once, from the loop.
 */
struct git *git_run(struct loop *loop, const char *top, const char *const *words, proc_fn *fn, void *ctx);
/* fn is not called. */
void git_cancel(struct git *git);

#endif
