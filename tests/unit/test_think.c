/*
 * Inline reasoning: each answer of the table is fed whole, cut in two at every place, and byte by byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/upstream/think.h"

#define BLANKS_60 "                                                            "

static const struct {
	const char *in;
	const char *text;
	const char *reasoning;
} cases[] = {
	{ "", "", "" },
	{ "plain", "plain", "" },
	{ "\n  plain", "\n  plain", "" },
	{ "   \n", "   \n", "" },
	{ "<think>why</think>so", "so", "why" },
	{ "<thinking>why</thinking>so", "so", "why" },
	{ "<think>\nwhy\n</think>\n\nso", "so", "why\n" },
	{ " \n<think>\r\nwhy</think>\r\n\r\nso\n", "so\n", "why" },
	{ "<think></think>so", "so", "" },
	{ "<think>\n\n</think>\n\nso", "so", "" },
	{ "<think>why</think>\n\n    indented\n", "    indented\n", "why" },
	{ "<think>why</think> so", " so", "why" },
	{ "<think>why</think>\n \t \n\tso", "\tso", "why" },
	{ "<think>why</think>" BLANKS_60 BLANKS_60 "x", BLANKS_60 BLANKS_60 "x", "why" },
	{ "<think>a < b </thin <</think>so", "so", "a < b </thin <" },
	{ "<think>a<</think>so", "so", "a<" },
	{ "<think></</think>so", "so", "</" },
	{ "<think><think></think>so", "so", "<think>" },
	/* The tag that was opened is the one that closes. */
	{ "<thinking>a</think>b</thinking>so", "so", "a</think>b" },
	{ "<think>a</thinking>b</think>so", "so", "a</thinking>b" },
	/* Cut off. */
	{ "<think>why", "", "why" },
	{ "<think>why</thi", "", "why</thi" },
	{ "<think>", "", "" },
	{ "<thi", "<thi", "" },
	{ "\n<", "\n<", "" },
	{ "<think>why</think>", "", "why" },
	{ "<think>why</think>\n  ", "", "why" },
	/* A closing tag alone. */
	{ "</think>so", "so", "" },
	{ "\n</think>\n\nso", "so", "" },
	{ "</thinking>so", "so", "" },
	/* ... behind the text that it says was reasoning. */
	{ "why\n</think>\n\nso", "so", "why\n" },
	{ "why</think>so", "so", "why" },
	{ "why </think>\nso", "so", "why " },
	{ "a < b, <b>c</b>\n</think>\nso", "so", "a < b, <b>c</b>\n" },
	{ "why\n</thinking>\nso", "so", "why\n" },
	{ "why\n</thought>\nso", "so", "why\n" },
	{ "between <x> and </x>. So:\n</think>\n\n<x>y</x>", "<x>y</x>", "between <x> and </x>. So:\n" },
	{ "why\n</think>\nso </think> x", "so </think> x", "why\n" },
	{ "a `</think>` b\n</think>\nso", "so", "a `</think>` b\n" },
	{ "why\n</think>", "why\n", "why\n" },
	{ "why</think>\n \n", "why", "why" },
	/* ... but not where it is written about. */
	{ "the </think> tag", "the </think> tag", "" },
	{ "the \"</think>\" tag", "the \"</think>\" tag", "" },
	{ "the '</think>'", "the '</think>'", "" },
	{ "`<think>` and `</think>`\n</think>\n", "`<think>` and `</think>`\n</think>\n", "" },
	{ "x\n```html\n</think>\n```\ny", "x\n```html\n</think>\n```\ny", "" },
	{ "x `a\n</think>\ny", "y", "x `a\n" },
	{ "x `a </think>\ny", "x `a </think>\ny", "" },
	/* No tags: later ones, other ones, nearly ones. */
	{ "so <think>why</think>", "so <think>why</think>", "" },
	{ "<think>why</think>so <think>x</think>", "so <think>x</think>", "why" },
	{ "<thinks>", "<thinks>", "" },
	{ "<thinker>", "<thinker>", "" },
	{ "<Think>why</Think>", "<Think>why</Think>", "" },
	{ "<div>", "<div>", "" },
	{ "</div>", "</div>", "" },
	{ "<<think>", "<<think>", "" },
	{ "< think>", "< think>", "" },
	{ "<t<think>", "<t<think>", "" },
	/* Blanks in front, up to what is held. */
	{ "  " BLANKS_60 "x", "  " BLANKS_60 "x", "" },
	{ BLANKS_60 BLANKS_60 "x", BLANKS_60 BLANKS_60 "x", "" },
	{ BLANKS_60 BLANKS_60, BLANKS_60 BLANKS_60, "" },
	{ BLANKS_60 BLANKS_60 "<think>x", BLANKS_60 BLANKS_60 "<think>x", "" },
};

