/*
 * A document's text as a vector of chunks.
 *
 * Why: an edit in a document of 1 MB may not cost a copy of it, and positions come as lines and UTF-16 columns, so
 * both must be found without reading the text. A gap buffer edits at one place fast but has no line index; a rope finds
 * lines fast but needs balancing. A flat vector has a few hundred entries a megabyte, which a processor sums in a
 * fraction of a microsecond, and nothing to balance.
 *
 * Invariants: there is at least one chunk; only a sole chunk is smaller than CHUNK_MIN, so that deleting leaves no
 * crumbs, and none is larger than CHUNK_MAX; no border between chunks lies inside a character or between \r and \n, so
 * each chunk's counts stand alone. An offset on a border belongs to the end of the left chunk: an edit then never
 * changes what its chunk begins with.
 *
 * A chunk's block belongs to it and has little spare room: most documents are opened and never edited.
 */
#include "eke/text/buffer.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/base/utf.h"
#include "eke/text/lines.h"

#define CHUNK_TARGET ((size_t)4096)
#define CHUNK_MAX (2 * CHUNK_TARGET)
#define CHUNK_MIN (CHUNK_TARGET / 4)

struct chunk {
	char *data; /* owned, never NULL */
	uint32_t len;
	uint32_t cap;
	uint32_t units;  /* UTF-16 length */
	uint32_t breaks; /* line terminators */
};

struct text_buffer {
	struct chunk *chunks; /* owned */
	size_t count;
	size_t room;
	size_t len;
	size_t breaks;
};

/* A place inside: chunk index, offset in that chunk. */
struct spot {
	size_t chunk;
	size_t at;
};

static void chunk_init(struct chunk *c, const char *s, size_t len)
{
	*c = (struct chunk){
		.data = xmalloc(len),
		.len = (uint32_t)len,
		.cap = (uint32_t)len,
		.units = (uint32_t)utf16_length(s, len),
		.breaks = (uint32_t)lines_count(s, len),
	};
	memcpy(c->data, s, len);
}

struct text_buffer *text_buffer_new(void)
{
	struct text_buffer *b = xcalloc(1, sizeof(*b));

	b->chunks = xcalloc(1, sizeof(*b->chunks));
	chunk_init(b->chunks, "", 0);
	b->count = 1;
	b->room = 1;
	return b;
}

void text_buffer_free(struct text_buffer *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->count; i++)
		free(b->chunks[i].data);
	free(b->chunks);
	free(b);
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xC0) == 0x80;
}

/* Where to cut s, near at: at the start of a character and not inside \r\n. */
static size_t cut_point(const char *s, size_t at)
{
	for (int back = 0; back < 3 && is_continuation(s[at]); back++)
		at--;
	if (s[at] == '\n' && s[at - 1] == '\r')
		at--;
	return at;
}

/* Replaces the chunks [first, first + old) by chunks of s, which must not be theirs. */
static void put_chunks(struct text_buffer *b, size_t first, size_t old, const char *s, size_t len)
{
	size_t fresh = (len + CHUNK_TARGET / 2) / CHUNK_TARGET;
	size_t from = 0;

	if (!fresh)
		fresh = 1;
	for (size_t i = first; i < first + old; i++) {
		b->len -= b->chunks[i].len;
		b->breaks -= b->chunks[i].breaks;
		free(b->chunks[i].data);
	}
	if (b->count - old + fresh > b->room) {
		/* Exact for a document that is set, by halves for one that grows. */
		b->room = old == b->count ? fresh : b->room + b->room / 2 + fresh;
		b->chunks = xreallocarray(b->chunks, b->room, sizeof(*b->chunks));
	}
	memmove(b->chunks + first + fresh, b->chunks + first + old,
		(b->count - first - old) * sizeof(*b->chunks));
	b->count = b->count - old + fresh;
	for (size_t i = 0; i < fresh; i++) {
		struct chunk *c = &b->chunks[first + i];
		size_t to = i + 1 == fresh ? len : cut_point(s, (i + 1) * len / fresh);

		chunk_init(c, s + from, to - from);
		b->len += c->len;
		b->breaks += c->breaks;
		from = to;
	}
}

