#ifndef EKE_CHAT_CONVERSATION_QUERY_H
#define EKE_CHAT_CONVERSATION_QUERY_H
/*
 * conversations_query() and its end. For conversations.c.
 */
#include "conversations_private.h"

void conversations_queries_free(struct conversations *c);

#endif
