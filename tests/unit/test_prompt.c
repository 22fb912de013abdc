/*
 * The prompt: its frame, that the windows are found in it again whatever they contain, the cap on
 * tokens.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/utf.h"
#include "eke/complete/prompt.h"

static struct prompt_input input(const char *prefix, const char *suffix)
{
	return (struct prompt_input){ .path = "src/main.c",
		.language = "c",
		.prefix = prefix,
		.prefix_len = strlen(prefix),
		.suffix = suffix,
		.suffix_len = strlen(suffix) };
}

/*
 * What the header promises to programs: first opening tag at a line's start, then the mark, then the
 * closing tag.
 */
static void find_windows(const struct prompt *p, struct strbuf *prefix, struct strbuf *suffix)
{
	const char *tag = strstr(p->user.data, "\n<document");
	char *end;
	unsigned long number;
	char cursor[32];
	char close[32];
	const char *at;
	const char *stop;

	assert_non_null(tag);
	tag += strlen("\n<document");
	number = *tag == '>' ? 0 : strtoul(tag, &end, 10);
	assert_int_equal(number, p->tag_number);
	snprintf(cursor, sizeof(cursor), number ? "<CURSOR%lu/>" : "<CURSOR/>", number);
	snprintf(close, sizeof(close), number ? "\n</document%lu>\n" : "\n</document>\n", number);
	tag = strchr(tag, '>') + 2;
	at = strstr(tag, cursor);
	assert_non_null(at);
	stop = strstr(at, close);
	assert_non_null(stop);
	strbuf_reset(prefix);
	strbuf_add(prefix, tag, (size_t)(at - tag));
	strbuf_reset(suffix);
	at += strlen(cursor);
	strbuf_add(suffix, at, (size_t)(stop - at));
}

static void test_frame(void **state)
{
	struct prompt_input in = input("int main(void)\n{\n\tint x = ", ";\n}\n");
	struct prompt p;

	(void)state;
	prompt_init(&p);
	assert_true(prompt_build(&in, &p));
	assert_string_equal(p.user.data,
		"File: src/main.c\n"
		"Language: c\n"
		"Indentation: tabs\n"
		"\n"
		"<document>\n"
		"int main(void)\n{\n\tint x = <CURSOR/>;\n}\n\n"
		"</document>\n"
		"\n"
		"The line with the mark, of which nothing may be repeated:\n"
		"\tint x = <CURSOR/>;\n"
		"Stop when the statement or block at the mark is complete.\n"
		"Answer with what belongs at the mark, at most 24 lines, as <completion>…</completion>.");
	assert_int_equal(p.tag_number, 0);
	assert_int_equal(p.stop_count, 1);
	assert_string_equal(p.stop[0], "</completion>");
	/* Every request pays for it: keep it short. */
	assert_true(p.tokens - prompt_tokens(p.user.data, p.user.len) < 1000);
	prompt_release(&p);
}

static void test_variants(void **state)
{
	struct prompt_input in = input("\n    ", "\n");
	struct prompt p;

	(void)state;
	prompt_init(&p);
	in.path = "/a/b\nLanguage: forged";
	in.language = NULL;
	in.insert_spaces = true;
	in.max_lines = 1;
	assert_true(prompt_build(&in, &p));
	assert_non_null(strstr(p.user.data, "File: /a/b?Language: forged\nIndentation: 4 spaces\n\n<document>\n"));
	assert_non_null(
		strstr(p.user.data, "The mark is on an empty line that is indented already: do not begin with blanks.\n"));
	assert_non_null(strstr(p.user.data, "at most 1 line, as"));
	in.prefix_len = 1;
	in.tab_size = 2;
	in.path = NULL;
	in.single_line = true;
	assert_true(prompt_build(&in, &p));
	assert_non_null(strstr(p.user.data, "File: untitled\nIndentation: 2 spaces\n"));
	assert_non_null(strstr(p.user.data, "The mark is on an empty line.\n"));
	assert_non_null(strstr(p.user.data, "Answer with the rest of this line only, as <completion>…</completion>."));
	prompt_release(&p);
	prompt_release(NULL);
}

/* The system message is the same for every document, so that providers can cache it. */
static void test_system_is_constant(void **state)
{
	struct prompt_input a = input("a", "b");
	struct prompt_input b = input("def f():\n", "");
	struct prompt p;
	struct prompt q;

	(void)state;
	b.language = "python";
	b.max_lines = 3;
	b.single_line = true;
	prompt_init(&p);
	prompt_init(&q);
	assert_true(prompt_build(&a, &p));
	assert_true(prompt_build(&b, &q));
	assert_string_equal(p.system.data, q.system.data);
	prompt_release(&p);
	prompt_release(&q);
}

