/*
 * Sessions, from session/new, load and resume to close and delete, and the list of them. A session is a conversation
 * of chat/, made when the first prompt comes; until then it is in memory only. What must be looked up in the history
 * is a struct acp_chat_query, which lives from its request to its answer.
 */
#include "acp_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/decode.h"
#include "eke/base/json_writer.h"
#include "eke/base/list.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/base/rfc3339.h"
#include "eke/text/uri.h"

enum query_kind { QUERY_LOAD, QUERY_RESUME, QUERY_LIST, QUERY_DELETE };

struct acp_chat_query {
	struct acp *acp;
	enum query_kind kind;
	uint64_t ticket;
	uint64_t id; /* the conversation engine's */
	char *session; /* its id; NULL: LIST */
	char *cwd;
	struct acp_chat_query *next;
};

/* --- the sessions that are open --- */

static struct acp_session *find(const struct acp *acp, const char *id)
{
	struct acp_session *s = acp->sessions;

	while (s && strcmp(s->id, id) != 0)
		s = s->next;
	return s;
}

static bool uses_folder(const struct acp *acp, const char *cwd)
{
	for (const struct acp_session *s = acp->sessions; s; s = s->next)
		if (!strcmp(s->cwd, cwd))
			return true;
	return false;
}

static bool is_full(const struct acp *acp, struct err *err)
{
	if (acp->session_count < LIMIT_SESSIONS)
		return false;
	err_set(err, ERR_INVALID_REQUEST, "at most %d sessions can be open: close one first", LIMIT_SESSIONS);
	return true;
}

/* Without slashes at its end, which some clients send: one folder, one spelling. */
static char *folder_path(const char *cwd)
{
	size_t len = strlen(cwd);

	while (len > 1 && cwd[len - 1] == '/')
		len--;
	return xstrndup(cwd, len);
}

static struct acp_session *session_open(struct acp *acp, const char *id, const char *cwd)
{
	struct acp_session *s = xcalloc(1, sizeof(*s));

	s->acp = acp;
	snprintf(s->id, sizeof(s->id), "%s", id);
	s->cwd = folder_path(cwd);
	s->next = acp->sessions;
	acp->sessions = s;
	acp->session_count++;
	if (!workspace_add_folder(acp->app.workspace, s->cwd))
		log_info("the ignore files of %s are not read: at most %d folders can be in use", cwd, LIMIT_FOLDERS);
	return s;
}

static void session_free(void *p)
{
	struct acp_session *s = p;

	free(s->cwd);
	free(s->title);
	free(s->model);
	free(s->answered_by);
	free(s);
}

static void session_close(struct acp_session *s)
{
	struct acp *acp = s->acp;
	list_unlink(acp->sessions, s);
	acp->session_count--;
	if (!uses_folder(acp, s->cwd))
		workspace_remove_folder(acp->app.workspace, s->cwd);
	loop_defer_free(acp->app.loop, s, session_free);
}

struct acp_session *acp_session_of(struct acp *acp, const struct json *params, struct err *err)
{
	const char *id = json_string(json_get(params, "sessionId"));
	struct acp_session *session = id ? find(acp, id) : NULL;

	if (!id)
		err_set(err, ERR_INVALID_PARAMS, "params.sessionId must be a string, not %s",
			json_type_name(json_get(params, "sessionId")));
	else if (!session)
		err_set(err, ERR_NOT_FOUND, "there is no open session %.64s: session/load opens one that was there before", id);
	return session;
}

void acp_note_kept(struct acp_session *session)
{
	if (!session->kept)
		acp_unprompted_remove(session->id);
	session->kept = true;
}

/* --- answers --- */

struct session_params {
	const char *id;
	const char *cwd;
	const char *cursor;
};

/* mcpServers and additionalDirectories are not looked at: eke calls no tools, and reads what it is shown. */
static const struct decode_field new_fields[] = {
	{ .name = "cwd", .type = DECODE_STRING, .required = true, .offset = offsetof(struct session_params, cwd) },
	{ .name = NULL },
};

