/*
 * The words of an edit: what a model is shown, and what of its answer is the replacement.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "eke/chat/edit_text.h"

static const struct {
	const char *answer;
	const char *selected;
	const char *text; /* NULL: no replacement */
	unsigned tag_number;
	bool crlf;
} answers[] = {
	{ "<edit>int a = 2;</edit>", "int a = 1;", "int a = 2;", 0, false },
	{ "Sure!\n<edit>int a = 2;</edit>\nDone.", "int a = 1;", "int a = 2;", 0, false },
	/* The last line end is the selection's. */
	{ "<edit>\tb();\n</edit>", "\ta();\n", "\tb();\n", 0, false },
	{ "<edit>\n\tb();\n</edit>", "\ta();\n", "\tb();\n", 0, false },
	{ "<edit>\tb();</edit>", "\ta();\n", "\tb();\n", 0, false },
	{ "<edit>b();\n</edit>", "a();", "b();", 0, false },
	{ "<edit></edit>", "a();\n", "", 0, false },
	{ "<edit>\n\nb();\n</edit>", "\n\na();\n", "\n\nb();\n", 0, false },
	/* The document's line ends. */
	{ "<edit>b();\nc();\n</edit>", "a();\r\n", "b();\r\nc();\r\n", 0, true },
	{ "<edit>b();\r\nc();</edit>", "a();", "b();\nc();", 0, false },
	/* Fences, inside the tags and instead of them. */
	{ "<edit>\n```c\nb();\n```\n</edit>", "a();\n", "b();\n", 0, false },
	{ "Here it is:\n\n```c\nb();\n```\n\nI changed a to b.", "a();\n", "b();\n", 0, false },
	/* The closing tag was forgotten. */
	{ "<edit>b();\n", "a();\n", "b();\n", 0, false },
	/* Text about such tags. */
	{ "<edit1>x <edit>y</edit></edit1>", "x", "x <edit>y</edit>", 1, false },
	/* Talk. */
	{ "I am sorry, I cannot do that.", "a();\n", NULL, 0, false },
	{ "", "a();\n", NULL, 0, false },
};

static bool extract(size_t i, size_t len, bool whole, struct strbuf *out)
{
	struct edit_answer_input in = {
		.answer = answers[i].answer,
		.answer_len = len,
		.whole = whole,
		.tag_number = answers[i].tag_number,
		.selected = answers[i].selected,
		.selected_len = strlen(answers[i].selected),
		.crlf = answers[i].crlf,
	};

	return edit_extract(&in, out);
}

static void test_answers(void **state)
{
	struct strbuf out;

	(void)state;
	strbuf_init(&out, KIB(4));
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		bool ok = extract(i, strlen(answers[i].answer), true, &out);

		if (ok != (answers[i].text != NULL) || (ok && strcmp(out.data, answers[i].text)))
			fail_msg("[%s]: %d [%s], wanted [%s]", answers[i].answer, ok, out.data,
				 answers[i].text ? answers[i].text : "nothing");
	}
	strbuf_release(&out);
}

/* Cut anywhere: what is told of a growing answer is a beginning of what will be. */
static void test_growing(void **state)
{
	struct strbuf out;
	size_t told = 0;

	(void)state;
	strbuf_init(&out, KIB(4));
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		for (size_t len = 0; len < strlen(answers[i].answer); len++) {
			if (!extract(i, len, false, &out))
				continue;
			assert_non_null(answers[i].text);
			if (strncmp(answers[i].text, out.data, out.len))
				fail_msg("[%.*s]: [%s], which [%s] does not begin with", (int)len, answers[i].answer, out.data,
					 answers[i].text);
			told += out.len > 0;
		}
	}
	assert_true(told > 50);
	strbuf_release(&out);
}

static void test_prompt(void **state)
{
	struct edit_prompt_input in = {
		.path = "src/ring.c",
		.language = "c",
		.before = "before\n",
		.before_len = 7,
		.selected = "a <edit> tag\n",
		.selected_len = 13,
		.after = "after\n",
		.after_len = 6,
		.instruction = "rename it",
	};
	struct strbuf system;
	struct strbuf user;

	(void)state;
	strbuf_init(&system, KIB(16));
	strbuf_init(&user, KIB(16));
	assert_int_equal(edit_prompt(&in, &system, &user), 1);
	assert_non_null(strstr(user.data, "before\n<edit1>a <edit> tag\n</edit1>after\n"));
	assert_non_null(strstr(user.data, "Instruction: rename it"));
	assert_non_null(strstr(system.data, "<edit1>"));
	assert_null(strstr(user.data, "empty"));
	strbuf_reset(&system);
	strbuf_reset(&user);
	in.selected_len = 0;
	in.answer_language = "Deutsch";
	assert_int_equal(edit_prompt(&in, &system, &user), 0);
	assert_non_null(strstr(user.data, "<edit></edit>"));
	assert_non_null(strstr(user.data, "empty"));
	assert_non_null(strstr(system.data, "Deutsch"));
	strbuf_release(&system);
	strbuf_release(&user);
}

/* A file that has all tags up to a large number: each is looked at once, and the next number is free. */
static void test_numbers(void **state)
{
	struct edit_prompt_input in = { .before = "", .after = "", .instruction = "x" };
	struct strbuf text;
	struct strbuf system;
	struct strbuf user;

	(void)state;
	strbuf_init(&text, MIB(16));
	strbuf_init(&system, KIB(16));
	strbuf_init(&user, MIB(16));
	strbuf_adds(&text, "edit>");
	for (unsigned i = 1; i < 200000; i++)
		strbuf_addf(&text, "edit%u> edit0%u> ", i, 500000 + i);
	in.selected = text.data;
	in.selected_len = text.len;
	assert_int_equal(edit_prompt(&in, &system, &user), 200000);
	in.context = "edit200000>";
	in.after = "<edit200001><edit99999999999999999999999>";
	in.after_len = strlen(in.after);
	assert_int_equal(edit_prompt(&in, &system, &user), 200002);
	strbuf_release(&text);
	strbuf_release(&system);
	strbuf_release(&user);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_growing),
		cmocka_unit_test(test_prompt),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
