/*
 * chat/complete: the stateless chat, streamed as $/progress. A turn lives from its request to its answer.
 */
#include "lsp_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/decode.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/rpc/outgoing.h"

/* The beginning of the answer that means yes. */
#define CONSENT "Use "

struct lsp_turn {
	struct lsp *lsp;
	uint64_t ticket;
	uint64_t id; /* the chat engine's */
	struct lsp_progress *progress;
	struct strbuf text; /* so far: what a cancelled request still gets */
	uint64_t asking;    /* the client, whether another endpoint may be used; 0: not */
	struct lsp_turn *next;
};

struct chat_params {
	const struct json *messages;
	const char *model;
	const char *endpoint;
	double temperature;
	int64_t max_tokens;
	const struct json *token;
};

static const struct decode_field chat_fields[] = {
	{ .name = "messages", .type = DECODE_ARRAY, .required = true, .offset = offsetof(struct chat_params, messages) },
	{ .name = "model", .type = DECODE_STRING, .offset = offsetof(struct chat_params, model) },
	{ .name = "endpoint", .type = DECODE_STRING, .offset = offsetof(struct chat_params, endpoint) },
	{ .name = "temperature", .type = DECODE_DOUBLE, .offset = offsetof(struct chat_params, temperature),
	  .min = 0, .max = 2 },
	{ .name = "maxTokens", .type = DECODE_INT, .offset = offsetof(struct chat_params, max_tokens),
	  .min = 1, .max = 10000000 },
	{ .name = "streamToken", .type = DECODE_ANY, .offset = offsetof(struct chat_params, token) },
	{ .name = NULL },
};

static void turn_release(void *p)
{
	struct lsp_turn *turn = p;

	lsp_progress_free(turn->progress);
	strbuf_release(&turn->text);
	free(turn);
}

static void turn_end(struct lsp_turn *turn)
{
	struct lsp_turn **at = &turn->lsp->turns;

	while (*at != turn)
		at = &(*at)->next;
	*at = turn->next;
	rpc_call_cancel(turn->lsp->rpc, turn->asking);
	loop_defer_free(turn->lsp->app.loop, turn, turn_release);
}

void lsp_turns_free(struct lsp *lsp)
{
	while (lsp->turns) {
		chat_cancel(lsp->app.chat, lsp->turns->id);
		turn_end(lsp->turns);
	}
}

static bool decode_messages(const struct json *list, struct request_message *out, size_t *total, struct err *err)
{
	static const char *const roles[] = { "system", "developer", "user", "assistant" };
	size_t n = 0;

	*total = 0;
	for (const struct json *m = json_first(list); m; m = json_next(m), n++) {
		const char *role = json_string(json_get(m, "role"));
		const char *content = json_string(json_get(m, "content"));
		size_t i = 0;

		while (role && i < ARRAY_LEN(roles) && strcmp(roles[i], role))
			i++;
		if (!role || i == ARRAY_LEN(roles)) {
			err_set(err, ERR_INVALID_PARAMS,
				"params.messages[%zu].role must be \"system\", \"user\" or \"assistant\"", n);
			return false;
		}
		if (!content) {
			err_set(err, ERR_INVALID_PARAMS, "params.messages[%zu].content must be a string, not %s", n,
				json_type_name(json_get(m, "content")));
			return false;
		}
		out[n] = (struct request_message){ role, content, strlen(content) };
		*total += out[n].content_len;
	}
	return true;
}

/* NULL on failure; owned by the caller. */
static struct request_message *take_messages(const struct json *list, size_t *count, struct err *err)
{
	struct request_message *messages;
	size_t total;

	*count = json_count(list);
	if (!*count || *count > LIMIT_CHAT_MESSAGES) {
		err_set(err, ERR_INVALID_PARAMS, "params.messages must hold from 1 to %d messages, not %zu",
			LIMIT_CHAT_MESSAGES, *count);
		return NULL;
	}
	messages = xcalloc(*count, sizeof(*messages));
	if (!decode_messages(list, messages, &total, err)) {
		free(messages);
		return NULL;
	}
	if (total > LIMIT_CHAT_PROMPT) {
		err_set(err, ERR_PROMPT_TOO_LONG, "the messages have %zu bytes, more than the %zu that eke sends", total,
			LIMIT_CHAT_PROMPT);
		free(messages);
		return NULL;
	}
	return messages;
}

static void write_usage(struct json_writer *w, const struct chat_answer *answer)
{
	json_put_key(w, "usage");
	json_begin_object(w);
	json_put_kint(w, "promptTokens", answer->usage.prompt_tokens);
	json_put_kint(w, "completionTokens", answer->usage.completion_tokens);
	json_put_kint(w, "totalTokens", answer->usage.total_tokens);
	json_put_kbool(w, "estimated", answer->usage_estimated);
	json_end_object(w);
}

static const char *finish_name(enum call_finish finish)
{
	switch (finish) {
	case CALL_STOP:
		return "stop";
	case CALL_LENGTH:
		return "length";
	case CALL_FILTER:
		return "filter";
	case CALL_TRUNCATED:
		return "truncated";
	}
	return "truncated";
}

