/*
 * What of a chat is sent: messages that are joined, blocks that are cut, and properties that hold for any chat.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/chat/fit.h"

#include "../../src/chat/attachment.h"

#define PARTS 24

static struct token_scales *scales;

static int setup(void **state)
{
	(void)state;
	scales = token_scales_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	token_scales_free(scales);
	return 0;
}

struct chat {
	struct request_message messages[PARTS];
	enum trim_class classes[PARTS];
	char *texts[PARTS];
	size_t count;
};

static void add(struct chat *chat, const char *role, enum trim_class class, char *text)
{
	size_t i = chat->count++;

	chat->texts[i] = text;
	chat->messages[i] = (struct request_message){ role, text, strlen(text) };
	chat->classes[i] = class;
}

static void release(struct chat *chat)
{
	for (size_t i = 0; i < chat->count; i++)
		free(chat->texts[i]);
}

static bool fit(const struct chat *chat, size_t cap, struct fit *out, struct err *err)
{
	struct fit_spec spec = { .messages = chat->messages, .classes = chat->classes, .count = chat->count,
				 .scales = scales, .endpoint = "e", .model = "m", .plan = "p", .cap = cap };

	return fit_prompt(&spec, out, err);
}

static char *block(const char *name, size_t lines)
{
	struct strbuf text;

	strbuf_init(&text, MIB(4));
	strbuf_addf(&text, "%s:\n```c\n", name);
	for (size_t i = 1; i <= lines; i++)
		strbuf_addf(&text, "%4zu | int %s_%zu = %zu;\n", i, name, i, i * 7);
	strbuf_adds(&text, "```");
	return strbuf_detach(&text, NULL);
}

static size_t tokens(const struct fit *fit)
{
	return tokens_of(scales, "e", "m", tokens_estimate_messages(fit->messages, fit->count));
}

/* --- shares --- */

static void test_share(void **state)
{
	static const struct {
		size_t wanted[4];
		size_t room;
		size_t given[4];
	} cases[] = {
		{ { 10, 10, 10, 10 }, 100, { 10, 10, 10, 10 } },
		{ { 10, 10, 10, 10 }, 40, { 10, 10, 10, 10 } },
		{ { 10, 10, 10, 10 }, 20, { 5, 5, 5, 5 } },
		{ { 100, 5, 100, 5 }, 110, { 50, 5, 50, 5 } },
		{ { 100, 60, 5, 30 }, 140, { 52, 52, 5, 30 } },
		{ { 0, 0, 0, 9 }, 5, { 0, 0, 0, 5 } },
		{ { 9, 9, 9, 9 }, 0, { 0, 0, 0, 0 } },
	};
	size_t given[4];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		fit_share(cases[i].wanted, 4, cases[i].room, given);
		assert_memory_equal(given, cases[i].given, sizeof(given));
	}
	fit_share(NULL, 0, 10, given);
}

/* --- blocks --- */

