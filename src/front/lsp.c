/*
 * The LSP front end: LSP's lifecycle, and the table of its methods. Each method's handler is in the file of its
 * subject (lsp_private.h lists them); protocol/eke.json says what goes in and out.
 *
 * Beside what ends every server (server.h), `exit` and the death of the client's process end this one.
 */
#include "eke/front/lsp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/decode.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "lsp_private.h"

/* LSP 3.18, "exit": 0 after shutdown, else 1. */
static int exit_code(void *ctx)
{
	const struct lsp *lsp = ctx;

	return lsp->state == LSP_SHUT_DOWN ? 0 : 1;
}

static void end(struct lsp *lsp)
{
	server_stop(&lsp->server, exit_code(lsp));
}

/* --- initialize and the other ends of a life --- */

struct initialize_params {
	int64_t process_id;
	const struct json *general;
	const struct json *options;
	const struct json *folders;
	const char *root_uri;
	const char *root_path;
	const char *trace;
	struct {
		const char *name;
		const char *version;
	} client;
};

static const struct decode_field client_fields[] = {
	{ .name = "name", .type = DECODE_STRING, .offset = 0 },
	{ .name = "version", .type = DECODE_STRING, .offset = sizeof(const char *) },
	{ .name = NULL },
};

static const struct decode_field capabilities_fields[] = {
	{ .name = "general", .type = DECODE_OBJECT, .offset = 0 },
	{ .name = NULL },
};

static const struct decode_field initialize_fields[] = {
	{ .name = "processId", .type = DECODE_INT, .offset = offsetof(struct initialize_params, process_id),
	  .min = 0, .max = INT32_MAX },
	{ .name = "capabilities", .type = DECODE_OBJECT, .offset = offsetof(struct initialize_params, general),
	  .sub = capabilities_fields },
	{ .name = "initializationOptions", .type = DECODE_ANY, .offset = offsetof(struct initialize_params, options) },
	{ .name = "workspaceFolders", .type = DECODE_ARRAY, .offset = offsetof(struct initialize_params, folders) },
	{ .name = "rootUri", .type = DECODE_STRING, .offset = offsetof(struct initialize_params, root_uri) },
	{ .name = "rootPath", .type = DECODE_STRING, .offset = offsetof(struct initialize_params, root_path) },
	{ .name = "trace", .type = DECODE_STRING, .offset = offsetof(struct initialize_params, trace) },
	{ .name = "clientInfo", .type = DECODE_OBJECT, .offset = offsetof(struct initialize_params, client),
	  .sub = client_fields },
	{ .name = NULL },
};

/* The first of the client's encodings that eke knows; UTF-16 is the one that everybody must. */
static enum position_encoding choose_encoding(const struct json *general)
{
	for (const struct json *e = json_first(json_get(general, "positionEncodings")); e; e = json_next(e)) {
		const char *name = json_string(e);

		if (name && !strcmp(name, "utf-8"))
			return POSITION_UTF8;
		if (name && !strcmp(name, "utf-16"))
			return POSITION_UTF16;
	}
	return POSITION_UTF16;
}

/* All cells of all notebooks. */
static void write_notebook_sync(struct json_writer *w)
{
	json_begin_object(w, "notebookDocumentSync");
	json_begin_array(w, "notebookSelector");
	json_begin_object(w, NULL);
	json_put_kstring(w, "notebook", "*");
	json_end_object(w);
	json_end_array(w);
	json_end_object(w);
}

