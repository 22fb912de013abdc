#ifndef EKE_FRONT_LSP_WORK_H
#define EKE_FRONT_LSP_WORK_H
/*
 * Work that the user sees going on, and can cancel, where the client has a place for it (LSP 3.18, "Work Done
 * Progress"): under the token that the client gave with its request, else under one that it is asked to make.
 */
#include "lsp_private.h"

struct lsp_work;

/*
 * `cancel` is called when the user cancels, at most once and never after lsp_work_end(); it may end the work. NULL
 * where the client shows no work; the others take that.
 */
struct lsp_work *lsp_work_new(
	struct lsp *lsp, const struct json *client_token, const char *title, void (*cancel)(void *ctx), void *ctx);
/* A word on how far it is. Told at most twice a second. */
void lsp_work_report(struct lsp_work *work, const char *message);
/* It is done, and freed. */
void lsp_work_end(struct lsp_work *work);

#endif
