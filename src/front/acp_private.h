#ifndef EKE_FRONT_ACP_PRIVATE_H
#define EKE_FRONT_ACP_PRIVATE_H
/*
 * The ACP front end's body, shared by src/front/acp*.c. Handlers decode, call one engine, and answer.
 */
#include <stdbool.h>
#include <stdint.h>

#include "eke/chat/context.h"
#include "eke/chat/conversations.h"
#include "eke/chat/history.h"
#include "eke/front/app.h"
#include "eke/front/server.h"
#include "eke/rpc/outgoing.h"
#include "eke/rpc/rpc.h"
#include "eke/rpc/stream.h"

struct acp_edit;
struct acp_local;
struct acp_chat_query;
struct acp_models;
struct acp_prompt;

/* May files be written? The session's option "edits". */
enum acp_edits { ACP_EDITS_ASK, ACP_EDITS_ALLOW, ACP_EDITS_REFUSE };

/* A session lives from session/new, load or resume to session/close, session/delete, or the program's end. */
struct acp_session {
	struct acp *acp;
	char id[HISTORY_ID];
	char *cwd;               /* absolute; owned, as the next */
	char *title;             /* as the client was told; NULL: not yet */
	char *model;             /* the user's choice, an option's value; NULL: none, the first endpoint that serves */
	char *answered_by;       /* the option that answered last; NULL: none yet */
	enum acp_edits edits;
	bool kept;               /* the history has it: something was asked */
	int64_t used;            /* tokens of the last prompt and its answer */
	struct acp_prompt *prompt; /* under way; NULL: none */
	struct acp_session *next;
};

struct acp {
	struct app app;
	struct server server;
	struct rpc *rpc; /* the server's */
	bool initialized;
	bool can_read;  /* the client has fs/read_text_file */
	bool can_write; /* … fs/write_text_file */
	struct err config_err; /* why the configuration in the file is not in force */
	char *trouble; /* what happened to the history and nobody was told yet; NULL: nothing */
	struct acp_session *sessions;
	size_t session_count;
	struct acp_chat_query *chat_queries;
	struct acp_models *models;
	uint64_t last_tool; /* number of the last tool call */
	bool local_offered; /* a server on this machine was */
};

/* acp.c: reads the configuration again if its file has changed. */
void acp_refresh(struct acp *acp);
/* Does so in any case, and tells the sessions. */
void acp_reload(struct acp *acp);
/* Where there is no endpoint because the configuration is wrong, that is the reason to tell. */
void acp_explain(const struct acp *acp, struct err *err);

/* acp_session.c */
rpc_request_fn acp_session_new, acp_session_load, acp_session_resume, acp_session_list, acp_session_close;
rpc_request_fn acp_session_delete;
/* The history has the session from now on. */
void acp_note_kept(struct acp_session *session);
/* The session of params.sessionId; NULL with ERR_NOT_FOUND or ERR_INVALID_PARAMS. */
struct acp_session *acp_session_of(struct acp *acp, const struct json *params, struct err *err);
void acp_sessions_free(struct acp *acp);

/* acp_unprompted.c: ids of sessions that the history does not have, because nothing was asked in them */
void acp_unprompted_add(const struct acp *acp, const char *id);
bool acp_unprompted_has(const char *id);
void acp_unprompted_remove(const char *id);

/* acp_update.c: session/update */
struct json_writer *acp_update_begin(const struct acp_session *session, const char *kind);
void acp_update_end(const struct acp_session *session, struct json_writer *w);
/* A piece of a message; `message` (NULL: none) is its messageId. */
void acp_send_chunk(const struct acp_session *session, const char *kind, const char *message, const char *text,
	size_t len);
void acp_send_title(struct acp_session *session, const char *title);
/* `answer` is what the session's last prompt got; NULL: only the budget is new. */
void acp_send_usage(struct acp_session *session, const struct config_endpoint *endpoint,
	const struct conversation_answer *answer);
void acp_send_commands(const struct acp_session *session);

/* acp_options.c: what the user can choose in a session */
rpc_request_fn acp_set_config_option;
struct acp_models *acp_models_new(struct acp *acp);
void acp_models_free(struct acp_models *models);
/* The configuration is another. */
void acp_models_reset(struct acp_models *models);
/* A session begins: asks the endpoints for their models, once. */
void acp_models_ask(struct acp_models *models);
/* Writes the member configOptions. */
void acp_write_options(const struct acp_session *session, struct json_writer *w);
void acp_send_options(const struct acp_session *session);
/* What the session asks: both NULL where it is left to the engine. Borrowed. */
void acp_chosen(const struct acp_session *session, const char **endpoint, const char **model);
/* Who has answered; tells the client if that is another than was said. */
void acp_note_endpoint(struct acp_session *session, const char *endpoint);
void acp_set_edits(struct acp_session *session, enum acp_edits edits);