void text_buffer_set(struct text_buffer *b, const char *text, size_t len)
{
	assert(utf8_valid_prefix(len ? text : "", len) == len);
	put_chunks(b, 0, b->count, len ? text : "", len);
	if (b->room > 2 * b->count) {
		b->room = b->count;
		b->chunks = xreallocarray(b->chunks, b->room, sizeof(*b->chunks));
	}
}

/* The spot of an offset, which may be inside a character. */
static struct spot find_byte(const struct text_buffer *b, size_t offset)
{
	struct spot s = { 0, offset < b->len ? offset : b->len };

	while (s.at > b->chunks[s.chunk].len)
		s.at -= b->chunks[s.chunk++].len;
	return s;
}

static struct spot find(const struct text_buffer *b, size_t offset)
{
	struct spot s = find_byte(b, offset);
	const struct chunk *c = &b->chunks[s.chunk];

	while (s.at && s.at < c->len && is_continuation(c->data[s.at]))
		s.at--;
	return s;
}

/* The common case, typing: one chunk that stays a chunk. False, and nothing done, if it is not that case. */
static bool replace_in_chunk(struct text_buffer *b, struct spot start, size_t end, const char *text, size_t len)
{
	struct chunk *c = &b->chunks[start.chunk];
	size_t new_len = c->len - (end - start.at) + len;
	size_t window = start.at ? start.at - 1 : 0; /* a \r or \n next to the edit may pair up or part */
	size_t tail = c->len - end;
	size_t breaks;

	if (new_len > CHUNK_MAX || (new_len < CHUNK_MIN && b->count > 1))
		return false;
	if (!tail && start.chunk + 1 < b->count && c[1].data[0] == '\n' &&
	    (len ? text[len - 1] : c->data[start.at - 1]) == '\r')
		return false;

	c->units -= (uint32_t)utf16_length(c->data + start.at, end - start.at);
	c->units += (uint32_t)utf16_length(text, len);
	breaks = c->breaks - lines_count(c->data + window, end + !!tail - window);
	if (new_len > c->cap) {
		size_t cap = new_len + new_len / 4 + 32;

		c->cap = (uint32_t)(cap < CHUNK_MAX ? cap : CHUNK_MAX);
		c->data = xreallocarray(c->data, c->cap, 1);
	}
	memmove(c->data + start.at + len, c->data + end, tail);
	memcpy(c->data + start.at, text, len);
	breaks += lines_count(c->data + window, start.at + len + !!tail - window);
	b->len = b->len - c->len + new_len;
	b->breaks = b->breaks - c->breaks + breaks;
	c->len = (uint32_t)new_len;
	c->breaks = (uint32_t)breaks;
	return true;
}

/* Every other case: what remains of the chunks touched, and neighbours as needed, is put together and cut anew. */
static void replace_chunks(struct text_buffer *b, struct spot start, struct spot end, const char *text, size_t len)
{
	size_t first = start.chunk;
	size_t last = end.chunk;
	size_t total = start.at + len + b->chunks[last].len - end.at;
	const char *tail = b->chunks[last].data + end.at;
	size_t tail_len = b->chunks[last].len - end.at;
	const char *right = "";
	size_t right_len = 0;
	struct strbuf flat;

	if (total < CHUNK_MIN && first > 0) {
		first--;
		total += b->chunks[first].len;
	}
	/* A \n must not stay apart from a \r that came before it. */
	if (last + 1 < b->count && (total < CHUNK_MIN || (!tail_len && b->chunks[last + 1].data[0] == '\n'))) {
		last++;
		right = b->chunks[last].data;
		right_len = b->chunks[last].len;
		total += right_len;
	}
	strbuf_init(&flat, total);
	strbuf_reserve(&flat, total);
	if (first < start.chunk)
		strbuf_add(&flat, b->chunks[first].data, b->chunks[first].len);
	strbuf_add(&flat, b->chunks[start.chunk].data, start.at);
	strbuf_add(&flat, text, len);
	strbuf_add(&flat, tail, tail_len);
	strbuf_add(&flat, right, right_len);
	put_chunks(b, first, last - first + 1, flat.data, flat.len);
	strbuf_release(&flat);
}

