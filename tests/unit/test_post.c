/*
 * Post-processing: every case of post_cases/ whole, again on its own result, and fed byte by byte; and
 * the few facts that are no cases.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/utf.h"
#include "eke/post/post.h"

/*
 * A file post_cases/<group>.txt has cases like
 *
 *	=== what the case is about
 *	lang: python            opts: words of fim, cut, single, lines=3, mark=1, tabs, spaces=2
 *	opts: cut
 *	--- document            with ‸ where the cursor is
 *	...
 *	--- answer              the raw answer
 *	...
 *	--- insert              what is to be inserted; or "--- verdict prose" and no text
 *	...
 *
 * The line end before a line that begins with "---" or "===" is not part of the text. In texts ␠ stands
 * for a blank, ␉ for a tab, ␍ for CR, ␤ for LF, and ␄ for nothing (it protects the end of a text).
 * Lines before the first case are comments.
 */
struct post_case {
	char *name;
	char *language;
	char *document;
	char *answer;
	char *insert; /* NULL unless verdict is POST_INSERT */
	enum post_verdict verdict;
	struct post_input input; /* points to the above */
};

static struct post_case *cases;
static size_t case_count;

static const char *const verdict_words[] = { "insert", "wait", "empty", "prose", "duplicate" };

static char *decode(const char *s, size_t len)
{
	static const struct {
		const char *mark;
		const char *text;
	} marks[] = { { "␠", " " }, { "␉", "\t" }, { "␍", "\r" }, { "␤", "\n" }, { "␄", "" } };
	struct strbuf out;

	strbuf_init(&out, MIB(1));
	for (size_t i = 0; i < len;) {
		size_t k;

		for (k = 0; k < ARRAY_LEN(marks); k++) {
			if (len - i >= 3 && !memcmp(s + i, marks[k].mark, 3)) {
				strbuf_adds(&out, marks[k].text);
				break;
			}
		}
		if (k == ARRAY_LEN(marks))
			strbuf_addch(&out, s[i++]);
		else
			i += 3;
	}
	return strbuf_detach(&out, NULL);
}

static void set_option(struct post_case *c, const char *word)
{
	if (!strcmp(word, "fim"))
		c->input.source = POST_FIM;
	else if (!strcmp(word, "cut"))
		c->input.finish = POST_CUT;
	else if (!strcmp(word, "single"))
		c->input.single_line = true;
	else if (!strcmp(word, "tabs"))
		c->input.insert_spaces = false;
	else if (!strncmp(word, "lines=", 6))
		c->input.max_lines = strtoul(word + 6, NULL, 10);
	else if (!strncmp(word, "mark=", 5))
		c->input.tag_number = (unsigned)strtoul(word + 5, NULL, 10);
	else if (!strncmp(word, "spaces=", 7))
		c->input.tab_size = (unsigned)strtoul(word + 7, NULL, 10);
	else
		fail_msg("%s: unknown option %s", c->name, word);
}

static void set_field(struct post_case *c, const char *line, size_t len)
{
	char *copy = xstrndup(line, len);
	char *save = NULL;

	if (!strncmp(copy, "lang: ", 6)) {
		c->language = xstrdup(copy + 6);
	} else if (!strncmp(copy, "opts: ", 6)) {
		for (char *word = strtok_r(copy + 6, " ", &save); word; word = strtok_r(NULL, " ", &save))
			set_option(c, word);
	} else if (len) {
		fail_msg("%s: unknown field %s", c->name, copy);
	}
	free(copy);
}

static void finish_section(struct post_case *c, const char *name, const char *text, size_t len)
{
	if (len && text[len - 1] == '\n')
		len--;
	if (!strcmp(name, "document"))
		c->document = decode(text, len);
	else if (!strcmp(name, "answer"))
		c->answer = decode(text, len);
	else if (!strcmp(name, "insert"))
		c->insert = decode(text, len);
	else if (strncmp(name, "verdict ", 8) != 0)
		fail_msg("%s: unknown section %s", c->name, name);
	for (size_t i = 0; !strncmp(name, "verdict ", 8) && i < ARRAY_LEN(verdict_words); i++) {
		if (!strcmp(name + 8, verdict_words[i]))
			c->verdict = (enum post_verdict)i;
	}
}

