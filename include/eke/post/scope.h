#ifndef EKE_POST_SCOPE_H
#define EKE_POST_SCOPE_H
/*
 * Fourth stage of post-processing: ends the answer where it would leave the place it was asked for:
 * before brackets and quotes that stand after the cursor already, at the end of the line if text
 * follows on it, at the end of the enclosing block. Only cuts the end off, at a point that depends on
 * nothing behind it. Pure.
 */
#include "eke/base/strbuf.h"
#include "eke/post/context.h"

void post_scope(const struct post_context *c, struct strbuf *text);

#endif
