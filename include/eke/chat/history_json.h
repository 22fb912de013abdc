#ifndef EKE_CHAT_HISTORY_JSON_H
#define EKE_CHAT_HISTORY_JSON_H
/*
 * Conversations as JSON, in the protocol's form (protocol/README.md): an element of chat/list, a result of chat/get.
 * Pure.
 */
#include <stdbool.h>

#include "eke/base/json_writer.h"
#include "eke/chat/history.h"

void history_write_entry(const struct history_entry *entry, struct json_writer *w);
/* `texts`: those of the attachments, too. */
void history_write_chat(const struct history_chat *chat, bool texts, struct json_writer *w);
/* "stop", … */
const char *history_finish_name(enum call_finish finish);

#endif
