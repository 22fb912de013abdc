/*
 * workspace/executeCommand: the table of commands that clients may send.
 */
#include "lsp_private.h"

#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/json_writer.h"

static struct rpc_result *accept_item(struct lsp *lsp, struct rpc_request *request, const struct json *params)
{
	lsp_note_item(lsp, json_get_present(params, "arguments"), ENGINE_ACCEPTED);
	return rpc_reply_null(request);
}

static struct rpc_result *reject_item(struct lsp *lsp, struct rpc_request *request, const struct json *params)
{
	lsp_note_item(lsp, json_get_present(params, "arguments"), ENGINE_REJECTED);
	return rpc_reply_null(request);
}

static const struct {
	const char *name;
	struct rpc_result *(*run)(struct lsp *lsp, struct rpc_request *request, const struct json *params);
} commands[] = {
	{ "eke.accept", accept_item },
	{ "eke.reject", reject_item },
	{ "eke.command", lsp_run_action },
};

void lsp_write_commands(struct json_writer *w)
{
	json_begin_array(w, "commands");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		json_put_string(w, commands[i].name);
	json_end_array(w);
}

struct rpc_result *lsp_execute_command(void *ctx, struct rpc_request *request, const struct json *params)
{
	const char *name = json_string(json_get(params, "command"));
	const struct json *arguments = json_get_present(params, "arguments");
	struct err err;

	if (!name || (arguments && !json_is_array(arguments))) {
		err_set(&err, ERR_INVALID_PARAMS, "params must be {command: string, arguments?: array}");
		return rpc_fail(request, &err);
	}
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (!strcmp(commands[i].name, name))
			return commands[i].run(ctx, request, params);
	err_set(&err, ERR_INVALID_PARAMS, "unknown command %s", name);
	return rpc_fail(request, &err);
}
