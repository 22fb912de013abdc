#ifndef EKE_POST_UNWRAP_PRIVATE_H
#define EKE_POST_UNWRAP_PRIVATE_H
/*
 * What the files of unwrap.c share: the answer as a slice that gets narrower.
 */
#include <stddef.h>

#include "eke/post/context.h"
#include "unwrap.h"

struct slice {
	const char *s;
	size_t len;
};

static inline void slice_narrow(struct slice *t, size_t from, size_t to)
{
	t->s += from;
	t->len = to - from;
}

/* Blanks and line ends that it begins with. */
static inline size_t slice_blanks(const struct slice *t)
{
	size_t i = 0;

	while (i < t->len && (t->s[i] == ' ' || t->s[i] == '\t' || t->s[i] == '\n'))
		i++;
	return i;
}

/* What the text is in before `at`. */
struct syntax_state slice_state(const struct post_context *c, const struct slice *t, size_t at);
/* Takes off what is a fence and no text of the document. */
void unwrap_fences(const struct post_context *c, struct slice *t, struct unwrap_info *info);
/* `x + 1` as a whole, where neither the language nor the document has such a thing. */
void unwrap_inline_code(const struct post_context *c, struct slice *t);

#endif
