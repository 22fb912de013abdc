#ifndef EKE_POST_TRIM_H
#define EKE_POST_TRIM_H
/*
 * Last stage of post-processing: cuts placeholders, what the lines below the cursor say already,
 * repetition and length, and trims the end. Pure.
 */
#include <stdbool.h>

#include "eke/base/strbuf.h"
#include "eke/post/context.h"

/* Cuts at a line that is talk or stands for code left out. */
void post_trim_talk(const struct post_context *c, struct strbuf *text);
/*
 * Cuts what repeats the lines after the cursor or itself without end. Of a growing text, whole lines,
 * it also takes away the last ones as long as they could become such a repetition.
 */
void post_trim_repeats(const struct post_context *c, struct strbuf *text, bool growing);
/* Cuts to the number of lines. */
void post_trim_lines(const struct post_context *c, struct strbuf *text);
/*
 * Takes blanks off the ends of lines and of the text, as far as they are not needed by what follows the
 * cursor.
 */
void post_trim_end(const struct post_context *c, struct strbuf *text);
/* True if all of text stands after the cursor already. */
bool post_is_after_cursor(const struct post_context *c, const struct strbuf *text);

#endif
