/*
 * Stateless chat. A turn lives from chat_start() to its answer or cancellation; one that was paid for lives on without
 * its caller ("detached"), to its end and then for a while with its answer, until the same is asked again or newer ones
 * push it out.
 */
#include "eke/chat/chat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/list.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/chat/fit.h"
#include "eke/upstream/choose.h"
#include "eke/upstream/tokens.h"
#include "request_copy.h"

/* How long a yes to the next endpoint holds where nobody knows when the first has something again. */
#define ALLOWED_SECONDS 900

enum turn_state {
	TURN_ASKING,
	TURN_CONSENT,  /* waits for chat_go_on() */
	TURN_FINISHED, /* detached, and its answer is kept */
};

struct turn {
	uint64_t id;
	uint64_t call;
	enum turn_state state;
	bool detached; /* nobody waits: callbacks are void */
	struct chat *chat;
	struct request_copy asked;
	struct endpoint *endpoint; /* ref; that is asked */
	struct endpoint *other;    /* ref; TURN_CONSENT: that could be */
	struct err refusal;        /* TURN_CONSENT: the first one's */
	struct chat_callbacks callbacks;
	char *model;       /* as asked for */
	size_t raw_tokens; /* tokens_estimate_messages() of what was sent */
	struct strbuf text; /* so far */
	struct strbuf reasoning;
	size_t text_told; /* of them, to the one who waits */
	size_t reasoning_told;
	struct call_answer answer; /* TURN_FINISHED; its strings are the turn's own */
	char *answered_by;
	char **trimmed; /* owned; sentences */
	size_t trimmed_count;
	struct turn *next; /* the older */
};

struct chat {
	struct upstream *upstream;
	struct config *config; /* ref */
	struct turn *turns;    /* the newest first */
	uint64_t last_id;
};

struct chat *chat_new(struct upstream *upstream)
{
	struct chat *chat = xcalloc(1, sizeof(*chat));

	chat->upstream = upstream;
	return chat;
}

/* --- turns --- */

static void tell_kept(void *ctx);

static void turn_release(void *p)
{
	struct turn *turn = p;

	request_copy_release(&turn->asked);
	for (size_t i = 0; i < turn->trimmed_count; i++)
		free(turn->trimmed[i]);
	free(turn->trimmed);
	strbuf_release(&turn->text);
	strbuf_release(&turn->reasoning);
	free(turn->answered_by);
	free(turn->model);
	free(turn);
}

static void turn_end(struct turn *turn)
{
	list_unlink(turn->chat->turns, turn);
	call_cancel(turn->chat->upstream, turn->call);
	loop_undefer(upstream_loop(turn->chat->upstream), tell_kept, turn);
	endpoint_unref(turn->endpoint);
	endpoint_unref(turn->other);
	loop_defer_free(upstream_loop(turn->chat->upstream), turn, turn_release);
}

static struct turn *find_turn(const struct chat *chat, uint64_t id)
{
	struct turn *turn = chat->turns;

	while (turn && (turn->id != id || turn->detached))
		turn = turn->next;
	return turn;
}

/* Of those that nobody waits for the oldest go when there are too many. */
static void drop_old(struct chat *chat)
{
	struct turn *turn = chat->turns;
	size_t kept = 0;

	while (turn) {
		struct turn *next = turn->next;

		kept += turn->detached;
		if (turn->detached && kept > LIMIT_CHAT_KEPT)
			turn_end(turn);
		turn = next;
	}
}

void chat_free(struct chat *chat)
{
	if (!chat)
		return;
	while (chat->turns)
		turn_end(chat->turns);
	config_unref(chat->config);
	free(chat);
}

void chat_configure(struct chat *chat, struct config *config)
{
	config_ref(config);
	config_unref(chat->config);
	chat->config = config;
}

static void tell_part(struct turn *turn, bool reasoning, const struct strbuf *text, size_t *told)
{
	size_t from = *told;

	*told = text->len;
	if (turn->callbacks.delta && text->len > from)
		turn->callbacks.delta(turn->callbacks.ctx, reasoning, text->data + from, text->len - from);
}

/* Tells what has come and was not told yet. */
static void tell_growth(struct turn *turn)
{
	if (turn->detached)
		return;
	tell_part(turn, true, &turn->reasoning, &turn->reasoning_told);
	tell_part(turn, false, &turn->text, &turn->text_told);
}

