/*
 * chat/list, chat/get, chat/rename, chat/delete, chat/export and chat/commands: what is kept, and what may be asked
 * for.
 */
#include "lsp_private.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/decode.h"
#include "eke/base/json_writer.h"
#include "eke/base/list.h"
#include "eke/base/mem.h"
#include "eke/chat/history_json.h"

/* A request that waits for the engine's reply. */
struct lsp_chat_query {
	struct lsp *lsp;
	uint64_t ticket;
	uint64_t id;
	struct lsp_chat_query *next;
};

static void query_end(struct lsp_chat_query *query)
{
	list_unlink(query->lsp->chat_queries, query);
	loop_defer_free(query->lsp->app.loop, query, free);
}

void lsp_chat_queries_free(struct lsp *lsp)
{
	while (lsp->chat_queries) {
		conversations_query_cancel(lsp->app.conversations, lsp->chat_queries->id);
		query_end(lsp->chat_queries);
	}
}

static void write_list(struct json_writer *w, const struct history_list *list)
{
	json_begin_object(w, NULL);
	json_begin_array(w, "chats");
	for (size_t i = 0; i < list->count; i++)
		history_write_entry(&list->items[i], w);
	json_end_array(w);
	if (list->cursor)
		json_put_kstring(w, "cursor", list->cursor);
	json_end_object(w);
}

static void write_reply(struct json_writer *w, const struct conversations_reply *reply)
{
	if (reply->list) {
		write_list(w, reply->list);
	} else if (reply->chat) {
		history_write_chat(reply->chat, false, w);
	} else {
		json_begin_object(w, NULL);
		if (reply->text) {
			json_put_kstringn(w, "text", reply->text, reply->len);
		}
		json_end_object(w);
	}
}

static void on_reply(void *ctx, const struct conversations_reply *reply, const struct err *err)
{
	struct lsp_chat_query *query = ctx;
	struct lsp *lsp = query->lsp;
	struct json_writer w;
	struct strbuf result;

	if (err) {
		rpc_answer_error(lsp->rpc, query->ticket, err, NULL, 0);
	} else {
		strbuf_init(&result, 2 * LIMIT_EXPORT);
		json_writer_init(&w, &result);
		write_reply(&w, reply);
		json_writer_end(&w);
		rpc_answer(lsp->rpc, query->ticket, &result);
	}
	query_end(query);
}

static void on_cancel(void *ctx, uint64_t ticket)
{
	struct lsp_chat_query *query = ctx;

	(void)ticket;
	conversations_query_cancel(query->lsp->app.conversations, query->id);
	query_end(query);
}

static struct rpc_result *query_start(
	struct lsp *lsp, struct rpc_request *request, const struct conversations_query *wanted)
{
	struct lsp_chat_query *query = xcalloc(1, sizeof(*query));

	query->lsp = lsp;
	query->ticket = rpc_ticket(request);
	query->id = conversations_query(lsp->app.conversations, wanted, on_reply, query);
	query->next = lsp->chat_queries;
	lsp->chat_queries = query;
	return rpc_pending(request, on_cancel, query);
}

struct list_params {
	const char *query;
	int64_t limit;
	const char *cursor;
	const char *workspace;
};

static const struct decode_field list_fields[] = {
	{ .name = "query", .type = DECODE_STRING, .offset = offsetof(struct list_params, query) },
	{ .name = "limit", .type = DECODE_INT, .offset = offsetof(struct list_params, limit), .min = 1,
	  .max = LIMIT_CHATS_LISTED },
	{ .name = "cursor", .type = DECODE_STRING, .offset = offsetof(struct list_params, cursor) },
	{ .name = "workspace", .type = DECODE_STRING, .offset = offsetof(struct list_params, workspace) },
	{ .name = NULL },
};

struct rpc_result *lsp_chat_list(void *ctx, struct rpc_request *request, const struct json *params)
{
	struct lsp *lsp = ctx;
	struct list_params p = { .limit = 0 };
	struct err err;

