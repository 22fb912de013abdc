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
	char *chat_id; /* all or NULL, but for prompt and answer */
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
	struct record *n = p;

	history_place_release(&n->place);
	free(n->chat_id);
	free(n->new_id);
	free(n->prompt);
	free(n->question);
	free(n->command);
	free(n->answer);
	free(n->workspace);
	free(n->endpoint);
	free(n->model);
	free(n);
}

static void record_end(struct record *n)
{
	list_unlink(n->c->records, n);
	loop_undefer(n->c->loop, on_try, n);
	timer_free(n->timer);
	loop_defer_free(n->c->loop, n, record_release);
}

static bool fits(void *ctx, const struct history_chat *chat, struct err *err)
{
	(void)ctx;
	(void)chat;
	(void)err;
	return true;
}

static enum store_result begin(struct record *n, struct err *refusal)
{
	char *title = title_make(n->question ? n->question : n->prompt, NULL, NULL);
	struct history_question q = { .id = n->chat_id,
				      .new_id = n->new_id,
				      .title = title,
				      .workspace = n->workspace,
				      .text = n->prompt,
				      .question = n->question,
				      .command = n->command,
				      .fits = fits };
	struct history *h = conversations_history(n->c);
	enum store_result result = history_begin(h, &q, &n->place, refusal);

	free(title);
	if (result == STORE_OK && refusal->kind == ERR_NONE)
		n->history = h;
	return result;
}

static enum store_result finish(struct record *n)
{
	struct history_end end = { .state = HISTORY_DONE,
				   .text = n->answer,
				   .len = strlen(n->answer),
				   .finish = CALL_STOP,
				   .model = n->model,
				   .endpoint = n->endpoint };

	return history_end(n->history, &n->place, &end);
}

static void tell(struct record *n, const struct err *err)
{
	char *question = xasprintf("%lld", (long long)n->place.question);
	char *answer = xasprintf("%lld", (long long)n->place.answer);
	struct conversation_begun begun = { .chat_id = n->place.entry.id,
					    .title = n->place.entry.title,
					    .is_new = n->place.is_new,
					    .question_id = question,
					    .turn_id = answer };

	if (n->fn)
		n->fn(n->ctx, err ? NULL : &begun, err);
	free(question);
	free(answer);
}

/* One half after the other; an end's failure is told as such, though the question is there. */
static enum store_result write_record(struct record *n, struct err *err)
{
	enum store_result result = n->history ? STORE_OK : begin(n, err);

	return result == STORE_OK && n->history ? finish(n) : result;
}

static void on_try(void *ctx)
{
	struct record *n = ctx;
	struct conversations *c = n->c;
	struct err err = ERR_INIT;
	enum store_result result = write_record(n, &err);

	if (result == STORE_BUSY && ++n->tries < CONVERSATION_BUSY_TRIES) {
		timer_start(n->timer, CONVERSATION_BUSY_MS);
		return;
	}
	if (result == STORE_FAILED && !n->history && conversations_repair(c, conversations_history(c), &err) &&
	    (!n->chat_id || !c->failed)) {
		loop_defer(c->loop, on_try, n);
		return;
	}
	if (result != STORE_OK && err.kind == ERR_NONE)
		err_set(&err, ERR_INTERNAL, "the turn could not be written to the chat history");
	conversations_work_due(c);
	tell(n, err.kind != ERR_NONE ? &err : NULL);
	record_end(n);
}

static char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

uint64_t conversations_record(
	struct conversations *c, const struct conversation_record *note, conversations_record_fn *fn, void *ctx)
{
	struct record *n = xcalloc(1, sizeof(*n));
	char *uri = note->folder ? uri_from_path(note->folder) : NULL;

	n->id = ++c->last_id;
	n->c = c;
	n->chat_id = copy(note->chat_id);
	n->new_id = copy(note->new_id);
	n->prompt = xstrdup(note->prompt);
	n->question = copy(note->question);
	n->command = copy(note->command);
	n->answer = xstrdup(note->answer);
	n->workspace = uri ? uri_key(uri) : NULL;
	n->endpoint = copy(note->endpoint);
	n->model = copy(note->model);
	n->fn = fn;
	n->ctx = ctx;
	free(uri);
	n->timer = timer_new(c->loop, on_try, n);
	n->next = c->records;
	c->records = n;
	loop_defer(c->loop, on_try, n);
	return n->id;
}

void conversations_record_cancel(struct conversations *c, uint64_t id)
{
	for (struct record *n = c->records; n; n = n->next)
		if (n->id == id)
			n->fn = NULL;
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
