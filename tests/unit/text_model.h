#ifndef EKE_TESTS_TEXT_MODEL_H
#define EKE_TESTS_TEXT_MODEL_H
/*
 * A document's text as plainly as it can be written: one string, every position found by walking characters from the
 * start. And a driver that makes edits of arbitrary bytes, applies them to this and to struct text_buffer, and
 * compares. Shared by the unit test (bytes from a fixed seed) and the fuzz target (bytes from the fuzzer).
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/strbuf.h"
#include "eke/text/buffer.h"

/* Texts are cut above it: a dozen chunks or more, unless whoever includes this wants them smaller. */
#ifndef MODEL_MAX
#define MODEL_MAX ((size_t)64 * 1024)
#endif

#define MODEL_CHECK(cond)                                                                       \
	do {                                                                                    \
		if (!(cond)) {                                                                  \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #cond);      \
			return false;                                                           \
		}                                                                               \
	} while (0)

static inline size_t model_char(const struct strbuf *m, size_t at)
{
	unsigned char c = (unsigned char)m->data[at];

	return c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

static inline size_t model_units(size_t bytes, enum position_encoding enc)
{
	if (enc == POSITION_UTF8)
		return bytes;
	return bytes == 4 ? 2 : 1;
}

/* Bytes of the terminator at `at`, 0: none. */
static inline size_t model_terminator(const struct strbuf *m, size_t at)
{
	if (at >= m->len)
		return 0;
	if (m->data[at] == '\r')
		return at + 1 < m->len && m->data[at + 1] == '\n' ? 2 : 1;
	return m->data[at] == '\n';
}

static inline size_t model_snap(const struct strbuf *m, size_t at)
{
	if (at >= m->len)
		return m->len;
	while (at && ((unsigned char)m->data[at] & 0xC0) == 0x80)
		at--;
	return at;
}

static inline size_t model_offset(const struct strbuf *m, struct position pos, enum position_encoding enc)
{
	int64_t column = 0;
	size_t at = 0;

	for (int64_t line = 0; line < pos.line; line++) {
		while (at < m->len && !model_terminator(m, at))
			at++;
		if (at == m->len)
			return at;
		at += model_terminator(m, at);
	}
	while (at < m->len && !model_terminator(m, at)) {
		column += (int64_t)model_units(model_char(m, at), enc);
		if (column > pos.character)
			break;
		at += model_char(m, at);
	}
	return at;
}

static inline struct position model_position(const struct strbuf *m, size_t offset, enum position_encoding enc)
{
	struct position pos = { 0, 0 };

	offset = model_snap(m, offset);
	for (size_t at = 0; at < offset;) {
		size_t end = model_terminator(m, at);

		if (end && at + end > offset)
			return pos;
		if (end) {
			pos.line++;
			pos.character = 0;
			at += end;
		} else {
			pos.character += (int64_t)model_units(model_char(m, at), enc);
			at += model_char(m, at);
		}
	}
	return pos;
}

static inline size_t model_line_count(const struct strbuf *m)
{
	size_t n = 1;

	for (size_t at = 0; at < m->len;) {
		size_t end = model_terminator(m, at);

		n += end > 0;
		at += end ? end : 1;
	}
	return n;
}

/* Arbitrary bytes as a supply of numbers; 0 when they have run out. */
struct model_source {
	const uint8_t *data;
	size_t len;
};

static inline uint32_t model_number(struct model_source *src, size_t bytes)
{
	uint32_t n = 0;

	for (; bytes && src->len; bytes--, src->len--)
		n = n << 8 | *src->data++;
	return n;
}

/* A text of up to a few hundred bytes, rarely of many thousand, from pieces that are hard on borders and columns. */
static inline void model_text(struct model_source *src, struct strbuf *out)
{
	static const char *const pieces[] = {
		"a", "\r", "\n", "\r\n", "\xF0\x9F\x98\x80" /* emoji */, "\xE6\xBC\xA2" /* CJK */, "e\xCC\x81", "\xC3\xA9",
		"int main(void)\n", "\treturn x;\r\n", "\n\n\n", "\r\r\n\n", "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB",
		"0123456789abcdef", "\xE6\xBC\xA2\xE5\xAD\x97\xF0\xA0\x80\x8B", " ",
	};
	uint32_t shape = model_number(src, 1);
	size_t count = shape & 7;
	size_t times = shape >= 0xF8 ? model_number(src, 2) % 2000 : shape >= 0xC0 ? 40 : 1;
	size_t start = out->len;

	while (count--)
		strbuf_adds(out, pieces[model_number(src, 1) % (sizeof(pieces) / sizeof(pieces[0]))]);
	for (size_t len = out->len - start; times > 1 && out->len < MODEL_MAX; times--) {
		strbuf_reserve(out, len);
		strbuf_add(out, out->data + start, len);
	}
}

static inline bool model_compare_at(const struct text_buffer *b, const struct strbuf *m, size_t at)
{
	struct strbuf out;
	const char *peek;
	size_t n;

	for (int enc = POSITION_UTF16; enc <= POSITION_UTF8; enc++) {
		struct position want = model_position(m, at, enc);
		struct position got = text_buffer_position(b, at, enc);
		struct position off[] = {
			want,
			{ want.line, want.character + 1 },
			{ want.line, want.character + 5000 },
			{ want.line, INT64_MAX },
			{ want.line + 1, 0 },
			{ want.line + 1000000, 3 },
		};

		MODEL_CHECK(position_equal(got, want));
		for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++)
			MODEL_CHECK(text_buffer_offset(b, off[i], enc) == model_offset(m, off[i], enc));
	}
	peek = text_buffer_peek(b, at, &n);
	MODEL_CHECK(n <= m->len - model_snap(m, at) && !memcmp(peek, m->data + model_snap(m, at), n));
	MODEL_CHECK(n || at >= m->len);

	strbuf_init(&out, SIZE_MAX / 2);
	for (size_t max = 1; max < 20000; max = max * 5 + 2) {
		size_t end = model_snap(m, at);
		size_t start = end > max ? end - max : 0;

		while (start < m->len && ((unsigned char)m->data[start] & 0xC0) == 0x80)
			start++;
		strbuf_reset(&out);
		MODEL_CHECK(text_buffer_before(b, end, max, &out));
		MODEL_CHECK(out.len == end - start && !memcmp(out.data, m->data + start, out.len));
		start = end;
		end = model_snap(m, start + max);
		strbuf_reset(&out);
		MODEL_CHECK(text_buffer_after(b, start, max, &out));
		MODEL_CHECK(out.len == end - start && !memcmp(out.data, m->data + start, out.len));
	}
	strbuf_release(&out);
	return true;
}