/* The examples are turns of the conversation in the form of the question, and answered as asked. */
static void test_examples(void **state)
{
	static const char *const answers[PROMPT_EXAMPLES] = { "Math.PI * r ** 2",
		"if not values:\n        return 0\n    return sum(values) / len(values)",
		"\nstatic int max(int a, int b)\n{\n\treturn a > b ? a : b;\n}", "Double(Item::price)" };
	struct request_message messages[PROMPT_MESSAGES];
	struct prompt_input in = input("a", "b");
	struct prompt p;

	(void)state;
	prompt_init(&p);
	assert_true(prompt_build(&in, &p));
	assert_int_equal(prompt_messages(&p, messages), PROMPT_MESSAGES);
	assert_string_equal(messages[0].role, "system");
	for (size_t i = 0; i < PROMPT_EXAMPLES; i++) {
		const struct request_message *question = &messages[1 + 2 * i];
		char tagged[256];

		assert_string_equal(question[0].role, "user");
		assert_string_equal(question[1].role, "assistant");
		assert_memory_equal(question[0].content, "File: ", 6);
		assert_non_null(strstr(question[0].content, "\nIndentation: "));
		assert_non_null(strstr(question[0].content, "\n</document>\n\n"));
		assert_non_null(strstr(question[0].content, "Answer with what belongs at the mark, at most 24 lines, as "));
		snprintf(tagged, sizeof(tagged), "<completion>%s</completion>", answers[i]);
		assert_string_equal(question[1].content, tagged);
	}
	assert_string_equal(messages[PROMPT_MESSAGES - 1].role, "user");
	assert_string_equal(messages[PROMPT_MESSAGES - 1].content, p.user.data);
	/* A model that repeats the line anyway is shown how, where that can be told. */
	in.repeats_line = true;
	assert_true(prompt_build(&in, &p));
	assert_string_equal(p.answers[0].data, "<completion>  return Math.round(Math.PI * r ** 2</completion>");
	assert_non_null(strstr(p.questions[0].data, "begin the answer with all that stands before the mark on it:\n"));
	assert_non_null(strstr(p.user.data, "of which nothing may be repeated:\n"));
	assert_true(prompt_model_repeats_line("anthropic/claude-sonnet-4"));
	assert_false(prompt_model_repeats_line("gpt-4o-mini"));
	assert_false(prompt_model_repeats_line(NULL));
	prompt_release(&p);
}

/* What is asked never contradicts itself: in the middle of a file the answer ends where the text goes on. */
static void test_extent(void **state)
{
	static const struct {
		const char *suffix;
		bool write_on;
		const char *wanted;
	} table[] = {
		{ "", false, "Stop when the statement or block at the mark is complete.\n" },
		{ "\nx = 1\n", false, "Stop when the statement or block at the mark is complete.\n" },
		{ "", true, "Then go on with what follows, as far as it can be foreseen.\n" },
		{ ");\n}\n", true, "Then go on with what follows, as far as it can be foreseen.\n" },
		{ "\n\ndef f():\n", true, "Stop where the text after the mark goes on.\n" },
	};
	static const char *const all[] = { "Stop when", "Then go on", "Stop where" };
	struct prompt p;

	(void)state;
	prompt_init(&p);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct prompt_input in = input("y = ", table[i].suffix);
		size_t said = 0;

		in.write_on = table[i].write_on;
		assert_true(prompt_build(&in, &p));
		assert_non_null(strstr(p.user.data, table[i].wanted));
		for (size_t k = 0; k < ARRAY_LEN(all); k++)
			said += strstr(p.user.data, all[k]) != NULL;
		assert_int_equal(said, 1);
		assert_null(strstr(p.system.data, "go on with what follows"));
	}
	prompt_release(&p);
}

static void test_inside(void **state)
{
	static const struct {
		const char *language, *prefix;
		bool from_start;
		const char *wanted; /* NULL: nothing is said */
	} table[] = {
		{ "c", "int x = 1; // one", true,
			"The mark is inside a comment; if the comment is finished, begin with a line break.\n" },
		{ "c", "/* one\n * two", true, "The mark is inside a comment.\n" },
		{ "c", "char *s = \"one", false, "The mark is inside a string.\n" },
		{ "python", "x = 'a' + 'b", false, "The mark is inside a string.\n" },
		{ "python", "def f():\n    \"\"\"One", true, "The mark is inside a string.\n" },
		/* Of what began above the window nothing is known. */
		{ "python", "\"\"\"\nx = y", false, NULL },
		{ "c", "int x = ", true, NULL },
		{ "c", "char *s = \"one\"; ", true, NULL },
		{ "markdown", "don't", true, NULL },
		{ "nosuch", "don't", true, NULL },
	};
	struct prompt p;

	(void)state;
	prompt_init(&p);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct prompt_input in = input(table[i].prefix, "\n");

		in.language = table[i].language;
		in.from_start = table[i].from_start;
		assert_true(prompt_build(&in, &p));
		if (!table[i].wanted != !strstr(p.user.data, "The mark is inside") ||
			(table[i].wanted && !strstr(p.user.data, table[i].wanted)))
			fail_msg("%s: %s", table[i].prefix, p.user.data);
	}
	prompt_release(&p);
}

