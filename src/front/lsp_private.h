#ifndef EKE_FRONT_LSP_PRIVATE_H
#define EKE_FRONT_LSP_PRIVATE_H
/*
 * The LSP front end's body, shared by src/front/lsp*.c. Handlers decode, call one engine, and answer.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "eke/front/app.h"
#include "eke/front/server.h"
#include "eke/rpc/outgoing.h"
#include "eke/rpc/rpc.h"
#include "eke/rpc/stream.h"
#include "eke/text/position.h"

/* LSP 3.18, "Server lifecycle". */
enum lsp_state {
	LSP_STARTED,     /* waits for initialize */
	LSP_INITIALIZED, /* works */
	LSP_SHUT_DOWN,   /* waits for exit */
};

/* MessageType of window/logMessage and window/showMessage. */
enum lsp_message { LSP_MESSAGE_ERROR = 1, LSP_MESSAGE_WARNING = 2, LSP_MESSAGE_INFO = 3 };

enum lsp_trace { LSP_TRACE_OFF, LSP_TRACE_MESSAGES, LSP_TRACE_VERBOSE };

struct lsp_turn;
struct lsp_completion;
struct lsp_explanation;
struct lsp_edit;
struct lsp_models;
struct lsp_local;
struct lsp_chat_query;
struct lsp_action;
struct lsp_work;

/* What the client can do beside the least that LSP wants. */
struct lsp_client {
	bool show_document;
	bool work_done; /* it makes tokens for work that it is told about */
	bool apply_edit;
	bool document_changes; /* edits may name a version */
	bool action_literals;  /* code actions may be more than commands */
};

struct lsp {
	struct app app;
	struct server server;
	struct rpc *rpc; /* the server's */
	enum lsp_state state;
	struct lsp_client client;
	bool client_ready; /* `initialized` came: notifications may be sent */
	enum lsp_trace trace;
	struct strbuf warnings; /* about the configuration, until the client is ready; lines */
	char *status;           /* what the last eke/didChangeStatus was about, or NULL */
	struct err trouble;     /* of the last request; kind ERR_NONE: it went well */
	struct err config_err;  /* why the configuration in the file is not in force */
	struct lsp_turn *turns;
	struct lsp_completion *completions;
	struct lsp_explanation *explanations;
	struct lsp_models *models;
	struct lsp_chat_query *chat_queries;
	struct lsp_edit *edits;
	struct lsp_notebook *notebooks;
	uint64_t last_notebook;
	struct lsp_action *actions;
	struct lsp_work *works;
	uint64_t last_work;
	char **passing_answers; /* files that are to go when the program ends */
	size_t passing_answer_count;
	struct lsp_local *local;
};

/* lsp.c */
void lsp_show_message(struct lsp *lsp, enum lsp_message type, const char *text);
/* Reads the configuration again if its file has changed. */
void lsp_refresh(struct lsp *lsp);

/* lsp_settings.c */
rpc_notification_fn lsp_did_change_configuration;
void lsp_take_settings(struct lsp *lsp, const struct json *settings);
void lsp_load(struct lsp *lsp);
/*
 * A request failed with err. Where there is no endpoint because the configuration is wrong, that is the reason to tell;
 * else what else could serve.
 */
void lsp_explain(struct lsp *lsp, struct err *err);

/* lsp_documents.c */
rpc_notification_fn lsp_did_open, lsp_did_change, lsp_did_close, lsp_did_save;

/* lsp_completion.c */
rpc_request_fn lsp_inline_completion;
rpc_notification_fn lsp_did_show, lsp_did_partially_accept;
void lsp_completions_free(struct lsp *lsp);
/* What became of the item whose command has these arguments. */
void lsp_note_item(struct lsp *lsp, const struct json *arguments, enum engine_event event);

/* lsp_explain.c */
rpc_request_fn lsp_explain_completion;
void lsp_explanations_free(struct lsp *lsp);

/* lsp_command.c */
rpc_request_fn lsp_execute_command;
/* Writes the member "commands". */
void lsp_write_commands(struct json_writer *w);