/* Every byte of data steers an edit; both texts must agree after each. */
static inline bool model_run_on(struct text_buffer *b, struct strbuf *m, struct strbuf *text, const uint8_t *data,
				size_t size)
{
	struct model_source src = { data, size };

	while (src.len) {
		uint32_t op = model_number(&src, 1);
		enum position_encoding enc = op & 1 ? POSITION_UTF8 : POSITION_UTF16;
		size_t start = m->len ? model_number(&src, 3) % (m->len + 1) : 0;
		size_t size_of_range = op & 0x40 ? model_number(&src, 2) : op & 0x20 ? 0 : model_number(&src, 1) % 8;
		size_t end = start + size_of_range;

		strbuf_reset(text);
		if (!(op & 0x80))
			model_text(&src, text);
		if (op == 0x7E) {
			text_buffer_set(b, text->data, text->len);
			strbuf_reset(m);
			strbuf_add(m, text->data, text->len);
		} else {
			if (op & 2) {
				/* As an editor would name it. */
				start = model_offset(m, model_position(m, start, enc), enc);
				end = model_offset(m, model_position(m, end, enc), enc);
				MODEL_CHECK(text_buffer_offset(b, model_position(m, end, enc), enc) == end);
			}
			text_buffer_replace(b, start, end, text->data, text->len);
			start = model_snap(m, start);
			end = model_snap(m, end);
			strbuf_splice(m, start, end - start, text->data, text->len);
		}
		MODEL_CHECK(text_buffer_equals(b, m->data, m->len));
		MODEL_CHECK(text_buffer_len(b) == m->len);
		if (op & 4) {
			MODEL_CHECK(text_buffer_is_sound(b));
			MODEL_CHECK(text_buffer_line_count(b) == model_line_count(m));
			if (!model_compare_at(b, m, start) || !model_compare_at(b, m, m->len))
				return false;
		}
		if (m->len > MODEL_MAX) {
			text_buffer_replace(b, 1000, m->len - 1000, "", 0);
			end = model_snap(m, m->len - 1000);
			start = model_snap(m, 1000);
			strbuf_splice(m, start, end - start, "", 0);
		}
	}
	return text_buffer_is_sound(b) && text_buffer_equals(b, m->data, m->len);
}

static inline bool model_run(const uint8_t *data, size_t size)
{
	struct text_buffer *b = text_buffer_new();
	struct strbuf m;
	struct strbuf text;
	bool ok;

	strbuf_init(&m, SIZE_MAX / 2);
	strbuf_init(&text, SIZE_MAX / 2);
	ok = model_run_on(b, &m, &text, data, size);
	strbuf_release(&text);
	strbuf_release(&m);
	text_buffer_free(b);
	return ok;
}

#endif
