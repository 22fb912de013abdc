/*
 * chats.db: what it looks like, and what is asked of it. Constant data.
 *
 * A chat's `answering` is the number of the turn that the process `writer` (a random number; `pid`, `started`:
 * base/process.h) is writing. `role` is 0 for the user's turns, 1 for the model's; `state` and `finish` are those of
 * history.h and call.h. Times are the wall clock's, in ms. What is `gone` is not there for anybody, and deleted later.
 */
#include "history_schema.h"

#include "eke/base/attrs.h"

/* What one step of history_step() takes on. */
#define STEP "4"

static const char *const migrations[] = {
	"CREATE TABLE chat (n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, title TEXT NOT NULL,"
	" workspace TEXT, created INTEGER NOT NULL, updated INTEGER NOT NULL, turns INTEGER NOT NULL DEFAULT 0,"
	" prompt_tokens INTEGER NOT NULL DEFAULT 0, answer_tokens INTEGER NOT NULL DEFAULT 0,"
	" estimated INTEGER NOT NULL DEFAULT 0, gone INTEGER NOT NULL DEFAULT 0,"
	" answering INTEGER, writer INTEGER, pid INTEGER, started INTEGER);"
	"CREATE INDEX chat_updated ON chat (updated) WHERE NOT gone;"
	"CREATE INDEX chat_gone ON chat (n) WHERE gone;"
	"CREATE TABLE turn (n INTEGER PRIMARY KEY AUTOINCREMENT, chat INTEGER NOT NULL REFERENCES chat (n),"
	" role INTEGER NOT NULL, created INTEGER NOT NULL, state INTEGER NOT NULL, command TEXT, question TEXT,"
	" finish INTEGER, model TEXT, endpoint TEXT, reasoning TEXT, prompt_tokens INTEGER, answer_tokens INTEGER,"
	" estimated INTEGER, gone INTEGER NOT NULL DEFAULT 0);"
	"CREATE INDEX turn_chat ON turn (chat, n);"
	"CREATE INDEX turn_gone ON turn (n) WHERE gone;"
	"CREATE TABLE attachment (n INTEGER PRIMARY KEY, turn INTEGER NOT NULL REFERENCES turn (n) ON DELETE CASCADE,"
	" selection INTEGER NOT NULL, key TEXT, text TEXT NOT NULL);"
	"CREATE INDEX attachment_turn ON attachment (turn);"
	"CREATE TABLE piece (n INTEGER PRIMARY KEY AUTOINCREMENT, turn INTEGER NOT NULL REFERENCES turn (n),"
	" indexed INTEGER NOT NULL DEFAULT 0, text TEXT NOT NULL);"
	"CREATE INDEX piece_turn ON piece (turn, n);"
	"CREATE INDEX piece_unindexed ON piece (n) WHERE NOT indexed;"
	"CREATE VIRTUAL TABLE said USING fts5 (text, content = 'piece', content_rowid = 'n', tokenize = 'trigram');"
	/* Its parts are merged by history_step(), a little at a time, and not when one more is added. */
	"INSERT INTO said (said, rank) VALUES ('automerge', 0), ('crisismerge', 64)",
	NULL,
};

#define ENTRY "n, id, title, workspace, created, updated, turns, prompt_tokens, answer_tokens, estimated"
/* A page: before the cursor (?1, ?2), in the workspace ?3, at most ?4. */
#define PAGE                                                                                                        \
	"NOT gone AND turns > 0 AND (updated < ?1 OR (updated = ?1 AND n < ?2)) AND (?3 IS NULL OR workspace = ?3)"
#define NEWEST_FIRST " ORDER BY updated DESC, n DESC LIMIT ?4"
#define ALL_IN(column)                                                                                              \
	column " LIKE ?5 ESCAPE '\\' AND " column " LIKE ?6 ESCAPE '\\' AND " column " LIKE ?7 ESCAPE '\\' AND " column \
	       " LIKE ?8 ESCAPE '\\'"
