/*
 * Differences of texts: that applying them makes the new text exactly, that they are small, and where they may not cut.
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
#include "eke/base/utf.h"
#include "eke/text/diff.h"

/* Applies the edits to the old text; checks order and cuts on the way. */
static size_t check(const char *old_text, size_t old_len, const char *new_text, size_t new_len)
{
	size_t count = 99;
	struct diff_edit *edits = diff_texts(old_text, old_len, new_text, new_len, &count);
	struct strbuf made;
	size_t at = 0;

	strbuf_init(&made, MIB(16));
	for (size_t i = 0; i < count; i++) {
		const struct diff_edit *e = &edits[i];

		assert_true(e->start >= at && (!i || e->start > at));
		assert_true(e->end >= e->start && e->end <= old_len && e->new_end >= e->new_start && e->new_end <= new_len);
		assert_true(utf8_is_boundary(old_text, old_len, e->start) && utf8_is_boundary(old_text, old_len, e->end));
		assert_true(utf8_is_boundary(new_text, new_len, e->new_start));
		strbuf_add(&made, old_text + at, e->start - at);
		strbuf_add(&made, new_text + e->new_start, e->new_end - e->new_start);
		at = e->end;
	}
	strbuf_add(&made, old_text + at, old_len - at);
	assert_int_equal(made.len, new_len);
	assert_memory_equal(made.data, new_text, new_len);
	strbuf_release(&made);
	free(edits);
	return count;
}

static void test_cases(void **state)
{
	static const struct {
		const char *old_text;
		const char *new_text;
		size_t edits;
	} table[] = {
		{ "", "", 0 },
		{ "same\n", "same\n", 0 },
		{ "", "new\n", 1 },
		{ "gone\n", "", 1 },
		{ "a\nb\nc\n", "a\nB\nc\n", 1 },
		{ "a\nb\nc\nd\ne\n", "a\nX\nc\nd\nY\n", 2 },
		{ "a\nb\nc\n", "a\nc\n", 1 },
		{ "a\nc\n", "a\nb\nc\n", 1 },
		{ "a\nb", "a\nb\n", 1 },
		{ "a\nb\n", "a\nb", 1 },
		{ "a\r\nb\r\n", "a\nb\n", 1 },
		{ "x = 1;\n", "x = 2;\n", 1 },
		{ "gr\xC3\xBC\xC3\x9F\n", "gr\xC3\xB6\xC3\x9F\n", 1 },
		{ "\xF0\x9F\x98\x80\n", "\xF0\x9F\x98\x81\n", 1 },
		{ "a\nb\na\nb\na\n", "b\na\nb\n", 2 },
		{ "no line end", "another", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		size_t n = check(table[i].old_text, strlen(table[i].old_text), table[i].new_text, strlen(table[i].new_text));

		if (n != table[i].edits)
			fail_msg("[%s] to [%s]: %zu edits, wanted %zu", table[i].old_text, table[i].new_text, n, table[i].edits);
	}
}

/* What stays is not part of an edit. */
static void test_small(void **state)
{
	size_t count;
	struct diff_edit *edits = diff_texts("int a = 1;\nint b;\n", 18, "int a = 25;\nint b;\n", 19, &count);

	(void)state;
	assert_int_equal(count, 1);
	assert_int_equal(edits[0].start, 8);
	assert_int_equal(edits[0].end, 9);
	assert_int_equal(edits[0].new_end - edits[0].new_start, 2);
	free(edits);
}

static void test_random(void **state)
{
	static const char *const words[] = { "a\n", "b\n", "c\r\n", "\xC3\xA4\n", "\n", "x", "y\r", "\xF0\x9F\x98\x80" };
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct strbuf texts[2];

		for (int t = 0; t < 2; t++) {
			strbuf_init(&texts[t], KIB(4));
			seed = seed * 1664525 + 1013904223;
			for (uint32_t n = seed >> 27; n; n--) {
				seed = seed * 1664525 + 1013904223;
				strbuf_adds(&texts[t], words[(seed >> 24) % ARRAY_LEN(words)]);
			}
		}
		check(texts[0].data, texts[0].len, texts[1].data, texts[1].len);
		strbuf_release(&texts[0]);
		strbuf_release(&texts[1]);
	}
}

/* Too different for the limit: one edit, and it is still right. */
static void test_limit(void **state)
{
	struct strbuf a;
	struct strbuf b;

	(void)state;
	strbuf_init(&a, MIB(1));
	strbuf_init(&b, MIB(1));
	for (int i = 0; i < LIMIT_DIFF_STEPS; i++) {
		strbuf_addf(&a, "old %d\n", i);
		strbuf_addf(&b, "new %d\n", i);
	}
	assert_int_equal(check(a.data, a.len, b.data, b.len), 1);
	strbuf_release(&a);
	strbuf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
