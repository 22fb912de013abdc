#ifndef EKE_CHAT_CONVERSATION_TURN_H
#define EKE_CHAT_CONVERSATION_TURN_H
/*
 * conversations_ask() and its end. For conversations.c.
 */
#include "conversations_private.h"

void conversations_turns_free(struct conversations *c);

#endif
