/*
 * Stateless chat. A turn lives from chat_start() to its answer or cancellation.
 */
#include "eke/chat/chat.h"

#include <stdlib.h>

#include "eke/base/mem.h"
#include "eke/upstream/tokens.h"

struct turn {
	uint64_t id; /* the call's */
	struct chat *chat;
	struct endpoint *endpoint; /* ref */
	struct chat_callbacks callbacks;
	char *model;       /* as asked for */
	size_t raw_tokens; /* tokens_estimate_messages() of what was sent */
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

static void turn_release(void *p)
{
	struct turn *turn = p;

	free(turn->model);
	free(turn);
}

static void turn_end(struct turn *turn)
{
	struct turn **at = &turn->chat->turns;

	while (*at != turn)
		at = &(*at)->next;
	*at = turn->next;
	endpoint_unref(turn->endpoint);
	loop_defer_free(upstream_loop(turn->chat->upstream), turn, turn_release);
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

/* What the endpoint says of the prompt's length goes into the next estimate. */
static void learn(const struct turn *turn, const struct call_answer *answer, const struct err *err)
{
	struct token_scales *scales = upstream_token_scales(turn->chat->upstream);
	const char *endpoint = endpoint_name(turn->endpoint);
	int64_t cap = endpoint_config(turn->endpoint)->plan->max_prompt_tokens;

	if (answer && answer->usage.present)
		tokens_learn(scales, endpoint, turn->model, turn->raw_tokens, answer->usage.prompt_tokens);
	else if (err && err->kind == ERR_PROMPT_TOO_LONG && cap)
		tokens_refused(scales, endpoint, turn->model, turn->raw_tokens, cap);
}

static struct wire_usage estimate_usage(const struct turn *turn, const struct call_answer *answer)
{
	struct wire_usage usage = { .present = false };

	usage.prompt_tokens = (int64_t)tokens_of(upstream_token_scales(turn->chat->upstream), endpoint_name(turn->endpoint),
						 turn->model, turn->raw_tokens);
	usage.completion_tokens = (int64_t)(tokens_estimate(answer->text, answer->text_len) +
					    tokens_estimate(answer->reasoning, answer->reasoning_len));
	usage.total_tokens = usage.prompt_tokens + usage.completion_tokens;
	return usage;
}

static void on_done(void *ctx, const struct call_answer *answer, const struct err *err)
{
	struct turn *turn = ctx;
	struct chat_answer told;

	learn(turn, answer, err);
	if (answer) {
		told = (struct chat_answer){ .endpoint = endpoint_name(turn->endpoint),
					     .endpoint_config = endpoint_config(turn->endpoint),
					     .answer = answer,
					     .usage_estimated = !answer->usage.present,
					     .usage = answer->usage.present ? answer->usage : estimate_usage(turn, answer) };
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
	turn->model = xstrdup(request->model ? request->model : endpoint_chat_model(endpoint));
	turn->raw_tokens = tokens_estimate_messages(request->messages, request->count);
	call_callbacks.ctx = turn;
	spec = (struct call_spec){
		.endpoint = endpoint,
		.purpose = CALL_CHAT,
		.request = { .api = WIRE_CHAT,
			     .model = turn->model,
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