	lsp_refresh(lsp);
	if (!decode(params, list_fields, "params", &p, &err))
		return rpc_fail(request, &err);
	return query_start(lsp, request, &(struct conversations_query){ .verb = CONVERSATIONS_LIST,
								    .words = p.query,
								    .limit = (size_t)p.limit,
								    .cursor = p.cursor,
								    .workspace = p.workspace });
}

struct chat_params {
	const char *chat_id;
	const char *title;
	const char *format;
};

#define CHAT_ID { .name = "chatId", .type = DECODE_STRING, .required = true, .offset = 0 }

static const struct decode_field chat_fields[] = { CHAT_ID, { .name = NULL } };

static const struct decode_field rename_fields[] = {
	CHAT_ID,
	{ .name = "title", .type = DECODE_STRING, .required = true, .offset = offsetof(struct chat_params, title) },
	{ .name = NULL },
};

static const struct decode_field export_fields[] = {
	CHAT_ID,
	{ .name = "format", .type = DECODE_STRING, .required = true, .offset = offsetof(struct chat_params, format) },
	{ .name = NULL },
};

static struct rpc_result *query_at_chat(struct lsp *lsp, struct rpc_request *request, const struct json *params,
	const struct decode_field *fields, enum conversations_verb verb)
{
	struct chat_params p = { .title = NULL };
	struct err err;

	lsp_refresh(lsp);
	if (!decode(params, fields, "params", &p, &err))
		return rpc_fail(request, &err);
	if (p.title && !p.title[strspn(p.title, " \t\r\n")]) {
		err_set(&err, ERR_INVALID_PARAMS, "params.title must not be blank");
		return rpc_fail(request, &err);
	}
	if (p.format && strcmp(p.format, "markdown") && strcmp(p.format, "json")) {
		err_set(&err, ERR_INVALID_PARAMS, "params.format must be \"markdown\" or \"json\"");
		return rpc_fail(request, &err);
	}
	if (p.format && !strcmp(p.format, "json"))
		verb = CONVERSATIONS_JSON;
	return query_start(lsp, request,
		       &(struct conversations_query){ .verb = verb, .chat_id = p.chat_id, .title = p.title });
}

struct rpc_result *lsp_chat_get(void *ctx, struct rpc_request *request, const struct json *params)
{
	return query_at_chat(ctx, request, params, chat_fields, CONVERSATIONS_GET);
}

struct rpc_result *lsp_chat_rename(void *ctx, struct rpc_request *request, const struct json *params)
{
	return query_at_chat(ctx, request, params, rename_fields, CONVERSATIONS_RENAME);
}

struct rpc_result *lsp_chat_delete(void *ctx, struct rpc_request *request, const struct json *params)
{
	return query_at_chat(ctx, request, params, chat_fields, CONVERSATIONS_DELETE);
}

struct rpc_result *lsp_chat_export(void *ctx, struct rpc_request *request, const struct json *params)
{
	return query_at_chat(ctx, request, params, export_fields, CONVERSATIONS_MARKDOWN);
}

struct rpc_result *lsp_chat_commands(void *ctx, struct rpc_request *request, const struct json *params)
{
	struct lsp *lsp = ctx;
	const struct command_set *set;
	struct json_writer w;
	struct strbuf result;

	(void)params;
	lsp_refresh(lsp);
	set = conversations_commands(lsp->app.conversations);
	strbuf_init(&result, MIB(1));
	json_writer_init(&w, &result);
	json_begin_object(&w, NULL);
	json_begin_array(&w, "commands");
	for (size_t i = 0; i < commands_count(set); i++) {
		const struct command *command = commands_at(set, i);

		json_begin_object(&w, NULL);
		json_put_kstring(&w, "name", command->name);
		json_put_kstring(&w, "title", command->title);
		json_put_kstring(&w, "description", command->description);
		json_put_kstring(&w, "needs", command_needs_name(command->needs));
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	json_writer_end(&w);
	return rpc_reply(request, &result);
}
