/*
 * From a conversation to messages. In the drawings of chats a letter is a turn: u a question, a an answer, e an answer
 * without text; in those of messages: S system, x an attachment, s the selection of the question.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "eke/base/strbuf.h"

#include "../../src/chat/assemble.h"

#define TURNS 16

static char letter_of(const struct assembled *a, size_t i)
{
	if (a->classes[i] == TRIM_SYSTEM)
		return 'S';
	if (a->classes[i] == TRIM_ATTACHMENT)
		return 'x';
	if (!strcmp(a->messages[i].role, "assistant"))
		return 'a';
	if (a->classes[i] == TRIM_HISTORY)
		return 'u';
	return i + 1 < a->count ? 's' : 'Q';
}

static void check(const struct history_chat *chat, const struct config *config, const char *expected)
{
	struct assembled a;
	char got[64] = "";

	assemble(chat, config, &a);
	for (size_t i = 0; i < a.count; i++)
		got[i] = letter_of(&a, i);
	assert_string_equal(got, expected);
	assembled_release(&a);
}

static void test_drawings(void **state)
{
	static const struct {
		const char *turns;
		const char *sent;
	} cases[] = {
		{ "u", "SQ" },        { "uau", "SuaQ" },  { "uu", "SQ" },     { "uauu", "SuaQ" },
		{ "ueu", "SQ" },      { "uuau", "SuaQ" }, { "uauau", "SuauaQ" },
	};
	struct config *config = config_defaults();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct history_turn turns[TURNS] = { { .number = 0 } };
		struct history_chat chat = { .turns = turns, .count = strlen(cases[i].turns) };
		char text[] = "text";
		char nothing[] = "";

		for (size_t j = 0; j < chat.count; j++) {
			bool empty = cases[i].turns[j] == 'e';

			turns[j].role = cases[i].turns[j] == 'u' ? HISTORY_USER : HISTORY_MODEL;
			turns[j].text = empty ? nothing : text;
			turns[j].len = empty ? 0 : 4;
		}
		check(&chat, config, cases[i].sent);
	}
	config_unref(config);
}

static void test_attachments(void **state)
{
	static char keys[3][8] = { "file a", "file b", "sel a" };
	static char text[] = "text";
	struct history_attachment old[] = { { false, keys[0], text, 4 }, { false, keys[1], text, 4 }, { true, keys[2],
		text, 4 } };
	struct history_attachment new[] = { { true, NULL, text, 4 }, { false, keys[0], text, 4 }, { false, NULL, text,
		4 } };
	struct history_turn turns[] = {
		{ .role = HISTORY_USER, .text = text, .len = 4, .attachments = old, .attachment_count = 3 },
		{ .role = HISTORY_MODEL, .text = text, .len = 4 },
		{ .role = HISTORY_USER, .text = text, .len = 4, .attachments = new, .attachment_count = 3 },
	};
	struct history_chat chat = { .turns = turns, .count = 3 };
	struct config *config = config_defaults();

	(void)state;
	/* File a goes along anew; the former selection is an attachment, the present one stands next to the question. */
	check(&chat, config, "SxxuaxxsQ");
	config_unref(config);
}

static void test_system(void **state)
{
	static const struct {
		const char *system;
		const char *language;
		const char *text; /* NULL: eke's own, or with it */
	} cases[] = {
		{ "Own.", NULL, "Own." },
		{ "Own.", "Welsh", "Own.\nAnswer in this language, whatever the question's is: Welsh." },
		{ "", "Welsh", "Answer in this language, whatever the question's is: Welsh." },
		{ "", NULL, "" },
		{ NULL, NULL, NULL },
	};
	static char text[] = "text";
	struct history_turn turn = { .role = HISTORY_USER, .text = text, .len = 4 };
	struct history_chat chat = { .turns = &turn, .count = 1 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct config *config = config_defaults();
		struct assembled a;

		config->chat.system = cases[i].system;
		config->chat.language = cases[i].language;
		assemble(&chat, config, &a);
		if (!cases[i].text)
			assert_non_null(strstr(a.messages[0].content, "programming assistant"));
		else if (*cases[i].text)
			assert_string_equal(a.messages[0].content, cases[i].text);
		else
			assert_int_equal(a.count, 1);
		assembled_release(&a);
		config_unref(config);
	}
}

/* Megabytes of history: the newest turns, in all no more than one request may have. */
static void test_too_much(void **state)
{
	struct history_turn turns[TURNS] = { { .number = 0 } };
	struct history_chat chat = { .turns = turns, .count = 15 };
	struct config *config = config_defaults();
	struct strbuf text;
	struct assembled a;
	size_t bytes = 0;

	(void)state;
	strbuf_init(&text, MIB(1));
	while (text.len < 1000000)
		strbuf_adds(&text, "all the same all the time ");
	for (size_t i = 0; i < chat.count; i++)
		turns[i] = (struct history_turn){ .role = i % 2 ? HISTORY_MODEL : HISTORY_USER, .text = text.data,
						  .len = text.len };
	assemble(&chat, config, &a);
	for (size_t i = 1; i < a.count; i++)
		bytes += a.messages[i].content_len;
	assert_true(bytes <= LIMIT_CHAT_PROMPT);
	assert_int_equal(a.left_out, 8);
	assert_string_equal(a.messages[1].role, "user");
	assembled_release(&a);
	strbuf_release(&text);
	config_unref(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drawings),
		cmocka_unit_test(test_attachments),
		cmocka_unit_test(test_system),
		cmocka_unit_test(test_too_much),
	};

	return cmocka_run_group_tests_name("assemble", tests, NULL, NULL);
}
