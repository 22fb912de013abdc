/*
 * chat/send and chat/regenerate: a prompt in a conversation that is kept, streamed as $/progress.
 */
#include "lsp_private.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/decode.h"
#include "eke/base/mem.h"
#include "eke/text/uri.h"
#include "lsp_context.h"
#include "lsp_turn.h"

struct send_params {
	const char *chat_id;
	const char *prompt;
	const char *command;
	const struct json *context;
	const char *model;
	const char *endpoint;
	double temperature;
	int64_t max_tokens;
	const char *edit;
	const char *folder;
	const struct json *token;
};

#define AT(member) offsetof(struct send_params, member)
#define WHOM                                                                                                       \
	{ .name = "model", .type = DECODE_STRING, .offset = AT(model) },                                           \
	{ .name = "endpoint", .type = DECODE_STRING, .offset = AT(endpoint) },                                     \
	{ .name = "temperature", .type = DECODE_DOUBLE, .offset = AT(temperature), .min = 0, .max = 2 },           \
	{ .name = "maxTokens", .type = DECODE_INT, .offset = AT(max_tokens), .min = 1, .max = 10000000 },          \
	{ .name = "streamToken", .type = DECODE_ANY, .offset = AT(token) }

static const struct decode_field send_fields[] = {
	{ .name = "chatId", .type = DECODE_STRING, .offset = AT(chat_id) },
	{ .name = "prompt", .type = DECODE_STRING, .offset = AT(prompt) },
	{ .name = "command", .type = DECODE_STRING, .offset = AT(command) },
	{ .name = "context", .type = DECODE_ARRAY, .offset = AT(context) },
	{ .name = "editTurnId", .type = DECODE_STRING, .offset = AT(edit) },
	{ .name = "folder", .type = DECODE_STRING, .offset = AT(folder) },
	WHOM,
	{ .name = NULL },
};

static const struct decode_field regenerate_fields[] = {
	{ .name = "chatId", .type = DECODE_STRING, .required = true, .offset = AT(chat_id) },
	WHOM,
	{ .name = NULL },
};

static void write_answer(struct lsp *lsp, const struct conversation_answer *answer, struct strbuf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_begin_object(&w, NULL);
	json_put_kstring(&w, "chatId", answer->begun.chat_id);
	json_put_kstring(&w, "turnId", answer->begun.turn_id);
	json_put_kstring(&w, "questionTurnId", answer->begun.question_id);
	json_put_kstring(&w, "title", answer->begun.title);
	json_put_kstringn(&w, "text", answer->chat->answer->text, answer->chat->answer->text_len);
	if (answer->retrieved->count)
		lsp_write_snippets(&w, answer->retrieved);
	lsp_write_answer(lsp, answer->chat, answer->trimmed, answer->trimmed_count, &w);
	json_end_object(&w);
	json_writer_end(&w);
}

/* A chat that was not there before: who cancels its first prompt, or sees it fail, has its id nevertheless. */
static void on_begun(void *ctx, const struct conversation_begun *begun)
{
	struct lsp_turn *turn = ctx;
	struct json_writer *w;

	if (!begun->is_new || !turn->lsp->client_ready)
		return;
	w = rpc_notify_begin(turn->lsp->rpc, "eke/didCreateChat");
	json_begin_object(w, NULL);
	json_put_kstring(w, "chatId", begun->chat_id);
	json_put_kstring(w, "title", begun->title);
	json_put_kstring(w, "questionTurnId", begun->question_id);
	json_put_kstring(w, "turnId", begun->turn_id);
	json_end_object(w);
	rpc_notify_end(turn->lsp->rpc);
}

static void on_done(void *ctx, const struct conversation_answer *answer, const struct err *err)
{
	struct lsp_turn *turn = ctx;
	struct strbuf result;

	if (!answer) {
		if (lsp_is_endpoints(err))
			lsp_turn_finish(turn, err);
		else
			lsp_update_status(turn->lsp);
		lsp_turn_fail(turn, err);
		return;
	}
	lsp_turn_finish(turn, answer->chat->answer->trouble);
	strbuf_init(&result, LIMIT_OUT_QUEUE);
	write_answer(turn->lsp, answer, &result);
	lsp_turn_answer(turn, &result);
}

static void go_on(struct lsp *lsp, uint64_t id, bool yes)
{
	conversations_go_on(lsp->app.conversations, id, yes);
}

static void cancel(struct lsp *lsp, uint64_t id)
{
	conversations_cancel(lsp->app.conversations, id);
}

static const struct lsp_turn_kind kind = { .go_on = go_on, .cancel = cancel };

static struct rpc_result *ask(struct lsp *lsp, struct rpc_request *request, const struct send_params *p,
	const struct lsp_context *context, const char *folder, bool again)
{
	struct conversation_callbacks callbacks = {
		.begun = on_begun, .delta = lsp_turn_on_delta, .ask = lsp_turn_on_ask, .done = on_done
	};
	struct conversation_question question = { .chat_id = p->chat_id,
						  .prompt = p->prompt,
						  .command = p->command,
						  .context = context->items,
						  .context_count = context->count,
						  .folder = folder,
						  .endpoint = p->endpoint,
						  .model = p->model,
						  .temperature = p->temperature,
						  .max_tokens = p->max_tokens,
						  .edit_turn_id = p->edit,
						  .again = again };
	struct lsp_turn *turn = lsp_turn_new(lsp, request, p->token, &kind);
	struct err err = ERR_INIT;

	callbacks.ctx = turn;
	return lsp_turn_start(
		turn, request, conversations_ask(lsp->app.conversations, &question, &callbacks, &err), &err);
}

struct rpc_result *lsp_chat_send(void *ctx, struct rpc_request *request, const struct json *params)
{
	struct lsp *lsp = ctx;
	struct send_params p = { .temperature = -1 };
	struct lsp_context context;
	struct rpc_result *result;
	char *folder;
	struct err err;

	lsp_refresh(lsp);
	if (!decode(params, send_fields, "params", &p, &err))
		return rpc_fail(request, &err);
	folder = p.folder ? uri_to_path(p.folder) : NULL;
	if (p.folder && !folder) {
		err_set(&err, ERR_INVALID_PARAMS, "params.folder is no folder of this machine: %.400s", p.folder);
		return rpc_fail(request, &err);
	}
	result = lsp_context_decode(p.context, &context, &err) ? ask(lsp, request, &p, &context, folder, false) :
								 rpc_fail(request, &err);
	lsp_context_release(&context);
	free(folder);
	return result;
}

struct rpc_result *lsp_chat_regenerate(void *ctx, struct rpc_request *request, const struct json *params)
{
	struct lsp *lsp = ctx;
	struct send_params p = { .temperature = -1 };
	struct lsp_context none = { .count = 0 };
	struct err err;

	lsp_refresh(lsp);
	if (!decode(params, regenerate_fields, "params", &p, &err))
		return rpc_fail(request, &err);
	return ask(lsp, request, &p, &none, NULL, true);
}
