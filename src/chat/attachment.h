#ifndef EKE_CHAT_ATTACHMENT_H
#define EKE_CHAT_ATTACHMENT_H
/*
 * The text of an attachment: a line with its name and a colon, a fence longer than any in the body, the body, and the
 * fence again, without a line end behind it.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/strbuf.h"

struct attachment_spec {
	const char *name;     /* without the colon */
	const char *language; /* of the fence; NULL: none */
	const char *text;
	size_t len;
	size_t first_line; /* number of the first line, from 1; 0: no numbers */
};

/* False if it does not fit. */
bool attachment_write(const struct attachment_spec *spec, struct strbuf *out);
/* Bytes of the name that `text` begins with. */
size_t attachment_name_len(const char *text, size_t len);
/* How many lines the body has; 0 for what is no attachment. */
size_t attachment_lines(const char *text, size_t len);
/* Appends the attachment with its first `lines` lines only, fewer than it has, and a line that says so. */
void attachment_cut(const char *text, size_t len, size_t lines, struct strbuf *out);
/* A name in one line: control characters are blanks, and it has at most `max` bytes. free(). */
char *attachment_name(const char *name, size_t max);

#endif