static const struct decode_field load_fields[] = {
	{ .name = "sessionId", .type = DECODE_STRING, .required = true, .offset = offsetof(struct session_params, id) },
	{ .name = "cwd", .type = DECODE_STRING, .required = true, .offset = offsetof(struct session_params, cwd) },
	{ .name = NULL },
};

static const struct decode_field list_fields[] = {
	{ .name = "cwd", .type = DECODE_STRING, .offset = offsetof(struct session_params, cwd) },
	{ .name = "cursor", .type = DECODE_STRING, .offset = offsetof(struct session_params, cursor) },
	{ .name = NULL },
};

static bool take(const struct json *params, const struct decode_field *fields, struct session_params *out,
	struct err *err)
{
	char *uri;

	if (!decode(params, fields, "params", out, err))
		return false;
	uri = out->cwd ? uri_from_path(out->cwd) : NULL;
	if (out->cwd && !uri) {
		err_set(err, ERR_INVALID_PARAMS, "params.cwd must be an absolute path");
		return false;
	}
	free(uri);
	return true;
}

static void write_session(const struct acp_session *session, bool with_id, struct strbuf *out)
{
	struct json_writer w;

	strbuf_init(out, MIB(4));
	json_writer_init(&w, out);
	json_begin_object(&w, NULL);
	if (with_id)
		json_put_kstring(&w, "sessionId", session->id);
	acp_write_options(session, &w);
	json_end_object(&w);
	json_writer_end(&w);
}

static void put_empty(struct strbuf *out)
{
	strbuf_init(out, 2);
	strbuf_adds(out, "{}");
}

struct rpc_result *acp_session_new(void *ctx, struct rpc_request *request, const struct json *params)
{
	struct acp *acp = ctx;
	struct session_params p = { NULL, NULL, NULL };
	struct acp_session *session;
	char id[HISTORY_ID];
	struct rpc_result *result;
	struct strbuf out;
	struct err err;

	acp_refresh(acp);
	if (!take(params, new_fields, &p, &err) || is_full(acp, &err))
		return rpc_fail(request, &err);
	history_new_id(id);
	session = session_open(acp, id, p.cwd);
	acp_unprompted_add(acp, id);
	write_session(session, true, &out);
	result = rpc_reply(request, &out);
	acp_send_commands(session);
	acp_models_ask(acp->models);
	return result;
}

/* --- what the history must say first --- */

static void query_free(void *p)
{
	struct acp_chat_query *query = p;

	free(query->session);
	free(query->cwd);
	free(query);
}

static void query_end(struct acp_chat_query *query)
{
	list_unlink(query->acp->chat_queries, query);
	loop_defer_free(query->acp->app.loop, query, query_free);
}

static void on_cancel(void *ctx, uint64_t ticket)
{
	struct acp_chat_query *query = ctx;

	(void)ticket;
	conversations_query_cancel(query->acp->app.conversations, query->id);
	query_end(query);
}

static void send_turn(const struct acp_session *session, const struct history_turn *turn)
{
	static const char interrupted[] = "\n\n*(The answer was interrupted here.)*";
	char id[24];

	snprintf(id, sizeof(id), "%lld", (long long)turn->number);
	if (turn->role == HISTORY_USER) {
		char *text = turn->command ? xasprintf("/%s %.*s", turn->command, (int)turn->len, turn->text) : NULL;

		acp_send_chunk(session, "user_message_chunk", id, text ? text : turn->text, text ? strlen(text) : turn->len);
		free(text);
		return;
	}
	if (turn->reasoning)
		acp_send_chunk(session, "agent_thought_chunk", NULL, turn->reasoning, strlen(turn->reasoning));
	acp_send_chunk(session, "agent_message_chunk", id, turn->text, turn->len);
	if (turn->state == HISTORY_INTERRUPTED)
		acp_send_chunk(session, "agent_message_chunk", id, interrupted, strlen(interrupted));
}

/*
 * The session is open from now on, and the client is told what there was, if it wants. `chat` is NULL if nothing was
 * asked in it yet.
 */
