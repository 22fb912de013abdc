#ifndef EKE_POST_ECHO_H
#define EKE_POST_ECHO_H
/*
 * Second stage of post-processing: takes off what the answer repeats of the text before the cursor.
 * Pure.
 */
#include <stdbool.h>

#include "eke/base/strbuf.h"
#include "eke/post/context.h"

enum post_echo_result {
	POST_ECHO_DONE,
	POST_ECHO_UNDECIDED, /* growing only: so far it could all be an echo */
};

/* `growing`: more of the text will come. */
enum post_echo_result post_echo(const struct post_context *c, struct strbuf *text, bool growing);

#endif
