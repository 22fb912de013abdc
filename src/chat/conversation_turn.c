/*
 * Turns of conversations that are being answered. A struct turn lives from conversations_ask() to the moment when its
 * answer is in the file, which may be after its caller has gone.
 *
 * The loop never waits for the file: where another process writes, a timer comes back. The caller does: the answer that
 * it was told is in the file, and is there when this process dies.
 */
#include "conversation_turn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/list.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/utf.h"

#include "answer_copy.h"
#include "assemble.h"
#include "conversation_preparation.h"

/* What came is written so long after it came, or when it is so much. */
#define WRITE_AFTER_MS 200
#define WRITE_AT KIB(4)

enum turn_state {
	TURN_PREPARE, /* what goes with the question is gathered */
	TURN_BEGIN,    /* to be written down */
	TURN_ASKED,    /* the answer comes */
	TURN_END,      /* its end is to be written down */
};

struct turn {
	uint64_t id;
	struct conversations *c;
	enum turn_state state;
	bool gone; /* nobody waits: callbacks are void */
	struct conversation_callbacks callbacks;
	char *chat_id; /* NULL: a new chat */
	char *new_id;  /* its id then; NULL: any */
	bool again;    /* its last question; the prepared one has nothing then */
	struct preparation preparation;
	char *endpoint; /* or NULL, like the next */
	char *model;
	double temperature;
	int64_t max_tokens;
	struct assembled assembled;
	struct history *history; /* it is written to; NULL: not yet */
	struct history_place place;
	uint64_t chat;
	struct strbuf text;
	struct strbuf reasoning;
	size_t written; /* bytes of text */
	bool lost;      /* nothing more can be written */
	struct history_end end;
	/* To be told when its end is settled: the answer, or why there is none. */
	struct answer_copy answer;
	struct err err;
	int tries;
	struct timer *timer;
	struct turn *next;
};

/* --- a turn's life --- */

static void on_begin(void *ctx);

static void turn_release(void *p)
{
	struct turn *a = p;

	free(a->chat_id);
	free(a->new_id);
	preparation_release(&a->preparation);
	free(a->endpoint);
	free(a->model);
	assembled_release(&a->assembled);
	history_place_release(&a->place);
	strbuf_release(&a->text);
	strbuf_release(&a->reasoning);
	free(a);
}

/* Unlinks it; the memory goes at the turn's end. */
static void turn_end(struct turn *a)
{
	list_unlink(a->c->turns, a);
	preparation_cancel(&a->preparation);
	loop_undefer(a->c->loop, on_begin, a);
	timer_free(a->timer);
	answer_copy_release(&a->answer);
	loop_defer_free(a->c->loop, a, turn_release);
}

/* It came to nothing before anything was written. */
static void fail(struct turn *a, const struct err *err)
{
	struct conversation_callbacks callbacks = a->callbacks;
	struct err copy = *err;

	turn_end(a);
	callbacks.done(callbacks.ctx, NULL, &copy);
}

/* --- the answer --- */

static void describe_begun(const struct turn *a, char ids[2][24], struct conversation_begun *out)
{
	snprintf(ids[0], 24, "%lld", (long long)a->place.question);
	snprintf(ids[1], 24, "%lld", (long long)a->place.answer);
	*out = (struct conversation_begun){ .chat_id = a->place.entry.id,
					    .title = a->place.entry.title,
					    .is_new = a->place.is_new,
					    .question_id = ids[0],
					    .turn_id = ids[1] };
}