static bool open_session(struct acp_chat_query *query, const struct history_chat *chat, struct err *err)
{
	struct acp *acp = query->acp;
	struct acp_session *session = find(acp, query->session);
	struct strbuf out;

	if (!session && is_full(acp, err))
		return false;
	if (session && session->prompt) {
		err_set(err, ERR_INVALID_REQUEST, "the session is answering a prompt: cancel that first");
		return false;
	}
	if (!session)
		session = session_open(acp, query->session, query->cwd);
	session->kept = chat != NULL;
	for (size_t i = 0; chat && query->kind == QUERY_LOAD && i < chat->count; i++)
		send_turn(session, &chat->turns[i]);
	if (chat)
		acp_send_title(session, chat->entry.title);
	write_session(session, false, &out);
	rpc_answer(acp->rpc, query->ticket, &out);
	acp_send_commands(session);
	acp_models_ask(acp->models);
	return true;
}

/* Chats that belong to no folder (some terminal's) are the home directory's. */
static char *folder_of(const struct history_entry *entry)
{
	char *path = entry->workspace ? uri_to_path(entry->workspace) : path_home();

	return path ? path : xstrdup("/");
}

static void answer_list(struct acp_chat_query *query, const struct history_list *list)
{
	struct json_writer w;
	struct strbuf out;
	char time[24];

	strbuf_init(&out, LIMIT_OUT_QUEUE);
	json_writer_init(&w, &out);
	json_begin_object(&w, NULL);
	json_begin_array(&w, "sessions");
	for (size_t i = 0; i < list->count; i++) {
		const struct history_entry *entry = &list->items[i];
		char *cwd = folder_of(entry);

		rfc3339_format(entry->updated_ms / 1000, time, sizeof(time));
		json_begin_object(&w, NULL);
		json_put_kstring(&w, "sessionId", entry->id);
		json_put_kstring(&w, "cwd", cwd);
		json_put_kstring(&w, "title", entry->title);
		json_put_kstring(&w, "updatedAt", time);
		json_end_object(&w);
		free(cwd);
	}
	json_end_array(&w);
	if (list->cursor)
		json_put_kstring(&w, "nextCursor", list->cursor);
	json_end_object(&w);
	json_writer_end(&w);
	rpc_answer(query->acp->rpc, query->ticket, &out);
}

/* It may have been in a file that was damaged. */
static void set_unknown(const struct acp *acp, const char *id, struct err *err)
{
	const char *told = conversations_trouble(acp->app.conversations);
	const char *why = told ? told : acp->trouble;

	err_set(err, ERR_NOT_FOUND, "there is no session %.64s%s%.400s", id, why ? ": " : "", why ? why : "");
}

static void on_query_reply(void *ctx, const struct conversations_reply *reply, const struct err *err)
{
	struct acp_chat_query *query = ctx;
	struct acp *acp = query->acp;
	struct strbuf out;
	struct err trouble;
	bool unknown;

	if (err)
		trouble = *err;
	switch (query->kind) {
	case QUERY_LOAD:
	case QUERY_RESUME:
		/* The one thing that can be wrong with what was asked. */
		unknown = err && err->kind == ERR_INVALID_PARAMS;
		if (unknown)
			set_unknown(acp, query->session, &trouble);
		if ((err && !(unknown && acp_unprompted_has(query->session))) ||
		    !open_session(query, err ? NULL : reply->chat, &trouble))
			rpc_answer_error(acp->rpc, query->ticket, &trouble, NULL, 0);
		break;
	case QUERY_LIST:
		if (err)
			rpc_answer_error(acp->rpc, query->ticket, &trouble, NULL, 0);
		else
			answer_list(query, reply->list);
		break;
	case QUERY_DELETE:
		/* That it is not there is what was wanted. */
		put_empty(&out);
		if (!err || err->kind == ERR_INVALID_PARAMS) {
			rpc_answer(acp->rpc, query->ticket, &out);
		} else {
			strbuf_release(&out);
			rpc_answer_error(acp->rpc, query->ticket, &trouble, NULL, 0);
		}
		break;
	}
	query_end(query);
}

