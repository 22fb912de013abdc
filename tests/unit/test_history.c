/*
 * The file of conversations: each step of a turn, what a process that dies leaves, what others see, and how it is found
 * again. Two histories of one test are two processes to each other, but for their number; where that matters there is a
 * child.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/strbuf.h"
#include "eke/chat/history.h"
#include "eke/chat/history_step.h"
#include "state_dir.h"

/* 2026-11-24T03:00:00Z, ms */
#define NOW INT64_C(1795489200000)

static struct history *h;
static struct history *other;

static int setup(void **state)
{
	*state = NULL;
	state_dir_begin();
	clock_set_for_test(NOW, 0);
	h = history_new(false);
	other = history_new(false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	history_free(h);
	history_free(other);
	clock_unset_for_test();
	state_dir_end();
	return 0;
}

static size_t shown; /* turns that fits() saw */

static bool fits(void *ctx, const struct history_chat *chat, struct err *err)
{
	const char *refuse = ctx;

	shown = chat->count;
	assert_true(chat->count && chat->turns[chat->count - 1].role == HISTORY_USER);
	if (refuse)
		err_set(err, ERR_PROMPT_TOO_LONG, "%s", refuse);
	return !refuse;
}

static struct err begin_with(struct history *in, const struct history_question *question, struct history_place *place)
{
	struct history_question q = *question;
	struct err err = ERR_INIT;

	if (!q.fits)
		q.fits = fits;
	assert_int_equal(history_begin(in, &q, place, &err), STORE_OK);
	return err;
}

static struct history_place ask(struct history *in, const char *id, const char *text)
{
	struct history_place place;
	struct err err = begin_with(in, &(struct history_question){ .id = id, .title = text, .text = text }, &place);

	if (err.kind != ERR_NONE)
		fail_msg("%s", err.message);
	return place;
}

static void append(struct history_place *place, const char *text)
{
	assert_int_equal(history_append(h, place, text, strlen(text)), STORE_OK);
}

static void end_as(struct history_place *place, enum history_state state, const char *text)
{
	struct history_end end = { .state = state, .text = text, .len = strlen(text), .finish = CALL_STOP, .model = "m",
				   .endpoint = "e", .usage = { 10, 5, state == HISTORY_DONE } };

	assert_int_equal(history_end(h, place, &end), STORE_OK);
	history_place_release(place);
}

/* A chat as "u:text a:text~" with ~ for interrupted and … for being written. */
static void expect(struct history *in, const char *id, const char *expected)
{
	struct history_chat chat = { .count = 0 };
	struct err err = ERR_INIT;
	struct strbuf got;

	strbuf_init(&got, MIB(8));
	assert_int_equal(history_get(in, id, &chat, &err), STORE_OK);
	if (err.kind != ERR_NONE)
		strbuf_adds(&got, err.message);
	for (size_t i = 0; i < chat.count; i++)
		strbuf_addf(&got, "%s%c:%s%s", i ? " " : "", chat.turns[i].role == HISTORY_USER ? 'u' : 'a',
			    chat.turns[i].text,
			    chat.turns[i].state == HISTORY_WRITING ? "..." :
			    chat.turns[i].state == HISTORY_INTERRUPTED ? "~" : "");
	assert_string_equal(got.data, expected);
	strbuf_release(&got);
	history_chat_release(&chat);
}

static size_t found(struct history *in, const char *words)
{
	struct history_list list = { .count = 0 };
	struct history_list_spec spec = { .words = words, .limit = 10 };
	struct err err = ERR_INIT;
	size_t n;

	assert_int_equal(history_list(in, &spec, &list, &err), STORE_OK);
	assert_int_equal(err.kind, ERR_NONE);
	n = list.count;
	history_list_release(&list);
	return n;
}

static void work(struct history *in)
{
	bool more = true;

	while (more)
		assert_int_equal(history_step(in, &more), STORE_OK);
}

/* --- a turn, step by step, as another process sees it --- */

static void test_steps(void **state)
{
	struct history_place place = ask(h, NULL, "Why?");
	char id[HISTORY_ID];

	(void)state;
	memcpy(id, place.entry.id, sizeof(id));
	assert_true(place.is_new && place.question && place.answer > place.question);
	assert_string_equal(place.entry.title, "Why?");
	expect(other, id, "u:Why?");
	append(&place, "Because ");
	expect(other, id, "u:Why? a:Because ...");
	append(&place, "of");
	expect(other, id, "u:Why? a:Because of...");
	end_as(&place, HISTORY_DONE, "Because of it.");
	expect(other, id, "u:Why? a:Because of it.");
	place = ask(other, id, "And?");
	assert_false(place.is_new);
	assert_int_equal(shown, 3);
	history_place_release(&place);
}

static void test_ends(void **state)
{
	struct history_place place = ask(h, NULL, "Why?");
	char id[HISTORY_ID];

	(void)state;
	memcpy(id, place.entry.id, sizeof(id));
	/* Nothing came. */
	end_as(&place, HISTORY_INTERRUPTED, "");
	expect(h, id, "u:Why?");
	/* Something did. */
	place = ask(h, id, "Why then?");
	append(&place, "Be");
	end_as(&place, HISTORY_INTERRUPTED, "Becau");
	expect(h, id, "u:Why? u:Why then? a:Becau~");
	/* An answer without a word is one. */
	place = ask(h, id, "So?");
	end_as(&place, HISTORY_DONE, "");
	expect(h, id, "u:Why? u:Why then? a:Becau~ u:So? a:");
	assert_int_equal(found(h, NULL), 1);
}

/* Another process that dies at some point of a turn. */
static void test_death(void **state)
{
	static const struct {
		const char *pieces[3];
		const char *left;
	} cases[] = {
		{ { NULL }, "u:Why?" },
		{ { "Because ", NULL }, "u:Why? a:Because ~" },
		{ { "Because ", "of", NULL }, "u:Why? a:Because of~" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char id[HISTORY_ID];
		struct history_place place;
		int fds[2];
		pid_t child;

		assert_int_equal(pipe(fds), 0);
		child = fork();
		if (!child) {
			struct history *own = history_new(false);

			place = ask(own, NULL, "Why?");
			for (const char *const *p = cases[i].pieces; *p; p++)
				if (history_append(own, &place, *p, strlen(*p)) != STORE_OK)
					_exit(1);
			if (write(fds[1], place.entry.id, HISTORY_ID) != HISTORY_ID)
				_exit(1);
			pause();
			_exit(1);
		}
		assert_int_equal(read(fds[0], id, HISTORY_ID), HISTORY_ID);
		/* While it lives the chat is its own. */
		assert_int_equal(begin_with(h, &(struct history_question){ .id = id, .text = "x" }, &place).kind,
				 ERR_INVALID_REQUEST);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		expect(h, id, cases[i].left);
		place = ask(h, id, "And?");
		end_as(&place, HISTORY_DONE, "Yes.");
		close(fds[0]);
		close(fds[1]);
	}
}

static void test_refused(void **state)
{
	static char too_long[] = "too long";
	struct history_place place = ask(h, NULL, "Why?");
	char id[HISTORY_ID];
	char question[24];
	char answer[24];

	(void)state;
	memcpy(id, place.entry.id, sizeof(id));
	snprintf(question, sizeof(question), "%lld", (long long)place.question);
	snprintf(answer, sizeof(answer), "%lld", (long long)place.answer);
	end_as(&place, HISTORY_DONE, "Because.");
	{
		const struct {
			struct history_question q;
			enum err_kind kind;
		} cases[] = {
			{ { .id = "nobody", .text = "x" }, ERR_INVALID_PARAMS },
			{ { .id = id, .edit = answer, .text = "x" }, ERR_INVALID_PARAMS },
			{ { .id = id, .edit = "99", .text = "x" }, ERR_INVALID_PARAMS },
			{ { .id = id, .edit = "", .text = "x" }, ERR_INVALID_PARAMS },
			{ { .id = id, .edit = "1x", .text = "x" }, ERR_INVALID_PARAMS },
			{ { .id = id, .text = "x", .fits = fits, .ctx = too_long }, ERR_PROMPT_TOO_LONG },
			{ { .id = id, .edit = question, .text = "x", .fits = fits, .ctx = too_long }, ERR_PROMPT_TOO_LONG },
			{ { .title = "t", .text = "x", .fits = fits, .ctx = too_long }, ERR_PROMPT_TOO_LONG },
		};

		for (size_t i = 0; i < ARRAY_LEN(cases); i++)
			assert_int_equal(begin_with(h, &cases[i].q, &place).kind, cases[i].kind);
	}
	expect(h, id, "u:Why? a:Because.");
	assert_int_equal(found(h, NULL), 1);
}

static void test_again_and_edit(void **state)
{
	struct history_place place = ask(h, NULL, "One?");
	struct history_question again = { .id = place.entry.id, .again = true };
	struct history_question edit = { .id = place.entry.id, .text = "One, better?" };
	char id[HISTORY_ID];
	char number[24];
	struct err err;

	(void)state;
	memcpy(id, place.entry.id, sizeof(id));
	again.id = edit.id = id;
	snprintf(number, sizeof(number), "%lld", (long long)place.question);
	end_as(&place, HISTORY_DONE, "A.");
	err = begin_with(h, &again, &place);
	assert_int_equal(err.kind, ERR_NONE);
	assert_int_equal(shown, 1);
	/* The former answer makes room when there is something to take its place. */
	expect(h, id, "u:One? a:A.");
	append(&place, "B");
	expect(h, id, "u:One? a:B...");
	end_as(&place, HISTORY_DONE, "B.");
	err = begin_with(h, &again, &place);
	assert_int_equal(err.kind, ERR_NONE);
	end_as(&place, HISTORY_INTERRUPTED, "");
	expect(h, id, "u:One? a:B.");
	place = ask(h, id, "Two?");
	end_as(&place, HISTORY_DONE, "C.");
	edit.edit = number;
	err = begin_with(h, &edit, &place);
	assert_int_equal(err.kind, ERR_NONE);
	assert_int_equal(shown, 1);
	expect(h, id, "u:One, better?");
	end_as(&place, HISTORY_DONE, "D.");
	expect(h, id, "u:One, better? a:D.");
	work(h);
	expect(h, id, "u:One, better? a:D.");
}

/* --- texts --- */

static void test_pieces(void **state)
{
	struct strbuf text;
	struct strbuf expected;
	char id[HISTORY_ID];
	struct history_place place;

	(void)state;
	strbuf_init(&text, MIB(2));
	strbuf_init(&expected, MIB(2));
	/* Lines, a line longer than a piece, characters of several bytes, no line end at the end. */
	for (int i = 0; i < 3000; i++)
		strbuf_addf(&text, "line %d of the answer\n", i);
	for (int i = 0; i < 9000; i++)
		strbuf_adds(&text, i % 3 ? "你" : "😀");
	place = ask(h, NULL, text.data);
	memcpy(id, place.entry.id, sizeof(id));
	append(&place, "some of it");
	end_as(&place, HISTORY_DONE, text.data);
	strbuf_addf(&expected, "u:%s a:%s", text.data, text.data);
	expect(h, id, expected.data);
	/* Before the index has it, and after. */
	for (int round = 0; round < 2; round++) {
		assert_int_equal(found(h, "line 2999 of"), 1);
		assert_int_equal(found(h, "你你😀"), 1);
		assert_int_equal(found(h, "some of it"), 0);
		work(h);
	}
	strbuf_release(&text);
	strbuf_release(&expected);
}

static void test_search(void **state)
{
	static const struct {
		const char *words;
		size_t count;
	} cases[] = {
		{ "ring", 1 },        { "RING", 1 },      { "the ring", 1 }, { "buffer ring", 1 }, { "ringbuffer", 0 },
		{ "ri", 1 },          { "ri zz", 0 },     { "缓存", 1 },     { "缓存失效", 1 },    { "缓存 问题", 1 },
		{ "存", 1 },          { "ПРИВЕТ", 1 },    { "привет", 1 },   { "\"", 1 },          { "\"quoted\"", 1 },
		{ "50%", 1 },         { "50_", 0 },       { "\\", 0 },       { "*", 0 },           { "a b c d e f", 0 },
		{ "of a ring buffer here", 1 }, { "", 2 }, { " \t", 2 },     { "NOT", 0 },         { "title", 1 },
	};
	struct history_place place = ask(h, NULL, "The title of a ring buffer here");

	(void)state;
	end_as(&place, HISTORY_DONE, "\"quoted\" at 50% (Привет)");
	place = ask(h, NULL, "为什么缓存失效？");
	end_as(&place, HISTORY_DONE, "问题在缓存。");
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			/* Letters beyond ASCII have no cases before the index has them. */
			if (!round && !strcmp(cases[i].words, "ПРИВЕТ"))
				continue;
			if (!round && !strcmp(cases[i].words, "привет"))
				continue;
			if (found(h, cases[i].words) != cases[i].count)
				fail_msg("\"%s\" is found %zu times, round %d", cases[i].words, found(h, cases[i].words), round);
		}
		work(h);
	}
}

