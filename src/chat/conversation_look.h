#ifndef EKE_CHAT_CONVERSATION_LOOK_H
#define EKE_CHAT_CONVERSATION_LOOK_H
/*
 * conversations_look() and its end. For conversations.c.
 */
#include "conversations.h"

void conversations_looks_free(struct conversations *c);

#endif
