#ifndef EKE_POST_OVERLAP_H
#define EKE_POST_OVERLAP_H
/*
 * Fourth stage of post-processing: ends the answer where it repeats what stands after the cursor, or closes what the
 * text there closes. Only cuts the end off. Pure.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/post/context.h"
#include "draft.h"

/* Cuts. Of a growing text it also takes away the last lines as long as they could become an overlap. */
void overlap_cut(const struct post_context *c, struct draft *draft);
/* The part of overlap_cut() that looks at the cursor's own line. */
void overlap_fit_rest(const struct post_context *c, struct strbuf *t);
/* How many bytes right of the cursor, closers of its line, the text closes as well and goes on behind; 0: none. */
size_t overlap_replaced(const struct post_context *c, const struct strbuf *text);
/* True if all of text stands after the cursor already. */
bool overlap_is_all(const struct post_context *c, const struct strbuf *text);

#endif