struct think_case {
	const char *in, *text, *reasoning;
};

/* Of a model that begins in its reasoning. */
static const struct think_case inside[] = {
	{ "why\n</think>\n\nso", "so", "why\n" },
	{ "why `</think>so", "so", "why `" },
	{ " \n<think>why</think>so", "so", "why" },
	{ "<div></thinking>so", "so", "<div>" },
	{ "</think>so", "so", "" },
	{ "so it is", "so it is", "so it is" },
	{ "so it is</thi", "so it is</thi", "so it is</thi" },
	{ "why</think>", "", "why" },
	{ BLANKS_60 BLANKS_60 "x</think>so", "so", BLANKS_60 BLANKS_60 "x" },
	{ "", "", "" },
};

static void check_one(const struct think_case *c, bool is_inside, size_t first, size_t rest)
{
	const char *in = c->in;
	size_t len = strlen(in);
	size_t n = first;
	struct think think;
	struct strbuf text;
	struct strbuf reasoning;

	strbuf_init(&text, KIB(1));
	strbuf_init(&reasoning, KIB(1));
	if (is_inside)
		think_init_inside(&think);
	else
		think_init(&think);
	for (size_t at = 0; at < len;) {
		think_feed(&think, in + at, n, &text, &reasoning);
		at += n;
		n = rest < len - at ? rest : len - at;
	}
	think_end(&think, &text, &reasoning);
	if (strcmp(text.data, c->text) || strcmp(reasoning.data, c->reasoning))
		print_message("\"%s\", cut at %zu\n", in, first);
	assert_string_equal(text.data, c->text);
	assert_string_equal(reasoning.data, c->reasoning);
	strbuf_release(&text);
	strbuf_release(&reasoning);
}

static void check(size_t i, size_t first, size_t rest)
{
	const struct think_case c = { cases[i].in, cases[i].text, cases[i].reasoning };

	check_one(&c, false, first, rest);
}

static void test_inside(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(inside); i++)
		for (size_t cut = 1; cut <= strlen(inside[i].in); cut++)
			check_one(&inside[i], true, cut, 1);
}

static void test_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check(i, strlen(cases[i].in), 1);
}

static void test_every_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (size_t cut = 1; cut < strlen(cases[i].in); cut++)
			check(i, cut, strlen(cases[i].in) - cut);
}

static void test_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check(i, 1, 1);
}

/* What can be shown is shown at once, and a caller may stop feeding as soon as all goes through. */
static void test_at_once(void **state)
{
	static const struct {
		const char *in;
		const char *text;
		const char *reasoning;
		bool through;
	} steps[] = {
		{ "<th", "", "", false },       { "ink>a", "", "a", false },     { "b<", "", "ab", false },
		{ "c</", "", "ab<c", false },   { "think>", "", "ab<c", false }, { "\n ", "", "ab<c", false },
		{ "x", " x", "ab<c", true },    { " y", " x y", "ab<c", true },
	};
	struct think think;
	struct strbuf text;
	struct strbuf reasoning;

	(void)state;
	strbuf_init(&text, KIB(1));
	strbuf_init(&reasoning, KIB(1));
	think_init(&think);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		think_feed(&think, steps[i].in, strlen(steps[i].in), &text, &reasoning);
		assert_string_equal(text.data, steps[i].text);
		assert_string_equal(reasoning.data, steps[i].reasoning);
		assert_int_equal(think_is_through(&think), steps[i].through);
	}
	strbuf_release(&text);
	strbuf_release(&reasoning);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_inside),
		cmocka_unit_test(test_at_once),
	};

	return cmocka_run_group_tests_name("think", tests, NULL, NULL);
}