/* acp_blocks.c: what a prompt holds */

/* A file, or a text, that goes with a prompt. */
struct acp_piece {
	char *uri;  /* without query and fragment; of a file: or NULL, as path */
	char *path;
	char *name; /* for the user and the model */
	bool has_lines;
	int64_t first, last; /* from 1 */
	bool mentioned; /* nothing but an @file of the words: its text is all that is wanted */
	bool whole;     /* text is all of the file's; else it is all that there is */
	char *text;     /* NULL: to be read, or another piece has it */
	size_t len;
};

struct acp_blocks {
	struct strbuf text;
	bool has_words; /* else text is names of pieces and folders */
	struct acp_piece *pieces;
	size_t count;
	struct strbuf left_out; /* why something does not go along, "; " between the sentences */
};

void acp_blocks_init(struct acp_blocks *blocks);
void acp_blocks_release(struct acp_blocks *blocks);
/*
 * Takes params.prompt apart. Files without any words are their names. False with ERR_INVALID_PARAMS or
 * ERR_PROMPT_TOO_LONG; what is no text is left out, unless there is nothing else.
 */
bool acp_blocks_take(struct acp *acp, const struct json *prompt, struct acp_blocks *out, struct err *err);
/* One thing more that does not go along. */
void acp_blocks_leave_out(struct acp_blocks *blocks, const char *why);
/* Adds a file that the words mention, unless it is there. False with ERR_INVALID_PARAMS: one too many. */
bool acp_blocks_mention(struct acp_blocks *blocks, const char *uri, struct err *err);
/* Is it a file, or a part that is named by its lines? Else it is a text, perhaps out of a file. */
bool acp_piece_is_file(const struct acp_piece *piece);
/* Does a piece have the file's whole text? */
bool acp_blocks_know(const struct acp_blocks *blocks, const char *path);
/*
 * "/name rest": the name's length, and where the rest begins; 0: the text is no command. The text need not name one
 * that exists.
 */
size_t acp_command_name(const char *text, const char **rest);
/* ":10-20", "#L10", "L10:20", "L10C3-L20C7", …: what follows a path; false if it is nothing of the kind. */
bool acp_parse_lines(const char *text, int64_t *first, int64_t *last);

/* acp_prompt.c: a turn of a session */
enum acp_stop { ACP_END_TURN, ACP_MAX_TOKENS, ACP_REFUSAL, ACP_CANCELLED };

/*
 * A turn goes through these machines, one at a time, each in a file of its own with its own end (…_free()): the search
 * for a server on this machine (local), the files that go along (gather), and then an edit, or a turn of the
 * conversation (answer). Where one is not at work its state is zero or NULL.
 */
struct acp_gather {
	size_t next;         /* the piece that is being read, or will be */
	bool mentions_taken; /* the pieces are all there */
	struct acp_client_call *call;
};

struct acp_answer {
	uint64_t id;    /* the conversation engine's */
	char *message;  /* id of the answer that comes; NULL: none yet */
	char *question; /* which endpoint to use; NULL: not asked */
	struct acp_client_call *call;
};

struct acp_prompt {
	struct acp *acp;
	struct acp_session *session;
	uint64_t ticket;
	struct rpc_stream *stream;
	struct acp_blocks blocks;
	char *command;    /* its name; NULL: none */
	bool own_command; /* … is one of this front end's */
	const char *words; /* the text behind it; within blocks.text */
	bool has_said; /* some of the answer went out */
	char *tool;       /* id of the tool call that is open; NULL: none */
	struct acp_local *local;
	struct acp_gather gather;
	struct acp_edit *edit;
	struct acp_answer answer;
};

rpc_request_fn acp_session_prompt;
rpc_notification_fn acp_session_cancel;
/* Ends the session's turn as cancelled, if there is one. */
void acp_prompt_cancel(struct acp_session *session);
/* For the others: the turn is over. Everything that is to be said has been. */
void acp_prompt_end(struct acp_prompt *prompt, enum acp_stop stop);
void acp_prompt_fail(struct acp_prompt *prompt, const struct err *err);
/* Text of eke's own, as a part of the answer. */
void acp_prompt_say(struct acp_prompt *prompt, const char *text);
/* A sentence about the answer, without a capital letter and a full stop, as a paragraph of its own. */
void acp_prompt_remark(struct acp_prompt *prompt, const char *sentence);
/* Tells what happened to the history, in the first prompt that is under way; else the next one does. */
void acp_tell_trouble(struct acp *acp);
/* At the program's end: without an answer. */
void acp_prompt_free(struct acp_prompt *prompt);