void text_buffer_replace(struct text_buffer *b, size_t start, size_t end, const char *text, size_t len)
{
	struct spot s = find(b, start);
	struct spot e = s;

	if (!len)
		text = "";
	assert(utf8_valid_prefix(text, len) == len);
	if (end > start)
		e = find(b, end);
	if (s.chunk == e.chunk && replace_in_chunk(b, s, e.at, text, len))
		return;
	replace_chunks(b, s, e, text, len);
}

size_t text_buffer_len(const struct text_buffer *b)
{
	return b->len;
}

size_t text_buffer_line_count(const struct text_buffer *b)
{
	return b->breaks + 1;
}

size_t text_buffer_footprint(const struct text_buffer *b)
{
	size_t total = sizeof(*b) + b->room * sizeof(*b->chunks);

	for (size_t i = 0; i < b->count; i++)
		total += b->chunks[i].cap;
	return total;
}

bool text_buffer_equals(const struct text_buffer *b, const char *text, size_t len)
{
	if (len != b->len)
		return false;
	if (!len)
		return true;
	for (size_t i = 0; i < b->count; i++) {
		if (memcmp(b->chunks[i].data, text, b->chunks[i].len))
			return false;
		text += b->chunks[i].len;
	}
	return true;
}

/* Start of a line that exists; *base: the offset of its chunk. */
static struct spot find_line(const struct text_buffer *b, size_t line, size_t *base)
{
	struct spot s = { 0, 0 };

	*base = 0;
	if (!line)
		return s;
	while (line > b->chunks[s.chunk].breaks) {
		line -= b->chunks[s.chunk].breaks;
		*base += b->chunks[s.chunk++].len;
	}
	s.at = lines_skip(b->chunks[s.chunk].data, b->chunks[s.chunk].len, line);
	return s;
}

/* Bytes of s that `column` units take, all of s at most; *column becomes what s did not have. */
static size_t take_column(const char *s, size_t len, size_t *column, enum position_encoding enc)
{
	size_t n;

	if (enc == POSITION_UTF16) {
		n = utf16_to_byte(s, len, *column);
		*column = n < len ? 0 : *column - utf16_length(s, len);
		return n;
	}
	n = *column < len ? *column : len;
	*column -= n;
	while (n && n < len && is_continuation(s[n]))
		n--;
	return n;
}

static size_t units_of(const char *s, size_t len, enum position_encoding enc)
{
	return enc == POSITION_UTF8 ? len : utf16_length(s, len);
}

size_t text_buffer_offset(const struct text_buffer *b, struct position pos, enum position_encoding enc)
{
	size_t column = pos.character > 0 ? (size_t)pos.character : 0;
	size_t base;
	struct spot s;

	if (pos.line > 0 && (uint64_t)pos.line > b->breaks)
		return b->len;
	s = find_line(b, pos.line > 0 ? (size_t)pos.line : 0, &base);
	for (;; s.chunk++, s.at = 0) {
		const struct chunk *c = &b->chunks[s.chunk];
		const char *rest = c->data + s.at;
		size_t len = c->len - s.at;
		size_t line_len = c->breaks ? lines_first_end(rest, len) : len;

		if (!s.at && line_len == len && c->units < column && enc == POSITION_UTF16) {
			/* A whole chunk inside a long line needs no reading. */
			column -= c->units;
			s.at = len;
		} else {
			s.at += take_column(rest, line_len, &column, enc);
		}
		if (!column || line_len < len || s.chunk + 1 == b->count)
			return base + s.at;
		base += c->len;
	}
}

struct position text_buffer_position(const struct text_buffer *b, size_t offset, enum position_encoding enc)
{
	struct spot s = find(b, offset);
	const struct chunk *c = &b->chunks[s.chunk];
	struct position pos = { 0, 0 };
	size_t line_at;

