/*
 * UTF-8 against the table of well-formed sequences (Unicode 15, table 3-7), written out here a second time as
 * ranges, and UTF-16 offsets against a plain walk.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/base/utf.h"

/* Table 3-7: the ranges of each byte. */
static const struct {
	unsigned char from[4];
	unsigned char to[4];
	size_t bytes;
} table[] = {
	{ { 0x00 }, { 0x7F }, 1 },
	{ { 0xC2, 0x80 }, { 0xDF, 0xBF }, 2 },
	{ { 0xE0, 0xA0, 0x80 }, { 0xE0, 0xBF, 0xBF }, 3 },
	{ { 0xE1, 0x80, 0x80 }, { 0xEC, 0xBF, 0xBF }, 3 },
	{ { 0xED, 0x80, 0x80 }, { 0xED, 0x9F, 0xBF }, 3 },
	{ { 0xEE, 0x80, 0x80 }, { 0xEF, 0xBF, 0xBF }, 3 },
	{ { 0xF0, 0x90, 0x80, 0x80 }, { 0xF0, 0xBF, 0xBF, 0xBF }, 4 },
	{ { 0xF1, 0x80, 0x80, 0x80 }, { 0xF3, 0xBF, 0xBF, 0xBF }, 4 },
	{ { 0xF4, 0x80, 0x80, 0x80 }, { 0xF4, 0x8F, 0xBF, 0xBF }, 4 },
};

/* Bytes of the longest beginning of s that also begins a row, and in *whole whether it is the row's all. */
static size_t longest_subpart(const unsigned char *s, size_t len, bool *whole)
{
	size_t best = 0;

	*whole = false;
	for (size_t row = 0; row < ARRAY_LEN(table); row++) {
		size_t n = 0;

		while (n < table[row].bytes && n < len && s[n] >= table[row].from[n] && s[n] <= table[row].to[n])
			n++;
		if (n > best) {
			best = n;
			*whole = n == table[row].bytes;
		}
	}
	return best;
}

/* Bytes at the edges of every range, and their neighbours. */
static const unsigned char edges[] = {
	0x00, 0x41, 0x7F, 0x80, 0x81, 0x8F, 0x90, 0x91, 0x9F, 0xA0, 0xA1, 0xBE, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1,
	0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF7, 0xF8, 0xFE, 0xFF,
};

/* A block of just this size, so that a read past its end is noticed. */
static char *exact(const unsigned char *s, size_t len)
{
	char *copy = xmalloc(len);

	memcpy(copy, s, len);
	return copy;
}

static void check_sequence(const unsigned char *bytes, size_t len)
{
	char *s = exact(bytes, len);
	uint32_t cp = 0;
	size_t n = utf8_decode(s, len, &cp);
	bool whole;
	size_t wanted = longest_subpart(bytes, len, &whole);
	char again[4];

	assert_int_equal(n, wanted ? wanted : 1);
	if (whole) {
		assert_true(cp <= 0x10FFFF && (cp < 0xD800 || cp > 0xDFFF));
		assert_int_equal(utf8_encode(cp, again), n);
		assert_memory_equal(again, s, n);
	} else {
		assert_int_equal(cp, UTF_REPLACEMENT);
	}
	assert_int_equal(utf8_valid_prefix(s, n), whole ? n : 0);
	free(s);
}

static void test_every_boundary(void **state)
{
	unsigned char s[4];
	const size_t n = sizeof(edges);

	(void)state;
	for (size_t a = 0; a < n; a++) {
		s[0] = edges[a];
		check_sequence(s, 1);
		for (size_t b = 0; b < n; b++) {
			s[1] = edges[b];
			check_sequence(s, 2);
			for (size_t c = 0; c < n; c++) {
				s[2] = edges[c];
				check_sequence(s, 3);
				/* Only a lead of four looks at a fourth byte. */
				for (size_t d = 0; d < n && edges[a] >= 0xF0; d++) {
					s[3] = edges[d];
					check_sequence(s, 4);
				}
			}
		}
	}
}

static void test_every_character(void **state)
{
	(void)state;
	for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
		char s[4];
		uint32_t again;
		size_t n;

		if (cp >= 0xD800 && cp <= 0xDFFF)
			continue;
		n = utf8_encode(cp, s);
		if (n != (cp < 0x80 ? 1u : cp < 0x800 ? 2u : cp < 0x10000 ? 3u : 4u) || utf8_decode(s, n, &again) != n ||
		    again != cp || utf8_valid_prefix(s, n) != n || utf16_length(s, n) != (cp < 0x10000 ? 1u : 2u))
			fail_msg("U+%04X does not come back", cp);
	}
}

#define S(text) text, sizeof(text) - 1
#define R "\xEF\xBF\xBD"

/* What Node's TextDecoder makes of the bytes. */
static const struct {
	const char *in;
	size_t len;
	const char *out;
	size_t valid; /* length of the valid beginning */
} repairs[] = {
	{ S(""), "", 0 },
	{ S("plain ASCII, longer than a word"), "plain ASCII, longer than a word", 31 },
	{ S("\x80"), R, 0 },
	{ S("a\x80\x80z"), "a" R R "z", 1 },
	{ S("\xC0\xAF"), R R, 0 },
	{ S("\xE0\x80\xAF"), R R R, 0 },
	{ S("\xE0\xA0"), R, 0 },
	{ S("\xE0\xA0z"), R "z", 0 },
	{ S("\xED\xA0\x80"), R R R, 0 },
	{ S("\xED\xA0\x80\xED\xB0\x80"), R R R R R R, 0 },
	{ S("\xF0\x80\x80\x80"), R R R R, 0 },
	{ S("\xF0\x9F\x98"), R, 0 },
	{ S("\xF0\x9F\x98\xF0\x9F\x98\x80"), R "\xF0\x9F\x98\x80", 0 },
	{ S("\xF4\x90\x80\x80"), R R R R, 0 },
	{ S("\xF5\x80\x80\x80"), R R R R, 0 },
	{ S("\xFF\xFE"), R R, 0 },
	/* Unicode 15, table 3-8 to 3-11 */
	{ S("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"), R R R R R R R R "A", 0 },
	{ S("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"), R R R R R R R R "A", 0 },
	{ S("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"), R R R R R "A" R R "B", 0 },
	{ S("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"), R R R R "A", 0 },
	{ S("12345678\xE4\xBD\xA0" "12345678\xC3"), "12345678\xE4\xBD\xA0" "12345678" R, 19 },
	{ S("1234567\xFF" "12345678"), "1234567" R "12345678", 7 },
};

