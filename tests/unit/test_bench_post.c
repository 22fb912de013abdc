/*
 * What judges post-processing in benchmarks: if it is wrong, its figures are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../bench/cuts_forms.h"
#include "../bench/cuts_make.h"
#include "../bench/post_shape.h"
#include "eke/base/attrs.h"

static size_t faults(const char *text, const char *language)
{
	struct shape shape = shape_of(text, strlen(text), language);

	return shape_faults(&shape);
}

static void test_shapes(void **state)
{
	static const struct {
		const char *language;
		const char *text;
		size_t faults;
	} cases[] = {
		{ "c", "f(a[1], \"}\"); /* ( */ // (\n", 0 },
		{ "c", "f(a[1);", 3 }, /* "]" is missing: ")" has no partner, and both openers stay */
		{ "c", "char c = '(';", 0 },
		{ "c", "x = \"abc\n;", 1 },
		{ "c", "/* no end", 1 },
		{ "javascript", "`a ${b(`}`)} }` + f()", 0 },
		{ "javascript", "a.replace(/[/(]/g, ')')", 0 },
		{ "javascript", "return /[(]/", 0 },
		{ "javascript", "a / b / (c", 1 },
		{ "python", "s = \"\"\" ( ' \"\"\" # (\nf()", 0 },
		{ "python", "s = ''' (\n", 1 },
		{ "ruby", "s = 'a\nb' # (\n", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (faults(cases[i].text, cases[i].language) != cases[i].faults)
			fail_msg("%s: %zu faults, not %zu", cases[i].text, faults(cases[i].text, cases[i].language),
				 cases[i].faults);
	}
}

static const char source[] = "/* A file. */\n"
			     "#include <stdio.h>\n"
			     "\n"
			     "static int twice(int n)\n"
			     "{\n"
			     "\tif (n > 100) {\n"
			     "\t\tputs(\"large\");\n"
			     "\t\treturn 0;\n"
			     "\t}\n"
			     "\treturn 2 * n;\n"
			     "}\n"
			     "\n"
			     "int main(void)\n"
			     "{\n"
			     "\tprintf(\"%d\\n\", twice(21));\n"
			     "\treturn 0;\n"
			     "}\n";

static bool is_cut(const char *text, const struct cut *cut)
{
	return cut->to - cut->from == strlen(text) && !memcmp(source + cut->from, text, strlen(text));
}

/* Each of these can be cut, and whatever is cut leaves a text in which it can be put back. */
static void test_cuts(void **state)
{
	static const struct {
		enum cut_kind kind;
		const char *text;
	} wanted[] = {
		{ CUT_BODY, "puts(\"large\");\n\t\treturn 0;" },
		{ CUT_BODY, "\n\tprintf(\"%d\\n\", twice(21));\n\treturn 0;" },
		{ CUT_DECLARATION, "int main(void)\n{\n\tprintf(\"%d\\n\", twice(21));\n\treturn 0;\n}" },
		{ CUT_STATEMENTS, "return 2 * n;" },
		{ CUT_LINE, "* n;" },
		{ CUT_ARGUMENTS, "\"%d\\n\", twice(21)" },
		{ CUT_ARGUMENTS, "twice(21)" },
		{ CUT_WORD, "ice" },
	};
	struct rng rng = { 1 };
	struct cut_text text;
	struct cut cut;

	(void)state;
	cut_text_init(&text, source, strlen(source), "c");
	assert_false(text.insert_spaces);
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		bool found = false;

		for (int n = 0; n < 5000 && !found; n++) {
			if (!cut_make(&text, wanted[i].kind, &rng, &cut))
				continue;
			assert_true(cut.from < cut.to && cut.to <= text.len);
			found = is_cut(wanted[i].text, &cut);
		}
		if (!found)
			fail_msg("never cut: %s", wanted[i].text);
	}
	cut_text_release(&text);
}