/* acp_gather.c: reads the files that go with the prompt; then the edit or the answer begins. */
void acp_gather_start(struct acp_prompt *prompt);
void acp_gather_free(struct acp_prompt *prompt);

/* acp_answer.c: a turn of the conversation */
void acp_answer_start(struct acp_prompt *prompt);
void acp_answer_free(struct acp_prompt *prompt);

/* acp_tool.c: the tool call of a prompt */

/* Writes the members of a tool call behind its id. */
typedef void acp_tool_fn(const struct acp_prompt *prompt, struct json_writer *w);
void acp_tool_begin(struct acp_prompt *prompt, const char *what, acp_tool_fn *write);
void acp_tool_progress(const struct acp_prompt *prompt);
/* Ends it, if there is one; reason may be NULL. */
void acp_tool_end(struct acp_prompt *prompt, bool completed, const char *reason);

/* acp_client.c: requests to the client, for the prompt of a session. The callback comes from the loop and ends it. */
struct acp_client_call;
/* Ends it without its callback. NULL is allowed. */
void acp_client_call_cancel(struct acp_client_call *call);
/* text is NULL with err set. */
typedef void acp_read_fn(void *ctx, const char *text, size_t len, const struct err *err);
/* A file's text as the client has it, saved or not; else from the disk. */
MUST_USE struct acp_client_call *acp_read(struct acp_session *session, const char *path, acp_read_fn *fn, void *ctx);
/* err is NULL if it was written. */
typedef void acp_write_fn(void *ctx, const struct err *err);
MUST_USE struct acp_client_call *acp_write(struct acp_session *session, const char *path, const struct strbuf *text,
	acp_write_fn *fn, void *ctx);

struct acp_permission {
	const char *id;
	const char *name;
	const char *kind; /* allow_once, allow_always, reject_once, reject_always */
};

/* About the prompt's tool call. */
struct acp_question {
	const struct acp_prompt *prompt;
	acp_tool_fn *write;
	const struct acp_permission *options;
	size_t count;
};

/* The id of the option that was chosen; NULL: the client could not say. A turn that its user cancels ends instead. */
typedef void acp_permission_fn(void *ctx, const char *option);
MUST_USE struct acp_client_call *acp_ask_permission(
	const struct acp_question *question, acp_permission_fn *fn, void *ctx);

/* acp_edit.c: commands that change a file */

struct acp_edit {
	char *path;
	char *shown;       /* path for people */
	char *uri;         /* of the document, made up; NULL: not open */
	bool has_lines;
	int64_t first, last;
	char *instruction;
	char *old;         /* NULL: there is no such file, or it is not known yet */
	size_t old_len;
	struct strbuf text; /* what is to be written */
	uint64_t id;       /* the edit engine's; 0: none */
	uint64_t record;   /* the conversation engine's, while it is written down; 0: none */
	struct acp_client_call *call;
	char *endpoint;    /* that answered */
	bool is_first;     /* turn of its session */
};

/* Is the prompt to change a file? Then it does, and acp_prompt_end() or _fail() will be called. */
bool acp_edit_start(struct acp_prompt *prompt);
/* The turn ends. */
void acp_edit_free(struct acp_prompt *prompt);

/* acp_edit_target.c: which file, and what is to be done */

/* The one file that goes with the prompt; NULL: none, or several. */
const struct acp_piece *acp_edit_attached(const struct acp_blocks *blocks);
/* What the prompt's command means for a file; NULL: it changes none, or it is /edit, where the user says it. */
const char *acp_edit_instruction(const struct acp_prompt *prompt);
/*
 * Fills prompt->edit but for the texts. False with ERR_INVALID_PARAMS, or ERR_IGNORED: `attached` and `instruction`
 * are from the functions above.
 */
bool acp_edit_prepare(struct acp_prompt *prompt, const struct acp_piece *attached, const char *instruction,
	struct err *err);

/* acp_edit_diff.c: appends the lines between the first and the last difference; nothing if that is much. */
void acp_edit_add_diff(const struct acp_edit *e, struct strbuf *out);

/* acp_local.c: a server of models on this machine */

/*
 * Where nothing is configured: looks for one, and asks whether it may be used. False: there is nothing to look for;
 * else fn is called, whatever came of it.
 */
typedef void acp_local_fn(struct acp_prompt *prompt);
bool acp_local_look(struct acp_prompt *prompt, acp_local_fn *fn);
void acp_local_free(struct acp_prompt *prompt);

#endif
