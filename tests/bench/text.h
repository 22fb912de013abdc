#ifndef EKE_TESTS_BENCH_TEXT_H
#define EKE_TESTS_BENCH_TEXT_H
/*
 * What benchmarks of edits share: a text that looks like code, positions in it, and the plainest document that there
 * is, one string (lines end with \n only, which is all that this text has).
 */
#include <stdint.h>
#include <string.h>

#include "eke/base/strbuf.h"
#include "eke/base/utf.h"
#include "eke/text/buffer.h"

static inline void make_text(struct strbuf *text, size_t len)
{
	for (unsigned n = 0; text->len < len; n++) {
		strbuf_addf(text, "\tresult[%u] = compute(first, second);%s\n", n,
			    n % 16 ? "" : " /* \xE6\xBC\xA2\xE5\xAD\x97 \xF0\x9F\x98\x80 */");
		if (n % 5 == 0)
			strbuf_adds(text, "}\n\n");
	}
}

static inline uint32_t next_random(uint32_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x;
}

static inline size_t column_offset(const char *line, size_t len, size_t column)
{
	const char *end = memchr(line, '\n', len);

	return utf16_to_byte(line, end ? (size_t)(end - line) : len, column);
}

static inline void flat_edit(void *object, struct position pos, size_t removed, const char *text, size_t len)
{
	struct strbuf *flat = object;
	size_t at = 0;

	for (int64_t line = 0; line < pos.line; line++)
		at = (size_t)((char *)memchr(flat->data + at, '\n', flat->len - at) - flat->data) + 1;
	at += column_offset(flat->data + at, flat->len - at, (size_t)pos.character);
	if (removed > flat->len - at)
		removed = flat->len - at;
	strbuf_splice(flat, at, removed, text, len);
}

#endif