static void write_capabilities(struct json_writer *w, enum position_encoding encoding, bool notebooks)
{
	json_begin_object(w, "capabilities");
	json_put_kstring(w, "positionEncoding", encoding == POSITION_UTF8 ? "utf-8" : "utf-16");
	json_begin_object(w, "textDocumentSync");
	json_put_kbool(w, "openClose", true);
	json_put_kint(w, "change", 2);
	json_begin_object(w, "save");
	json_put_kbool(w, "includeText", false);
	json_end_object(w);
	json_end_object(w);
	if (notebooks)
		write_notebook_sync(w);
	json_begin_object(w, "inlineCompletionProvider");
	json_end_object(w);
	json_begin_object(w, "codeActionProvider");
	json_begin_array(w, "codeActionKinds");
	json_put_string(w, "quickfix");
	json_put_string(w, "refactor.rewrite");
	json_put_string(w, "");
	json_end_array(w);
	json_end_object(w);
	json_begin_object(w, "executeCommandProvider");
	lsp_write_commands(w);
	json_end_object(w);
	json_begin_object(w, "workspace");
	json_begin_object(w, "workspaceFolders");
	json_put_kbool(w, "supported", true);
	json_put_kbool(w, "changeNotifications", true);
	json_end_object(w);
	json_end_object(w);
	json_begin_object(w, "experimental");
	json_begin_object(w, "eke");
	json_put_kint(w, "protocol", 1);
	json_put_kbool(w, "chat", true);
	json_put_kbool(w, "conversations", true);
	json_put_kbool(w, "edit", true);
	json_put_kbool(w, "models", true);
	json_put_kbool(w, "streaming", true);
	json_end_object(w);
	json_end_object(w);
	json_end_object(w);
}

static void on_client_gone(void *ctx)
{
	struct lsp *lsp = ctx;

	log_info("the client's process is gone");
	end(lsp);
}

static void set_trace(struct lsp *lsp, const char *value)
{
	if (value && !strcmp(value, "messages"))
		lsp->trace = LSP_TRACE_MESSAGES;
	else if (value && !strcmp(value, "verbose"))
		lsp->trace = LSP_TRACE_VERBOSE;
	else
		lsp->trace = LSP_TRACE_OFF;
}

static struct rpc_result *on_initialize(void *ctx, struct rpc_request *request, const struct json *params)
{
	struct lsp *lsp = ctx;
	struct initialize_params p = { 0 };
	enum position_encoding encoding;
	struct json_writer w;
	struct strbuf result;
	struct err err;

	if (!decode(params, initialize_fields, "params", &p, &err))
		return rpc_fail(request, &err);
	lsp->state = LSP_INITIALIZED;
	log_debug("eke %s for %s %s", EKE_VERSION, p.client.name ? p.client.name : "an unnamed client",
		 p.client.version ? p.client.version : "");
	encoding = choose_encoding(p.general);
	docs_set_encoding(lsp->app.docs, encoding);
	set_trace(lsp, p.trace);
	lsp_take_client(lsp, json_get(params, "capabilities"));
	if (p.process_id && !loop_on_exit_of(lsp->app.loop, (pid_t)p.process_id, on_client_gone, lsp))
		log_info("process %lld, which the client says it is, is not on this machine; not watched",
			(long long)p.process_id);
	lsp_take_folders(lsp, p.folders, p.root_uri, p.root_path);
	lsp_take_settings(lsp, json_get_present(p.options, "eke"));
	strbuf_init(&result, KIB(16));
	json_writer_init(&w, &result);
	json_begin_object(&w, NULL);
	write_capabilities(&w, encoding, json_is_object(json_get(json_get(params, "capabilities"), "notebookDocument")));
	json_begin_object(&w, "serverInfo");
	json_put_kstring(&w, "name", "eke");
	json_put_kstring(&w, "version", EKE_VERSION);
	json_end_object(&w);
	json_end_object(&w);
	json_writer_end(&w);
	return rpc_reply(request, &result);
}

static void on_initialized(void *ctx, const struct json *params)
{
	struct lsp *lsp = ctx;

	(void)params;
	if (lsp->client_ready)
		return;
	lsp->client_ready = true;
	if (lsp->warnings.len)
		lsp_show_message(lsp, LSP_MESSAGE_WARNING, lsp->warnings.data);
	strbuf_release(&lsp->warnings);
	if (lsp->config_err.kind != ERR_NONE)
		lsp_show_message(lsp, LSP_MESSAGE_ERROR, lsp->config_err.message);
	lsp_update_status(lsp);
	upstream_prewarm(lsp->app.upstream);
	lsp_local_look(lsp, false);
}

