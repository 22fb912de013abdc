/*
 * The engine over a file that others lock, that is damaged, or that cannot be had; and what is refused before anything
 * is written. There is no endpoint here: what is answered is tested end to end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/chat/conversations.h"
#include "state_dir.h"

/* Enough for some tries, and over before the engine gives up. */
#define LOCKED_MS 40

static struct loop *loop;
static struct budget *budget;
static struct upstream *upstream;
static struct docs *docs;
static struct workspace *workspace;
static struct chat *chat;
static struct conversations *c;
static struct config *config;

static int setup(void **state)
{
	*state = NULL;
	state_dir_begin();
	log_set_level(LOG_BROKEN);
	loop = loop_new();
	budget = budget_new(loop);
	upstream = upstream_new(loop, budget);
	docs = docs_new();
	workspace = workspace_new(NULL);
	chat = chat_new(upstream);
	c = conversations_new(loop, chat, docs, workspace);
	config = config_defaults();
	chat_configure(chat, config);
	conversations_configure(c, config, NULL, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	conversations_free(c);
	chat_free(chat);
	workspace_free(workspace);
	docs_free(docs);
	upstream_free(upstream);
	budget_free(budget);
	config_unref(config);
	loop_free(loop);
	state_dir_end();
	return 0;
}

/* --- replies --- */

static struct {
	size_t count;
	size_t chats;
	struct err err;
} replied;

static void on_reply(void *ctx, const struct conversations_reply *reply, const struct err *err)
{
	(void)ctx;
	assert_true((reply != NULL) != (err != NULL));
	replied.count++;
	replied.chats = reply && reply->list ? reply->list->count : 0;
	replied.err = err ? *err : (struct err)ERR_INIT;
	loop_stop(loop);
}

static void on_done(void *ctx, const struct conversation_answer *answer, const struct err *err)
{
	(void)ctx;
	assert_null(answer);
	replied.count++;
	replied.err = *err;
	loop_stop(loop);
}

static void look(const struct conversations_query *query)
{
	replied.count = 0;
	assert_true(conversations_query(c, query, on_reply, NULL) != 0);
	/* From the loop only. */
	assert_int_equal(replied.count, 0);
	loop_run(loop);
	assert_int_equal(replied.count, 1);
}

static void list(void)
{
	look(&(struct conversations_query){ .verb = CONVERSATIONS_LIST });
}

static void ask(const struct conversation_question *question)
{
	struct conversation_callbacks callbacks = { .done = on_done };
	struct err err;

	replied.count = 0;
	assert_true(conversations_ask(c, question, &callbacks, &err) != 0);
	assert_int_equal(replied.count, 0);
	loop_run(loop);
	assert_int_equal(replied.count, 1);
}

/* --- a file that others lock --- */

static void unlock(void *ctx)
{
	sqlite3_exec(ctx, "ROLLBACK", NULL, NULL, NULL);
}

static void test_locked(void **state)
{
	static const struct conversations_query queries[] = {
		{ .verb = CONVERSATIONS_RENAME, .chat_id = "nobody", .title = "x" },
		{ .verb = CONVERSATIONS_DELETE, .chat_id = "nobody" },
		{ .verb = CONVERSATIONS_LIST },
		{ .verb = CONVERSATIONS_GET, .chat_id = "nobody" },
	};
	char *path = in_state_dir("chats.db");
	struct timer *timer;
	sqlite3 *db;

	(void)state;
	list();
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	timer = timer_new(loop, unlock, db);
	for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
		bool writes = queries[i].verb == CONVERSATIONS_RENAME || queries[i].verb == CONVERSATIONS_DELETE;

		assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
		timer_start(timer, LOCKED_MS);
		look(&queries[i]);
		/* Who only reads does not wait for a writer. */
		assert_int_equal(sqlite3_get_autocommit(db), writes);
		if (!writes)
			unlock(db);
		timer_stop(timer);
		if (queries[i].verb != CONVERSATIONS_LIST)
			assert_int_equal(replied.err.kind, ERR_INVALID_PARAMS);
	}
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	timer_start(timer, LOCKED_MS);
	ask(&(struct conversation_question){ .prompt = "Why?", .temperature = -1 });
	assert_int_equal(sqlite3_get_autocommit(db), 1);
	assert_int_equal(replied.err.kind, ERR_NO_ENDPOINT);
	timer_free(timer);
	sqlite3_close(db);
	free(path);
}

static void stop(void *ctx)
{
	(void)ctx;
	loop_stop(loop);
}

