#ifndef EKE_CHAT_HISTORY_SCHEMA_H
#define EKE_CHAT_HISTORY_SCHEMA_H
/*
 * The form of chats.db: its tables, and the statements by their numbers. For history.c and its kin.
 */
#include "eke/store/store.h"

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
	SQL_MERGE,
	SQL_CHANGES,
	SQL_GONE_TURNS,
	SQL_GONE_CHATS,
};

extern const struct store_schema history_schema;

#endif