static struct rpc_result *query_start(struct acp *acp, struct rpc_request *request, enum query_kind kind,
	const struct session_params *p)
{
	static const enum conversations_verb verbs[] = { CONVERSATIONS_GET, CONVERSATIONS_GET, CONVERSATIONS_LIST,
							 CONVERSATIONS_DELETE };
	struct conversations_query wanted = { .verb = verbs[kind], .chat_id = p->id, .cursor = p->cursor };
	struct acp_chat_query *query = xcalloc(1, sizeof(*query));

	query->acp = acp;
	query->kind = kind;
	query->ticket = rpc_ticket(request);
	query->session = p->id ? xstrdup(p->id) : NULL;
	query->cwd = p->cwd ? folder_path(p->cwd) : NULL;
	if (kind == QUERY_LIST)
		wanted.workspace = query->cwd;
	query->next = acp->chat_queries;
	acp->chat_queries = query;
	query->id = conversations_query(acp->app.conversations, &wanted, on_query_reply, query);
	return rpc_pending(request, on_cancel, query);
}

/* load and resume */
static struct rpc_result *reopen(struct acp *acp, struct rpc_request *request, const struct json *params,
	enum query_kind kind)
{
	struct session_params p = { NULL, NULL, NULL };
	struct acp_session *session;
	struct rpc_result *result;
	struct strbuf out;
	struct err err;

	acp_refresh(acp);
	if (!take(params, load_fields, &p, &err))
		return rpc_fail(request, &err);
	session = find(acp, p.id);
	if (!session || session->kept)
		return query_start(acp, request, kind, &p);
	/* Nothing was asked in it yet, so the history does not know it. */
	write_session(session, false, &out);
	result = rpc_reply(request, &out);
	acp_send_commands(session);
	return result;
}

struct rpc_result *acp_session_load(void *ctx, struct rpc_request *request, const struct json *params)
{
	return reopen(ctx, request, params, QUERY_LOAD);
}

struct rpc_result *acp_session_resume(void *ctx, struct rpc_request *request, const struct json *params)
{
	return reopen(ctx, request, params, QUERY_RESUME);
}

struct rpc_result *acp_session_list(void *ctx, struct rpc_request *request, const struct json *params)
{
	struct session_params p = { NULL, NULL, NULL };
	struct err err;

	if (!take(params, list_fields, &p, &err))
		return rpc_fail(request, &err);
	return query_start(ctx, request, QUERY_LIST, &p);
}

struct rpc_result *acp_session_close(void *ctx, struct rpc_request *request, const struct json *params)
{
	struct err err;
	struct acp_session *session = acp_session_of(ctx, params, &err);
	struct strbuf out;

	if (!session)
		return rpc_fail(request, &err);
	acp_prompt_cancel(session);
	session_close(session);
	put_empty(&out);
	return rpc_reply(request, &out);
}

struct rpc_result *acp_session_delete(void *ctx, struct rpc_request *request, const struct json *params)
{
	struct acp *acp = ctx;
	struct session_params p = { .id = json_string(json_get(params, "sessionId")) };
	struct acp_session *session;
	struct err err;

	if (!p.id) {
		err_set(&err, ERR_INVALID_PARAMS, "params.sessionId must be a string, not %s",
			json_type_name(json_get(params, "sessionId")));
		return rpc_fail(request, &err);
	}
	acp_unprompted_remove(p.id);
	session = find(acp, p.id);
	if (session) {
		acp_prompt_cancel(session);
		session_close(session);
	}
	return query_start(acp, request, QUERY_DELETE, &p);
}

void acp_sessions_free(struct acp *acp)
{
	while (acp->chat_queries) {
		conversations_query_cancel(acp->app.conversations, acp->chat_queries->id);
		query_end(acp->chat_queries);
	}
	while (acp->sessions) {
		acp_prompt_free(acp->sessions->prompt);
		session_close(acp->sessions);
	}
}
