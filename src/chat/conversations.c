/*
 * The engine's life, and the file it works on: on the disk or in memory, and what can wait until nobody is asked.
 */
#include "eke/chat/conversations.h"

#include <poll.h>
#include <stdlib.h>

#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/chat/history_step.h"
#include "conversation_query.h"
#include "conversation_turn.h"

/* From the end of an answer to what can wait, and between its steps. */
#define STEP_AFTER_MS 100
#define STEP_MS 10
/* Many end at once, at a logout: each has something to write. */
#define END_WAIT_MS 1000

static void tell_trouble(void *ctx)
{
	struct conversations *c = ctx;
	char *sentence = c->trouble;

	c->trouble = NULL;
	if (sentence && c->on_trouble)
		c->on_trouble(c->trouble_ctx, sentence);
	free(sentence);
}

static void note_trouble(struct conversations *c, const char *sentence)
{
	log_warn("%s", sentence);
	free(c->trouble);
	c->trouble = xstrdup(sentence);
	loop_undefer(c->loop, tell_trouble, c);
	loop_defer(c->loop, tell_trouble, c);
}

void conversations_on_trouble(struct conversations *c, void (*fn)(void *ctx, const char *sentence), void *ctx)
{
	c->on_trouble = fn;
	c->trouble_ctx = ctx;
}

struct history *conversations_history(struct conversations *c)
{
	bool on_disk = c->config->history && !c->failed;
	struct history **at = on_disk ? &c->disk : &c->memory;
	struct store_trouble trouble;

	if (!*at)
		*at = history_new(!on_disk);
	/* A damaged file was set aside, and all goes on: that is not to pass in silence. */
	if (on_disk && history_take_trouble(c->disk, &trouble))
		note_trouble(c, trouble.sentence);
	return *at;
}

const char *conversations_trouble(struct conversations *c)
{
	conversations_history(c);
	return c->trouble;
}

bool conversations_repair(struct conversations *c, const struct history *h, struct err *err)
{
	struct store_trouble trouble;
	bool told = h == c->disk && history_take_trouble(c->disk, &trouble);

	err_set(err, ERR_INTERNAL, "%s", told ? trouble.sentence : "the chat history cannot be used");
	if (told)
		note_trouble(c, trouble.sentence);
	if (told && trouble.kind == STORE_DAMAGED)
		return true;
	if (h != c->disk || c->failed)
		return false;
	log_warn("chats are kept in memory only and are lost when eke ends");
	c->failed = true;
	return true;
}

static void on_step(void *ctx)
{
	struct conversations *c = ctx;
	bool more = false;
	enum store_result result = history_step(conversations_history(c), &more);

	if (result == STORE_BUSY)
		timer_start(c->step_timer, STEP_AFTER_MS);
	else if (result == STORE_OK && more)
		timer_start(c->step_timer, STEP_MS);
}

void conversations_work_due(struct conversations *c)
{
	timer_start(c->step_timer, STEP_AFTER_MS);
}

struct conversations *conversations_new(
	struct loop *loop, struct chat *chat, const struct docs *docs, struct workspace *workspace)
{
	struct conversations *c = xcalloc(1, sizeof(*c));

	c->loop = loop;
	c->chat = chat;
	c->docs = docs;
	c->workspace = workspace;
	c->step_timer = timer_new(loop, on_step, c);
	return c;
}

void conversations_use(struct conversations *c, struct retriever *retriever)
{
	c->retriever = retriever;
}

bool conversations_wait_a_little(struct conversations *c)
{
	if (!c->patience_ms)
		return false;
	c->patience_ms--;
	(void)poll(NULL, 0, 1); /* allowed: nothing tells of the end of a lock, and the time is bounded */
	return true;
}

void conversations_free(struct conversations *c)
{
	if (!c)
		return;
	c->patience_ms = END_WAIT_MS;
	conversations_turns_free(c);
	conversations_queries_free(c);
	conversations_records_free(c);
	loop_undefer(c->loop, tell_trouble, c);
	free(c->trouble);
	timer_free(c->step_timer);
	history_free(c->disk);
	history_free(c->memory);
	commands_free(c->commands);
	config_unref(c->config);
	free(c);
}

void conversations_configure(struct conversations *c, struct config *config, config_warn_fn *warn, void *warn_ctx)
{
	config_ref(config);
	config_unref(c->config);
	c->config = config;
	c->failed = false;
	commands_free(c->commands);
	c->commands = commands_new(config, warn, warn_ctx);
}

const struct command_set *conversations_commands(const struct conversations *c)
{
	return c->commands;
}