static void test_block_around(void **state)
{
	struct cut_text text;
	size_t start;

	(void)state;
	cut_text_init(&text, source, strlen(source), "c");
	assert_true(cut_block_around(&text, (size_t)(strstr(source, "puts") - source), &start));
	assert_ptr_equal(source + start, strstr(source, "\tif (n"));
	assert_true(cut_block_around(&text, (size_t)(strstr(source, "return 2") - source), &start));
	assert_ptr_equal(source + start, strstr(source, "static int"));
	assert_false(cut_block_around(&text, (size_t)(strstr(source, "int main") - source), &start));
	cut_text_release(&text);
}

/* --- forms --- */

static struct situation situation_of(const char *prefix, const char *truth, const char *suffix)
{
	return (struct situation){ .prefix = prefix,
				   .prefix_len = strlen(prefix),
				   .truth = truth,
				   .truth_len = strlen(truth),
				   .suffix = suffix,
				   .suffix_len = strlen(suffix),
				   .language = "python",
				   .block = NO_BLOCK };
}

/* Chance decides how far an answer runs on: tries until it is the one. */
static bool writes(enum form form, const struct situation *at, const char *answer)
{
	struct rng rng = { 1 };
	struct strbuf out;
	bool found = false;

	strbuf_init(&out, SIZE_MAX / 2);
	for (int i = 0; i < 200 && !found; i++)
		found = form_answer(form, at, &rng, &out) && !strcmp(out.data, answer);
	strbuf_release(&out);
	return found;
}

static void test_forms(void **state)
{
	struct situation at = situation_of("def f(a):\n    x = a", " + 1\n    y = 2", "\n    return x\n\nprint(f(1))\n");

	(void)state;
	assert_true(writes(FORM_TAGGED, &at, "<completion> + 1\n    y = 2</completion>"));
	assert_true(writes(FORM_FIM, &at, " + 1\n    y = 2"));
	assert_true(writes(FORM_FENCED, &at, "```python\n + 1\n    y = 2\n```"));
	assert_true(writes(FORM_RUN_ON, &at, "<completion> + 1\n    y = 2\n    return x</completion>"));
	assert_true(writes(FORM_RUN_ON, &at, "<completion> + 1\n    y = 2\n    return x\n\nprint(f(1))</completion>"));
	at.block = 0;
	assert_true(writes(FORM_BLOCK_ECHO, &at, "<completion>def f(a):\n    x = a + 1\n    y = 2</completion>"));
	at.tag_number = 2;
	assert_true(writes(FORM_TAGGED, &at, "<completion2> + 1\n    y = 2</completion2>"));
	at = situation_of("if thing", " == 1:", "\n");
	assert_true(writes(FORM_LINE_ECHO, &at, "<completion>if thing == 1:</completion>"));
	/* A fence within needs a longer one around it. */
	at = situation_of("", "```\nx\n```", "\n");
	assert_true(writes(FORM_FENCED, &at, "````python\n```\nx\n```\n````"));
}

/* Where nobody can say what is meant nothing is asked. */
static void test_unfair_forms(void **state)
{
	struct situation at = situation_of("    ", "step()\n    step()", "\n    step()\n    step()\n    other()\n");
	struct strbuf out;
	struct rng rng = { 1 };

	(void)state;
	strbuf_init(&out, SIZE_MAX / 2);
	assert_false(form_answer(FORM_LINE_ECHO, &at, &rng, &out));
	assert_false(form_answer(FORM_BLOCK_ECHO, &at, &rng, &out));
	strbuf_release(&out);
	/* One "step()" more: two of them could be what follows. */
	assert_false(writes(FORM_RUN_ON, &at, "<completion>step()\n    step()\n    step()</completion>"));
	assert_true(writes(FORM_RUN_ON, &at, "<completion>step()\n    step()\n    step()\n    step()</completion>"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes), cmocka_unit_test(test_cuts),         cmocka_unit_test(test_block_around),
		cmocka_unit_test(test_forms),  cmocka_unit_test(test_unfair_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
