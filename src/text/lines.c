/*
 * Finding line terminators eight bytes at a time: every position in every message passes here, and a loop over single
 * bytes would be most of an edit's cost. A terminator is counted at its last byte, so that no state crosses a word.
 */
#include "eke/text/lines.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define ONES UINT64_C(0x0101010101010101)
#define LOW7 UINT64_C(0x7F7F7F7F7F7F7F7F)

/* The high bit of every byte of w that equals c, exactly; the other bits are 0. */
static uint64_t bytes_equal(uint64_t w, unsigned char c)
{
	uint64_t x = w ^ ONES * c;

	return ~(((x & LOW7) + LOW7) | x | LOW7);
}

static size_t count_marks(uint64_t marks)
{
	return (size_t)((marks >> 7) * ONES >> 56);
}

static uint64_t load(const char *s)
{
	uint64_t w;

	memcpy(&w, s, sizeof(w));
	return w;
}

static bool ends_line(const char *s, size_t len, size_t i)
{
	return s[i] == '\n' || (s[i] == '\r' && (i + 1 == len || s[i + 1] != '\n'));
}

/* Terminators whose last byte is one of the eight at s[i]. */
static size_t count_word(const char *s, size_t len, size_t i)
{
	uint64_t w = load(s + i);
	size_t n = 0;

	if (!bytes_equal(w, '\r'))
		return count_marks(bytes_equal(w, '\n'));
	for (size_t k = 0; k < sizeof(w); k++)
		n += ends_line(s, len, i + k);
	return n;
}

size_t lines_count(const char *s, size_t len)
{
	size_t n = 0;
	size_t i = 0;

	for (; i + sizeof(uint64_t) <= len; i += sizeof(uint64_t))
		n += count_word(s, len, i);
	for (; i < len; i++)
		n += ends_line(s, len, i);
	return n;
}

size_t lines_skip(const char *s, size_t len, size_t n)
{
	size_t i = 0;

	for (; i + sizeof(uint64_t) <= len; i += sizeof(uint64_t)) {
		size_t here = count_word(s, len, i);

		if (here >= n)
			break;
		n -= here;
	}
	for (; i < len; i++) {
		if (ends_line(s, len, i) && --n == 0)
			return i + 1;
	}
	return len;
}

size_t lines_first_end(const char *s, size_t len)
{
	size_t i = 0;

	for (; i + sizeof(uint64_t) <= len; i += sizeof(uint64_t)) {
		uint64_t w = load(s + i);

		if (bytes_equal(w, '\n') | bytes_equal(w, '\r'))
			break;
	}
	while (i < len && s[i] != '\n' && s[i] != '\r')
		i++;
	return i;
}

size_t lines_last_start(const char *s, size_t len)
{
	while (len && s[len - 1] != '\n' && s[len - 1] != '\r')
		len--;
	return len;
}
