#ifndef EKE_TEXT_MARKDOWN_INLINE_H
#define EKE_TEXT_MARKDOWN_INLINE_H
/*
 * Marks within a line: emphasis, code spans, links, escapes.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "markdown_out.h"

/* What came before, on the line; zero at its beginning. */
struct md_before {
	uint32_t last;    /* character */
	unsigned slashes; /* how much of "://" is there */
	bool in_url;
};

/* May something begin with this character that must be looked at as a whole? */
bool md_is_mark(const struct md_before *before, uint32_t cp);
/* Of a text that begins with a mark: could its last character have decided what that is? */
bool md_may_tell(const char *held, size_t len);
/*
 * Writes as much of the text, whole characters, as is known to be what; returns how many bytes that was. `final`: the
 * line ends behind it, and all of it is known, but for a backslash at its end: that is a line break, unless the
 * paragraph ends there.
 */
size_t md_inline(struct md_out *o, struct md_before *before, const char *text, size_t len, unsigned style, bool final);
/* Writes all of a text that nothing follows. */
void md_inline_all(struct md_out *o, const char *text, size_t len, unsigned style);

#endif
