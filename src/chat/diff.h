#ifndef EKE_CHAT_DIFF_H
#define EKE_CHAT_DIFF_H
/*
 * What is staged in the workspace's git repository, or not committed of some files, without the files that stay on
 * this machine. For conversation_preparation.c.
 */
#include "eke/base/err.h"
#include "eke/base/strbuf.h"
#include "eke/io/loop.h"
#include "eke/text/workspace.h"

struct diff;

/*
 * `text` is NULL if err is set: no repository (ERR_INVALID_PARAMS), nothing staged (likewise), nothing staged that may
 * leave (ERR_IGNORED). `kept` are sentences on what was left out, ends with NULL.
 */
typedef void diff_fn(void *ctx, const struct strbuf *text, const char *const *kept, const struct err *err);

/*
 * Runs git in the folder (absolute; NULL: there is none). `paths` (absolute, ends with NULL): what these have that the
 * last commit has not; NULL: what is staged. fn is called once, from the loop.
 */
struct diff *diff_start(struct loop *loop, struct workspace *workspace, const char *folder, const char *const *paths,
	diff_fn *fn, void *ctx);
/* The repository's directory; also valid in the callback. */
const char *diff_top(const struct diff *diff);
/* fn is not called. */
void diff_cancel(struct diff *diff);

/*
 * The files' sections of `text` that may leave, appended to out; `top` is the repository's directory. *kept gets a
 * sentence for each that may not; owned by the caller, like the strings, and ends with NULL.
 */
void diff_filter(struct workspace *workspace, const char *top, const char *text, size_t len, struct strbuf *out,
	char ***kept);

#endif
