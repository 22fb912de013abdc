#ifndef EKE_CHAT_QUESTION_H
#define EKE_CHAT_QUESTION_H
/*
 * What is asked, as it is kept and sent: the prompt, what the command makes of it, what goes with it. For
 * conversation_preparation.c.
 */
#include "eke/chat/conversations.h"

struct question {
	char *prompt;    /* as the user typed it */
	char *text;      /* what is sent in its place; NULL: the prompt */
	char *command;   /* its name; NULL: none */
	char *title;     /* for a chat that begins with it */
	char *workspace; /* likewise, or NULL */
	char *edit;      /* the turn whose place it takes, or NULL */
	struct attachments blocks;
	bool wants_diff; /* what is staged is to be added to the blocks, or what has changed in these: */
	char **changed;  /* paths; ends with NULL; NULL: none */
};

/* `folder` of the sources is the one it is about. False with err: it cannot be asked. To be released in any case. */
bool question_prepare(struct question *question, const struct conversation_question *asked,
	const struct context_sources *sources, const struct command_set *commands, struct err *err);
void question_release(struct question *question);

#endif