static void test_cut(void **state)
{
	static const struct {
		const char *block;
		size_t all;
		size_t lines;
		const char *cut;
	} cases[] = {
		{ "A:\n```c\none\ntwo\nthree\n```", 3, 1, "A:\n```c\none\n(2 more lines left out)\n```" },
		{ "A:\n```c\none\ntwo\nthree\n```", 3, 2, "A:\n```c\none\ntwo\n(1 more line left out)\n```" },
		{ "A:\n````\none\n```\n\n````", 3, 2, "A:\n````\none\n```\n(1 more line left out)\n````" },
		{ "A:\n```\n```", 0, 0, NULL },
		{ "no block", 0, 0, NULL },
		{ "no\nblock", 0, 0, NULL },
		{ "", 0, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out;

		assert_int_equal(attachment_lines(cases[i].block, strlen(cases[i].block)), cases[i].all);
		if (!cases[i].cut)
			continue;
		strbuf_init(&out, KIB(1));
		attachment_cut(cases[i].block, strlen(cases[i].block), cases[i].lines, &out);
		assert_string_equal(out.data, cases[i].cut);
		strbuf_release(&out);
	}
}

/* --- joining --- */

static void test_joined(void **state)
{
	struct chat chat = { .count = 0 };
	struct fit out;
	struct err err;

	(void)state;
	add(&chat, "system", TRIM_SYSTEM, xstrdup("S"));
	add(&chat, "user", TRIM_ATTACHMENT, xstrdup("a"));
	add(&chat, "user", TRIM_HISTORY, xstrdup("one"));
	add(&chat, "assistant", TRIM_HISTORY, xstrdup("yes"));
	add(&chat, "user", TRIM_HISTORY, xstrdup("two"));
	add(&chat, "user", TRIM_ATTACHMENT, xstrdup("b"));
	add(&chat, "user", TRIM_QUESTION, xstrdup("selection"));
	add(&chat, "user", TRIM_QUESTION, xstrdup("three"));
	for (size_t cap = 0; cap <= 1000; cap += 1000) {
		static const char *const expected[] = { "S", "a\n\none", "yes", "two", "b\n\nselection\n\nthree" };

		assert_true(fit(&chat, cap, &out, &err));
		assert_int_equal(out.count, ARRAY_LEN(expected));
		for (size_t i = 0; i < out.count; i++)
			assert_string_equal(out.messages[i].content, expected[i]);
		assert_int_equal(out.trimmed_count, 0);
		fit_release(&out);
	}
	release(&chat);
}

static void test_roles(void **state)
{
	static const struct request_message messages[] = {
		{ "system", "", 0 }, { "user", "", 0 }, { "assistant", "", 0 }, { "user", "", 0 }, { "assistant", "", 0 },
	};
	static const enum trim_class expected[] = { TRIM_SYSTEM, TRIM_HISTORY, TRIM_HISTORY, TRIM_QUESTION,
						    TRIM_QUESTION };
	enum trim_class classes[ARRAY_LEN(messages)];

	(void)state;
	fit_classes(messages, ARRAY_LEN(messages), classes);
	assert_memory_equal(classes, expected, sizeof(expected));
	fit_classes(messages, 1, classes);
	assert_int_equal(classes[0], TRIM_QUESTION);
}

/* Two large blocks and a small one: fair, and told. */
static void test_fair(void **state)
{
	struct chat chat = { .count = 0 };
	struct fit out;
	struct err err;

	(void)state;
	add(&chat, "user", TRIM_ATTACHMENT, block("big", 400));
	add(&chat, "user", TRIM_ATTACHMENT, block("small", 3));
	add(&chat, "user", TRIM_ATTACHMENT, block("large", 900));
	add(&chat, "user", TRIM_QUESTION, xstrdup("Why?"));
	assert_true(fit(&chat, 2000, &out, &err));
	assert_int_equal(out.count, 1);
	assert_true(tokens(&out) <= 2000 && tokens(&out) > 1900);
	assert_non_null(strstr(out.messages[0].content, "int small_3 = 21;"));
	assert_int_equal(out.trimmed_count, 2);
	assert_non_null(strstr(out.trimmed[0], " of 400 lines (about "));
	assert_memory_equal(out.trimmed[0], "big: ", 5);
	assert_memory_equal(out.trimmed[1], "large: ", 7);
	fit_release(&out);
	/* No room for a line of each. */
	assert_true(fit(&chat, 60, &out, &err));
	assert_true(tokens(&out) <= 60);
	assert_memory_equal(out.trimmed[0], "big (about ", 11);
	fit_release(&out);
	assert_false(fit(&chat, 5, &out, &err));
	assert_int_equal(err.kind, ERR_PROMPT_TOO_LONG);
	release(&chat);
}

/* --- any chat --- */

static uint64_t seed = 7;

static size_t below(size_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (size_t)(seed % n);
}

static char *words(size_t n)
{
	static const char *const some[] = { "the ", "buffer", " index", "\n", "你好", "x=1;", "  \t", "Über", "0x7f ", "." };
	struct strbuf text;

	strbuf_init(&text, MIB(1));
	for (size_t i = 0; i < n; i++)
		strbuf_adds(&text, some[below(ARRAY_LEN(some))]);
	return strbuf_detach(&text, NULL);
}

static void any_chat(struct chat *chat)
{
	size_t turns = below(5);

	*chat = (struct chat){ .count = 0 };
	if (below(2))
		add(chat, "system", TRIM_SYSTEM, words(below(30)));
	for (size_t i = 0; i < turns; i++) {
		if (!below(3))
			add(chat, "user", TRIM_ATTACHMENT, block("old", below(60)));
		add(chat, "user", TRIM_HISTORY, words(1 + below(100)));
		add(chat, "assistant", TRIM_HISTORY, words(1 + below(200)));
	}
	for (size_t i = below(5); i > 0; i--)
		add(chat, "user", TRIM_ATTACHMENT, below(4) ? block("file",
			below(4) ? below(80) : below(600)) : words(below(60)));
	if (below(2))
		add(chat, "user", TRIM_QUESTION, block("selection", below(20)));
	add(chat, "user", TRIM_QUESTION, words(1 + below(40)));
}

static bool has(const struct fit *out, const char *text)
{
	for (size_t i = 0; i < out->count; i++)
		if (strstr(out->messages[i].content, text))
			return true;
	return false;
}

static void test_properties(void **state)
{
	(void)state;
	for (int round = 0; round < 600; round++) {
		struct chat chat;
		struct fit out;
		struct err err;
		size_t cap = 20 + below(1500);

		any_chat(&chat);
		if (!fit(&chat, cap, &out, &err)) {
			assert_int_equal(err.kind, ERR_PROMPT_TOO_LONG);
			release(&chat);
			continue;
		}
		if (tokens(&out) > cap)
			fail_msg("round %d: %zu tokens of %zu", round, tokens(&out), cap);
		for (size_t i = 0; i < chat.count; i++)
			if (chat.classes[i] == TRIM_SYSTEM || chat.classes[i] == TRIM_QUESTION)
				assert_true(has(&out, chat.texts[i]));
		/* Nothing is left out where everything fits. */
		fit_release(&out);
		assert_true(fit(&chat, 1000000, &out, &err));
		assert_int_equal(out.trimmed_count, 0);
		for (size_t i = 0; i < chat.count; i++)
			assert_true(has(&out, chat.texts[i]));
		/* Users and models take turns. */
		for (size_t i = 1; i < out.count; i++)
			assert_true(strcmp(out.messages[i].role, out.messages[i - 1].role) != 0);
		fit_release(&out);
		release(&chat);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_share),      cmocka_unit_test(test_cut),  cmocka_unit_test(test_joined),
		cmocka_unit_test(test_roles),      cmocka_unit_test(test_fair), cmocka_unit_test(test_properties),
	};

	return cmocka_run_group_tests_name("fit", tests, setup, teardown);
}
