#ifndef EKE_POST_ECHO_H
#define EKE_POST_ECHO_H
/*
 * Second stage of post-processing: takes off what the answer repeats of the text before the cursor. Pure.
 */
#include <stdbool.h>

#include "eke/post/context.h"
#include "draft.h"

/*
 * False: so far all of a growing text could be an echo. `wrapped`: it was in tags, in which nobody introduces a text
 * or shows it in its surroundings.
 */
bool echo_drop(const struct post_context *c, struct draft *draft, bool wrapped);

#endif
