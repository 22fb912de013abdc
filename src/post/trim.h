#ifndef EKE_POST_TRIM_H
#define EKE_POST_TRIM_H
/*
 * Last stage of post-processing: cuts talk and placeholders at the end, endless repetition and length, and puts the end
 * before what follows the cursor. Pure.
 */
#include "eke/post/context.h"
#include "draft.h"

/* Cuts where a comment with dots stands for code that was left out, and, if `bare`, at talk behind the code. */
void trim_talk(const struct post_context *c, struct strbuf *text, bool bare);
/*
 * Cuts what repeats itself without end, in a text that was cut off by its length. Of a growing text it takes away the
 * last lines as long as they could become such a repetition.
 */
void trim_repetition(const struct post_context *c, struct draft *draft);
/* Cuts to the number of lines. */
void trim_lines(const struct post_context *c, struct strbuf *text);
/* Takes blanks off the end, or leaves the line break that what follows the cursor needs. */
void trim_end(const struct post_context *c, struct strbuf *text);

#endif
