#ifndef EKE_POST_REINDENT_H
#define EKE_POST_REINDENT_H
/*
 * Third stage of post-processing: where the answer begins (on the cursor's line or below it) and how
 * its lines are indented. The only stage that adds text: line ends and blanks. Pure.
 */
#include <stdbool.h>

#include "eke/base/strbuf.h"
#include "eke/post/context.h"

/* False, with text spoilt, if it cannot be decided before more of a growing text is there. */
bool post_indent(const struct post_context *c, struct strbuf *text, bool growing);

/* True if the line begins with something that ends or divides a block: a closer, else, end, … */
bool post_line_closes(const char *line, size_t len);

#endif
