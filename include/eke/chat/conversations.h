#ifndef EKE_CHAT_CONVERSATIONS_H
#define EKE_CHAT_CONVERSATIONS_H
/*
 * Conversations: chats that are kept, turn by turn, in chats.db of the state directory (history.h), where every eke
 * process of the user sees them. This is the engine under chat/send and its kin, `eke acp` and `eke chat`: it makes the
 * prompt from the conversation so far, what goes with the question, and the command, has chat.h ask for the answer,
 * and writes down what comes.
 *
 * The question is in the file before the request goes out, and the answer's text soon after it came (0.2 s, or
 * 4 KiB), so that the death of the process loses at most what was on its way. An answer's end is told when it is in the
 * file, or when others have had that locked for 5 s; then it is written later. What was cut off is kept and marked.
 * With privacy.history false all of it is in memory, for as long as the process lives.
 *
 * Callbacks come from the loop only, never after the cancel. Strings and structs in them are borrowed.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/err.h"
#include "eke/chat/chat.h"
#include "eke/chat/commands.h"
#include "eke/chat/context.h"
#include "eke/chat/history.h"
#include "eke/config/config.h"
#include "eke/context/retriever.h"
#include "eke/text/docs.h"
#include "eke/text/workspace.h"

struct conversations;

/* All borrowed. No file is touched until a conversation is. */
struct conversations *conversations_new(
	struct loop *loop, struct chat *chat, const struct docs *docs, struct workspace *workspace);
/* What goes along with code by itself comes from it; borrowed. Without one nothing does. */
void conversations_use(struct conversations *c, struct retriever *retriever);
/* What is being answered ends without a word; what came of it is written down. */
void conversations_free(struct conversations *c);
/*
 * What happened to the file of conversations that the user should know: it was damaged, and where a copy is kept. fn
 * comes from the loop; the sentence is in the log, too, and borrowed.
 */
void conversations_on_trouble(struct conversations *c, void (*fn)(void *ctx, const char *sentence), void *ctx);
/* The sentence that fn is about to be told; NULL: none. Borrowed. */
const char *conversations_trouble(struct conversations *c);
/* Also says what is wrong with the user's commands. */
void conversations_configure(struct conversations *c, struct config *config, config_warn_fn *warn, void *warn_ctx);

/* --- asking --- */

/* Borrowed for the call. */
struct conversation_question {
	const char *chat_id;  /* NULL: a new chat */
	const char *new_id;   /* that it is to have (history_new_id()); NULL: any */
	const char *prompt;   /* NULL or "": nothing but what the command says */
	const char *command;  /* its name; NULL: none */
	const struct context_item *context;
	size_t context_count;
	const struct context_text *texts; /* of files in the context, and of those that the prompt mentions */
	size_t text_count;
	const char *folder;   /* absolute path of the workspace's folder that it is about; NULL: the workspace's first */
	const char *endpoint; /* as in struct chat_request */
	const char *model;
	double temperature;   /* negative: the configuration's */
	int64_t max_tokens;   /* 0: the configuration's */
	/*
	 * One of the user's turns in the chat: this question takes its place, and what came behind it is dropped.
	 */
	const char *edit_turn_id;
	/*
	 * The chat's last question once more, as it was: of the above only chat_id, endpoint, model, temperature and
	 * max_tokens count. The new answer takes the former one's place when its first text comes.
	 */
	bool again;
};

/* The question is written down and goes out. */
struct conversation_begun {
	const char *chat_id;
	const char *title;
	bool is_new;
	const char *question_id; /* the user's turn */
	const char *turn_id;     /* the answer's */
};

struct conversation_answer {
	struct conversation_begun begun;
	const struct chat_answer *chat;  /* text, usage, endpoint, … */
	const char *const *trimmed;      /* what was not sent, in words; more than chat->trimmed */
	size_t trimmed_count;
	const struct snippets *retrieved; /* what went along that nobody attached */
};

struct conversation_callbacks {
	void (*begun)(void *ctx, const struct conversation_begun *begun);              /* may be NULL */
	void (*delta)(void *ctx, bool reasoning, const char *text, size_t len);        /* may be NULL */
	void (*ask)(void *ctx, const struct config_endpoint *other, const struct err *err); /* as in chat.h; may be NULL */
	/* Once, the last: an answer, or err. */
	void (*done)(void *ctx, const struct conversation_answer *answer, const struct err *err);
	void *ctx;
};

/*
 * A number for the next two. 0 with err set, and nothing is written or sent: params that name nothing, ERR_IGNORED,
 * … Others come by done(): no such chat, a prompt that is too long, a chat that is being answered already
 * (ERR_INVALID_REQUEST), and whatever the endpoint has to say; then the question stays, for asking again.
 */
uint64_t conversations_ask(struct conversations *c, const struct conversation_question *question,
	const struct conversation_callbacks *callbacks, struct err *err);
/* What came stays, marked as interrupted. No more callbacks. */
void conversations_cancel(struct conversations *c, uint64_t id);
/* Is anything asked, or an answer's end still to be written down? */
bool conversations_busy(const struct conversations *c);
/* chat_go_on() */
void conversations_go_on(struct conversations *c, uint64_t id, bool yes);

/* --- the conversations themselves --- */

enum conversations_verb {
	CONVERSATIONS_LIST,
	CONVERSATIONS_GET,
	CONVERSATIONS_RENAME,
	CONVERSATIONS_DELETE,
	CONVERSATIONS_MARKDOWN, /* export */
	CONVERSATIONS_JSON,
};

/* Borrowed for the call. */
struct conversations_query {
	enum conversations_verb verb;
	const char *chat_id;   /* for all but LIST */
	const char *title;     /* RENAME */
	const char *words;     /* LIST: those that have all of them in the title, or in one place of the text; or NULL */
	const char *workspace; /* LIST: those of this folder, a path or a file: URI; or NULL */
	size_t limit;          /* LIST: at most LIMIT_CHATS_LISTED; 0: 50 */
	const char *cursor;    /* LIST: where the last page ended; NULL: from the newest */
};

struct conversations_reply {
	const struct history_list *list; /* LIST */
	const struct history_chat *chat; /* GET */
	const char *text;                /* MARKDOWN, JSON */
	size_t len;
};

typedef void conversations_reply_fn(void *ctx, const struct conversations_reply *reply, const struct err *err);

/*
 * A number (never 0) for conversations_query_cancel(). fn is called once: a reply, or err (ERR_INVALID_PARAMS: no such
 * chat).
 */
uint64_t conversations_query(struct conversations *c, const struct conversations_query *query,
	conversations_reply_fn *fn,
	void *ctx);
void conversations_query_cancel(struct conversations *c, uint64_t id);

/* The commands in force, the user's included; borrowed until the next configuration. */
const struct command_set *conversations_commands(const struct conversations *c);

#endif
