/*
 * Columns of characters: samples of each kind, and the edges of ranges.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "eke/base/utf.h"
#include "eke/base/width.h"

static const struct {
	uint32_t cp;
	unsigned width;
} cases[] = {
	{ 'a', 1 },     { ' ', 1 },     { 0x07, 1 },    { 0x9B, 1 },    { 0xA0, 1 },    { 0xAD, 1 },     { 0xE9, 1 },
	{ 0x2FF, 1 },   { 0x300, 0 },   { 0x36F, 0 },   { 0x370, 1 },   { 0x10FF, 1 },  { 0x1100, 2 },   { 0x115F, 2 },
	{ 0x1160, 0 },  { 0x200B, 0 },  { 0x200D, 0 },  { 0x2010, 1 },  { 0x2026, 1 },  { 0x2502, 1 },   { 0x231A, 2 },
	{ 0x2E80, 2 },  { 0x3000, 2 },  { 0x3042, 2 },  { 0x4E00, 2 },  { 0x9FFF, 2 },  { 0xAC00, 2 },   { 0xD7A3, 2 },
	{ 0xF900, 2 },  { 0xFE0F, 0 },  { 0xFF01, 2 },  { 0xFF60, 2 },  { 0xFF61, 1 },  { 0xFFFD, 1 },   { 0x1F600, 2 },
	{ 0x1F3FB, 2 }, { 0x20000, 2 }, { 0x3FFFD, 2 }, { 0xE0001, 0 }, { 0xE01EF, 0 }, { 0x10FFFF, 1 },
};

static void test_widths(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (width_of(cases[i].cp) != cases[i].width)
			print_message("U+%04X\n", (unsigned)cases[i].cp);
		assert_int_equal(width_of(cases[i].cp), cases[i].width);
	}
}

static const struct {
	const char *text;
	unsigned width;
} texts[] = {
	{ "abc", 3 },
	{ "e\xCC\x81", 1 },
	{ "\xE4\xBD\xA0\xE5\xA5\xBD", 4 },
	{ "\xF0\x9F\x98\x80", 2 },
	/* A heart, a warning sign, a keycap: narrow without U+FE0F. */
	{ "\xE2\x9D\xA4", 1 },
	{ "\xE2\x9D\xA4\xEF\xB8\x8F", 2 },
	{ "\xE2\x9A\xA0\xEF\xB8\x8F x", 4 },
	{ "1\xEF\xB8\x8F\xE2\x83\xA3", 2 },
	{ "a\xEF\xB8\x8F", 1 },
	{ "\xE2\x9C\x85\xEF\xB8\x8F", 2 },
	/* A skin tone, and alone. */
	{ "\xF0\x9F\x91\x8D\xF0\x9F\x8F\xBD", 2 },
	{ "\xF0\x9F\x8F\xBD", 2 },
	{ "a\xF0\x9F\x8F\xBD", 3 },
	/* A family; a joiner in a word. */
	{ "\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7", 2 },
	{ "\xF0\x9F\x91\xA9\xF0\x9F\x8F\xBD\xE2\x80\x8D\xF0\x9F\x92\xBB.", 3 },
	{ "a\xE2\x80\x8D" "b", 2 },
	/* A flag. */
	{ "\xF0\x9F\x87\xA9\xF0\x9F\x87\xAA", 2 },
};

static void test_clusters(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct width_cluster cluster = { .base = 0 };
		const char *s = texts[i].text;
		unsigned width = 0;

		while (*s) {
			uint32_t cp;

			s += utf8_decode(s, strlen(s), &cp);
			width += width_add(&cluster, cp);
		}
		if (width != texts[i].width)
			print_message("%s\n", texts[i].text);
		assert_int_equal(width, texts[i].width);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_widths), cmocka_unit_test(test_clusters) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
