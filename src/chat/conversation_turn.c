/*
 * Turns of conversations that are being answered. A struct turn lives from conversations_ask() to the moment when its
 * answer is in the file, which may be after its caller has gone.
 *
 * The file is never waited for: where another process writes, a timer comes back. So may the answer's end; then the
 * caller has its answer before the file does.
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
#include "assemble.h"
#include "diff.h"
#include "question.h"
#include "retrieved.h"

/* What came is written so long after it came, or when it is so much. */
#define WRITE_AFTER_MS 200
#define WRITE_AT KIB(4)
/* So much of a question's text is looked at for names. */
#define RETRIEVE_FOR KIB(64)

enum turn_state {
	TURN_DIFF,  /* git says what is staged */
	TURN_RETRIEVE, /* files are read that its code may name */
	TURN_BEGIN, /* to be written down */
	TURN_ASKED, /* the answer comes */
	TURN_END,   /* its end is to be written down */
};

struct turn {
	uint64_t id;
	struct conversations *c;
	enum turn_state state;
	bool gone; /* nobody waits: callbacks are void */
	struct conversation_callbacks callbacks;
	char *chat_id; /* NULL: a new chat */
	char *new_id;  /* its id then; NULL: any */
	bool again;    /* its last question; `question` has nothing then */
	struct question question;
	char *endpoint; /* or NULL, like the next */
	char *model;
	double temperature;
	int64_t max_tokens;
	char **notes; /* what was not sent, beside what chat.h says */
	size_t note_count;
	struct diff *diff;
	uint64_t preparing; /* the retriever's number; 0: nothing is */
	char *about; /* URI of the file that it is about; NULL: none */
	struct snippets retrieved;
	struct assembled assembled;
	struct history *history; /* it is written to; NULL: not yet */
	struct history_place place;
	uint64_t chat;
	struct strbuf text;
	struct strbuf reasoning;
	size_t written; /* bytes of text */
	bool lost;      /* nothing more can be written */
	struct history_end end;
	char *answered_by[2]; /* model and endpoint, for `end` */
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
	free(a->about);
	snippets_release(&a->retrieved);
	question_release(&a->question);
	free(a->endpoint);
	free(a->model);
	for (size_t i = 0; i < a->note_count; i++)
		free(a->notes[i]);
	free(a->notes);
	free(a->answered_by[0]);
	free(a->answered_by[1]);
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
	diff_cancel(a->diff);
	if (a->preparing)
		retriever_cancel(a->c->retriever, a->preparing);
	loop_undefer(a->c->loop, on_begin, a);
	timer_free(a->timer);
	loop_defer_free(a->c->loop, a, turn_release);
}

