/*
 * chat/complete: the stateless chat, streamed as $/progress.
 */
#include "lsp_private.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/decode.h"
#include "eke/base/mem.h"
#include "lsp_turn.h"

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
		err_set(err, ERR_PROMPT_TOO_LONG, "the messages have %zu bytes; at most %zu are sent", total,
			LIMIT_CHAT_PROMPT);
		free(messages);
		return NULL;
	}
	return messages;
}

static void write_answer(struct lsp *lsp, const struct chat_answer *answer, struct strbuf *out)
{
	const struct call_answer *a = answer->answer;
	struct json_writer w;

	json_writer_init(&w, out);
	json_begin_object(&w, NULL);
	json_begin_object(&w, "message");
	json_put_kstring(&w, "role", "assistant");
	json_put_kstringn(&w, "content", a->text, a->text_len);
	json_end_object(&w);
	lsp_write_answer(lsp, answer, answer->trimmed, answer->trimmed_count, &w);
	json_end_object(&w);
	json_writer_end(&w);
}

static void on_done(void *ctx, const struct chat_answer *answer, const struct err *err)
{
	struct lsp_turn *turn = ctx;
	struct strbuf result;

	lsp_turn_finish(turn, answer ? answer->answer->trouble : err);
	if (!answer) {
		lsp_turn_fail(turn, err);
		return;
	}
	strbuf_init(&result, LIMIT_OUT_QUEUE);
	write_answer(turn->lsp, answer, &result);
	lsp_turn_answer(turn, &result);
}

static void go_on(struct lsp *lsp, uint64_t id, bool yes)
{
	chat_go_on(lsp->app.chat, id, yes);
}

static void cancel(struct lsp *lsp, uint64_t id)
{
	chat_cancel(lsp->app.chat, id);
}

static const struct lsp_turn_kind kind = { .go_on = go_on, .cancel = cancel };

struct rpc_result *lsp_chat_complete(void *ctx, struct rpc_request *request, const struct json *params)
{
	struct lsp *lsp = ctx;
	struct chat_params p = { .temperature = -1 };
	struct chat_callbacks callbacks = { .delta = lsp_turn_on_delta, .ask = lsp_turn_on_ask, .done = on_done };
	struct chat_request wanted;
	struct request_message *messages;
	struct lsp_turn *turn;
	size_t count;
	uint64_t id;
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
	turn = lsp_turn_new(lsp, request, p.token, &kind);
	callbacks.ctx = turn;
	id = chat_start(lsp->app.chat, &wanted, &callbacks, &err);
	free(messages);
	return lsp_turn_start(turn, request, id, &err);
}