static struct rpc_result *on_shutdown(void *ctx, struct rpc_request *request, const struct json *params)
{
	struct lsp *lsp = ctx;
	struct rpc_result *result;

	(void)params;
	lsp->state = LSP_SHUT_DOWN;
	result = rpc_reply_null(request);
	rpc_cancel_all(lsp->rpc);
	return result;
}

static void on_exit_notification(void *ctx, const struct json *params)
{
	struct lsp *lsp = ctx;

	(void)params;
	end(lsp);
}

static void on_set_trace(void *ctx, const struct json *params)
{
	set_trace(ctx, json_string(json_get(params, "value")));
}

/* --- the table --- */

static const struct rpc_method methods[] = {
	{ .name = "initialize", .request = on_initialize },
	{ .name = "initialized", .notification = on_initialized },
	{ .name = "shutdown", .request = on_shutdown },
	{ .name = "exit", .notification = on_exit_notification },
	{ .name = "$/setTrace", .notification = on_set_trace },
	{ .name = "textDocument/didOpen", .notification = lsp_did_open },
	{ .name = "textDocument/didChange", .notification = lsp_did_change },
	{ .name = "textDocument/didClose", .notification = lsp_did_close },
	{ .name = "textDocument/didSave", .notification = lsp_did_save },
	{ .name = "notebookDocument/didOpen", .notification = lsp_did_open_notebook },
	{ .name = "notebookDocument/didChange", .notification = lsp_did_change_notebook },
	{ .name = "notebookDocument/didSave", .notification = lsp_did_save_notebook },
	{ .name = "notebookDocument/didClose", .notification = lsp_did_close_notebook },
	{ .name = "textDocument/inlineCompletion", .request = lsp_inline_completion },
	{ .name = "completion/explain", .request = lsp_explain_completion },
	{ .name = "textDocument/didShowCompletion", .notification = lsp_did_show },
	{ .name = "textDocument/didPartiallyAcceptCompletion", .notification = lsp_did_partially_accept },
	{ .name = "textDocument/codeAction", .request = lsp_code_action },
	{ .name = "window/workDoneProgress/cancel", .notification = lsp_cancel_work },
	{ .name = "workspace/executeCommand", .request = lsp_execute_command },
	{ .name = "workspace/didChangeConfiguration", .notification = lsp_did_change_configuration },
	{ .name = "workspace/didChangeWorkspaceFolders", .notification = lsp_did_change_folders },
	{ .name = "chat/complete", .request = lsp_chat_complete },
	{ .name = "chat/send", .request = lsp_chat_send },
	{ .name = "chat/regenerate", .request = lsp_chat_regenerate },
	{ .name = "chat/list", .request = lsp_chat_list },
	{ .name = "chat/get", .request = lsp_chat_get },
	{ .name = "chat/rename", .request = lsp_chat_rename },
	{ .name = "chat/delete", .request = lsp_chat_delete },
	{ .name = "chat/export", .request = lsp_chat_export },
	{ .name = "chat/commands", .request = lsp_chat_commands },
	{ .name = "edit/propose", .request = lsp_edit_propose },
	{ .name = "models/list", .request = lsp_models_list },
	{ .name = "budget/get", .request = lsp_budget_get },
	{ .name = NULL },
};

static bool admit(void *ctx, const struct rpc_method *method, bool is_request, struct err *err)
{
	struct lsp *lsp = ctx;
	bool is_initialize = method && method->request == on_initialize;
	bool is_exit = method && method->notification == on_exit_notification;

	switch (lsp->state) {
	case LSP_STARTED:
		if ((is_request && is_initialize) || (!is_request && is_exit))
			return true;
		err_set(err, ERR_NOT_INITIALIZED, "the first request must be initialize");
		return false;
	case LSP_INITIALIZED:
		if (!is_request || !is_initialize)
			return true;
		err_set(err, ERR_INVALID_REQUEST, "initialize was already received");
		return false;
	case LSP_SHUT_DOWN:
		if (!is_request && is_exit)
			return true;
		err_set(err, ERR_INVALID_REQUEST, "after shutdown only exit is allowed");
		return false;
	}
	return false;
}