static void write_answer(struct lsp *lsp, const struct chat_answer *answer, struct strbuf *out)
{
	const struct call_answer *a = answer->answer;
	struct json_writer w;

	json_writer_init(&w, out);
	json_begin_object(&w);
	json_put_key(&w, "message");
	json_begin_object(&w);
	json_put_kstring(&w, "role", "assistant");
	json_put_key(&w, "content");
	json_put_stringn(&w, a->text, a->text_len);
	json_end_object(&w);
	if (a->reasoning_len) {
		json_put_key(&w, "reasoning");
		json_put_stringn(&w, a->reasoning, a->reasoning_len);
	}
	json_put_kstring(&w, "finishReason", finish_name(a->finish));
	if (answer->trimmed_count) {
		json_put_key(&w, "trimmed");
		json_begin_array(&w);
		for (size_t i = 0; i < answer->trimmed_count; i++)
			json_put_string(&w, answer->trimmed[i]);
		json_end_array(&w);
	}
	write_usage(&w, answer);
	json_put_kstring(&w, "model", a->model);
	json_put_kstring(&w, "endpoint", answer->endpoint);
	json_put_key(&w, "budget");
	budget_write(lsp->app.budget, answer->endpoint_config, &w);
	json_end_object(&w);
	json_writer_end(&w);
}

static void on_delta(void *ctx, bool reasoning, const char *text, size_t len)
{
	struct lsp_turn *turn = ctx;

	if (!reasoning)
		strbuf_add(&turn->text, text, len);
	lsp_progress_add(turn->progress, reasoning, text, len);
}

static void on_done(void *ctx, const struct chat_answer *answer, const struct err *err)
{
	struct lsp_turn *turn = ctx;
	struct lsp *lsp = turn->lsp;
	struct strbuf result;

	lsp_progress_finish(turn->progress);
	/* Before the answer: who has that can rely on the status. */
	lsp_note_outcome(lsp, answer ? answer->answer->trouble : err);
	if (answer) {
		strbuf_init(&result, LIMIT_OUT_QUEUE);
		write_answer(lsp, answer, &result);
		rpc_answer(lsp->rpc, turn->ticket, &result);
	} else {
		rpc_answer_error(lsp->rpc, turn->ticket, err, NULL, 0);
	}
	turn_end(turn);
	lsp_check_end(lsp);
}

/* --- may the next endpoint be used? --- */

static void on_consent(void *ctx, const struct json *result, const struct err *err)
{
	struct lsp_turn *turn = ctx;
	const char *title = json_string(json_get(result, "title"));

	turn->asking = 0;
	if (err)
		log_info("the question which endpoint to use went unanswered: %s", err->message);
	chat_go_on(turn->lsp->app.chat, turn->id, title && !strncmp(title, CONSENT, strlen(CONSENT)));
}

static void on_ask(void *ctx, const struct config_endpoint *other, const struct err *err)
{
	struct lsp_turn *turn = ctx;
	struct lsp *lsp = turn->lsp;
	struct json_writer *w = rpc_call_begin(lsp->rpc, "window/showMessageRequest");
	char text[LIMIT_ERR_MESSAGE + 128];

	json_begin_object(w);
	json_put_kint(w, "type", LSP_MESSAGE_WARNING);
	snprintf(text, sizeof(text), "%s. Use %s instead until then?", err->message, other->name);
	json_put_kstring(w, "message", text);
	json_put_key(w, "actions");
	json_begin_array(w);
	json_begin_object(w);
	snprintf(text, sizeof(text), CONSENT "%s", other->name);
	json_put_kstring(w, "title", text);
	json_end_object(w);
	json_begin_object(w);
	json_put_kstring(w, "title", "Not now");
	json_end_object(w);
	json_end_array(w);
	json_end_object(w);
	turn->asking = rpc_call_end(lsp->rpc, on_consent, turn);
	if (!turn->asking)
		chat_go_on(lsp->app.chat, turn->id, false);
}

static void on_cancel(void *ctx, uint64_t ticket)
{
	struct lsp_turn *turn = ctx;
	struct lsp *lsp = turn->lsp;
	struct err err;

	chat_cancel(lsp->app.chat, turn->id);
	lsp_progress_finish(turn->progress);
	err_set(&err, ERR_CANCELLED, "cancelled by the client; data.text is what had arrived");
	rpc_answer_error(lsp->rpc, ticket, &err, turn->text.data, turn->text.len);
	turn_end(turn);
	lsp_update_status(lsp);
}

struct rpc_result *lsp_chat_complete(void *ctx, struct rpc_request *request, const struct json *params)
{
	struct lsp *lsp = ctx;
	struct chat_params p = { .temperature = -1 };
	struct chat_callbacks callbacks = { .delta = on_delta, .ask = on_ask, .done = on_done };
	struct chat_request wanted;
	struct request_message *messages;
	struct lsp_turn *turn;
	size_t count;
	struct err err;

	lsp_refresh(lsp);
	if (!decode(params, chat_fields, "params", &p, &err))
		return rpc_fail(request, &err);
	messages = take_messages(p.messages, &count, &err);
	if (!messages)
		return rpc_fail(request, &err);
	wanted = (struct chat_request){ .endpoint = p.endpoint,
					.model = p.model,
					.messages = messages,
					.count = count,
					.temperature = p.temperature,
					.max_tokens = p.max_tokens };
	turn = xcalloc(1, sizeof(*turn));
	turn->lsp = lsp;
	turn->ticket = rpc_ticket(request);
	strbuf_init(&turn->text, LIMIT_ANSWER);
	callbacks.ctx = turn;
	turn->id = chat_start(lsp->app.chat, &wanted, &callbacks, &err);
	free(messages);
	if (!turn->id) {
		turn_release(turn);
		lsp_explain(lsp, &err);
		return rpc_fail(request, &err);
	}
	turn->progress = lsp_progress_new(lsp, p.token);
	turn->next = lsp->turns;
	lsp->turns = turn;
	lsp_update_status(lsp);
	return rpc_pending(request, on_cancel, turn);
}
