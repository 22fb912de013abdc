/*
 * UTF-8 decoding by the table of well-formed sequences (Unicode 15, table 3-7), with runs of ASCII taken a word at a
 * time: documents are mostly ASCII and every byte in and out passes here.
 */
#include "eke/base/utf.h"

#include <string.h>

#include "eke/base/strbuf.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)

/* Length of the run of ASCII at the start of s. */
static size_t ascii_run(const char *s, size_t len)
{
	size_t i = 0;
	uint64_t word;

	while (i + sizeof(word) <= len) {
		memcpy(&word, s + i, sizeof(word));
		if (word & HIGH_BITS)
			break;
		i += sizeof(word);
	}
	while (i < len && !(s[i] & 0x80))
		i++;
	return i;
}

/*
 * The bytes a sequence beginning with `lead` has (0: it cannot begin one) and the range of its second byte; the
 * others are always 80..BF.
 */
static size_t lead_info(unsigned char lead, unsigned char *lo, unsigned char *hi)
{
	*lo = 0x80;
	*hi = 0xBF;
	if (lead < 0x80)
		return 1;
	if (lead < 0xC2 || lead > 0xF4)
		return 0;
	if (lead < 0xE0)
		return 2;
	if (lead < 0xF0) {
		if (lead == 0xE0)
			*lo = 0xA0;
		if (lead == 0xED)
			*hi = 0x9F;
		return 3;
	}
	if (lead == 0xF0)
		*lo = 0x90;
	if (lead == 0xF4)
		*hi = 0x8F;
	return 4;
}

/* Bytes of the longest valid beginning of one character; *need: of how many. */
static size_t sequence(const char *s, size_t len, size_t *need)
{
	unsigned char lo;
	unsigned char hi;
	size_t i;

	*need = lead_info((unsigned char)s[0], &lo, &hi);
	if (!*need)
		return 0;
	for (i = 1; i < *need && i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c < lo || c > hi)
			return i;
		lo = 0x80;
		hi = 0xBF;
	}
	return i;
}

size_t utf8_decode(const char *s, size_t len, uint32_t *cp)
{
	static const unsigned char lead_mask[5] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
	size_t need;
	size_t got = sequence(s, len, &need);
	uint32_t value;

	if (!need || got < need) {
		*cp = UTF_REPLACEMENT;
		return got ? got : 1;
	}
	value = (unsigned char)s[0] & lead_mask[need];
	for (size_t i = 1; i < need; i++)
		value = value << 6 | ((unsigned char)s[i] & 0x3F);
	*cp = value;
	return need;
}

size_t utf8_encode(uint32_t cp, char out[4])
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xC0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3F));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xE0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
		out[2] = (char)(0x80 | (cp & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
	out[3] = (char)(0x80 | (cp & 0x3F));
	return 4;
}

size_t utf8_valid_prefix(const char *s, size_t len)
{
	size_t i = 0;

	for (;;) {
		size_t need;

		i += ascii_run(s + i, len - i);
		if (i == len)
			return i;
		if (sequence(s + i, len - i, &need) < need || !need)
			return i;
		i += need;
	}
}

void utf8_append_valid(struct strbuf *out, const char *s, size_t len)
{
	while (len) {
		size_t good = utf8_valid_prefix(s, len);
		uint32_t cp;
		size_t bad;

		strbuf_add(out, s, good);
		if (good == len)
			return;
		bad = utf8_decode(s + good, len - good, &cp);
		strbuf_add(out, "\xEF\xBF\xBD", 3);
		s += good + bad;
		len -= good + bad;
	}
}

size_t utf8_incomplete_tail(const char *s, size_t len)
{
	for (size_t back = 1; back <= 3 && back <= len; back++) {
		size_t need;
		unsigned char c = (unsigned char)s[len - back];

		if ((c & 0xC0) == 0x80)
			continue;
		if (sequence(s + len - back, back, &need) == back && need > back)
			return back;
		return 0;
	}
	return 0;
}

size_t utf8_cut(const char *s, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max && !utf8_is_boundary(s, len, max))
		max--;
	return max;
}

bool utf8_is_boundary(const char *s, size_t len, size_t at)
{
	return at == len || ((unsigned char)s[at] & 0xC0) != 0x80;
}

size_t utf16_length(const char *s, size_t len)
{
	size_t units = 0;
	size_t i = 0;

	while (i < len) {
		size_t run = ascii_run(s + i, len - i);

		units += run;
		i += run;
		while (i < len && (s[i] & 0x80)) {
			unsigned char c = (unsigned char)s[i];

			/* A lead byte is a unit, one of a four-byte character is two; continuations count nothing. */
			units += (c & 0xC0) != 0x80;
			units += c >= 0xF0;
			i++;
		}
	}
	return units;
}

size_t utf16_to_byte(const char *s, size_t len, size_t units)
{
	size_t i = 0;

	while (units) {
		size_t run = ascii_run(s + i, len - i < units ? len - i : units);
		uint32_t cp;
		size_t n;

		i += run;
		units -= run;
		if (i == len || !units)
			return i;
		n = utf8_decode(s + i, len - i, &cp);
		if (cp >= 0x10000 && units == 1)
			return i;
		units -= cp >= 0x10000 ? 2 : 1;
		i += n;
	}
	return i;
}