static void on_delta(void *ctx, bool reasoning, const char *text, size_t len)
{
	struct turn *turn = ctx;

	strbuf_add(reasoning ? &turn->reasoning : &turn->text, text, len);
	tell_growth(turn);
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

/* Tells the end of a turn that somebody waits for; the turn is over. */
static void tell(struct turn *turn, const struct call_answer *answer, const struct err *err)
{
	struct chat_callbacks callbacks = turn->callbacks;
	struct endpoint *endpoint = endpoint_ref(turn->endpoint);
	struct chat_answer told;

	tell_growth(turn);
	if (answer) {
		told = (struct chat_answer){ .endpoint = endpoint_name(endpoint),
					     .endpoint_config = endpoint_config(endpoint),
					     .source = endpoint,
					     .answer = answer,
					     .usage_estimated = !answer->usage.present,
					     .usage = answer->usage.present ? answer->usage : estimate_usage(turn, answer),
					     .trimmed = (const char *const *)turn->trimmed,
					     .trimmed_count = turn->trimmed_count };
	}
	/* The endpoint, and with it the configuration, outlasts the callback. */
	turn_end(turn);
	callbacks.done(callbacks.ctx, answer ? &told : NULL, err);
	endpoint_unref(endpoint);
}

/* Nobody waits for it now: keeps it. */
static void keep(struct turn *turn, const struct call_answer *answer)
{
	turn->state = TURN_FINISHED;
	strbuf_reset(&turn->text);
	strbuf_add(&turn->text, answer->text, answer->text_len);
	strbuf_reset(&turn->reasoning);
	strbuf_add(&turn->reasoning, answer->reasoning, answer->reasoning_len);
	turn->answered_by = xstrdup(answer->model);
	turn->answer = *answer;
	turn->answer.text = turn->text.data;
	turn->answer.text_len = turn->text.len;
	turn->answer.reasoning = turn->reasoning.data;
	turn->answer.reasoning_len = turn->reasoning.len;
	turn->answer.model = turn->answered_by;
	turn->answer.trouble = NULL;
}

static bool turn_send(struct turn *turn, struct err *err);

/* The endpoint has nothing to give: is there another that may be asked, or that the user could be asked about? */
static bool fall_over(struct turn *turn, const struct err *err)
{
	struct chat *chat = turn->chat;
	struct choice choice;
	struct err trouble;

	if (err->kind != ERR_BUDGET || turn->asked.endpoint || turn->text.len || turn->reasoning.len)
		return false;
	upstream_choose(chat->upstream, CHOOSE_CHAT, BUDGET_EXPLICIT, 0, &choice);
	if (choice.endpoint && choice.endpoint != turn->endpoint) {
		log_info("%s has no requests left now: %s answers instead", endpoint_name(turn->endpoint),
			endpoint_name(choice.endpoint));
		endpoint_unref(turn->endpoint);
		turn->endpoint = endpoint_ref(choice.endpoint);
		return turn_send(turn, &trouble);
	}
	if (!choice.alternative || turn->detached || !turn->callbacks.ask)
		return false;
	turn->state = TURN_CONSENT;
	turn->other = endpoint_ref(choice.alternative);
	turn->refusal = *err;
	turn->callbacks.ask(turn->callbacks.ctx, endpoint_config(turn->other), err);
	return true;
}

static void on_done(void *ctx, const struct call_answer *answer, const struct err *err)
{
	struct turn *turn = ctx;

	turn->call = 0;
	learn(turn, answer, err);
	if (!answer && fall_over(turn, err))
		return;
	if (!turn->detached)
		tell(turn, answer, err);
	else if (answer && answer->finish != CALL_TRUNCATED)
		keep(turn, answer);
	else
		turn_end(turn);
}

void chat_go_on(struct chat *chat, uint64_t id, bool yes)
{
	struct turn *turn = find_turn(chat, id);
	struct err err;

	if (!turn || turn->state != TURN_CONSENT)
		return;
	if (!yes) {
		err = turn->refusal;
		tell(turn, NULL, &err);
		return;
	}
	/* Where no time is known, for the longest back-off. */
	upstream_allow_next(chat->upstream, turn->refusal.retry_at ? turn->refusal.retry_at :
								     clock_wall_ms() / 1000 + ALLOWED_SECONDS);
	endpoint_unref(turn->endpoint);
	turn->endpoint = turn->other;
	turn->other = NULL;
	turn->state = TURN_ASKING;
	if (!turn_send(turn, &err))
		tell(turn, NULL, &err);
}

/* --- sending --- */

static bool fit(struct chat *chat, struct endpoint *endpoint, const char *model, const struct request_copy *asked,
	struct fit *out, struct err *err)
{
	const struct plan *plan = endpoint_config(endpoint)->plan;
	struct fit_spec spec = {
		.messages = asked->messages,
		.classes = asked->classes,
		.count = asked->count,
		.scales = upstream_token_scales(chat->upstream),
		.endpoint = endpoint_name(endpoint),
		.model = model,
		.plan = plan->name,
		.cap = (size_t)plan->max_prompt_tokens,
	};

	return fit_prompt(&spec, out, err);
}

/* What was left out goes with the answer. */
static void take_trimmed(struct turn *turn, struct fit *fit)
{
	for (size_t i = 0; i < turn->trimmed_count; i++)
		free(turn->trimmed[i]);
	free(turn->trimmed);
	turn->trimmed = fit->trimmed;
	turn->trimmed_count = fit->trimmed_count;
	fit->trimmed = NULL;
	fit->trimmed_count = 0;
}

/* Asks turn->endpoint. False with err, and nothing is under way, if the question cannot be made to fit. */
static bool turn_send(struct turn *turn, struct err *err)
{
	const struct config_chat *defaults = &turn->chat->config->chat;
	struct call_callbacks callbacks = { .delta = on_delta, .done = on_done, .ctx = turn };
	const struct request_copy *q = &turn->asked;
	struct call_spec spec;
	struct fit kept;

	free(turn->model);
	turn->model = xstrdup(q->model ? q->model : endpoint_chat_model(turn->endpoint));
	if (!fit(turn->chat, turn->endpoint, turn->model, q, &kept, err))
		return false;
	take_trimmed(turn, &kept);
	turn->raw_tokens = tokens_estimate_messages(kept.messages, kept.count);
	spec = (struct call_spec){
		.endpoint = turn->endpoint,
		.purpose = CALL_CHAT,
		.request = { .dialect = dialect_chat(),
			     .model = turn->model,
			     .messages = kept.messages,
			     .message_count = kept.count,
			     .max_tokens = q->max_tokens ? q->max_tokens : defaults->max_tokens,
			     .temperature = q->temperature >= 0 ? q->temperature : defaults->temperature,
			     .stream = true,
			     .stream_options = endpoint_config(turn->endpoint)->stream_options },
	};
	turn->call = call_start(turn->chat->upstream, &spec, &callbacks);
	fit_release(&kept);
	return true;
}

/* To who asked again: what has come by now, and the end if it is there. */
static void tell_kept(void *ctx)
{
	struct turn *turn = ctx;
	struct call_answer answer;

	tell_growth(turn);
	if (turn->state != TURN_FINISHED)
		return;
	answer = turn->answer;
	tell(turn, &answer, NULL);
}

/* The same was asked, paid for, and not waited for to its end: takes it up again; NULL if there is none. */
static struct turn *take_up(struct chat *chat, const struct chat_request *request)
{
	struct turn *turn = chat->turns;

	while (turn && (!turn->detached || !request_copy_is(&turn->asked, request)))
		turn = turn->next;
	if (!turn)
		return NULL;
	turn->detached = false;
	turn->text_told = turn->reasoning_told = 0;
	turn->id = ++chat->last_id;
	loop_defer(upstream_loop(chat->upstream), tell_kept, turn);
	return turn;
}

static struct endpoint *endpoint_for(struct chat *chat, const struct chat_request *request, struct err *err)
{
	struct choice choice;

	if (request->endpoint)
		return upstream_find(chat->upstream, request->endpoint, err);
	upstream_choose(chat->upstream, CHOOSE_CHAT, BUDGET_EXPLICIT, 0, &choice);
	return choice.endpoint ? choice.endpoint : upstream_find(chat->upstream, NULL, err);
}

bool chat_fits(struct chat *chat, const struct chat_request *request, struct err *err)
{
	struct endpoint *endpoint = endpoint_for(chat, request, err);
	struct request_copy asked;
	struct fit kept;
	bool ok;

	if (!endpoint)
		return false;
	request_copy_copy(&asked, request);
	ok = fit(chat, endpoint, asked.model ? asked.model : endpoint_chat_model(endpoint), &asked, &kept, err);
	if (ok)
		fit_release(&kept);
	request_copy_release(&asked);
	return ok;
}

int64_t chat_prompt_cap(struct chat *chat, const struct chat_request *request)
{
	struct err err;
	struct endpoint *endpoint = endpoint_for(chat, request, &err);

	return endpoint ? endpoint_config(endpoint)->plan->max_prompt_tokens : 0;
}

uint64_t chat_start(
	struct chat *chat, const struct chat_request *request, const struct chat_callbacks *callbacks, struct err *err)
{
	struct endpoint *endpoint = endpoint_for(chat, request, err);
	struct turn *turn;

	if (!endpoint)
		return 0;
	turn = take_up(chat, request);
	if (turn) {
		turn->callbacks = *callbacks;
		return turn->id;
	}
	turn = xcalloc(1, sizeof(*turn));
	turn->id = ++chat->last_id;
	turn->chat = chat;
	turn->endpoint = endpoint_ref(endpoint);
	turn->callbacks = *callbacks;
	request_copy_copy(&turn->asked, request);
	strbuf_init(&turn->text, LIMIT_ANSWER);
	strbuf_init(&turn->reasoning, LIMIT_ANSWER);
	turn->next = chat->turns;
	chat->turns = turn;
	if (turn_send(turn, err))
		return turn->id;
	turn_end(turn);
	return 0;
}

void chat_cancel(struct chat *chat, uint64_t id)
{
	struct turn *turn = find_turn(chat, id);

	if (!turn)
		return;
	if (turn->state == TURN_CONSENT || !call_is_paid(chat->upstream, turn->call)) {
		turn_end(turn);
		return;
	}
	turn->detached = true;
	drop_old(chat);
}
