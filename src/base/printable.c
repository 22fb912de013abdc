/*
 * One table of what counts as a control character, and four ways to take it out of a text.
 */
#include "eke/base/printable.h"

#include <string.h>

#include "eke/base/utf.h"

#define ESCAPE 0x1B
#define BELL 0x07

static bool is_bidi_control(uint32_t cp)
{
	return cp == 0x061C || cp == 0x200E || cp == 0x200F || (cp >= 0x202A && cp <= 0x202E) ||
	       (cp >= 0x2066 && cp <= 0x2069);
}

bool printable_is_control(uint32_t cp)
{
	return (cp < ' ' && cp != '\n' && cp != '\t') || (cp >= 0x7F && cp < 0xA0) || is_bidi_control(cp);
}

static void add_character(struct strbuf *out, uint32_t cp)
{
	char bytes[4];

	strbuf_add(out, bytes, utf8_encode(cp, bytes));
}

/* Copies what is ASCII and no control character, which most of any text is, and returns where that ends. */
static size_t add_plain(struct strbuf *out, const char *text, size_t len, size_t at)
{
	size_t start = at;

	while (at < len && ((text[at] >= ' ' && text[at] < 0x7F) || text[at] == '\n' || text[at] == '\t'))
		at++;
	strbuf_add(out, text + start, at - start);
	return at;
}

void printable_add(struct strbuf *out, const char *text, size_t len)
{
	for (size_t at = add_plain(out, text, len, 0); at < len; at = add_plain(out, text, len, at)) {
		uint32_t cp;

		at += utf8_decode(text + at, len - at, &cp);
		add_character(out, printable_is_control(cp) ? UTF_REPLACEMENT : cp);
	}
}

void printable_add_json(struct strbuf *out, const char *json, size_t len)
{
	for (size_t at = add_plain(out, json, len, 0); at < len; at = add_plain(out, json, len, at)) {
		uint32_t cp;

		at += utf8_decode(json + at, len - at, &cp);
		if (printable_is_control(cp))
			strbuf_addf(out, "\\u%04x", (unsigned)cp);
		else
			add_character(out, cp);
	}
}

/* --- control sequences --- */

/* Where the text has a code point in [low, high] from `at` on: behind it; else at's own place. */
static size_t skip_range(const char *text, size_t len, size_t at, unsigned char low, unsigned char high)
{
	while (at < len && (unsigned char)text[at] >= low && (unsigned char)text[at] <= high)
		at++;
	return at;
}

/* Parameters, intermediates and the final byte of a CSI sequence. */
static size_t skip_csi(const char *text, size_t len, size_t at)
{
	at = skip_range(text, len, at, 0x20, 0x3F);
	return at < len && text[at] >= 0x40 && text[at] <= 0x7E ? at + 1 : at;
}

/* A string that ends with BEL or ST; with none of them it ends with its line. */
static size_t skip_string(const char *text, size_t len, size_t at)
{
	while (at < len && text[at] != '\n') {
		uint32_t cp;
		size_t n = utf8_decode(text + at, len - at, &cp);

		if (cp == BELL || cp == 0x9C)
			return at + n;
		if (cp == ESCAPE)
			return at + 1 < len && text[at + 1] == '\\' ? at + 2 : at;
		at += n;
	}
	return at;
}

static size_t skip_sequence(const char *text, size_t len, size_t at, uint32_t introducer)
{
	switch (introducer) {
	case '[':
		return skip_csi(text, len, at);
	case 'P':
	case 'X':
	case ']':
	case '^':
	case '_':
		return skip_string(text, len, at);
	}
	return at;
}

/* Behind the sequence whose control character cp ends at `at`. */
static size_t skip_control(const char *text, size_t len, size_t at, uint32_t cp)
{
	/* C1 characters are the second byte of the seven-bit form and 0x40. */
	if (cp >= 0x80 && cp < 0xA0)
		return skip_sequence(text, len, at, cp - 0x40);
	if (cp != ESCAPE || at == len)
		return at;
	if (text[at] >= 0x40 && text[at] <= 0x5F)
		return skip_sequence(text, len, at + 1, (unsigned char)text[at]);
	/* "\033(B", "\0337": intermediates and a final byte. */
	at = skip_range(text, len, at, 0x20, 0x2F);
	return at < len && text[at] >= 0x30 && text[at] <= 0x7E ? at + 1 : at;
}

void printable_add_stripped(struct strbuf *out, const char *text, size_t len)
{
	for (size_t at = add_plain(out, text, len, 0); at < len; at = add_plain(out, text, len, at)) {
		uint32_t cp;

		at += utf8_decode(text + at, len - at, &cp);
		if (printable_is_control(cp))
			at = skip_control(text, len, at, cp);
		else
			add_character(out, cp);
	}
}

/* --- lines of a log --- */

void printable_blank(char *line)
{
	size_t len = strlen(line);

	for (size_t at = 0; at < len;) {
		uint32_t cp;
		size_t n = utf8_decode(line + at, len - at, &cp);

		if (printable_is_control(cp) || cp == '\n' || cp == '\t')
			memset(line + at, ' ', n);
		else if (cp == UTF_REPLACEMENT && memcmp(line + at, "\xEF\xBF\xBD", n))
			memset(line + at, '?', n);
		at += n;
	}
}
