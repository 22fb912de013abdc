/*
 * What the client says that it can do (LSP 3.18, "ClientCapabilities").
 */
#include "lsp_private.h"

#include <string.h>

static bool says(const struct json *capabilities, const char *section, const char *feature, const char *detail)
{
	const struct json *value = json_get(json_get(capabilities, section), feature);
	bool yes = false;

	return json_bool(detail ? json_get(value, detail) : value, &yes) && yes;
}

void lsp_take_client(struct lsp *lsp, const struct json *capabilities)
{
	const struct json *action = json_get(json_get(capabilities, "textDocument"), "codeAction");

	lsp->client = (struct lsp_client){
		.show_document = says(capabilities, "window", "showDocument", "support"),
		.work_done = says(capabilities, "window", "workDoneProgress", NULL),
		.apply_edit = says(capabilities, "workspace", "applyEdit", NULL),
		.document_changes = says(capabilities, "workspace", "workspaceEdit", "documentChanges"),
		.action_literals = json_is_object(json_get(action, "codeActionLiteralSupport")),
	};
}