static void test_lists(void **state)
{
	struct history_list list;
	struct history_list_spec spec = { .limit = 2 };
	struct err err = ERR_INIT;
	char ids[5][HISTORY_ID];
	size_t seen = 0;
	char *cursor = NULL;

	(void)state;
	for (int i = 0; i < 5; i++) {
		char text[] = "n";
		struct history_question q = { .title = text, .text = text, .workspace = i % 2 ? "file:///odd" : NULL };
		struct history_place place;

		/* All at one time: the later comes first nevertheless. */
		assert_int_equal(begin_with(h, &q, &place).kind, ERR_NONE);
		memcpy(ids[i], place.entry.id, HISTORY_ID);
		end_as(&place, HISTORY_DONE, "x");
	}
	do {
		spec.cursor = cursor;
		assert_int_equal(history_list(other, &spec, &list, &err), STORE_OK);
		for (size_t i = 0; i < list.count; i++) {
			assert_string_equal(list.items[i].id, ids[4 - seen++]);
			assert_int_equal(list.items[i].turns, 2);
			assert_int_equal(list.items[i].usage.prompt_tokens, 10);
		}
		free(cursor);
		cursor = list.cursor ? xstrdup(list.cursor) : NULL;
		history_list_release(&list);
	} while (cursor);
	assert_int_equal(seen, 5);
	spec = (struct history_list_spec){ .limit = 10, .workspace = "file:///odd" };
	assert_int_equal(history_list(h, &spec, &list, &err), STORE_OK);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0].workspace, "file:///odd");
	history_list_release(&list);
	/* One that goes on comes first. */
	{
		struct history_place place = ask(h, ids[1], "more");

		end_as(&place, HISTORY_DONE, "y");
	}
	spec.workspace = NULL;
	assert_int_equal(history_list(h, &spec, &list, &err), STORE_OK);
	assert_string_equal(list.items[0].id, ids[1]);
	history_list_release(&list);
}

