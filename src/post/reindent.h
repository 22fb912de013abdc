#ifndef EKE_POST_REINDENT_H
#define EKE_POST_REINDENT_H
/*
 * Third stage of post-processing: where the answer begins (on the cursor's line or below it) and how its lines are
 * indented. The only stage that adds text: line ends and blanks. Pure.
 */
#include <stdbool.h>

#include "eke/post/context.h"
#include "draft.h"

/* False, with the text spoilt, if it cannot be decided before more of a growing text is there. */
bool reindent(const struct post_context *c, struct draft *draft);

#endif
