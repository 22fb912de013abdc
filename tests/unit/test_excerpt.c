/*
 * Excerpts: caps, borders, characters, and that the first line stays while one types and scrolls.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/strbuf.h"
#include "eke/base/utf.h"
#include "eke/complete/excerpt.h"

static void choose(const char *before, size_t before_len, const char *after, size_t after_len, size_t prefix_max,
	size_t suffix_max, struct excerpt *out)
{
	struct excerpt_input in = { before, before_len, after, after_len, prefix_max, suffix_max };

	excerpt_choose(&in, out);
	assert_ptr_equal(out->prefix + out->prefix_len, before + before_len);
	assert_ptr_equal(out->suffix, after);
	assert_true(out->prefix_len <= (prefix_max ? prefix_max : LIMIT_PREFIX_EXCERPT));
	assert_true(out->suffix_len <= (suffix_max ? suffix_max : LIMIT_SUFFIX_EXCERPT));
	assert_int_equal(out->prefix_cut, out->prefix_len < before_len);
	assert_int_equal(out->suffix_cut, out->suffix_len < after_len);
	assert_int_equal(utf8_valid_prefix(out->prefix, out->prefix_len), out->prefix_len);
	assert_int_equal(utf8_valid_prefix(out->suffix, out->suffix_len), out->suffix_len);
}

static void test_table(void **state)
{
	static const struct {
		const char *before;
		const char *after;
		size_t prefix_max;
		size_t suffix_max;
		const char *prefix;
		const char *suffix;
	} table[] = {
		{ "", "", 10, 10, "", "" },
		{ "abc", "def", 10, 10, "abc", "def" },
		{ "abc", "def", 3, 3, "abc", "def" },
		/* Too long: the only line start in the first quarter of the range. */
		{ "aaaa\nbbbbbbbb\ncc", "", 12, 1, "bbbbbbbb\ncc", "" },
		/* Of several the least indented one. */
		{ "xxxxxxxx\n    a\nb\n    c\n    d\n0123456789012345678901234567890123456789", "", 60, 1,
			"b\n    c\n    d\n0123456789012345678901234567890123456789", "" },
		/* Not a blank one, nor one that only closes. */
		{ "xxxxxxxxx\n}\n\n    cccccccccccc();\n0123456789012345678901234567890123456", "", 60, 1,
			"    cccccccccccc();\n0123456789012345678901234567890123456", "" },
		/* The suffix ends with a line in its second half, ... */
		{ "", "12345\n789\n", 10, 9, "", "12345\n" },
		{ "", "12345\n789\n", 10, 10, "", "12345\n789\n" },
		{ "", "123456\r\n9\r\n", 10, 10, "", "123456\r\n" },
		{ "", "123456\r9\rab", 10, 10, "", "123456\r9\r" },
		/* ... or at a character. */
		{ "", "1\n3456789012", 10, 10, "", "1\n34567890" },
		{ "", "一二三四五六", 1, 10, "", "一二三" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct excerpt e;

		choose(table[i].before, strlen(table[i].before), table[i].after, strlen(table[i].after), table[i].prefix_max,
			table[i].suffix_max, &e);
		assert_int_equal(e.prefix_len, strlen(table[i].prefix));
		assert_memory_equal(e.prefix, table[i].prefix, e.prefix_len);
		assert_int_equal(e.suffix_len, strlen(table[i].suffix));
		assert_memory_equal(e.suffix, table[i].suffix, e.suffix_len);
	}
}

/* A source file of functions, every line different. */
static void make_source(struct strbuf *out, int functions)
{
	strbuf_init(out, MIB(1));
	for (int i = 0; i < functions; i++) {
		strbuf_addf(out, "int function_%d(int a, int b)\n{\n", i);
		for (int k = 0; k < 6; k++)
			strbuf_addf(out, "\tint v%d = a * %d + b;\n", k, i * 7 + k);
		strbuf_adds(out, "\n\treturn v0;\n}\n\n");
	}
}

