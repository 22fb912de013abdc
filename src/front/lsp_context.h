#ifndef EKE_FRONT_LSP_CONTEXT_H
#define EKE_FRONT_LSP_CONTEXT_H
/*
 * The protocol's Context[], decoded for the chat engine.
 */
#include "eke/base/json.h"
#include "eke/chat/context.h"

struct lsp_context {
	struct context_item *items;
	size_t count;
	struct context_diagnostic *diagnostics; /* of all items */
	size_t diagnostic_count;
	char **codes; /* of diagnostics where they are numbers; one for each */
};

/* `list` may be NULL. Strings are borrowed from it. Release it in any case. */
bool lsp_context_decode(const struct json *list, struct lsp_context *out, struct err *err);
/* LSP's Diagnostic[] alone, which `path` names in messages; all of them are in out->diagnostics. */
bool lsp_diagnostics_decode(const struct json *list, const char *path, struct lsp_context *out, struct err *err);
void lsp_context_release(struct lsp_context *context);

#endif