static void test_repair(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(repairs); i++) {
		char *in = exact((const unsigned char *)repairs[i].in, repairs[i].len);
		struct strbuf out;

		strbuf_init(&out, 100);
		utf8_append_valid(&out, in, repairs[i].len);
		assert_string_equal(out.data, repairs[i].out);
		assert_int_equal(utf8_valid_prefix(in, repairs[i].len), repairs[i].valid);
		assert_int_equal(utf8_valid_prefix(out.data, out.len), out.len);
		strbuf_release(&out);
		free(in);
	}
}

static const struct {
	const char *in;
	size_t len;
	size_t tail;
} tails[] = {
	{ S(""), 0 },
	{ S("a"), 0 },
	{ S("\xC3"), 1 },
	{ S("a\xC3"), 1 },
	{ S("a\xC3\xA4"), 0 },
	{ S("a\xE4"), 1 },
	{ S("a\xE4\xBD"), 2 },
	{ S("a\xE4\xBD\xA0"), 0 },
	{ S("a\xF0"), 1 },
	{ S("a\xF0\x9F"), 2 },
	{ S("a\xF0\x9F\x98"), 3 },
	{ S("\xF0\x9F\x98"), 3 },
	{ S("a\xF0\x9F\x98\x80"), 0 },
	/* What can never become a character is not waited for. */
	{ S("\x80"), 0 },
	{ S("\xBF\xBF\xBF\xBF"), 0 },
	{ S("\xFF"), 0 },
	{ S("\xC0"), 0 },
	{ S("\xE0\x80"), 0 },
	{ S("\xED\xA0"), 0 },
	{ S("\xF4\x90"), 0 },
	{ S("\xC3\xA4\xBD"), 0 },
	{ S("\xF0\x9F\x98\x80\x80"), 0 },
};

static void test_incomplete_tail(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
		char *in = exact((const unsigned char *)tails[i].in, tails[i].len);

		assert_int_equal(utf8_incomplete_tail(in, tails[i].len), tails[i].tail);
		free(in);
	}
}

/* Repairing a stream piece by piece, tails kept back, gives what repairing the whole gives. */
static void test_stream(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(repairs); i++) {
		for (size_t cut = 0; cut <= repairs[i].len; cut++) {
			size_t kept = utf8_incomplete_tail(repairs[i].in, cut);
			struct strbuf out;

			strbuf_init(&out, 100);
			utf8_append_valid(&out, repairs[i].in, cut - kept);
			utf8_append_valid(&out, repairs[i].in + cut - kept, repairs[i].len - cut + kept);
			assert_string_equal(out.data, repairs[i].out);
			strbuf_release(&out);
		}
	}
}

/* One, two, three and four bytes: 1, 1, 1 and 2 units. */
static const char mixed[] = "a\xC3\xA4\xE4\xBD\xA0\xF0\x9F\x98\x80" "bc12345678\xF0\x9F\x98\x80\xF0\x9F\x98\x80z";

static void test_cut(void **state)
{
	const size_t len = sizeof(mixed) - 1;

	(void)state;
	for (size_t max = 0; max <= len + 2; max++) {
		size_t n = utf8_cut(mixed, len, max);

		assert_true(n <= max && n <= len);
		assert_int_equal(utf8_valid_prefix(mixed, n), n);
		assert_true(utf8_is_boundary(mixed, len, n));
		for (size_t between = n + 1; between <= max && between <= len; between++)
			assert_false(utf8_is_boundary(mixed, len, between));
	}
	assert_true(utf8_is_boundary(mixed, len, len));
}

static void test_utf16(void **state)
{
	const size_t len = sizeof(mixed) - 1;
	size_t units = 0;

	(void)state;
	for (size_t i = 0; i < len;) {
		uint32_t cp;
		size_t n = utf8_decode(mixed + i, len - i, &cp);

		assert_int_equal(utf16_length(mixed, i), units);
		assert_int_equal(utf16_to_byte(mixed, len, units), i);
		if (cp >= 0x10000)
			/* Inside the pair: the character's start. */
			assert_int_equal(utf16_to_byte(mixed, len, units + 1), i);
		units += cp >= 0x10000 ? 2 : 1;
		i += n;
	}
	assert_int_equal(utf16_length(mixed, len), units);
	for (size_t beyond = 0; beyond < 3; beyond++)
		assert_int_equal(utf16_to_byte(mixed, len, units + beyond), len);
	assert_int_equal(utf16_to_byte(mixed, len, SIZE_MAX), len);
	assert_int_equal(utf16_to_byte("", 0, 5), 0);
	assert_int_equal(utf16_length("", 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_boundary),
		cmocka_unit_test(test_every_character),
		cmocka_unit_test(test_repair),
		cmocka_unit_test(test_incomplete_tail),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_utf16),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
