#ifndef EKE_CHAT_ASSEMBLE_H
#define EKE_CHAT_ASSEMBLE_H
/*
 * From a conversation to what chat.h is asked. Pure but for memory. For conversation_turn.c.
 */
#include <stddef.h>

#include "eke/chat/history.h"
#include "eke/chat/trim.h"
#include "eke/config/config.h"
#include "eke/upstream/dialect.h"

struct assembled {
	struct request_message *messages;
	enum trim_class *classes; /* of each */
	size_t count;
	size_t left_out; /* turns too old for LIMIT_CHAT_PROMPT */
	char **texts;    /* of the messages */
};

/*
 * The chat's last turn is the question. Questions that were never answered are left out, and so are attachments of
 * which a newer one goes along.
 */
void assemble(const struct history_chat *chat, const struct config *config, struct assembled *out);
void assembled_release(struct assembled *a);

#endif