	for (size_t i = 0; i < s.chunk; i++)
		pos.line += b->chunks[i].breaks;
	if (s.at && s.at < c->len && c->data[s.at] == '\n' && c->data[s.at - 1] == '\r')
		s.at--;
	pos.line += (int64_t)lines_count(c->data, s.at);
	for (;;) {
		line_at = lines_last_start(c->data, s.at);
		pos.character += (int64_t)units_of(c->data + line_at, s.at - line_at, enc);
		if (line_at || !s.chunk)
			return pos;
		/* The line began in an earlier chunk; whole chunks inside it need no reading. */
		while (--s.chunk && !b->chunks[s.chunk].breaks)
			pos.character += enc == POSITION_UTF8 ? b->chunks[s.chunk].len : b->chunks[s.chunk].units;
		c = &b->chunks[s.chunk];
		s.at = c->len;
	}
}

void text_buffer_line_range(const struct text_buffer *b, size_t line, size_t *start, size_t *end)
{
	struct spot s;
	size_t base;

	if (line > b->breaks) {
		*start = b->len;
		*end = b->len;
		return;
	}
	s = find_line(b, line, &base);
	*start = base + s.at;
	for (; s.chunk < b->count; s.at = 0) {
		const struct chunk *c = &b->chunks[s.chunk++];
		size_t n = c->breaks ? lines_first_end(c->data + s.at, c->len - s.at) : c->len - s.at;

		*end = base + s.at + n;
		if (s.at + n < c->len)
			return;
		base += c->len;
	}
}

bool text_buffer_copy(const struct text_buffer *b, size_t start, size_t end, struct strbuf *out)
{
	struct spot s = find(b, start);
	struct spot e = s;
	size_t total = 0;

	if (end > start)
		e = find(b, end);
	for (size_t i = s.chunk; i < e.chunk; i++)
		total += b->chunks[i].len;
	total = total + e.at - s.at;
	if (!strbuf_reserve(out, total))
		return false;
	for (; s.chunk < e.chunk; s.chunk++, s.at = 0)
		strbuf_add(out, b->chunks[s.chunk].data + s.at, b->chunks[s.chunk].len - s.at);
	return strbuf_add(out, b->chunks[e.chunk].data + s.at, e.at - s.at);
}

bool text_buffer_before(const struct text_buffer *b, size_t offset, size_t max, struct strbuf *out)
{
	const struct chunk *c;
	struct spot from;
	size_t start;

	if (offset > b->len)
		offset = b->len;
	start = offset > max ? offset - max : 0;
	from = find_byte(b, start);
	c = &b->chunks[from.chunk];
	while (from.at < c->len && is_continuation(c->data[from.at])) {
		from.at++;
		start++;
	}
	return text_buffer_copy(b, start, offset, out);
}

bool text_buffer_after(const struct text_buffer *b, size_t offset, size_t max, struct strbuf *out)
{
	if (offset > b->len)
		offset = b->len;
	return text_buffer_copy(b, offset, max < b->len - offset ? offset + max : b->len, out);
}

bool text_buffer_line(const struct text_buffer *b, size_t line, struct strbuf *out)
{
	size_t start = 0;
	size_t end = 0;

	text_buffer_line_range(b, line, &start, &end);
	return text_buffer_copy(b, start, end, out);
}

const char *text_buffer_peek(const struct text_buffer *b, size_t offset, size_t *len)
{
	struct spot s = find(b, offset);

	if (s.at == b->chunks[s.chunk].len && s.chunk + 1 < b->count) {
		s.chunk++;
		s.at = 0;
	}
	*len = b->chunks[s.chunk].len - s.at;
	return *len ? b->chunks[s.chunk].data + s.at : "";
}

bool text_buffer_is_sound(const struct text_buffer *b)
{
	size_t len = 0;
	size_t breaks = 0;

	for (size_t i = 0; i < b->count; i++) {
		const struct chunk *c = &b->chunks[i];

		len += c->len;
		breaks += c->breaks;
		if (c->len > c->cap || c->len > CHUNK_MAX || (c->len < CHUNK_MIN && b->count > 1))
			return false;
		if (c->units != utf16_length(c->data, c->len) || c->breaks != lines_count(c->data, c->len))
			return false;
		if (utf8_valid_prefix(c->data, c->len) != c->len)
			return false;
		if (i && c[-1].data[c[-1].len - 1] == '\r' && c->data[0] == '\n')
			return false;
	}
	return b->count && b->count <= b->room && len == b->len && breaks == b->breaks;
}
