#ifndef EKE_COMPLETE_PROMPT_TEXT_H
#define EKE_COMPLETE_PROMPT_TEXT_H
/*
 * The words of the chat emulation's messages. `number` is the one in their tags, as text, or "". For prompt.c.
 */
#include "eke/complete/prompt.h"

void prompt_text_system(struct strbuf *sb, const struct prompt_input *in, const char *number);
void prompt_text_user(struct strbuf *sb, const struct prompt_input *in, const char *number);
/* A worked example below PROMPT_EXAMPLES, in the form of `in`'s question. */
void prompt_text_example(
	size_t index, struct strbuf *question, struct strbuf *answer, const struct prompt_input *in, const char *number);

#endif
