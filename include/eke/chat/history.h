#ifndef EKE_CHAT_HISTORY_H
#define EKE_CHAT_HISTORY_H
/*
 * The conversations on the disk: chats.db in the state directory, shared by all eke processes of the user, or the same
 * in memory. Each function is one transaction; STORE_BUSY means: nothing was done, come again in some milliseconds.
 *
 * A chat has turns, in the order of their numbers, the user's and the model's. While a turn of the model's is being
 * written the chat belongs to the process that writes it; when that process dies the turn is interrupted, and keeps
 * what had come. Texts are kept in pieces that grow by appending; a full-text index (FTS5, trigrams, so that it finds
 * words in any script) follows in small steps, and so does the deletion of what was dropped: history_step.h.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/err.h"
#include "eke/store/store.h"
#include "eke/upstream/call.h"

struct history;

RETURNS_NONNULL MUST_USE struct history *history_new(bool in_memory);
void history_free(struct history *h);
/* Is there a file? */
bool history_exists(const struct history *h);
bool history_take_trouble(struct history *h, struct store_trouble *out);

#define HISTORY_ID 17 /* a chat's id with its terminator */
/* An id that no chat has. */
void history_new_id(char out[HISTORY_ID]);

enum history_role { HISTORY_USER, HISTORY_MODEL };

enum history_state {
	HISTORY_DONE,
	HISTORY_WRITING,     /* by a living process, perhaps this one */
	HISTORY_INTERRUPTED, /* cancelled, or the process died */
};

struct history_usage {
	int64_t prompt_tokens;
	int64_t completion_tokens;
	bool estimated; /* some of it */
};

/* Something that goes with a question, as it was sent (context.h). */
struct history_attachment {
	bool selection;
	char *key;
	char *text;
	size_t len;
};

struct history_turn {
	int64_t number; /* never used twice */
	enum history_role role;
	int64_t created_ms;
	char *text; /* as the user typed it; the answer */
	size_t len;
	/* the user's */
	char *command;  /* NULL: none */
	char *question; /* what was sent in place of the text; NULL: the text */
	struct history_attachment *attachments;
	size_t attachment_count;
	/* the model's */
	enum history_state state;
	enum call_finish finish; /* HISTORY_DONE: why it ended; else CALL_TRUNCATED */
	char *model;             /* NULL: not known (yet), as the next */
	char *endpoint;
	char *reasoning; /* NULL: none */
	struct history_usage usage;
};

/* What a list says of a chat. */
struct history_entry {
	char id[HISTORY_ID];
	char *title;
	char *workspace; /* folder's URI, as uri_key() spells it; NULL: none */
	int64_t created_ms;
	int64_t updated_ms;
	int64_t turns;
	struct history_usage usage; /* of all answers, those that were dropped since included */
};

struct history_chat {
	struct history_entry entry;
	struct history_turn *turns;
	size_t count;
};

struct history_list {
	struct history_entry *items;
	size_t count;
	char *cursor; /* for the next page; NULL: there is none */
};

void history_chat_release(struct history_chat *chat);
void history_list_release(struct history_list *list);

/* --- reading; `refusal` (ERR_INVALID_PARAMS) is set instead of the result where the result is STORE_OK --- */

struct history_list_spec {
	const char *words;     /* NULL or blank: all */
	const char *workspace; /* uri_key(); NULL: any */
	size_t limit;
	const char *cursor; /* NULL: from the newest */
};

/*
 * The newest first. Words that have fewer than three characters are looked for in titles, beside longer words, and in
 * the newest pieces of text only, as the index does not have them.
 */
MUST_USE enum store_result history_list(
	struct history *h, const struct history_list_spec *spec, struct history_list *out, struct err *refusal);
MUST_USE enum store_result history_get(struct history *h, const char *id, struct history_chat *out,
	struct err *refusal);

/* --- writing --- */

MUST_USE enum store_result history_rename(struct history *h, const char *id, const char *title, struct err *refusal);
MUST_USE enum store_result history_delete(struct history *h, const char *id, struct err *refusal);

struct history_question {
	const char *id;          /* NULL: a new chat, with the next three */
	const char *new_id;      /* that it is to have; NULL: any */
	const char *title;
	const char *workspace;   /* uri_key() or NULL */
	const char *edit;        /* number of a turn of the user's that this one replaces; NULL: none */
	bool again;              /* the last question once more; nothing of the following then */
	const char *text;
	const char *question;    /* or NULL */
	const char *command;     /* or NULL */
	const struct history_attachment *attachments;
	size_t attachment_count;
	/*
	 * Is asked before anything is written: the chat as it would be, the question its last turn. False with err: it is
	 * not to be. Must not use the history.
	 */
	bool (*fits)(void *ctx, const struct history_chat *chat, struct err *err);
	void *ctx;
};

/* Where the answer is being written. */
struct history_place {
	struct history_entry entry; /* owned: history_place_release() */
	int64_t chat;
	int64_t question; /* number of the user's turn */
	int64_t answer;   /* of the model's */
	int64_t former;   /* of the answer whose place it takes; 0: none */
	int64_t pieces;
	bool is_new;
};

void history_place_release(struct history_place *place);

/*
 * Writes the question and begins the answer. Refused: no such chat or turn, a chat that a process is answering
 * (ERR_INVALID_REQUEST), too many turns, what fits() said.
 */
MUST_USE enum store_result history_begin(
	struct history *h, const struct history_question *question, struct history_place *out, struct err *refusal);
/* More of the answer's text. A chat that was deleted meanwhile takes nothing. */
MUST_USE enum store_result history_append(struct history *h, struct history_place *place, const char *text, size_t len);

struct history_end {
	enum history_state state; /* HISTORY_DONE, HISTORY_INTERRUPTED; the latter without any text: the turn is dropped */
	const char *text;         /* all of it */
	size_t len;
	const char *reasoning;
	size_t reasoning_len;
	enum call_finish finish;
	const char *model;    /* or NULL */
	const char *endpoint; /* or NULL */
	struct history_usage usage;
};

MUST_USE enum store_result history_end(struct history *h, struct history_place *place, const struct history_end *end);

#endif