static void tell(struct turn *a)
{
	const struct preparation *prepared = &a->preparation;
	const struct chat_answer *answer = a->answer.answer.answer ? &a->answer.answer : NULL;
	size_t count = answer ? answer->trimmed_count + prepared->note_count : 0;
	const char **trimmed = xcalloc(count + 1, sizeof(*trimmed));
	struct conversation_answer told = { .chat = answer, .trimmed = trimmed, .trimmed_count = count,
					   .retrieved = &prepared->retrieved };
	char ids[2][24];

	for (size_t i = 0; i < count; i++)
		trimmed[i] = i < answer->trimmed_count ? answer->trimmed[i] : prepared->notes[i - answer->trimmed_count];
	describe_begun(a, ids, &told.begun);
	a->gone = true;
	a->callbacks.done(a->callbacks.ctx, answer ? &told : NULL, answer ? NULL : &a->err);
	free(trimmed);
}

/* privacy.history is false by now: nothing more of it is to be in the file. */
static bool is_private(const struct turn *a)
{
	return a->history == a->c->disk && !a->c->config->history;
}

/* Writes the end; true if that is settled, one way or the other. */
static bool write_end(struct turn *a)
{
	enum store_result result;
	struct err err;

	if (a->lost)
		return true;
	if (is_private(a))
		a->end = (struct history_end){ .state = HISTORY_INTERRUPTED };
	result = history_end(a->history, &a->place, &a->end);
	if (result == STORE_BUSY)
		return false;
	if (result == STORE_FAILED) {
		conversations_repair(a->c, a->history, &err);
		log_warn("the end of an answer could not be saved");
	}
	conversations_work_due(a->c);
	return true;
}

/*
 * Writes the end, tells of it, and is over; or goes on by the timer, where the file is in use. Whoever waits has waited
 * long enough some day, but what is not written is not given up.
 */
static void settle(struct turn *a)
{
	bool settled = write_end(a);
	bool late = !settled && ++a->tries >= CONVERSATION_BUSY_TRIES;

	if (late && !a->gone)
		log_warn("another process has the chat history locked: the end of an answer is saved when it is free");
	if ((settled || late) && !a->gone)
		tell(a);
	if (settled)
		turn_end(a);
	else
		timer_start(a->timer, late ? CONVERSATION_LATE_MS : CONVERSATION_BUSY_MS);
}

/* Ends it as a->end says. */
static void finish(struct turn *a)
{
	a->state = TURN_END;
	if (!a->end.text)
		a->end.text = "";
	a->tries = 0;
	timer_stop(a->timer);
	settle(a);
}

static void write_more(struct turn *a)
{
	size_t len = a->text.len - a->written;
	enum store_result result;
	struct err err;

	timer_stop(a->timer);
	len -= utf8_incomplete_tail(a->text.data + a->written, len);
	if (!len || a->lost || is_private(a))
		return;
	result = history_append(a->history, &a->place, a->text.data + a->written, len);
	if (result == STORE_BUSY) {
		timer_start(a->timer, CONVERSATION_BUSY_MS);
		return;
	}
	if (result == STORE_FAILED) {
		conversations_repair(a->c, a->history, &err);
		a->lost = true;
		return;
	}
	a->written += len;
}

static void on_delta(void *ctx, bool reasoning, const char *text, size_t len)
{
	struct turn *a = ctx;

	strbuf_add(reasoning ? &a->reasoning : &a->text, text, len);
	if (a->text.len - a->written >= WRITE_AT)
		write_more(a);
	else if (a->text.len > a->written && !timer_is_running(a->timer))
		timer_start(a->timer, WRITE_AFTER_MS);
	if (a->callbacks.delta)
		a->callbacks.delta(a->callbacks.ctx, reasoning, text, len);
}

static void on_ask(void *ctx, const struct config_endpoint *other, const struct err *err)
{
	struct turn *a = ctx;

	a->callbacks.ask(a->callbacks.ctx, other, err);
}

static void on_done(void *ctx, const struct chat_answer *answer, const struct err *err)
{
	struct turn *a = ctx;

	a->chat = 0;
	if (answer) {
		/* The whole of it: what came piece by piece may have turned out to be something else (call.h). */
		answer_copy_copy(&a->answer, answer);
		a->end = answer_copy_end(&a->answer);
	} else {
		a->err = *err;
		a->end = (struct history_end){ .state = HISTORY_INTERRUPTED, .text = a->text.data, .len = a->text.len };
	}
	finish(a);
}

