#ifndef EKE_TEXT_BUFFER_H
#define EKE_TEXT_BUFFER_H
/*
 * One document's text, edited in place. Held as a vector of chunks of a few KiB, each of which knows its UTF-16 length
 * and its line breaks, so that finding a position and changing text there costs a walk over chunks, never over the
 * document's bytes (tests/bench/bench_text.c has the figures that chose this over a gap buffer).
 *
 * Offsets are bytes from 0 to text_buffer_len(). Text that goes in must be valid UTF-8 (the JSON layer guarantees it,
 * debug builds assert it) and may hold NUL bytes. Offsets past the end are taken as the end, offsets inside a character
 * as its start: no call can split a character. Line terminators are \n, \r\n and \r (LSP 3.18); a document of n
 * terminators has n + 1 lines.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/attrs.h"
#include "eke/text/position.h"

struct strbuf;
struct text_buffer;

RETURNS_NONNULL MUST_USE struct text_buffer *text_buffer_new(void);
void text_buffer_free(struct text_buffer *b);

/* Replaces all of it. text is copied. */
void text_buffer_set(struct text_buffer *b, const char *text, size_t len);
/* Replaces [start, end) by the text, which is copied and must not point into b. end before start counts as start. */
void text_buffer_replace(struct text_buffer *b, size_t start, size_t end, const char *text, size_t len);

size_t text_buffer_len(const struct text_buffer *b);
/* At least 1. */
size_t text_buffer_line_count(const struct text_buffer *b);
/* What it takes in memory, its text's spare room and tables included. */
size_t text_buffer_footprint(const struct text_buffer *b);
bool text_buffer_equals(const struct text_buffer *b, const char *text, size_t len);

/*
 * The offset of a position. LSP's clamping: a column past the line's end is before its terminator, a line past the
 * last is the document's end, inside a surrogate pair or a UTF-8 sequence is the character's start. Negative is 0.
 */
size_t text_buffer_offset(const struct text_buffer *b, struct position pos, enum position_encoding enc);
/* The position of an offset; between \r and \n is before the \r. */
struct position text_buffer_position(const struct text_buffer *b, size_t offset, enum position_encoding enc);
/* Bytes of a line without its terminator; of a line past the last: the document's end, twice. */
void text_buffer_line_range(const struct text_buffer *b, size_t line, size_t *start, size_t *end);

/* Appends [start, end) to out; false, and out unchanged but marked full, if it does not fit. */
bool text_buffer_copy(const struct text_buffer *b, size_t start, size_t end, struct strbuf *out);
/* Appends the last max bytes before offset, fewer if that would split a character. */
bool text_buffer_before(const struct text_buffer *b, size_t offset, size_t max, struct strbuf *out);
/* Appends the first max bytes from offset on, fewer if that would split a character. */
bool text_buffer_after(const struct text_buffer *b, size_t offset, size_t max, struct strbuf *out);
/* Appends a line without its terminator. */
bool text_buffer_line(const struct text_buffer *b, size_t line, struct strbuf *out);

/*
 * The bytes at offset that lie together, for reading without a copy: add *len to offset and call again until *len is 0
 * (the end). Valid until b changes. A piece ends neither inside a character nor inside \r\n.
 */
RETURNS_NONNULL const char *text_buffer_peek(const struct text_buffer *b, size_t offset, size_t *len);

/* Recounts everything and compares; false if an invariant is broken. Reads the whole text: for tests. */
bool text_buffer_is_sound(const struct text_buffer *b);

#endif
