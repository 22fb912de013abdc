#ifndef EKE_POST_TALK_H
#define EKE_POST_TALK_H
/*
 * Tells a chat model's talk from text for the document. Pure; about lines by themselves.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/post/context.h"

/*
 * The line talks to the user: "Sure! Here is …", "I'm sorry", "The code above …". In prose only
 * what nobody would write there.
 */
bool talk_is_line(const struct post_context *c, const char *line, size_t len);
/* There is text, and all its lines are talk. */
bool talk_is_all(const struct post_context *c, const char *text, size_t len);
/* The line is a comment that begins with dots, for code that was left out: "# ... existing code ...". */
bool talk_is_placeholder(const struct post_context *c, const char *line, size_t len);
/* The text is one comment, which asks for the code: "// your code here". */
bool talk_is_all_placeholder(const struct post_context *c, const char *text, size_t len);
/* The line is only a label in front of an answer: "Completion:". */
bool talk_is_label(const char *line, size_t len);

#endif
