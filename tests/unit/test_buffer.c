/* text/buffer: single facts as tables, then thousands of random edits against the plain model of text_model.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above */
#include <cmocka.h>

#include "eke/base/attrs.h"
#include "eke/base/mem.h"
#include "text_model.h"

#define EMOJI "\xF0\x9F\x98\x80" /* two UTF-16 units, four bytes */
#define HAN "\xE6\xBC\xA2"

static struct text_buffer *buffer_of(const char *text)
{
	struct text_buffer *b = text_buffer_new();

	text_buffer_set(b, text, strlen(text));
	return b;
}

static void test_positions(void **state)
{
	static const struct {
		const char *text;
		struct position pos;
		size_t utf16;
		size_t utf8;
	} cases[] = {
		{ "", { 0, 0 }, 0, 0 },
		{ "", { 5, 5 }, 0, 0 },
		{ "abc", { 0, 2 }, 2, 2 },
		{ "abc", { 0, 9 }, 3, 3 },
		{ "abc", { 1, 0 }, 3, 3 },
		{ "abc", { -1, -1 }, 0, 0 },
		{ "ab\ncd", { 0, 9 }, 2, 2 },
		{ "ab\ncd", { 1, 1 }, 4, 4 },
		{ "ab\r\ncd", { 0, 3 }, 2, 2 }, /* not between \r and \n */
		{ "ab\r\ncd", { 1, 0 }, 4, 4 },
		{ "ab\rcd\r\n", { 1, 9 }, 5, 5 },
		{ "ab\rcd\r\n", { 2, 0 }, 7, 7 },
		{ "\r\r\n\n", { 3, 0 }, 4, 4 },
		{ "a" EMOJI "b", { 0, 2 }, 1, 1 }, /* inside the pair; inside the sequence */
		{ "a" EMOJI "b", { 0, 3 }, 5, 1 },
		{ "a" EMOJI "b", { 0, 5 }, 6, 5 },
		{ HAN HAN, { 0, 1 }, 3, 0 },
		{ HAN HAN, { 0, 5 }, 6, 3 },
		{ "e\xCC\x81x", { 0, 2 }, 3, 1 }, /* combining: a character of its own for positions */
		{ "x", { INT64_MAX, INT64_MAX }, 1, 1 },
		{ "x", { 0, INT64_MAX }, 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct text_buffer *b = buffer_of(cases[i].text);

		assert_int_equal(text_buffer_offset(b, cases[i].pos, POSITION_UTF16), cases[i].utf16);
		assert_int_equal(text_buffer_offset(b, cases[i].pos, POSITION_UTF8), cases[i].utf8);
		text_buffer_free(b);
	}
}

static void test_offsets(void **state)
{
	static const struct {
		const char *text;
		size_t offset;
		struct position utf16;
		struct position utf8;
	} cases[] = {
		{ "", 7, { 0, 0 }, { 0, 0 } },
		{ "ab\ncd", 3, { 1, 0 }, { 1, 0 } },
		{ "ab\r\ncd", 3, { 0, 2 }, { 0, 2 } },
		{ "ab\r\ncd", 4, { 1, 0 }, { 1, 0 } },
		{ "ab\r", 3, { 1, 0 }, { 1, 0 } },
		{ EMOJI HAN "x", 4, { 0, 2 }, { 0, 4 } },
		{ EMOJI HAN "x", 5, { 0, 2 }, { 0, 4 } },
		{ EMOJI HAN "x", 8, { 0, 4 }, { 0, 8 } },
		{ EMOJI HAN "x", 99, { 0, 4 }, { 0, 8 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct text_buffer *b = buffer_of(cases[i].text);

		assert_true(position_equal(text_buffer_position(b, cases[i].offset, POSITION_UTF16), cases[i].utf16));
		assert_true(position_equal(text_buffer_position(b, cases[i].offset, POSITION_UTF8), cases[i].utf8));
		text_buffer_free(b);
	}
}

static void test_edits(void **state)
{
	static const struct {
		const char *text;
		size_t start;
		size_t end;
		const char *with;
		const char *result;
		size_t lines;
	} cases[] = {
		{ "", 0, 0, "x", "x", 1 },
		{ "x", 0, 1, "", "", 1 },
		{ "abc", 1, 2, "XY", "aXYc", 1 },
		{ "abc", 2, 1, "-", "ab-c", 1 },
		{ "abc", 1, 99, "", "a", 1 },
		{ "abc", 99, 99, "d", "abcd", 1 },
		{ "a\r\nb", 2, 2, "x", "a\rx\nb", 3 }, /* parts a CRLF */
		{ "a\rx\nb", 2, 3, "", "a\r\nb", 2 },  /* joins one */
		{ "a\rb", 2, 2, "\n", "a\r\nb", 2 },
		{ "a\nb", 1, 1, "\r", "a\r\nb", 2 },
		{ "a\r\nb", 1, 2, "", "a\nb", 2 },
		{ "a\r\nb", 2, 3, "", "a\rb", 2 },
		{ "a" EMOJI "b", 2, 3, "x", "ax" EMOJI "b", 1 }, /* both inside: the character's start */
		{ "a" EMOJI "b", 1, 5, HAN, "a" HAN "b", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct text_buffer *b = buffer_of(cases[i].text);

		text_buffer_replace(b, cases[i].start, cases[i].end, cases[i].with, strlen(cases[i].with));
		assert_true(text_buffer_equals(b, cases[i].result, strlen(cases[i].result)));
		assert_int_equal(text_buffer_line_count(b), cases[i].lines);
		assert_true(text_buffer_is_sound(b));
		text_buffer_free(b);
	}
}

static void test_lines(void **state)
{
	static const char *const lines[] = { "one", "", "t" EMOJI "o", "", "last" };
	struct text_buffer *b = buffer_of("one\r\n\rt" EMOJI "o\n\nlast");
	struct strbuf out;
	size_t start;
	size_t end;

	(void)state;
	assert_int_equal(text_buffer_line_count(b), ARRAY_LEN(lines));
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		strbuf_init(&out, 100);
		assert_true(text_buffer_line(b, i, &out));
		assert_string_equal(out.data, lines[i]);
		strbuf_release(&out);
	}
	text_buffer_line_range(b, ARRAY_LEN(lines), &start, &end);
	assert_int_equal(start, text_buffer_len(b));
	assert_int_equal(end, text_buffer_len(b));
	text_buffer_free(b);
}

static void test_copies_are_whole_or_nothing(void **state)
{
	struct text_buffer *b = buffer_of("a" EMOJI HAN "z");
	struct strbuf out;

	(void)state;
	strbuf_init(&out, 4);
	assert_false(text_buffer_copy(b, 0, 5, &out));
	assert_true(out.full);
	assert_int_equal(out.len, 0);
	strbuf_reset(&out);
	assert_true(text_buffer_before(b, 8, 4, &out));
	assert_string_equal(out.data, HAN); /* the emoji's last byte alone would not be text */
	strbuf_reset(&out);
	assert_true(text_buffer_after(b, 1, 3, &out));
	assert_string_equal(out.data, "");
	strbuf_reset(&out);
	assert_true(text_buffer_after(b, 5, SIZE_MAX, &out));
	assert_string_equal(out.data, HAN "z");
	strbuf_release(&out);
	text_buffer_free(b);
}

/* A line that spans many chunks, lines at chunks' borders, and a CRLF pushed over every border. */
static void test_large(void **state)
{
	struct text_buffer *b = text_buffer_new();
	struct strbuf m;

	(void)state;
	strbuf_init(&m, SIZE_MAX / 2);
	while (m.len < 50000)
		strbuf_adds(&m, "x" EMOJI HAN);
	strbuf_adds(&m, "\r\n");
	while (m.len < 100000)
		strbuf_adds(&m, "\r\n");
	text_buffer_set(b, m.data, m.len);
	assert_true(text_buffer_is_sound(b));
	for (size_t at = 0; at <= m.len; at += 977)
		assert_true(model_compare_at(b, &m, at));
	for (int i = 0; i < 3; i++) {
		/* One byte more each time moves every \r\n against the borders of a fresh cut. */
		strbuf_splice(&m, 0, 0, "y", 1);
		text_buffer_set(b, m.data, m.len);
		assert_true(text_buffer_is_sound(b));
		assert_int_equal(text_buffer_line_count(b), model_line_count(&m));
	}
	text_buffer_replace(b, 8, m.len - 8, "", 0);
	assert_int_equal(text_buffer_len(b), 16);
	assert_true(text_buffer_is_sound(b));
	text_buffer_set(b, "", 0);
	assert_true(text_buffer_footprint(b) < 200);
	strbuf_release(&m);
	text_buffer_free(b);
}

/*
 * Edits after which a \r would end one chunk and its \n begin the next: a text is cut every 4096 bytes or so, and this
 * one is \r, z, \n over and over, so that all edits around there meet all cases.
 */
static void test_crlf_over_borders(void **state)
{
	static const char *const with[] = { "", "\r", "\n", "\r\n" };
	static const size_t removed[] = { 0, 1, 2, 3, 4095, 4096, 4097, 8192 };
	struct strbuf before;
	struct strbuf after;

	(void)state;
	strbuf_init(&before, SIZE_MAX / 2);
	strbuf_init(&after, SIZE_MAX / 2);
	for (size_t i = 0; i < 3 * 12 * ARRAY_LEN(removed) * ARRAY_LEN(with); i++) {
		const char *text = with[i % ARRAY_LEN(with)];
		size_t end = removed[i / ARRAY_LEN(with) % ARRAY_LEN(removed)];
		size_t start = 4090 + i / ARRAY_LEN(with) / ARRAY_LEN(removed) % 12;
		struct text_buffer *b = text_buffer_new();

		end += start;
		strbuf_reset(&before);
		for (size_t k = i / (12 * ARRAY_LEN(removed) * ARRAY_LEN(with)); before.len < 16384; k++)
			strbuf_addch(&before, "\rz\n"[k % 3]);
		text_buffer_set(b, before.data, before.len);
		text_buffer_replace(b, start, end, text, strlen(text));
		strbuf_reset(&after);
		strbuf_add(&after, before.data, before.len);
		strbuf_splice(&after, start, end - start, text, strlen(text));
		assert_true(text_buffer_is_sound(b));
		assert_true(text_buffer_equals(b, after.data, after.len));
		assert_int_equal(text_buffer_line_count(b), model_line_count(&after));
		text_buffer_free(b);
	}
	strbuf_release(&after);
	strbuf_release(&before);
}

/* Typing and deleting in one place, and 100,000 edits anywhere, leave neither crumbs nor spare room behind. */
static void test_does_not_degrade(void **state)
{
	struct text_buffer *b = text_buffer_new();
	char *text = xmalloc(1000000);
	uint32_t seed = 1;

	(void)state;
	memset(text, 'x', 1000000);
	text_buffer_set(b, text, 1000000);
	for (int i = 0; i < 100000; i++)
		text_buffer_replace(b, 500000 + (size_t)i, 500000 + (size_t)i, "y", 1);
	assert_int_equal(text_buffer_len(b), 1100000);
	for (int i = 0; i < 100000; i++)
		text_buffer_replace(b, 599999 - (size_t)i, 600000 - (size_t)i, "", 0);
	assert_true(text_buffer_equals(b, text, 1000000));
	for (int i = 0; i < 100000; i++) {
		size_t at;

		seed = seed * 1664525u + 1013904223u;
		at = seed % 1000000;
		text_buffer_replace(b, at, at + (i & 1), "x", i & 1 ? 1 : (i & 2) / 2);
		if (!(i & 1) && (i & 2))
			text_buffer_replace(b, 0, 1, "", 0);
	}
	assert_true(text_buffer_equals(b, text, 1000000));
	assert_true(text_buffer_is_sound(b));
	assert_true(text_buffer_footprint(b) < 1600000);
	free(text);
	text_buffer_free(b);
}

static void test_against_the_model(void **state)
{
	uint8_t bytes[6000];

	(void)state;
	for (uint32_t seed = 1; seed <= 40; seed++) {
		uint32_t x = seed * 2654435761u;

		for (size_t i = 0; i < sizeof(bytes); i++) {
			x ^= x << 13;
			x ^= x >> 17;
			x ^= x << 5;
			bytes[i] = (uint8_t)(x >> 11);
		}
		assert_true(model_run(bytes, sizeof(bytes)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_positions),
		cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_edits),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_copies_are_whole_or_nothing),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_crlf_over_borders),
		cmocka_unit_test(test_does_not_degrade),
		cmocka_unit_test(test_against_the_model),
	};

	text_buffer_free(NULL);
	return cmocka_run_group_tests_name("text/buffer", tests, NULL, NULL);
}