static void add_note(struct turn *a, char *note)
{
	a->notes = xreallocarray(a->notes, a->note_count + 1, sizeof(*a->notes));
	a->notes[a->note_count++] = note;
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

static void tell(struct turn *a, const struct chat_answer *answer, const struct err *err)
{
	size_t count = answer ? answer->trimmed_count + a->note_count : 0;
	const char **trimmed = xcalloc(count + 1, sizeof(*trimmed));
	struct conversation_answer told = { .chat = answer, .trimmed = trimmed, .trimmed_count = count,
					   .retrieved = &a->retrieved };
	char ids[2][24];

	for (size_t i = 0; i < count; i++)
		trimmed[i] = i < answer->trimmed_count ? answer->trimmed[i] : a->notes[i - answer->trimmed_count];
	describe_begun(a, ids, &told.begun);
	a->gone = true;
	a->callbacks.done(a->callbacks.ctx, answer ? &told : NULL, err);
	free(trimmed);
}

/* Writes the end; true if that is settled, one way or the other. */
static bool write_end(struct turn *a)
{
	struct history_end nothing = { .state = HISTORY_INTERRUPTED };
	enum store_result result;
	struct err err;

	if (a->lost)
		return true;
	/* privacy.history is false by now: nothing of it is to stay. */
	if (a->history == a->c->disk && !a->c->config->history)
		a->end = nothing;
	result = history_end(a->history, &a->place, &a->end);
	if (result == STORE_BUSY && ++a->tries < CONVERSATION_BUSY_TRIES)
		return false;
	if (result == STORE_FAILED)
		conversations_repair(a->c, a->history, &err);
	if (result != STORE_OK)
		log_warn("the end of an answer could not be saved");
	conversations_work_due(a->c);
	return true;
}

/* Ends it as a->end says; goes on by the timer where the file is in use. */
static void finish(struct turn *a)
{
	a->state = TURN_END;
	if (!a->end.text)
		a->end.text = "";
	a->tries = 0;
	timer_stop(a->timer);
	if (!write_end(a))
		timer_start(a->timer, CONVERSATION_BUSY_MS);
}

static void write_more(struct turn *a)
{
	size_t len = a->text.len - a->written;
	enum store_result result;
	struct err err;

	timer_stop(a->timer);
	len -= utf8_incomplete_tail(a->text.data + a->written, len);
	if (!len || a->lost || (a->history == a->c->disk && !a->c->config->history))
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

/* The text is the turn's own: what is told may be gone when it can be written. */
static void take_answer(struct turn *a, const struct chat_answer *answer)
{
	const struct call_answer *call = answer->answer;

	/* What came piece by piece may have turned out to be something else (call.h). */
	strbuf_reset(&a->text);
	strbuf_add(&a->text, call->text, call->text_len);
	strbuf_reset(&a->reasoning);
	strbuf_add(&a->reasoning, call->reasoning, call->reasoning_len);
	a->answered_by[0] = xstrdup(call->model);
	a->answered_by[1] = xstrdup(answer->endpoint);
	a->end = (struct history_end){ .state = HISTORY_DONE,
				       .text = a->text.data,
				       .len = a->text.len,
				       .reasoning = a->reasoning.data,
				       .reasoning_len = a->reasoning.len,
				       .finish = call->finish,
				       .model = a->answered_by[0],
				       .endpoint = a->answered_by[1],
				       .usage = { answer->usage.prompt_tokens, answer->usage.completion_tokens,
						  answer->usage_estimated } };
}

static void on_done(void *ctx, const struct chat_answer *answer, const struct err *err)
{
	struct turn *a = ctx;

	a->chat = 0;
	if (answer)
		take_answer(a, answer);
	else
		a->end = (struct history_end){ .state = HISTORY_INTERRUPTED, .text = a->text.data, .len = a->text.len };
	finish(a);
	tell(a, answer, err);
	if (!timer_is_running(a->timer))
		turn_end(a);
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
		add_note(a, xasprintf("the first %zu turns of the conversation", a->assembled.left_out));
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
	const struct question *question = &a->question;
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
	case TURN_DIFF:
	case TURN_RETRIEVE:
		return;
	case TURN_BEGIN:
		on_begin(a);
		return;
	case TURN_ASKED:
		write_more(a);
		return;
	case TURN_END:
		if (write_end(a))
			turn_end(a);
		else
			timer_start(a->timer, CONVERSATION_BUSY_MS);
		return;
	}
}

/* --- what goes along by itself --- */

static int64_t prompt_cap(const struct turn *a)
{
	struct chat_request request = { .endpoint = a->endpoint };

	return chat_prompt_cap(a->c->chat, &request);
}

static void retrieve(struct turn *a)
{
	struct question *question = &a->question;
	struct retrieved_spec spec = { .retriever = a->c->retriever,
				       .config = a->c->config,
				       .uri = a->about,
				       .prompt_cap = prompt_cap(a) };
	struct strbuf text;

	strbuf_init(&text, RETRIEVE_FOR);
	strbuf_adds(&text, question->prompt);
	for (size_t i = 0; i < question->blocks.count; i++) {
		strbuf_addch(&text, '\n');
		strbuf_add(&text, question->blocks.items[i].text, question->blocks.items[i].len);
	}
	spec.text = text.data;
	spec.len = text.len;
	retrieved_choose(&spec, &a->retrieved);
	retrieved_attach(&a->retrieved, &question->blocks);
	strbuf_release(&text);
}

static void on_prepared(void *ctx)
{
	struct turn *a = ctx;

	a->preparing = 0;
	retrieve(a);
	a->state = TURN_BEGIN;
	on_begin(a);
}

/* False if nothing is to be waited for. */
static bool retrieve_start(struct turn *a, const char *uri)
{
	if (!a->c->retriever || !a->c->config->chat.context_tokens || !uri)
		return false;
	a->about = xstrdup(uri);
	a->preparing = retriever_prepare(a->c->retriever, uri, on_prepared, a);
	if (a->preparing)
		a->state = TURN_RETRIEVE;
	return a->preparing != 0;
}

static void on_diff(void *ctx, const struct strbuf *text, const char *const *kept, const struct err *err)
{
	struct turn *a = ctx;
	const char *name =
		a->question.changed ? "What is to be committed (git diff HEAD)" : "What is staged (git diff --cached)";
	struct err trouble;
	char *uri;

	if (err) {
		a->diff = NULL;
		fail(a, err);
		return;
	}
	uri = retrieved_diff_uri(diff_top(a->diff), text->data, text->len);
	a->diff = NULL;
	for (; *kept; kept++)
		add_note(a, xstrdup(*kept));
	a->state = TURN_BEGIN;
	if (!context_add_text(&a->question.blocks, name, "diff", text->data, text->len, &trouble))
		fail(a, &trouble);
	else if (!retrieve_start(a, uri))
		on_begin(a);
	free(uri);
}

/* --- asking --- */

static bool prepare(struct turn *a, const struct conversation_question *q, struct err *err)
{
	struct conversations *c = a->c;
	struct context_sources sources = {
		.docs = c->docs, .workspace = c->workspace, .texts = q->texts, .text_count = q->text_count
	};

	if (q->again) {
		if (!q->chat_id)
			err_set(err, ERR_INVALID_PARAMS, "chatId is missing");
		return q->chat_id != NULL;
	}
	sources.folder = q->folder ? q->folder : workspace_folder(c->workspace, 0);
	if (!question_prepare(&a->question, q, &sources, c->commands, err))
		return false;
	if (a->question.wants_diff) {
		a->state = TURN_DIFF;
		a->diff = diff_start(c->loop, c->workspace, sources.folder,
			(const char *const *)a->question.changed, on_diff, a);
	}
	return true;
}

static size_t at_work(const struct conversations *c)
{
	size_t n = 0;

	for (const struct turn *a = c->turns; a; a = a->next)
		n++;
	return n;
}

uint64_t conversations_ask(struct conversations *c, const struct conversation_question *q,
	const struct conversation_callbacks *callbacks, struct err *err)
{
	struct turn *a;

	if (at_work(c) >= LIMIT_CHATS_AT_WORK) {
		err_set(err, ERR_INVALID_REQUEST, "at most %d chats are answered at a time: wait for one, or cancel it",
			LIMIT_CHATS_AT_WORK);
		return 0;
	}
	a = xcalloc(1, sizeof(*a));
	a->c = c;
	a->state = TURN_BEGIN;
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
	if (!prepare(a, q, err)) {
		turn_release(a);
		return 0;
	}
	a->id = ++c->last_id;
	a->timer = timer_new(c->loop, on_timer, a);
	a->next = c->turns;
	c->turns = a;
	if (a->state == TURN_BEGIN && !retrieve_start(a, a->question.blocks.uri))
		loop_defer(c->loop, on_begin, a);
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
	if (a->state == TURN_ASKED) {
		chat_cancel(a->c->chat, a->chat);
		a->end = (struct history_end){ .state = HISTORY_INTERRUPTED,
					       .text = a->text.data,
					       .len = a->text.len - utf8_incomplete_tail(a->text.data, a->text.len),
					       .reasoning = a->reasoning.data,
					       .reasoning_len = a->reasoning.len };
		finish(a);
		if (timer_is_running(a->timer))
			return;
	}
	turn_end(a);
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
	while (c->turns)
		turn_end(c->turns);
}