static void test_marks(void **state)
{
	static const struct {
		const char *prefix;
		const char *suffix;
		unsigned tag_number;
	} table[] = {
		{ "a", "b", 0 },
		{ "", "", 0 },
		{ "x<CURSOR/>y", "", 1 },
		{ "", "<cursor/>", 1 },
		{ "</completion>", "", 1 },
		{ "<completion>", "<completion1>", 2 },
		{ "<document>\n<CURSOR/>\n</document>", "\n</document>\n", 1 },
		{ "<documentation>", "", 1 },
		{ "<Document1> <cursor> <document2 <completion3", "</document4>", 5 },
		{ "<document1>", "", 1 + 1 },
		{ "a < document", "<", 0 },
		{ "\n</document>\n\n<document>\n", "\n</document>\n", 1 },
	};
	struct strbuf prefix;
	struct strbuf suffix;
	struct prompt p;

	(void)state;
	strbuf_init(&prefix, MIB(1));
	strbuf_init(&suffix, MIB(1));
	prompt_init(&p);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct prompt_input in = input(table[i].prefix, table[i].suffix);

		assert_true(prompt_build(&in, &p));
		assert_int_equal(p.tag_number, table[i].tag_number);
		find_windows(&p, &prefix, &suffix);
		assert_string_equal(prefix.data, table[i].prefix);
		assert_string_equal(suffix.data, table[i].suffix);
	}
	/* Marks in the other fields count, too. */
	{
		struct prompt_input in = input("a", "b");

		in.path = "x<document>";
		in.language = "<cursor1>";
		assert_true(prompt_build(&in, &p));
		assert_int_equal(p.tag_number, 2);
		assert_string_equal(p.stop[0], "</completion2>");
		assert_non_null(strstr(p.system.data, "<CURSOR2/>"));
		assert_null(strstr(p.system.data, "<CURSOR/>"));
	}
	prompt_release(&p);
	strbuf_release(&prefix);
	strbuf_release(&suffix);
}

static void test_long_line(void **state)
{
	struct strbuf line;
	struct prompt_input in;
	struct prompt p;

	(void)state;
	strbuf_init(&line, MIB(1));
	for (int i = 0; i < 500; i++)
		strbuf_adds(&line, "数");
	in = input(line.data, line.data);
	prompt_init(&p);
	assert_true(prompt_build(&in, &p));
	assert_int_equal(utf8_valid_prefix(p.user.data, p.user.len), p.user.len);
	/* Twice in full, and a piece of each side once more. */
	assert_in_range(p.user.len, 2 * line.len + 300, 2 * line.len + 700);
	prompt_release(&p);
	strbuf_release(&line);
}

static void test_token_cap(void **state)
{
	struct strbuf text;
	struct prompt_input in;
	struct prompt p;
	struct strbuf prefix;
	struct strbuf suffix;
	static const char *const lines[] = { "\tint value = compute(a, b) + 12345;\n", "// 计算两个数的和，然后返回结果\n",
		"+-*/%=<>!&|\n" };

	(void)state;
	strbuf_init(&text, MIB(1));
	strbuf_init(&prefix, MIB(1));
	strbuf_init(&suffix, MIB(1));
	prompt_init(&p);
	for (size_t k = 0; k < ARRAY_LEN(lines); k++) {
		strbuf_reset(&text);
		while (text.len < 40000)
			strbuf_adds(&text, lines[k]);
		in = input(text.data, text.data);
		for (size_t cap = 1000; cap <= 8000; cap += 500) {
			in.max_tokens = cap;
			assert_true(prompt_build(&in, &p));
			assert_true(p.tokens <= cap);
			/* Not much is given away. */
			assert_true(p.tokens + 60 >= cap);
			assert_true(p.prefix_len <= in.prefix_len && p.suffix_len <= in.suffix_len);
			find_windows(&p, &prefix, &suffix);
			assert_int_equal(prefix.len, p.prefix_len);
			assert_int_equal(suffix.len, p.suffix_len);
			/* The text next to the cursor is what stays. */
			assert_memory_equal(prefix.data, text.data + text.len - prefix.len, prefix.len);
			assert_memory_equal(suffix.data, text.data, suffix.len);
			assert_int_equal(utf8_valid_prefix(p.user.data, p.user.len), p.user.len);
		}
	}
	/* A suffix too long goes before the prefix does. */
	in = input("short prefix ", text.data);
	in.max_tokens = 2000;
	assert_true(prompt_build(&in, &p));
	assert_int_equal(p.prefix_len, in.prefix_len);
	/* Default windows fit the free tier's cap, whatever they hold. */
	for (size_t k = 0; k < ARRAY_LEN(lines); k++) {
		strbuf_reset(&text);
		while (text.len < LIMIT_PREFIX_EXCERPT)
			strbuf_adds(&text, lines[k]);
		in = input(text.data, text.data);
		in.suffix_len = utf8_cut(text.data, text.len, LIMIT_SUFFIX_EXCERPT);
		in.max_tokens = 4000;
		assert_true(prompt_build(&in, &p));
	}
	/* Not even the frame fits. */
	in.max_tokens = 100;
	assert_false(prompt_build(&in, &p));
	prompt_release(&p);
	strbuf_release(&text);
	strbuf_release(&prefix);
	strbuf_release(&suffix);
}

