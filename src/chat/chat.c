/*
 * Stateless chat. A turn lives from chat_start() to its answer or cancellation.
 */
#include "eke/chat/chat.h"

#include <stdlib.h>

#include "eke/base/mem.h"
#include "eke/complete/prompt.h"

/* What a message's frame takes in the chat formats of OpenAI's models. */
#define TOKENS_PER_MESSAGE 4

struct turn {
	uint64_t id; /* the call's */
	struct chat *chat;
	struct endpoint *endpoint; /* ref */
	struct chat_callbacks callbacks;
	int64_t prompt_tokens; /* estimate */
	struct turn *next;
};

struct chat {
	struct upstream *upstream;
	struct config *config; /* ref */
	struct turn *turns;
};

struct chat *chat_new(struct upstream *upstream)
{
	struct chat *chat = xcalloc(1, sizeof(*chat));

	chat->upstream = upstream;
	return chat;
}

static void turn_end(struct turn *turn)
{
	struct turn **at = &turn->chat->turns;

	while (*at != turn)
		at = &(*at)->next;
	*at = turn->next;
	endpoint_unref(turn->endpoint);
	loop_defer_free(upstream_loop(turn->chat->upstream), turn, free);
}

void chat_free(struct chat *chat)
{
	if (!chat)
		return;
	while (chat->turns)
		chat_cancel(chat, chat->turns->id);
	config_unref(chat->config);
	free(chat);
}

void chat_configure(struct chat *chat, struct config *config)
{
	config_ref(config);
	config_unref(chat->config);
	chat->config = config;
}

static void on_delta(void *ctx, bool reasoning, const char *text, size_t len)
{
	struct turn *turn = ctx;

	if (turn->callbacks.delta)
		turn->callbacks.delta(turn->callbacks.ctx, reasoning, text, len);
}

static void on_done(void *ctx, const struct call_answer *answer, const struct err *err)
{
	struct turn *turn = ctx;
	struct chat_answer told;

	if (answer) {
		told = (struct chat_answer){ .endpoint = endpoint_name(turn->endpoint),
					     .endpoint_config = endpoint_config(turn->endpoint),
					     .answer = answer,
					     .usage_estimated = !answer->usage.present,
					     .usage = answer->usage };
		if (told.usage_estimated) {
			told.usage.prompt_tokens = turn->prompt_tokens;
			told.usage.completion_tokens = (int64_t)(prompt_tokens(answer->text, answer->text_len) +
								 prompt_tokens(answer->reasoning, answer->reasoning_len));
			told.usage.total_tokens = told.usage.prompt_tokens + told.usage.completion_tokens;
		}
	}
	/* The endpoint, and with it the configuration, must outlast the callback. */
	endpoint_ref(turn->endpoint);
	turn_end(turn);
	turn->callbacks.done(turn->callbacks.ctx, answer ? &told : NULL, err);
	endpoint_unref(turn->endpoint);
}

uint64_t chat_start(
	struct chat *chat, const struct chat_request *request, const struct chat_callbacks *callbacks, struct err *err)
{
	struct endpoint *endpoint = upstream_find(chat->upstream, request->endpoint, err);
	const struct config_chat *defaults = &chat->config->chat;
	struct call_callbacks call_callbacks = { .delta = on_delta, .done = on_done };
	struct call_spec spec;
	struct turn *turn;

	if (!endpoint)
		return 0;
	turn = xcalloc(1, sizeof(*turn));
	turn->chat = chat;
	turn->endpoint = endpoint_ref(endpoint);
	turn->callbacks = *callbacks;
	for (size_t i = 0; i < request->count; i++)
		turn->prompt_tokens += TOKENS_PER_MESSAGE +
				       (int64_t)prompt_tokens(request->messages[i].content, request->messages[i].content_len);
	call_callbacks.ctx = turn;
	spec = (struct call_spec){
		.endpoint = endpoint,
		.purpose = CALL_CHAT,
		.request = { .api = WIRE_CHAT,
			     .model = request->model ? request->model : endpoint_chat_model(endpoint),
			     .messages = request->messages,
			     .message_count = request->count,
			     .max_tokens = request->max_tokens ? request->max_tokens : defaults->max_tokens,
			     .temperature = request->temperature >= 0 ? request->temperature : defaults->temperature,
			     .stream = true,
			     .stream_options = endpoint_config(endpoint)->stream_options },
	};
	turn->next = chat->turns;
	chat->turns = turn;
	turn->id = call_start(chat->upstream, &spec, &call_callbacks);
	return turn->id;
}

void chat_cancel(struct chat *chat, uint64_t id)
{
	struct turn *turn = chat->turns;

	while (turn && turn->id != id)
		turn = turn->next;
	if (!turn)
		return;
	call_cancel(chat->upstream, id);
	turn_end(turn);
}
