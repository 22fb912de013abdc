/*
 * The folders of the client's workspace (LSP 3.18, "initialize", "workspace/didChangeWorkspaceFolders").
 */
#include "lsp_private.h"

#include "eke/base/log.h"

static void add(struct lsp *lsp, const char *folder)
{
	if (folder && *folder && !workspace_add_folder(lsp->app.workspace, folder))
		log_info("the workspace folder %s is not a directory on this machine, or too many are open", folder);
}

void lsp_take_folders(struct lsp *lsp, const struct json *folders, const char *root_uri, const char *root_path)
{
	for (const struct json *f = json_first(folders); f; f = json_next(f))
		add(lsp, json_string(json_get(f, "uri")));
	if (!json_count(folders))
		add(lsp, root_uri ? root_uri : root_path);
}

void lsp_did_change_folders(void *ctx, const struct json *params)
{
	struct lsp *lsp = ctx;
	const struct json *event = json_get(params, "event");

	for (const struct json *f = json_first(json_get(event, "removed")); f; f = json_next(f))
		if (json_string(json_get(f, "uri")))
			workspace_remove_folder(lsp->app.workspace, json_string(json_get(f, "uri")));
	for (const struct json *f = json_first(json_get(event, "added")); f; f = json_next(f))
		add(lsp, json_string(json_get(f, "uri")));
	engine_rules_changed(lsp->app.engine);
}
