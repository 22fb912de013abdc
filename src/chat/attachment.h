#ifndef EKE_CHAT_ATTACHMENT_H
#define EKE_CHAT_ATTACHMENT_H
/*
 * The form of a block: a line that names it, and a fence around its body, longer than any in it. Pure. For context.c.
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
/* A name in one line: control characters are blanks, and it has at most `max` bytes. free(). */
char *attachment_name(const char *name, size_t max);

#endif