static void finish_case(struct post_case *c)
{
	char *cursor = c->document ? strstr(c->document, "‸") : NULL;

	if (!cursor || !c->answer || (c->verdict == POST_INSERT) != (c->insert != NULL))
		fail_msg("%s: incomplete case", c->name);
	c->input.language = c->language;
	c->input.answer = c->answer;
	c->input.answer_len = strlen(c->answer);
	c->input.prefix = c->document;
	c->input.prefix_len = (size_t)(cursor - c->document);
	c->input.suffix = cursor + strlen("‸");
	c->input.suffix_len = strlen(c->input.suffix);
}

static void load_file(const char *path, const char *label)
{
	FILE *f = fopen(path, "rb");
	char *text = xcalloc(1, MIB(1));
	size_t len;
	struct post_case *c = NULL;
	char section[64] = "";
	const char *from = NULL;

	if (!f)
		fail_msg("cannot open %s", path);
	len = fread(text, 1, MIB(1) - 1, f);
	fclose(f);
	for (char *line = text; line < text + len;) {
		char *lf = memchr(line, '\n', (size_t)(text + len - line));
		char *end = lf ? lf : text + len;
		bool new_case = !strncmp(line, "=== ", 4);
		bool new_section = c && !strncmp(line, "--- ", 4);

		if ((new_case || new_section) && *section) {
			finish_section(c, section, from, (size_t)(line - from));
			*section = '\0';
		}
		if (new_case) {
			if (c)
				finish_case(c);
			cases = xreallocarray(cases, case_count + 1, sizeof(*cases));
			c = &cases[case_count++];
			*c = (struct post_case){ .input = { .finish = POST_STOP, .insert_spaces = true } };
			c->name = xasprintf("%s: %.*s", label, (int)(end - line - 4), line + 4);
		} else if (new_section) {
			snprintf(section, sizeof(section), "%.*s", (int)(end - line - 4), line + 4);
			from = end + 1;
		} else if (c && !*section) {
			set_field(c, line, (size_t)(end - line));
		}
		line = end + 1;
	}
	if (*section)
		finish_section(c, section, from, (size_t)(text + len - from));
	if (c)
		finish_case(c);
	free(text);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int load(void **state)
{
	/* Next to this file, whatever directory the program runs in. */
	const char *here = __FILE__;
	const char *slash = strrchr(here, '/');
	char *directory = xasprintf("%.*spost_cases", slash ? (int)(slash + 1 - here) : 0, here);
	struct dirent **names;
	int n = scandir(directory, &names, NULL, by_name);

	(void)state;
	if (n < 0)
		fail_msg("cannot read %s: run from the directory this was compiled in", directory);
	for (int i = 0; i < n; i++) {
		size_t len = strlen(names[i]->d_name);

		if (len > 4 && !strcmp(names[i]->d_name + len - 4, ".txt")) {
			char *path = xasprintf("%s/%s", directory, names[i]->d_name);
			char *label = xstrndup(names[i]->d_name, len - 4);

			load_file(path, label);
			free(path);
			free(label);
		}
		free(names[i]);
	}
	free(names);
	free(directory);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	for (size_t i = 0; i < case_count; i++) {
		free(cases[i].name);
		free(cases[i].language);
		free(cases[i].document);
		free(cases[i].answer);
		free(cases[i].insert);
	}
	free(cases);
	return 0;
}

static void show(const char *what, const char *text, size_t len)
{
	print_error("  %s: [", what);
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n')
			print_error("\\n");
		else if (text[i] == '\t')
			print_error("\\t");
		else if (text[i] == '\r')
			print_error("\\r");
		else
			print_error("%c", text[i]);
	}
	print_error("]\n");
}

static bool agrees(const struct post_case *c, const char *how, enum post_verdict verdict,
		   const struct strbuf *out)
{
	const char *want = c->insert ? c->insert : "";

	if (verdict == c->verdict && out->len == strlen(want) && !memcmp(out->data, want, out->len))
		return true;
	print_error("%s (%s)\n", c->name, how);
	print_error("  wanted: %s\n", post_verdict_name(c->verdict));
	show("wanted", want, strlen(want));
	print_error("  got:    %s\n", post_verdict_name(verdict));
	show("got   ", out->data, out->len);
	return false;
}