#define CHAT_OF_PIECE "SELECT turn.chat FROM piece JOIN turn ON turn.n = piece.turn WHERE NOT turn.gone AND "
/* Pieces that are read one by one where the index has no word of the search. */
#define SCANNED "8192"
/* A turn that counts: all but answers of which nothing has come. */
#define IS_VISIBLE "NOT gone AND (role = 0 OR state = 0 OR EXISTS (SELECT 1 FROM piece WHERE piece.turn = turn.n))"

static const char *const statements[] = {
	[SQL_CHAT] = "SELECT " ENTRY ", answering, writer, pid, started FROM chat WHERE id = ?1 AND NOT gone",
	[SQL_LIST] = "SELECT " ENTRY " FROM chat WHERE " PAGE NEWEST_FIRST,
	[SQL_SEARCH] = "SELECT " ENTRY " FROM chat WHERE " PAGE " AND ((" ALL_IN("title") ") OR n IN ("
		       CHAT_OF_PIECE "piece.n IN (SELECT rowid FROM said WHERE said MATCH ?9)"
		       " AND piece.text LIKE ?10 ESCAPE '\\' AND piece.text LIKE ?11 ESCAPE '\\'"
		       " AND piece.text LIKE ?12 ESCAPE '\\' AND piece.text LIKE ?13 ESCAPE '\\'"
		       " UNION ALL " CHAT_OF_PIECE "NOT indexed AND " ALL_IN("piece.text") "))" NEWEST_FIRST,
	[SQL_SCAN] = "SELECT " ENTRY " FROM chat WHERE " PAGE " AND ((" ALL_IN("title") ") OR n IN ("
		     CHAT_OF_PIECE "piece.n > (SELECT coalesce(max(n), 0) - " SCANNED " FROM piece) AND "
		     ALL_IN("piece.text") "))" NEWEST_FIRST,
	[SQL_TURNS] = "SELECT n, role, created, state, command, question, finish, model, endpoint, reasoning,"
		      " prompt_tokens, answer_tokens, estimated FROM turn WHERE chat = ?1 AND " IS_VISIBLE " ORDER BY n",
	[SQL_PIECES] = "SELECT turn.n, piece.text FROM turn JOIN piece ON piece.turn = turn.n"
		       " WHERE turn.chat = ?1 AND NOT turn.gone ORDER BY turn.n, piece.n",
	[SQL_ATTACHMENTS] =
		"SELECT turn.n, selection, key, attachment.text FROM turn JOIN attachment ON attachment.turn = turn.n"
			    " WHERE turn.chat = ?1 AND NOT turn.gone ORDER BY turn.n, attachment.n",
	[SQL_RENAME] = "UPDATE chat SET title = ?2 WHERE id = ?1 AND NOT gone RETURNING n",
	[SQL_DELETE] = "UPDATE chat SET gone = 1, title = '' WHERE id = ?1 AND NOT gone RETURNING n",
	[SQL_CHAT_PUT] =
		"INSERT INTO chat (id, title, workspace, created, updated) VALUES (?1, ?2, ?3, ?4, ?4) RETURNING n",
	[SQL_CHAT_COUNT] = "UPDATE chat SET turns = (SELECT count(*) FROM turn WHERE chat = ?1 AND " IS_VISIBLE ")"
			   " WHERE n = ?1",
	[SQL_TURN_PUT] = "INSERT INTO turn (chat, role, created, state, command, question) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
			 " RETURNING n",
	[SQL_TURN_COUNT] = "SELECT count(*) FROM turn WHERE chat = ?1 AND NOT gone",
	[SQL_TURN_IS] = "SELECT role FROM turn WHERE chat = ?1 AND n = ?2 AND NOT gone",
	[SQL_LAST_QUESTION] = "SELECT max(n) FROM turn WHERE chat = ?1 AND role = 0 AND NOT gone",
	[SQL_ANSWER_OF] = "SELECT max(n) FROM turn WHERE chat = ?1 AND role = 1 AND n > ?2 AND NOT gone",
	[SQL_DROP_FROM] = "UPDATE turn SET gone = 1 WHERE chat = ?1 AND n >= ?2 AND NOT gone",
	[SQL_DROP_TURN] = "UPDATE turn SET gone = 1 WHERE n = ?1",
	[SQL_ATTACHMENT_PUT] = "INSERT INTO attachment (turn, selection, key, text) VALUES (?1, ?2, ?3, ?4)",
	[SQL_PIECE_PUT] = "INSERT INTO piece (turn, text) VALUES (?1, ?2)",
	[SQL_PIECES_DROP] = "DELETE FROM piece WHERE turn = ?1 AND NOT indexed",
	[SQL_IS_THERE] = "SELECT 1 FROM turn JOIN chat ON chat.n = turn.chat"
			 " WHERE turn.n = ?1 AND chat.answering = ?1 AND chat.writer = ?2 AND NOT turn.gone AND NOT chat.gone",
	[SQL_CLAIM] = "UPDATE chat SET answering = ?2, writer = ?3, pid = ?4, started = ?5, updated = max(updated + 1, ?6)"
		      " WHERE n = ?1",
	[SQL_RELEASE] = "UPDATE chat SET answering = NULL, writer = NULL WHERE n = ?1",
	[SQL_TURN_END] = "UPDATE turn SET state = ?2, finish = ?3, model = ?4, endpoint = ?5, reasoning = ?6,"
			 " prompt_tokens = ?7, answer_tokens = ?8, estimated = ?9 WHERE n = ?1",
	[SQL_USED] = "UPDATE chat SET prompt_tokens = prompt_tokens + ?2, answer_tokens = answer_tokens + ?3,"
		     " estimated = estimated OR ?4 WHERE n = ?1",
	[SQL_TOUCH] = "UPDATE chat SET updated = max(updated + 1, ?2) WHERE n = ?1",
	/* Of turns that are complete: others' pieces are still to be replaced. */
	[SQL_UNINDEXED] = "SELECT piece.n FROM piece JOIN turn ON turn.n = piece.turn JOIN chat ON chat.n = turn.chat"
			  " WHERE NOT indexed AND chat.answering IS NOT turn.n ORDER BY piece.n LIMIT " STEP,
	[SQL_INDEX] = "INSERT INTO said (rowid, text) SELECT n, text FROM piece WHERE n = ?1",
	[SQL_INDEXED] = "UPDATE piece SET indexed = 1 WHERE n = ?1",
	/* CROSS: from the few turns to their pieces. */
	[SQL_GONE] =
		"SELECT piece.n, indexed FROM turn CROSS JOIN piece ON piece.turn = turn.n WHERE turn.gone LIMIT " STEP,
	[SQL_UNINDEX] = "INSERT INTO said (said, rowid, text) SELECT 'delete', n, text FROM piece WHERE n = ?1",
	[SQL_PIECE_DROP] = "DELETE FROM piece WHERE n = ?1",
	[SQL_MERGE] = "INSERT INTO said (said, rank) VALUES ('merge', 8)",
	[SQL_CHANGES] = "SELECT total_changes()",
	[SQL_GONE_TURNS] = "DELETE FROM turn WHERE n IN (SELECT n FROM turn WHERE gone AND NOT EXISTS"
			   " (SELECT 1 FROM piece WHERE piece.turn = turn.n) LIMIT 64)",
	[SQL_GONE_CHATS] = "DELETE FROM chat WHERE gone AND NOT EXISTS (SELECT 1 FROM turn WHERE turn.chat = chat.n)",
};

const struct store_schema history_schema = {
	.file = "chats.db",
	.subject = "the store of conversations",
	.application_id = 0x656B6543,
	.migrations = migrations,
	.statements = statements,
	.statement_count = ARRAY_LEN(statements),
	.after_salvage = "UPDATE piece SET indexed = 0",
};