static void test_default_caps(void **state)
{
	struct strbuf source;
	struct excerpt e;

	(void)state;
	make_source(&source, 100);
	for (size_t at = 0; at <= source.len; at += 97) {
		choose(source.data, at, source.data + at, source.len - at, 0, 0, &e);
		if (e.prefix_cut) {
			assert_in_range(e.prefix_len, LIMIT_PREFIX_EXCERPT / 4 * 3, LIMIT_PREFIX_EXCERPT);
			assert_true(e.prefix[-1] == '\n');
			/* The best line there is: a function's first. */
			assert_memory_equal(e.prefix, "int function_", 13);
		}
		if (e.suffix_cut) {
			assert_in_range(e.suffix_len, LIMIT_SUFFIX_EXCERPT / 2, LIMIT_SUFFIX_EXCERPT);
			assert_true(e.suffix[e.suffix_len - 1] == '\n');
		}
	}
	strbuf_release(&source);
}

/* Typing through a whole file moves the start seldom, and never back. */
static void test_start_is_stable(void **state)
{
	struct strbuf source;
	size_t moves = 0;
	size_t steps = 0;
	const char *last = NULL;

	(void)state;
	make_source(&source, 200);
	for (size_t at = LIMIT_PREFIX_EXCERPT + 1; at <= source.len; at++) {
		struct excerpt e;

		choose(source.data, at, "", 0, 0, 0, &e);
		assert_true(e.prefix >= last || !last);
		moves += last && e.prefix != last;
		steps++;
		last = e.prefix;
	}
	assert_true(steps > 20000);
	assert_in_range(moves, steps / LIMIT_PREFIX_EXCERPT, steps / 500);
	strbuf_release(&source);
}

/* An insertion far above changes nothing, though all offsets move. */
static void test_edit_above(void **state)
{
	struct strbuf source;
	struct excerpt before;
	struct excerpt after;
	size_t at;

	(void)state;
	make_source(&source, 60);
	at = source.len - 10;
	choose(source.data, at, source.data + at, 10, 0, 0, &before);
	{
		struct strbuf edited;
		static const char line[] = "/* a new comment */\n";

		strbuf_init(&edited, MIB(1));
		strbuf_add(&edited, source.data, source.len);
		strbuf_splice(&edited, 0, 0, line, strlen(line));
		choose(edited.data, at + strlen(line), edited.data + at + strlen(line), 10, 0, 0, &after);
		assert_int_equal(before.prefix_len, after.prefix_len);
		assert_memory_equal(before.prefix, after.prefix, before.prefix_len);
		strbuf_release(&edited);
	}
	/* The tail alone is enough to choose the same. */
	choose(source.data + at - LIMIT_PREFIX_EXCERPT - 4, LIMIT_PREFIX_EXCERPT + 4, source.data + at, 10, 0, 0, &after);
	assert_int_equal(before.prefix_len, after.prefix_len);
	strbuf_release(&source);
}

/* One long line of characters of every length. */
static void test_no_lines(void **state)
{
	struct strbuf text;
	struct excerpt e;
	size_t moves = 0;
	const char *last = NULL;

	(void)state;
	strbuf_init(&text, MIB(1));
	for (int i = 0; i < 4000; i++)
		strbuf_addf(&text, "a%dé一😀", i);
	for (size_t at = 0; at < text.len; at++) {
		if (!utf8_is_boundary(text.data, text.len, at))
			continue;
		choose(text.data, at, text.data + at, text.len - at, 400, 100, &e);
		if (e.prefix_cut)
			assert_in_range(e.prefix_len, 297, 400);
		if (e.suffix_cut)
			assert_in_range(e.suffix_len, 97, 100);
		moves += last && e.prefix != last;
		last = e.prefix;
		if (at > 20000)
			break;
	}
	assert_true(moves < 20000 / 20);
	strbuf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_default_caps),
		cmocka_unit_test(test_start_is_stable),
		cmocka_unit_test(test_edit_above),
		cmocka_unit_test(test_no_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