static void test_windows_are_cut(void **state)
{
	static const char prefix[] = "def summe(werte):\n    größe = 0 # 数\n    for w in werte:\n        ";
	static const char suffix[] = "\n    return größe\n\nprint(summe([1, 2]))\n";
	struct prompt_input whole = {
		.prefix = prefix, .prefix_len = strlen(prefix), .suffix = suffix, .suffix_len = strlen(suffix)
	};
	size_t all;

	(void)state;
	assert_true(prompt_cut_excerpt(&whole, &all));
	assert_int_equal(whole.prefix_len, strlen(prefix));
	assert_int_equal(whole.suffix_len, strlen(suffix));
	for (size_t cap = 1; cap <= all; cap++) {
		struct prompt_input in = whole;
		size_t tokens;

		in.max_tokens = cap;
		if (!prompt_cut_excerpt(&in, &tokens)) {
			assert_true(cap < 8);
			continue;
		}
		assert_true(tokens <= cap);
		assert_ptr_equal(in.prefix + in.prefix_len, prefix + strlen(prefix));
		assert_ptr_equal(in.suffix, suffix);
		assert_int_equal(utf8_valid_prefix(in.prefix, in.prefix_len), in.prefix_len);
		assert_int_equal(utf8_valid_prefix(in.suffix, in.suffix_len), in.suffix_len);
		assert_true(cap < all || (in.prefix_len == strlen(prefix) && in.suffix_len == strlen(suffix)));
	}
}

static void test_tokens(void **state)
{
	static const struct {
		const char *text;
		size_t low; /* a byte-pair vocabulary needs about this many */
		size_t high;
	} table[] = {
		{ "", 0, 0 },
		{ "hello world", 2, 4 },
		{ "    return x;\n", 4, 6 },
		{ "for (int i = 0; i < n; i++) {", 13, 18 },
		{ "1234567", 3, 3 },
		{ "计算两个数的和", 7, 14 },
		{ "\n\n\n\n\n\n\n\n", 1, 2 },
		{ "😀", 2, 4 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		assert_in_range(prompt_tokens(table[i].text, strlen(table[i].text)), table[i].low, table[i].high);
}

/* Where the cap is low the user's own text goes before examples. */
static void test_examples_under_a_cap(void **state)
{
	static const struct {
		size_t cap, least, most;
	} table[] = {
		{ 0, PROMPT_EXAMPLES, PROMPT_EXAMPLES },
		{ 4096, PROMPT_EXAMPLES, PROMPT_EXAMPLES },
		{ 2048, 1, 2 },
		{ 1024, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct prompt_input in = { .path = "a.c",
			.language = "c",
			.prefix = "int a;\n",
			.prefix_len = 7,
			.suffix = "\n",
			.suffix_len = 1,
			.write_on = true,
			.max_tokens = table[i].cap };
		struct prompt p;

		prompt_init(&p);
		assert_true(prompt_build(&in, &p));
		assert_in_range(p.example_count, table[i].least, table[i].most);
		prompt_release(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples_under_a_cap),
		cmocka_unit_test(test_frame),
		cmocka_unit_test(test_variants),
		cmocka_unit_test(test_system_is_constant),
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_extent),
		cmocka_unit_test(test_inside),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_token_cap),
		cmocka_unit_test(test_windows_are_cut),
		cmocka_unit_test(test_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