static void test_cases(void **state)
{
	size_t failed = 0;

	(void)state;
	assert_true(case_count >= 120);
	for (size_t i = 0; i < case_count; i++) {
		struct strbuf out;

		strbuf_init(&out, LIMIT_COMPLETION_TEXT);
		failed += !agrees(&cases[i], "whole", post_process(&cases[i].input, &out), &out);
		strbuf_release(&out);
	}
	assert_int_equal(failed, 0);
}

/* The text as the answer of a model that does as it is told. */
static void write_answer(const struct post_input *in, const char *text, struct strbuf *out)
{
	char number[12] = "";

	if (in->tag_number)
		snprintf(number, sizeof(number), "%u", in->tag_number);
	if (in->source == POST_CHAT)
		strbuf_addf(out, "<completion%s>%s</completion%s>", number, text, number);
	else
		strbuf_adds(out, text);
}

/* The result, put in again, comes out as it is. */
static void test_again(void **state)
{
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < case_count; i++) {
		struct post_input again = cases[i].input;
		struct strbuf answer;
		struct strbuf out;

		if (cases[i].verdict != POST_INSERT)
			continue;
		strbuf_init(&answer, LIMIT_COMPLETION);
		write_answer(&again, cases[i].insert, &answer);
		again.answer = answer.data;
		again.answer_len = answer.len;
		again.finish = POST_STOP;
		strbuf_init(&out, LIMIT_COMPLETION_TEXT);
		failed += !agrees(&cases[i], "again", post_process(&again, &out), &out);
		strbuf_release(&answer);
		strbuf_release(&out);
	}
	assert_int_equal(failed, 0);
}

static size_t first_useful(const struct post_input *in, const char *text, size_t len)
{
	struct post_context *c = post_context_new(in);
	size_t n = post_first_useful(c, text, len);

	post_context_free(c);
	return n;
}

static size_t first_block(const struct post_input *in, const char *text, size_t len)
{
	struct post_context *c = post_context_new(in);
	size_t n = post_first_block(c, text, len);

	post_context_free(c);
	return n;
}

/* While the answer grows, what was returned stays, and only whole lines are. */
static void test_growing(void **state)
{
	size_t early = 0;

	(void)state;
	for (size_t i = 0; i < case_count; i++) {
		const struct post_case *c = &cases[i];
		const char *final = c->insert ? c->insert : "";
		struct post_input in = c->input;
		struct strbuf out;
		struct strbuf before;

		strbuf_init(&out, LIMIT_COMPLETION_TEXT);
		strbuf_init(&before, LIMIT_COMPLETION_TEXT);
		in.finish = POST_OPEN;
		for (size_t n = 0; n <= c->input.answer_len; n++) {
			enum post_verdict verdict;

			in.answer_len = n;
			verdict = post_process(&in, &out);
			if (verdict != POST_INSERT) {
				assert_int_equal(verdict, POST_WAIT);
				assert_int_equal(out.len, 0);
				continue;
			}
			if (out.len < before.len || memcmp(out.data, before.data, before.len) != 0) {
				show("before", before.data, before.len);
				show("now", out.data, out.len);
				fail_msg("%s: shrank at %zu", c->name, n);
			}
			if (out.len > strlen(final) || memcmp(out.data, final, out.len) != 0) {
				show("final", final, strlen(final));
				show("now", out.data, out.len);
				fail_msg("%s: not in the final text at %zu", c->name, n);
			}
			assert_true(first_useful(&in, out.data, out.len) <= out.len);
			early += n < c->input.answer_len;
			strbuf_reset(&before);
			strbuf_add(&before, out.data, out.len);
		}
		strbuf_release(&out);
		strbuf_release(&before);
	}
	assert_true(early > 0);
}