/* lsp_chat.c, lsp_conversation.c, lsp_conversations.c; lsp_turn.c */
rpc_request_fn lsp_chat_complete, lsp_chat_send, lsp_chat_regenerate;
rpc_request_fn lsp_chat_list, lsp_chat_get, lsp_chat_rename, lsp_chat_delete, lsp_chat_export, lsp_chat_commands;
void lsp_turns_free(struct lsp *lsp);
void lsp_chat_queries_free(struct lsp *lsp);

/* lsp_folders.c: the workspace's folders, as initialize and workspace/didChangeWorkspaceFolders tell them. */
void lsp_take_folders(struct lsp *lsp, const struct json *folders, const char *root_uri, const char *root_path);
rpc_notification_fn lsp_did_change_folders;

/* lsp_client.c */
void lsp_take_client(struct lsp *lsp, const struct json *capabilities);

/* lsp_consent.c: asks the user; a number as of rpc_call_end(). lsp_is_consent() takes what fn got. */
uint64_t lsp_ask_consent(
	struct lsp *lsp, const struct config_endpoint *other, const struct err *err, rpc_response_fn *fn, void *ctx);
bool lsp_is_consent(const struct json *result, const struct err *err);

/* lsp_work.c: window/workDoneProgress/cancel */
rpc_notification_fn lsp_cancel_work;

/* lsp_actions.c, lsp_action_run.c */
rpc_request_fn lsp_code_action;
/* The command eke.command. */
struct rpc_result *lsp_run_action(struct lsp *lsp, struct rpc_request *request, const struct json *params);
void lsp_actions_free(struct lsp *lsp);

/* lsp_edit.c */
rpc_request_fn lsp_edit_propose;
void lsp_edits_free(struct lsp *lsp);
/* Cells of a notebook are documents: TextDocumentItem, { document, changes }, TextDocumentIdentifier. */
void lsp_open_cell(struct lsp *lsp, const char *method, const struct json *item);
void lsp_change_cell(struct lsp *lsp, const char *method, const struct json *change);
void lsp_close_cell(struct lsp *lsp, const char *method, const struct json *item);
/* lsp_notebook.c */
void lsp_did_open_notebook(void *ctx, const struct json *params);
void lsp_did_change_notebook(void *ctx, const struct json *params);
void lsp_did_save_notebook(void *ctx, const struct json *params);
void lsp_did_close_notebook(void *ctx, const struct json *params);
void lsp_notebooks_free(struct lsp *lsp);
/* Member "context" of a result: what goes along with a prompt. */
void lsp_write_snippets(struct json_writer *w, const struct snippets *snippets);
void lsp_write_text_edit(struct json_writer *w, const struct edit_change *change);
void lsp_write_workspace_edit(struct json_writer *w, const struct edit_proposal *proposal);

/* lsp_models.c */
rpc_request_fn lsp_models_list;
void lsp_models_free(struct lsp *lsp);

/*
 * lsp_local.c: a server on this machine, offered where nothing is configured. Looks for one: at the start, or because
 * something was asked for, which then counts only if there is none yet, and if it is time.
 */
void lsp_local_look(struct lsp *lsp, bool asked_for);
/* The one that was found and is not in use; NULL: none. */
const struct local_server *lsp_local_found(const struct lsp *lsp);
void lsp_local_free(struct lsp *lsp);

/* lsp_budget.c */
rpc_request_fn lsp_budget_get;
/* Writes the array of all endpoints' budgets under the key "budgets". */
void lsp_write_budgets(const struct lsp *lsp, struct json_writer *w);

/* lsp_status.c: sends eke/didChangeStatus if it differs from the last. */
void lsp_update_status(struct lsp *lsp);
/* A request to an endpoint ended: err NULL, it went well. */
void lsp_note_outcome(struct lsp *lsp, const struct err *err);
/* What the params, or the machine, were to blame for says nothing of the endpoint. */
bool lsp_is_endpoints(const struct err *err);

/* lsp_progress.c: a stream of $/progress under the client's token; NULL if `token` is none. */
struct lsp_progress;
struct lsp_progress *lsp_progress_new(struct lsp *lsp, const struct json *token);
void lsp_progress_add(struct lsp_progress *progress, bool reasoning, const char *text, size_t len);
/* What is left goes out now: the answer follows. */
void lsp_progress_finish(struct lsp_progress *progress);
void lsp_progress_free(struct lsp_progress *progress);

#endif
