#ifndef EKE_BASE_UTF_H
#define EKE_BASE_UTF_H
/*
 * UTF-8 and its measure in UTF-16 units, the default unit of positions in LSP (3.18, "Position"). All functions
 * are pure and bounded by the length given; text need not be terminated.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strbuf;

#define UTF_REPLACEMENT 0xFFFDu

/*
 * Decodes one character of s[0..len), len > 0. Returns its bytes (1 to 4) and stores the code point; an invalid
 * sequence yields UTF_REPLACEMENT and consumes its maximal valid beginning, at least 1 byte (Unicode 15, 3.9,
 * "U+FFFD Substitution of Maximal Subparts"), as browsers and Node do.
 */
size_t utf8_decode(const char *s, size_t len, uint32_t *cp);
/* Writes cp (a scalar value) as UTF-8; returns the bytes written. */
size_t utf8_encode(uint32_t cp, char out[4]);
/* Length of the valid beginning of s; equals len if all of it is valid. */
size_t utf8_valid_prefix(const char *s, size_t len);
/* Appends s to out with every invalid sequence replaced by U+FFFD. */
void utf8_append_valid(struct strbuf *out, const char *s, size_t len);
/*
 * Bytes at the end of s that begin a character without ending it (0 to 3): what a reader of a stream keeps back
 * until more bytes come.
 */
size_t utf8_incomplete_tail(const char *s, size_t len);
/* The largest n <= max such that s[0..n) ends on a character's end. */
size_t utf8_cut(const char *s, size_t len, size_t max);
/* True if s[at] begins a character (or at == len). */
bool utf8_is_boundary(const char *s, size_t len, size_t at);

/* UTF-16 units that valid UTF-8 s takes. */
size_t utf16_length(const char *s, size_t len);
/*
 * Byte offset of the UTF-16 offset `units` in valid UTF-8 s, clamped to len. A position inside a surrogate pair
 * goes to the character's start.
 */
size_t utf16_to_byte(const char *s, size_t len, size_t units);

#endif