static void test_delete(void **state)
{
	struct history_place place = ask(h, NULL, "Why is the walrus here?");
	struct err err = ERR_INIT;
	char id[HISTORY_ID];

	(void)state;
	memcpy(id, place.entry.id, sizeof(id));
	end_as(&place, HISTORY_DONE, "Because of the walrus.");
	work(h);
	place = ask(h, id, "And?");
	assert_int_equal(history_rename(other, id, "Sea", &err), STORE_OK);
	assert_int_equal(found(h, "sea"), 1);
	/* While an answer comes. */
	assert_int_equal(history_delete(other, id, &err), STORE_OK);
	assert_int_equal(err.kind, ERR_NONE);
	assert_int_equal(found(h, NULL), 0);
	assert_int_equal(found(h, "walrus"), 0);
	append(&place, "The walrus again");
	end_as(&place, HISTORY_DONE, "The walrus again.");
	assert_int_equal(found(h, "walrus"), 0);
	work(other);
	assert_int_equal(found(h, "walrus"), 0);
	assert_int_equal(history_rename(h, id, "x", &err), STORE_OK);
	assert_int_equal(err.kind, ERR_INVALID_PARAMS);
}

static void expect_gone(const char *id)
{
	struct err err = ERR_INIT;

	assert_int_equal(history_rename(h, id, "x", &err), STORE_OK);
	assert_int_equal(err.kind, ERR_INVALID_PARAMS);
	err.kind = ERR_NONE;
	assert_int_equal(history_delete(h, id, &err), STORE_OK);
	assert_int_equal(err.kind, ERR_INVALID_PARAMS);
}

