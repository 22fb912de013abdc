/*
 * Stateless chat. A turn lives from chat_start() to its answer or cancellation.
 */
#include "eke/chat/chat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"
#include "eke/chat/trim.h"
#include "eke/upstream/tokens.h"

struct turn {
	uint64_t id; /* the call's */
	struct chat *chat;
	struct endpoint *endpoint; /* ref */
	struct chat_callbacks callbacks;
	char *model;       /* as asked for */
	size_t raw_tokens; /* tokens_estimate_messages() of what was sent */
	char trimmed[TRIM_LINES][TRIM_LINE_SIZE];
	const char *trimmed_lines[TRIM_LINES];
	size_t trimmed_count;
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
					     .usage = answer->usage.present ? answer->usage : estimate_usage(turn, answer),
					     .trimmed = turn->trimmed_lines,
					     .trimmed_count = turn->trimmed_count };
	}
	/* The endpoint, and with it the configuration, must outlast the callback. */
	endpoint_ref(turn->endpoint);
	turn_end(turn);
	turn->callbacks.done(turn->callbacks.ctx, answer ? &told : NULL, err);
	endpoint_unref(turn->endpoint);
}

/* --- the plan's cap --- */

/* The last message of the user; where there is none, the last of all. */
static size_t question_of(const struct chat_request *request)
{
	size_t i = request->count;

	while (i-- > 0)
		if (!strcmp(request->messages[i].role, "user"))
			return i;
	return request->count - 1;
}

static void fill_items(const struct turn *turn, const struct chat_request *request, struct trim_item *items)
{
	const struct token_scales *scales = upstream_token_scales(turn->chat->upstream);
	size_t question = question_of(request);

	for (size_t i = 0; i < request->count; i++) {
		const struct request_message *m = &request->messages[i];
		bool spoken = !strcmp(m->role, "user") || !strcmp(m->role, "assistant");
		size_t raw = TOKENS_PER_MESSAGE + tokens_estimate(m->content, m->content_len);

		items[i].class = i >= question ? TRIM_QUESTION : spoken ? TRIM_HISTORY : TRIM_SYSTEM;
		items[i].from_model = !strcmp(m->role, "assistant");
		items[i].tokens = tokens_of(scales, endpoint_name(turn->endpoint), turn->model, raw);
	}
}

static void too_long(const struct turn *turn, const struct trim_item *items, size_t count, size_t frame,
	struct err *err)
{
	const struct plan *plan = endpoint_config(turn->endpoint)->plan;
	size_t all = trim_least(items, count) + frame;
	size_t question = frame;
	bool alone;

	for (size_t i = 0; i < count; i++)
		question += items[i].class == TRIM_QUESTION ? items[i].tokens : 0;
	alone = question > (size_t)plan->max_prompt_tokens;
	err_set(err, ERR_PROMPT_TOO_LONG,
		"the question %s about %zu tokens; the plan %s allows %lld: shorten it, or use another endpoint",
		alone ? "alone has" : "and the system message have", alone ? question : all, plan->name,
		(long long)plan->max_prompt_tokens);
	snprintf(err->endpoint, sizeof(err->endpoint), "%s", endpoint_name(turn->endpoint));
}

/* Copies to `kept` what goes out; *count is how many. False with ERR_PROMPT_TOO_LONG if nothing can. */
static bool keep_to_cap(struct turn *turn, const struct chat_request *request, struct request_message *kept,
	size_t *count, struct err *err)
{
	size_t cap = (size_t)endpoint_config(turn->endpoint)->plan->max_prompt_tokens;
	size_t frame = tokens_of(upstream_token_scales(turn->chat->upstream), endpoint_name(turn->endpoint), turn->model,
				 TOKENS_PER_PROMPT);
	struct trim_item *items;
	struct trim_cut cut;
	bool *keep;
	bool fits;

	*count = request->count;
	memcpy(kept, request->messages, request->count * sizeof(*kept));
	if (!cap)
		return true;
	items = xcalloc(request->count, sizeof(*items));
	keep = xcalloc(request->count, sizeof(*keep));
	fill_items(turn, request, items);
	fits = trim_least(items, request->count) + frame <= cap;
	if (fits) {
		trim_choose(items, request->count, cap - frame, keep, &cut);
		*count = 0;
		for (size_t i = 0; i < request->count; i++)
			if (keep[i])
				kept[(*count)++] = request->messages[i];
		turn->trimmed_count = trim_describe(&cut, turn->trimmed);
		for (size_t i = 0; i < turn->trimmed_count; i++)
			turn->trimmed_lines[i] = turn->trimmed[i];
	} else {
		too_long(turn, items, request->count, frame, err);
	}
	free(items);
	free(keep);
	return fits;
}

uint64_t chat_start(
	struct chat *chat, const struct chat_request *request, const struct chat_callbacks *callbacks, struct err *err)
{
	struct endpoint *endpoint = upstream_find(chat->upstream, request->endpoint, err);
	const struct config_chat *defaults = &chat->config->chat;
	struct call_callbacks call_callbacks = { .delta = on_delta, .done = on_done };
	struct request_message *kept;
	struct call_spec spec;
	struct turn *turn;
	size_t count;

	if (!endpoint)
		return 0;
	turn = xcalloc(1, sizeof(*turn));
	turn->chat = chat;
	turn->endpoint = endpoint_ref(endpoint);
	turn->callbacks = *callbacks;
	turn->model = xstrdup(request->model ? request->model : endpoint_chat_model(endpoint));
	turn->next = chat->turns;
	chat->turns = turn;
	kept = xcalloc(request->count, sizeof(*kept));
	if (!keep_to_cap(turn, request, kept, &count, err)) {
		free(kept);
		turn_end(turn);
		return 0;
	}
	turn->raw_tokens = tokens_estimate_messages(kept, count);
	call_callbacks.ctx = turn;
	spec = (struct call_spec){
		.endpoint = endpoint,
		.purpose = CALL_CHAT,
		.request = { .api = WIRE_CHAT,
			     .model = turn->model,
			     .messages = kept,
			     .message_count = count,
			     .max_tokens = request->max_tokens ? request->max_tokens : defaults->max_tokens,
			     .temperature = request->temperature >= 0 ? request->temperature : defaults->temperature,
			     .stream = true,
			     .stream_options = endpoint_config(endpoint)->stream_options },
	};
	turn->id = call_start(chat->upstream, &spec, &call_callbacks);
	free(kept);
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
