/*
 * Turns that another engine made. A struct record lives from conversations_record() until both of its halves, question
 * and answer, are in the file; that may be after its caller has gone.
 */
#include "eke/chat/conversation_record.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/list.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/text/uri.h"
#include "conversations_private.h"
#include "title.h"

struct record {
	uint64_t id;
	struct conversations *c;
	char *chat_id; /* as those below may be, but for prompt and answer: NULL */
	char *new_id;
	char *prompt;
	char *question;
	char *command;
	char *answer;
	char *workspace;
	char *endpoint;
	char *model;
	conversations_record_fn *fn; /* NULL: nobody waits */
	void *ctx;
	struct history *history; /* that it is written to; NULL: the question is not yet */
	struct history_place place;
	int tries;
	struct timer *timer;
	struct record *next;
};

static void on_try(void *ctx);

static void record_release(void *p)
{
	struct record *r = p;

	history_place_release(&r->place);
	free(r->chat_id);
	free(r->new_id);
	free(r->prompt);
	free(r->question);
	free(r->command);
	free(r->answer);
	free(r->workspace);
	free(r->endpoint);
	free(r->model);
	free(r);
}

static void record_end(struct record *r)
{
	list_unlink(r->c->records, r);
	loop_undefer(r->c->loop, on_try, r);
	timer_free(r->timer);
	loop_defer_free(r->c->loop, r, record_release);
}

static bool fits(void *ctx, const struct history_chat *chat, struct err *err)
{
	(void)ctx;
	(void)chat;
	(void)err;
	return true;
}

static enum store_result begin(struct record *r, struct err *refusal)
{
	char *title = title_make(r->question ? r->question : r->prompt, NULL, NULL);
	struct history_question q = { .id = r->chat_id,
				      .new_id = r->new_id,
				      .title = title,
				      .workspace = r->workspace,
				      .text = r->prompt,
				      .question = r->question,
				      .command = r->command,
				      .fits = fits };
	struct history *h = conversations_history(r->c);
	enum store_result result = history_begin(h, &q, &r->place, refusal);

	free(title);
	if (result == STORE_OK && refusal->kind == ERR_NONE)
		r->history = h;
	return result;
}

static enum store_result finish(struct record *r)
{
	struct history_end end = { .state = HISTORY_DONE,
				   .text = r->answer,
				   .len = strlen(r->answer),
				   .finish = CALL_STOP,
				   .model = r->model,
				   .endpoint = r->endpoint };

	return history_end(r->history, &r->place, &end);
}

static void tell(struct record *r, const struct err *err)
{
	char *question = xasprintf("%lld", (long long)r->place.question);
	char *answer = xasprintf("%lld", (long long)r->place.answer);
	struct conversation_begun begun = { .chat_id = r->place.entry.id,
					    .title = r->place.entry.title,
					    .is_new = r->place.is_new,
					    .question_id = question,
					    .turn_id = answer };

	if (r->fn)
		r->fn(r->ctx, err ? NULL : &begun, err);
	free(question);
	free(answer);
}

/* One half after the other; an end's failure is told as such, though the question is there. */
static enum store_result write_record(struct record *r, struct err *err)
{
	enum store_result result = r->history ? STORE_OK : begin(r, err);

	return result == STORE_OK && r->history ? finish(r) : result;
}

static void on_try(void *ctx)
{
	struct record *r = ctx;
	struct conversations *c = r->c;
	struct err err = ERR_INIT;
	enum store_result result = write_record(r, &err);

	if (result == STORE_BUSY && ++r->tries < CONVERSATION_BUSY_TRIES) {
		timer_start(r->timer, CONVERSATION_BUSY_MS);
		return;
	}
	if (result == STORE_FAILED && !r->history && conversations_repair(c, conversations_history(c), &err) &&
	    (!r->chat_id || !c->failed)) {
		loop_defer(c->loop, on_try, r);
		return;
	}
	if (result != STORE_OK && err.kind == ERR_NONE)
		err_set(&err, ERR_INTERNAL, "the turn could not be written to the chat history");
	conversations_work_due(c);
	tell(r, err.kind != ERR_NONE ? &err : NULL);
	record_end(r);
}

static char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

uint64_t conversations_record(
	struct conversations *c, const struct conversation_record *note, conversations_record_fn *fn, void *ctx)
{
	struct record *r = xcalloc(1, sizeof(*r));
	char *uri = note->folder ? uri_from_path(note->folder) : NULL;

	r->id = ++c->last_id;
	r->c = c;
	r->chat_id = copy(note->chat_id);
	r->new_id = copy(note->new_id);
	r->prompt = xstrdup(note->prompt);
	r->question = copy(note->question);
	r->command = copy(note->command);
	r->answer = xstrdup(note->answer);
	r->workspace = uri ? uri_key(uri) : NULL;
	r->endpoint = copy(note->endpoint);
	r->model = copy(note->model);
	r->fn = fn;
	r->ctx = ctx;
	free(uri);
	r->timer = timer_new(c->loop, on_try, r);
	r->next = c->records;
	c->records = r;
	loop_defer(c->loop, on_try, r);
	return r->id;
}

void conversations_record_cancel(struct conversations *c, uint64_t id)
{
	for (struct record *r = c->records; r; r = r->next)
		if (r->id == id)
			r->fn = NULL;
}

void conversations_records_free(struct conversations *c)
{
	while (c->records) {
		struct err err = ERR_INIT;
		enum store_result result = write_record(c->records, &err);

		if (result == STORE_BUSY && conversations_wait_a_little(c))
			continue;
		if (result != STORE_OK)
			log_info("a turn was not written to the chat history");
		record_end(c->records);
	}
}