static void test_first_block(void **state)
{
	static const struct {
		const char *language;
		const char *prefix;
		const char *text;
		const char *shown;
	} table[] = {
		{ "c", "int f(void)\n{\n\t", "a();\n\tb();\n\treturn 1;", "a();\n\tb();\n\treturn 1;" },
		/* The block's own end is shown, what follows it is not. */
		{ "c", "int f(void)\n{\n\t", "a();\n}\n\nint g(void)\n{\n}", "a();\n}" },
		{ "c", "int f(void)\n{\n\t", "a();\n}\nint g(void)\n{\n}", "a();\n}" },
		{ "python", "def f(x):\n    ", "return x\n\n\ndef g(x):\n    return 1", "return x" },
		{ "python", "def f(x):\n    ", "y = x\n    return y\ndef g(x):\n    return 1", "y = x\n    return y" },
		/* A paragraph; blank lines inside a deeper block do not end it. */
		{ "c", "int f(void)\n{\n\t", "a();\n\n\tb();", "a();" },
		{ "c", "int f(void)\n{\n\t", "if (a) {\n\t\tb();\n\n\t\tc();\n\t}\n\td();",
		  "if (a) {\n\t\tb();\n\n\t\tc();\n\t}\n\td();" },
		{ "c", "}\n", "\nint g(void)\n{\n\tint a;\n\n\treturn a;\n}\n\nint h;",
		  "\nint g(void)\n{\n\tint a;\n\n\treturn a;\n}" },
		/* From the end of a line on, its block is the one that begins below. */
		{ "c", "\tif (a) {", "\n\t\tb();\n\t}\n\tc();", "\n\t\tb();\n\t}" },
		{ "c", "int f(void)\r\n{\r\n\t", "a();\r\n\tb();\r\n}\r\nx();", "a();\r\n\tb();\r\n}" },
		{ "python", "class A:\n", "    def f(x):\n        return x\n\n    def g(x):\n        return 1",
		  "    def f(x):\n        return x" },
		{ "c", "x = ", "1;", "1;" },
		{ "c", "x = ", "\n", "\n" },
		{ "markdown", "", "One.\nTwo.\n\nThree.", "One.\nTwo." },
		/* The columns of what a string says, its blank lines and its end tell nothing. */
		{ "go", "func q() string {\n\t", "s := `\nSELECT *\n\nFROM t\n`\n\treturn s\n}\nvar x",
		  "s := `\nSELECT *\n\nFROM t\n`\n\treturn s\n}" },
		{ "php", "<?php\nfunction q() {\n    ", "$s = <<<SQL\nSELECT *\nSQL;\n    return $s;\n}\nq();",
		  "$s = <<<SQL\nSELECT *\nSQL;\n    return $s;\n}" },
		{ "python", "def f():\n    ", "s = \"\"\"\nusage:\n\n  x\n\"\"\"\n    return s\nx = 1",
		  "s = \"\"\"\nusage:\n\n  x\n\"\"\"\n    return s" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct post_input in = { .language = table[i].language,
					 .prefix = table[i].prefix,
					 .prefix_len = strlen(table[i].prefix),
					 .suffix = "" };
		size_t n = first_block(&in, table[i].text, strlen(table[i].text));

		if (n != strlen(table[i].shown))
			fail_msg("[%s]: [%.*s], wanted [%s]", table[i].text, (int)n, table[i].text, table[i].shown);
	}
}

static void test_first_useful(void **state)
{
	static const struct {
		const char *language;
		const char *prefix;
		const char *text;
		size_t useful;
	} table[] = {
		{ "c", "int f(void)\n{\n\t", "int a = 1;\n\treturn a;", 10 },
		{ "c", "int f(void)\n{\n\t", "if (a) {", 0 },
		{ "c", "int f(void)\n{\n\t", "if (a) {\n\t\tb();", 0 },
		{ "c", "int f(void)\n{\n\t", "if (a) {\n\t\tb();\n\t}", 18 },
		{ "c", "int f(void)\n{\n\t", "if (a) {\n\t\tb();\n\t}\n\tc();", 18 },
		{ "c", "int f(void)\n{\n\t", "call(a,\n\t     b);", 17 },
		{ "python", "def f(x):\n    ", "if x:\n        return 1", 0 },
		{ "python", "def f(x):\n    ", "if x:\n        return 1\n    return 2", 22 },
		{ "python", "def f(x):", "\n    y = 1", 10 },
		{ "c", "int f(void)\r\n{\r\n\t", "if (a)\r\n\t\tb();", 6 },
		{ "c", "x\n", "{\n1;\n2;\n3;\n4;\n5;\n6;", 16 },
		{ "markdown", "# Title\n\n", "One line.", 9 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct post_input in = { .finish = POST_OPEN,
					 .language = table[i].language,
					 .prefix = table[i].prefix,
					 .prefix_len = strlen(table[i].prefix),
					 .suffix = "" };

		assert_int_equal(first_useful(&in, table[i].text, strlen(table[i].text)), table[i].useful);
	}
}

static void test_limits(void **state)
{
	struct post_input in = { .finish = POST_STOP,
				 .source = POST_FIM,
				 .language = "c",
				 .prefix = "",
				 .suffix = "",
				 .max_lines = 1000000 };
	char *huge = xcalloc(1, LIMIT_COMPLETION + 1000);
	struct strbuf out;

	(void)state;
	strbuf_init(&out, LIMIT_COMPLETION_TEXT);
	for (size_t i = 0; i + 16 <= LIMIT_COMPLETION + 900; i += 16) {
		char line[64];

		snprintf(line, sizeof(line), "x%011zu=1;\n", i * 2654435761u % 1000000007u);
		memcpy(huge + i, line, 16);
	}
	in.answer = huge;
	in.answer_len = strlen(huge);
	assert_int_equal(post_process(&in, &out), POST_INSERT);
	assert_in_range(out.len, LIMIT_COMPLETION - 64, LIMIT_COMPLETION);
	in.max_lines = 0;
	assert_int_equal(post_process(&in, &out), POST_INSERT);
	assert_in_range(out.len, 16 * (LIMIT_COMPLETION_LINES - 1), 16 * LIMIT_COMPLETION_LINES);
	/* An output that is too small gets nothing rather than a piece. */
	strbuf_release(&out);
	strbuf_init(&out, 10);
	assert_int_equal(post_process(&in, &out), POST_EMPTY);
	assert_int_equal(out.len, 0);
	strbuf_release(&out);
	free(huge);
}

static void fill(struct strbuf *text, const char *unit, size_t len)
{
	while (text->len + strlen(unit) <= len)
		strbuf_adds(text, unit);
}

/*
 * Answer and surroundings of one character, in which an overlap could begin anywhere: reading all of it for each place
 * would take many minutes. What repeats the rest of the line behind as much text is still found.
 */
static void test_alike(void **state)
{
	static const char *const units[] = { ")", "){", ">", "> ", "{\n", "\"", "a)" };
	static const char *const languages[] = { "c", "shellscript" };
	struct strbuf text;
	struct strbuf out;

	(void)state;
	strbuf_init(&out, LIMIT_COMPLETION_TEXT);
	strbuf_init(&text, LIMIT_COMPLETION);
	for (size_t i = 0; i < ARRAY_LEN(units) * ARRAY_LEN(languages); i++) {
		struct post_input in = { .finish = POST_STOP, .source = POST_FIM, .language = languages[i % 2] };

		strbuf_reset(&text);
		fill(&text, units[i / 2], LIMIT_COMPLETION);
		in.answer = in.prefix = in.suffix = text.data;
		in.answer_len = text.len;
		in.prefix_len = LIMIT_PREFIX_EXCERPT;
		in.suffix_len = LIMIT_SUFFIX_EXCERPT;
		assert_int_not_equal(post_process(&in, &out), POST_WAIT);
	}
	for (size_t i = 0; i < 2; i++) {
		struct post_input in = { .finish = POST_STOP, .source = POST_FIM, .language = "c", .prefix = "\tcall(",
			.prefix_len = 6, .suffix = ", last_one);\n", .suffix_len = 13 };

		strbuf_reset(&text);
		fill(&text, i % 2 ? "first + " : "f(1) + ", LIMIT_COMPLETION - 100);
		strbuf_adds(&text, "x, last_one);");
		in.answer = text.data;
		in.answer_len = text.len;
		assert_int_equal(post_process(&in, &out), POST_INSERT);
		assert_int_equal(out.len, text.len - strlen(", last_one);"));
	}
	strbuf_release(&text);
	strbuf_release(&out);
}

static void test_verdict_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(verdict_words); i++)
		assert_string_equal(post_verdict_name((enum post_verdict)i), verdict_words[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_growing),
		cmocka_unit_test(test_first_block),
		cmocka_unit_test(test_first_useful),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_alike),
		cmocka_unit_test(test_verdict_names),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
