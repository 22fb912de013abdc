#ifndef EKE_BASE_STRBUF_H
#define EKE_BASE_STRBUF_H
/*
 * A growable byte string with a stated maximum. `data` is always terminated and never NULL after init, `len` does not
 * count the terminator; it may hold NUL bytes. Appending past `max` appends nothing, marks the buffer `full` and
 * returns false: the caller that must not lose bytes checks, the one that may be cut looks at `full` at the end.
 * Plain storage: struct strbuf may be moved; release it once. Model: git's strbuf, curl's dynbuf.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/attrs.h"

struct strbuf {
	char *data;
	size_t len;
	size_t cap; /* 0: data is the shared empty string */
	size_t max; /* of len */
	bool full;  /* something did not fit */
};

void strbuf_init(struct strbuf *sb, size_t max);
void strbuf_release(struct strbuf *sb);
/* Empties it, keeps its memory, clears `full`. */
void strbuf_reset(struct strbuf *sb);
/* Makes room for `extra` more bytes at once; false and full if that exceeds max. */
bool strbuf_reserve(struct strbuf *sb, size_t extra);
bool strbuf_add(struct strbuf *sb, const void *data, size_t len);
bool strbuf_adds(struct strbuf *sb, const char *s);
bool strbuf_addch(struct strbuf *sb, char c);
bool strbuf_addf(struct strbuf *sb, const char *fmt, ...) PRINTF_LIKE(2, 3);
bool strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
/* Removes the first n bytes, n <= len. */
void strbuf_consume(struct strbuf *sb, size_t n);
/* Cuts to len, which must not exceed the present one. */
void strbuf_truncate(struct strbuf *sb, size_t len);
/* Replaces [at, at + old_len) by the new bytes. */
bool strbuf_splice(struct strbuf *sb, size_t at, size_t old_len, const void *data, size_t len);
/* Hands over the string (free() it) and leaves sb empty. */
RETURNS_NONNULL MUST_USE char *strbuf_detach(struct strbuf *sb, size_t *len);
/* Moves src into dst, releasing what dst had; src becomes empty. */
void strbuf_move(struct strbuf *dst, struct strbuf *src);

#endif
