#ifndef EKE_CHAT_CONVERSATION_RECORD_H
#define EKE_CHAT_CONVERSATION_RECORD_H
/*
 * Turns of a conversation that were not asked through it: an edit's question and what came of it are written down
 * beside the chat's own, so that they come back with it, and the model is told of them in what is asked later.
 */
#include <stdint.h>

#include "eke/chat/conversations.h"

/* A question and its answer that another engine made (an edit, by edit.h); borrowed for the call. */
struct conversation_record {
	const char *chat_id;  /* as in struct conversation_question, like the next */
	const char *new_id;
	const char *prompt;   /* as the user typed it */
	const char *question; /* what the model is to be told of it, later in the chat; NULL: the prompt */
	const char *command;  /* or NULL */
	const char *answer;
	const char *folder;   /* as in struct conversation_question */
	const char *endpoint; /* or NULL, like the next */
	const char *model;
};

/*
 * Writes it down as a turn of the chat. A number (never 0) for conversations_record_cancel(). fn is called once, from
 * the loop: with what was written, or with err. What has begun to be written is written in any case.
 */
typedef void conversations_record_fn(void *ctx, const struct conversation_begun *begun, const struct err *err);
uint64_t conversations_record(
	struct conversations *c, const struct conversation_record *record, conversations_record_fn *fn, void *ctx);
/* fn is not called any more; the turn is written all the same. */
void conversations_record_cancel(struct conversations *c, uint64_t id);

#endif
