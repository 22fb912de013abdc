#ifndef EKE_CHAT_ANSWER_COPY_H
#define EKE_CHAT_ANSWER_COPY_H
/*
 * An answer that outlasts the callback by which it came. For conversation_turn.c, which writes it down before it tells
 * of it. Zero-initialised it is empty.
 */
#include "eke/chat/chat.h"
#include "eke/chat/history.h"

struct answer_copy {
	struct chat_answer answer; /* with a reference to its source; the rest points to what follows */
	struct call_answer call;
	struct err trouble;
	char *text;
	char *reasoning;
	char *model;
	char **trimmed;
};

void answer_copy_copy(struct answer_copy *copy, const struct chat_answer *answer);
void answer_copy_release(struct answer_copy *copy);
/* The end of its turn. Borrows from the copy. */
struct history_end answer_copy_end(const struct answer_copy *copy);

#endif
