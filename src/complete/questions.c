/*
 * The questions under way. struct question belongs to the engine's list from question_start() to its answer or its
 * abandonment; the ask in it belongs to it.
 */
#include "questions.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"
#include "engine_private.h"
#include "waiters.h"

/* Longer than the time between two keystrokes. */
#define ABORT_AFTER_MS 300

static void question_release(void *p)
{
	struct question *question = p;

	free(question->uri);
	free(question);
}

/* The memory goes at the turn's end: a callback of its ask may be on the stack. */
static void question_unlink(struct question *question)
{
	struct question **at = &question->engine->questions;

	while (*at != question)
		at = &(*at)->next;
	*at = question->next;
	timer_free(question->abort_timer);
	claim_end(question->claim);
	loop_defer_free(question->engine->loop, question, question_release);
}

static void on_grown(void *ctx, struct ask *ask)
{
	struct question *question = ctx;

	(void)ask;
	waiters_on_grown(question->engine, question);
}

static void on_kept(void *ctx, const struct cache_key *key, const struct cache_answer *answer)
{
	const struct question *question = ctx;

	cache_sync_keep(question->engine->sync, question->uri, key, answer);
}

static void on_done(void *ctx, struct ask *ask, const struct err *err)
{
	struct question *question = ctx;

	(void)ask;
	question_unlink(question);
	waiters_on_done(question->engine, question, err);
}

static void question_cancel(struct question *question)
{
	question_unlink(question);
	ask_cancel(question->ask);
}

/* It need not, or need no longer, be asked: those who wait look into the cache. */
static void question_answered(void *ctx)
{
	struct question *question = ctx;

	question_cancel(question);
	waiters_on_done(question->engine, question, NULL);
}

static void question_ask(void *ctx, bool waited)
{
	struct question *question = ctx;

	/* What others did not answer in time may be wanted by nobody any more. */
	if (waited && !waiters_are_current(question->engine, question))
		question_answered(question);
	else
		ask_send(question->ask);
}

/* Costs nothing, and nobody waits for it. */
static bool is_idle(const struct question *question)
{
	return !ask_is_paid(question->ask) && !waiters_want(question->engine, question);
}

static void on_abort_time(void *ctx)
{
	struct question *question = ctx;

	if (is_idle(question) && !question->used)
		question_cancel(question);
}

struct question *question_start(struct engine *engine, const struct ask_wanted *wanted, struct err *err)
{
	struct question *question = xcalloc(1, sizeof(*question));
	struct ask_callbacks callbacks = { .grown = on_grown, .kept = on_kept, .done = on_done, .ctx = question };
	struct claim_callbacks claim_callbacks = { .ask = question_ask, .answered = question_answered, .ctx = question };

	question->ask = ask_start(wanted, &callbacks, err);
	if (!question->ask) {
		free(question);
		return NULL;
	}
	question->engine = engine;
	question->abort_timer = timer_new(engine->loop, on_abort_time, question);
	question->uri = xstrdup(wanted->place->uri);
	question->automatic = wanted->automatic;
	question->next = engine->questions;
	engine->questions = question;
	question->claim = claim_start(
		engine->sync, question->uri, ask_key(question->ask), ask_patience_ms(question->ask), &claim_callbacks);
	return question;
}

struct question *question_find(const struct engine *engine, uint64_t item)
{
	struct question *question = engine->questions;

	while (question && !ask_has_item(question->ask, item))
		question = question->next;
	return question;
}

bool question_is_open(const struct engine *engine, const char *uri)
{
	for (const struct question *q = engine->questions; q; q = q->next)
		if (q->automatic && !strcmp(q->uri, uri))
			return true;
	return false;
}

void question_abandon(struct question *question)
{
	if (is_idle(question) && !question->used)
		timer_start(question->abort_timer, ABORT_AFTER_MS);
}

void questions_sweep(struct engine *engine, const char *uri, const struct question *except)
{
	struct question *question = engine->questions;

	while (question) {
		struct question *next = question->next;

		if (question != except && !strcmp(question->uri, uri) && is_idle(question))
			question_cancel(question);
		question = next;
	}
}

void questions_free(struct engine *engine)
{
	while (engine->questions)
		question_cancel(engine->questions);
}