static void test_forgotten(void **state)
{
	struct conversation_callbacks callbacks = { .done = on_done };
	struct err err;
	uint64_t id;

	(void)state;
	list();
	replied.count = 0;
	id = conversations_query(c, &(struct conversations_query){ .verb = CONVERSATIONS_LIST }, on_reply, NULL);
	conversations_query_cancel(c, id);
	conversations_query_cancel(c, id);
	id = conversations_ask(c, &(struct conversation_question){ .prompt = "Why?" }, &callbacks, &err);
	assert_true(id != 0);
	conversations_cancel(c, id);
	conversations_cancel(c, id);
	conversations_go_on(c, id, true);
	loop_defer(loop, stop, NULL);
	loop_run(loop);
	assert_int_equal(replied.count, 0);
	/* What is on its way at the end ends without a word. */
	conversations_query(c, &(struct conversations_query){ .verb = CONVERSATIONS_LIST }, on_reply, NULL);
	assert_true(conversations_ask(c, &(struct conversation_question){ .prompt = "Why?" }, &callbacks, &err) != 0);
}

/* --- nothing is kept of what cannot be asked --- */

static void test_nothing_kept(void **state)
{
	static const struct {
		struct conversation_question question;
		enum err_kind kind;
		bool at_once;
	} cases[] = {
		{ { .prompt = "Why?" }, ERR_NO_ENDPOINT, false },
		{ { .prompt = "Why?", .endpoint = "none" }, ERR_NO_ENDPOINT, false },
		{ { .prompt = "Why?", .chat_id = "none" }, ERR_INVALID_PARAMS, false },
		{ { .again = true, .chat_id = "none" }, ERR_INVALID_PARAMS, false },
		{ { .again = true }, ERR_INVALID_PARAMS, true },
		{ { .prompt = NULL }, ERR_INVALID_PARAMS, true },
		{ { .prompt = " \n" }, ERR_INVALID_PARAMS, true },
		{ { .prompt = "x", .command = "none" }, ERR_INVALID_PARAMS, true },
		{ { .command = "explain" }, ERR_INVALID_PARAMS, true },
		{ { .command = "ask" }, ERR_INVALID_PARAMS, true },
		{ { .command = "commit" }, ERR_INVALID_PARAMS, false },
		{ { .prompt = "x", .edit_turn_id = "1" }, ERR_INVALID_PARAMS, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct conversation_callbacks callbacks = { .done = on_done };
		struct err err = ERR_INIT;

		if (!cases[i].at_once) {
			ask(&cases[i].question);
			assert_int_equal(replied.err.kind, cases[i].kind);
			continue;
		}
		assert_int_equal(conversations_ask(c, &cases[i].question, &callbacks, &err), 0);
		assert_int_equal(err.kind, cases[i].kind);
	}
	list();
	assert_int_equal(replied.chats, 0);
}

static void test_too_many(void **state)
{
	struct conversation_callbacks callbacks = { .done = on_done };
	struct conversation_question question = { .prompt = "Why?" };
	struct err err;

	(void)state;
	for (int i = 0; i < LIMIT_CHATS_AT_WORK; i++)
		assert_true(conversations_ask(c, &question, &callbacks, &err) != 0);
	assert_int_equal(conversations_ask(c, &question, &callbacks, &err), 0);
	assert_int_equal(err.kind, ERR_INVALID_REQUEST);
}

/* --- a file that is none, and no place for one --- */

static void test_damaged(void **state)
{
	static const char garbage[8192] = "no database at all";

	(void)state;
	list();
	conversations_free(c);
	write_in_state_dir("chats.db", garbage, sizeof(garbage), 0);
	c = conversations_new(loop, chat, docs, workspace);
	conversations_configure(c, config, NULL, NULL);
	list();
	assert_int_equal(replied.err.kind, ERR_NONE);
	assert_int_equal(count_in_state_dir("chats.db.damaged-"), 1);
}

static void test_no_place(void **state)
{
	(void)state;
	setenv("EKE_STATE_DIR", "/dev/null/state", 1);
	list();
	assert_int_equal(replied.err.kind, ERR_NONE);
	assert_int_equal(replied.chats, 0);
	look(&(struct conversations_query){ .verb = CONVERSATIONS_GET, .chat_id = "nobody" });
	assert_int_equal(replied.err.kind, ERR_INVALID_PARAMS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_locked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_place, setup, teardown),
	};

	return cmocka_run_group_tests_name("conversation", tests, NULL, NULL);
}