static struct chat_request request_of(const struct turn *a)
{
	return (struct chat_request){ .endpoint = a->endpoint,
				      .model = a->model,
				      .messages = a->assembled.messages,
				      .classes = a->assembled.classes,
				      .count = a->assembled.count,
				      .temperature = a->temperature,
				      .max_tokens = a->max_tokens };
}

static void send(struct turn *a)
{
	struct chat_callbacks callbacks = { .delta = on_delta, .ask = a->callbacks.ask ? on_ask : NULL, .done = on_done,
					    .ctx = a };
	struct chat_request request = request_of(a);
	struct conversation_begun begun;
	struct err err;
	char ids[2][24];

	a->state = TURN_ASKED;
	a->tries = 0;
	if (a->assembled.left_out)
		preparation_note(&a->preparation, xasprintf("the first %zu turns of the conversation", a->assembled.left_out));
	describe_begun(a, ids, &begun);
	if (a->callbacks.begun)
		a->callbacks.begun(a->callbacks.ctx, &begun);
	a->chat = chat_start(a->c->chat, &request, &callbacks, &err);
	assembled_release(&a->assembled);
	if (!a->chat)
		on_done(a, NULL, &err);
}

/* --- writing the question down --- */

static bool fits(void *ctx, const struct history_chat *chat, struct err *err)
{
	struct turn *a = ctx;
	struct chat_request request;

	assembled_release(&a->assembled);
	assemble(chat, a->c->config, &a->assembled);
	request = request_of(a);
	return chat_fits(a->c->chat, &request, err);
}

/* Is the end of an answer in the same chat still to be written, by us? */
static bool is_ending(const struct turn *a)
{
	for (const struct turn *other = a->c->turns; other; other = other->next)
		if (other->state == TURN_END && a->chat_id && !strcmp(other->place.entry.id, a->chat_id))
			return true;
	return false;
}

static enum store_result begin(struct turn *a, struct err *refusal)
{
	const struct question *question = &a->preparation.question;
	size_t count = question->blocks.count;
	struct history_attachment *attachments = xcalloc(count, sizeof(*attachments));
	struct history_question q = { .id = a->chat_id,
				      .new_id = a->new_id,
				      .title = question->title,
				      .workspace = question->workspace,
				      .edit = question->edit,
				      .again = a->again,
				      .text = question->prompt,
				      .question = question->text,
				      .command = question->command,
				      .attachments = attachments,
				      .attachment_count = count,
				      .fits = fits,
				      .ctx = a };
	enum store_result result;

	for (size_t i = 0; i < count; i++) {
		const struct attachment *b = &question->blocks.items[i];

		attachments[i] = (struct history_attachment){ b->selection, b->key, b->text, b->len };
	}
	a->history = conversations_history(a->c);
	result = history_begin(a->history, &q, &a->place, refusal);
	free(attachments);
	/* What was found and put right on the way is told at once. */
	if (result == STORE_OK)
		conversations_history(a->c);
	return result;
}

static void on_begin(void *ctx)
{
	struct turn *a = ctx;
	struct err err = ERR_INIT;
	enum store_result result = is_ending(a) ? STORE_BUSY : begin(a, &err);

	if (result == STORE_BUSY && ++a->tries < CONVERSATION_BUSY_TRIES) {
		timer_start(a->timer, CONVERSATION_BUSY_MS);
	} else if (result == STORE_BUSY) {
		err_set(&err, ERR_INTERNAL, "the chat history is locked by another process: try again");
		fail(a, &err);
	} else if (result == STORE_FAILED) {
		/* In memory a new chat can be had; one of the file's cannot. */
		if (conversations_repair(a->c, a->history, &err) && (!a->chat_id || !a->c->failed))
			loop_defer(a->c->loop, on_begin, a);
		else
			fail(a, &err);
	} else if (err.kind != ERR_NONE) {
		fail(a, &err);
	} else {
		send(a);
	}
}

