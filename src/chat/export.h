#ifndef EKE_CHAT_EXPORT_H
#define EKE_CHAT_EXPORT_H
/*
 * A conversation as a text of its own, to be kept or shown elsewhere. Pure. For conversation_query.c.
 */
#include "eke/base/strbuf.h"
#include "eke/chat/history.h"

/* Both are false if it does not fit. */
bool export_markdown(const struct history_chat *chat, struct strbuf *out);
/* One object, the fields those of chat/get and the attachments' texts; ends with a line end. */
bool export_json(const struct history_chat *chat, struct strbuf *out);

#endif