static void test_unknown(void **state)
{
	(void)state;
	expect_gone("nobody");
	expect_gone("");
}

static void test_attachments(void **state)
{
	static char key[] = "file x";
	static char texts[2][8] = { "one", "two" };
	const struct history_attachment attachments[] = { { true, key, texts[0], 3 }, { false, NULL, texts[1], 3 } };
	struct history_question q = { .title = "t", .text = "Why?", .question = "Explain. Why?", .command = "explain",
				      .attachments = attachments, .attachment_count = 2 };
	struct history_place place;
	struct history_chat chat;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(begin_with(h, &q, &place).kind, ERR_NONE);
	assert_int_equal(history_get(other, place.entry.id, &chat, &err), STORE_OK);
	assert_int_equal(chat.count, 1);
	assert_string_equal(chat.turns[0].question, "Explain. Why?");
	assert_string_equal(chat.turns[0].command, "explain");
	assert_int_equal(chat.turns[0].attachment_count, 2);
	assert_true(chat.turns[0].attachments[0].selection && !chat.turns[0].attachments[1].selection);
	assert_string_equal(chat.turns[0].attachments[0].key, "file x");
	assert_null(chat.turns[0].attachments[1].key);
	assert_string_equal(chat.turns[0].attachments[1].text, "two");
	history_chat_release(&chat);
	end_as(&place, HISTORY_DONE, "x");
}

static void test_memory(void **state)
{
	struct history *memory = history_new(true);
	struct history *second = history_new(true);
	struct history_place place = ask(memory, NULL, "Why?");
	struct history_end end = { .state = HISTORY_DONE, .text = "Because.", .len = 8 };

	(void)state;
	assert_int_equal(history_end(memory, &place, &end), STORE_OK);
	expect(memory, place.entry.id, "u:Why? a:Because.");
	work(memory);
	assert_int_equal(found(memory, "because"), 1);
	assert_int_equal(found(second, NULL), 0);
	assert_int_equal(found(h, NULL), 0);
	history_place_release(&place);
	history_free(memory);
	history_free(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_steps, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_death, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_again_and_edit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pieces, setup, teardown),
		cmocka_unit_test_setup_teardown(test_search, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lists, setup, teardown),
		cmocka_unit_test_setup_teardown(test_delete, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
		cmocka_unit_test_setup_teardown(test_attachments, setup, teardown),
		cmocka_unit_test_setup_teardown(test_memory, setup, teardown),
	};

	return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