static void on_timer(void *ctx)
{
	struct turn *a = ctx;

	switch (a->state) {
	case TURN_PREPARE:
		return;
	case TURN_BEGIN:
		on_begin(a);
		return;
	case TURN_ASKED:
		write_more(a);
		return;
	case TURN_END:
		settle(a);
		return;
	}
}

/* --- asking --- */

static void on_prepared(void *ctx, const struct err *err)
{
	struct turn *a = ctx;

	if (err) {
		fail(a, err);
		return;
	}
	a->state = TURN_BEGIN;
	on_begin(a);
}

uint64_t conversations_ask(struct conversations *c, const struct conversation_question *q,
	const struct conversation_callbacks *callbacks, struct err *err)
{
	size_t at_work = 0;
	struct turn *a;

	for (a = c->turns; a; a = a->next)
		at_work++;
	if (at_work >= LIMIT_CHATS_AT_WORK) {
		err_set(err, ERR_INVALID_REQUEST, "at most %d chats are answered at a time: wait for one, or cancel it",
			LIMIT_CHATS_AT_WORK);
		return 0;
	}
	a = xcalloc(1, sizeof(*a));
	a->c = c;
	a->state = TURN_PREPARE;
	a->callbacks = *callbacks;
	a->chat_id = q->chat_id ? xstrdup(q->chat_id) : NULL;
	a->new_id = q->new_id ? xstrdup(q->new_id) : NULL;
	a->endpoint = q->endpoint ? xstrdup(q->endpoint) : NULL;
	a->model = q->model ? xstrdup(q->model) : NULL;
	a->temperature = q->temperature;
	a->max_tokens = q->max_tokens;
	a->again = q->again;
	strbuf_init(&a->text, LIMIT_ANSWER);
	strbuf_init(&a->reasoning, LIMIT_ANSWER);
	if (!preparation_start(&a->preparation, c, q, on_prepared, a, err)) {
		turn_release(a);
		return 0;
	}
	a->id = ++c->last_id;
	a->timer = timer_new(c->loop, on_timer, a);
	a->next = c->turns;
	c->turns = a;
	return a->id;
}

static struct turn *find(const struct conversations *c, uint64_t id)
{
	struct turn *a = c->turns;

	while (a && (a->id != id || a->gone))
		a = a->next;
	return a;
}

static void cancel(struct turn *a)
{
	a->gone = true;
	if (a->state == TURN_END)
		return;
	if (a->state != TURN_ASKED) {
		turn_end(a);
		return;
	}
	chat_cancel(a->c->chat, a->chat);
	a->end = (struct history_end){ .state = HISTORY_INTERRUPTED,
				       .text = a->text.data,
				       .len = a->text.len - utf8_incomplete_tail(a->text.data, a->text.len),
				       .reasoning = a->reasoning.data,
				       .reasoning_len = a->reasoning.len };
	finish(a);
}

void conversations_cancel(struct conversations *c, uint64_t id)
{
	struct turn *a = find(c, id);

	if (a)
		cancel(a);
}

bool conversations_busy(const struct conversations *c)
{
	return c->turns != NULL;
}

void conversations_go_on(struct conversations *c, uint64_t id, bool yes)
{
	struct turn *a = find(c, id);

	if (a)
		chat_go_on(c->chat, a->chat, yes);
}

void conversations_turns_free(struct conversations *c)
{
	for (struct turn *a = c->turns, *next; a; a = next) {
		next = a->next;
		if (!a->gone)
			cancel(a);
	}
	while (c->turns) {
		if (c->turns->state == TURN_END && !write_end(c->turns) && conversations_wait_a_little(c))
			continue;
		turn_end(c->turns);
	}
}
