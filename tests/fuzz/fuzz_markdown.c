/*
 * Markdown for a terminal: whole and byte by byte must agree; no control character of the text may come out, only the
 * sequences that set styles and those that erase a row above; and no letter may be lost or made up.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/text/markdown.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(const char *bytes, size_t size, size_t piece, unsigned width, struct strbuf *out)
{
	struct markdown *m = markdown_new(false);

	strbuf_init(out, MIB(64));
	markdown_set_width(m, width);
	for (size_t at = 0; at < size; at += piece)
		markdown_feed(m, bytes + at, size - at < piece ? size - at : piece, out);
	markdown_end(m, out);
	markdown_free(m);
}

#define ERASE_ROW "\033[A\033[2K"

/* What is on the screen: without the rows that were erased. Such a row must be there. */
static void screen(const struct strbuf *out, struct strbuf *left)
{
	strbuf_init(left, MIB(64));
	for (const char *s = out->data; s < out->data + out->len; s++) {
		size_t len = left->len;

		if (strncmp(s, ERASE_ROW, strlen(ERASE_ROW)) != 0) {
			strbuf_addch(left, *s);
			continue;
		}
		if (!len || left->data[len - 1] != '\n')
			abort();
		for (len--; len && left->data[len - 1] != '\n';)
			len--;
		strbuf_truncate(left, len);
		s += strlen(ERASE_ROW) - 1;
	}
}

/* Bytes of a sequence that sets styles, at s; 0: it is none. */
static size_t sgr_length(const char *s)
{
	size_t n = 2;

	if (s[0] != '\033' || s[1] != '[')
		return 0;
	n += strspn(s + n, "0123456789;");
	return s[n] == 'm' ? n + 1 : 0;
}

static void check_output(const struct strbuf *out)
{
	for (size_t i = 0; i < out->len; i++) {
		unsigned char c = (unsigned char)out->data[i];
		size_t n = sgr_length(out->data + i);

		if (n)
			i += n - 1;
		else if ((c < ' ' && c != '\n') || c == 0x7F || (c == 0xC2 && (unsigned char)out->data[i + 1] < 0xA0))
			abort();
	}
	if (out->len && out->data[out->len - 1] != '\n')
		abort();
}

/*
 * Capital letters are no part of any mark, nor of what stands for one. Links may hide an address, boxes an X; tags and
 * character references may be written with them. A list for a table repeats its head, and what is empty in it is gone.
 */
static size_t letters(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += s[i] >= 'A' && s[i] <= 'Z';
	return n;
}

static bool has_any(const char *s, size_t len, const char *characters)
{
	bool found = false;

	for (; *characters && !found; characters++)
		found = memchr(s, *characters, len) != NULL;
	return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct strbuf whole;
	struct strbuf cut;
	struct strbuf left;
	unsigned width;

	if (size < 1 || size > KIB(64))
		return 0;
	width = data[0] % 64;
	bytes++;
	size--;
	run(bytes, size, size ? size : 1, width, &whole);
	run(bytes, size, 1, width, &cut);
	if (whole.len != cut.len || memcmp(whole.data, cut.data, whole.len))
		abort();
	screen(&whole, &left);
	check_output(&left);
	if (!memchr(bytes, '|', size) && letters(left.data, left.len) > letters(bytes, size))
		abort();
	if (!has_any(bytes, size, "[&<|") && letters(left.data, left.len) != letters(bytes, size))
		abort();
	strbuf_release(&left);
	strbuf_release(&whole);
	strbuf_release(&cut);
	return 0;
}
