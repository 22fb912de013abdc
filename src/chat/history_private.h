#ifndef EKE_CHAT_HISTORY_PRIVATE_H
#define EKE_CHAT_HISTORY_PRIVATE_H
/*
 * What history.c (the file, and what is written), history_read.c (what is read) and history_schema.c (in which form)
 * share.
 */
#include <sys/types.h>

#include "eke/chat/history.h"

/* Words of a search; what comes behind the last but one is one. */
#define HISTORY_WORDS 4

enum history_sql {
	SQL_CHAT,
	SQL_LIST,
	SQL_SEARCH,
	SQL_SCAN,
	SQL_TURNS,
	SQL_PIECES,
	SQL_ATTACHMENTS,
	SQL_RENAME,
	SQL_DELETE,
	SQL_CHAT_PUT,
	SQL_CHAT_COUNT,
	SQL_TURN_PUT,
	SQL_TURN_COUNT,
	SQL_TURN_IS,
	SQL_LAST_QUESTION,
	SQL_ANSWER_OF,
	SQL_DROP_FROM,
	SQL_DROP_TURN,
	SQL_ATTACHMENT_PUT,
	SQL_PIECE_PUT,
	SQL_PIECES_DROP,
	SQL_IS_THERE,
	SQL_CLAIM,
	SQL_RELEASE,
	SQL_TURN_END,
	SQL_USED,
	SQL_TOUCH,
	SQL_UNINDEXED,
	SQL_INDEX,
	SQL_INDEXED,
	SQL_GONE,
	SQL_UNINDEX,
	SQL_PIECE_DROP,
	SQL_GONE_TURNS,
	SQL_GONE_CHATS,
};

/* history_schema.c */
extern const struct store_schema history_schema;

struct history {
	struct store *store;
	int64_t writer; /* this process, with the next two; pid 0: not needed yet */
	pid_t pid;
	int64_t started;
};

/* A transaction; the process knows who it is then. */
enum store_result history_open(struct history *h, enum store_mode mode);

/* --- history_read.c, within a transaction --- */

/* Fills *out, its turns included; false: there is no such chat. `*number` is its row, `*busy` whether it is answered. */
bool history_read(struct history *h, const char *id, struct history_chat *out, int64_t *number, bool *busy);
struct history_turn *history_add_turn(struct history_chat *chat);
void history_drop_turns(struct history_chat *chat, size_t from);

#endif