/* --- the client's end of the line --- */

void lsp_show_message(struct lsp *lsp, enum lsp_message type, const char *text)
{
	struct json_writer *w;

	if (!lsp->client_ready || lsp->state != LSP_INITIALIZED)
		return;
	w = rpc_notify_begin(lsp->rpc, "window/showMessage");
	json_begin_object(w, NULL);
	json_put_kint(w, "type", type);
	json_put_kstring(w, "message", text);
	json_end_object(w);
	rpc_notify_end(lsp->rpc);
}

static void on_trouble(void *ctx, const char *sentence)
{
	lsp_show_message(ctx, LSP_MESSAGE_WARNING, sentence);
}

/* Log lines that an editor's user should find: as window/logMessage, or as $/logTrace where the client traces. */
static void on_log(void *ctx, enum log_level level, const char *line)
{
	struct lsp *lsp = ctx;
	bool is_message = level <= LOG_WARN;
	struct json_writer *w;

	if (!lsp->client_ready || lsp->state != LSP_INITIALIZED)
		return;
	if (!is_message && (lsp->trace == LSP_TRACE_OFF || (level > LOG_INFO && lsp->trace != LSP_TRACE_VERBOSE)))
		return;
	w = rpc_notify_begin(lsp->rpc, is_message ? "window/logMessage" : "$/logTrace");
	json_begin_object(w, NULL);
	if (is_message)
		json_put_kint(w, "type", level == LOG_BROKEN ? LSP_MESSAGE_ERROR : LSP_MESSAGE_WARNING);
	json_put_kstring(w, "message", line);
	json_end_object(w);
	rpc_notify_end(lsp->rpc);
}

/* Calls began or ended, here or in another process, or a block is over. */
static void on_change(void *ctx)
{
	lsp_update_status(ctx);
}

/* --- the program --- */

static void release(struct lsp *lsp)
{
	log_set_listener(NULL, NULL, LOG_BROKEN);
	upstream_on_change(lsp->app.upstream, NULL, NULL);
	budget_on_change(lsp->app.budget, NULL, NULL);
	lsp_completions_free(lsp);
	lsp_explanations_free(lsp);
	lsp_turns_free(lsp);
	lsp_edits_free(lsp);
	lsp_notebooks_free(lsp);
	lsp_actions_free(lsp);
	lsp_models_free(lsp);
	lsp_local_free(lsp);
	lsp_chat_queries_free(lsp);
	server_release(&lsp->server);
	strbuf_release(&lsp->warnings);
	free(lsp->status);
	app_release(&lsp->app);
}

int lsp_serve(const struct app_options *options)
{
	struct lsp lsp = { .state = LSP_STARTED };
	struct rpc_config config = { .methods = methods, .always = "shutdown", .admit = admit, .ctx = &lsp };
	int out = server_claim_stdout();
	int code;

	if (out < 0)
		return 1;
	app_init(&lsp.app, options);
	server_init(&lsp.server, lsp.app.loop);
	server_start_stdio(&lsp.server, out, &config, exit_code);
	lsp.rpc = lsp.server.rpc;
	strbuf_init(&lsp.warnings, KIB(16));
	conversations_on_trouble(lsp.app.conversations, on_trouble, &lsp);
	lsp_load(&lsp);
	upstream_on_change(lsp.app.upstream, on_change, &lsp);
	budget_on_change(lsp.app.budget, on_change, &lsp);
	log_set_listener(on_log, &lsp, LOG_DEBUG);
	code = server_run(&lsp.server);
	release(&lsp);
	return code;
}
