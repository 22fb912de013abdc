/*
 * Queries of the kept conversations: lists, single ones, names, deletion, export. A struct query lives from its call to
 * its one callback, over as many tries as the file needs.
 */
#include "conversation_query.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/list.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/text/uri.h"
#include "export.h"
#include "title.h"

#define LISTED 50

struct query {
	uint64_t id;
	struct conversations *c;
	enum conversations_verb verb;
	char *chat_id;
	char *title;
	char *words;
	char *workspace;
	char *cursor;
	size_t limit;
	conversations_reply_fn *fn;
	void *ctx;
	int tries;
	struct timer *timer;
	struct query *next;
};

static void on_try(void *ctx);

static void query_release(void *p)
{
	struct query *q = p;

	free(q->chat_id);
	free(q->title);
	free(q->words);
	free(q->workspace);
	free(q->cursor);
	free(q);
}

static void query_end(struct query *q)
{
	list_unlink(q->c->queries, q);
	loop_undefer(q->c->loop, on_try, q);
	timer_free(q->timer);
	loop_defer_free(q->c->loop, q, query_release);
}

void conversations_queries_free(struct conversations *c)
{
	while (c->queries)
		query_end(c->queries);
}

void conversations_query_cancel(struct conversations *c, uint64_t id)
{
	struct query *q = c->queries;

	while (q && q->id != id)
		q = q->next;
	if (q)
		query_end(q);
}

static void reply(struct query *q, const struct conversations_reply *what, const struct err *err)
{
	conversations_reply_fn *fn = q->fn;
	void *ctx = q->ctx;

	query_end(q);
	fn(ctx, err ? NULL : what, err);
}

static enum store_result list(struct query *q, struct history *h, struct err *err)
{
	struct history_list_spec spec = { q->words, q->workspace, q->limit, q->cursor };
	struct history_list found = { .count = 0 };
	enum store_result result = history_list(h, &spec, &found, err);

	if (result == STORE_OK)
		reply(q, &(struct conversations_reply){ .list = &found }, err->kind != ERR_NONE ? err : NULL);
	history_list_release(&found);
	return result;
}

static void reply_chat(struct query *q, const struct history_chat *chat)
{
	struct conversations_reply what = { .chat = chat };
	struct strbuf text;
	struct err err;
	bool ok = true;

	strbuf_init(&text, LIMIT_EXPORT);
	if (q->verb == CONVERSATIONS_MARKDOWN)
		ok = export_markdown(chat, &text);
	else if (q->verb == CONVERSATIONS_JSON)
		ok = export_json(chat, &text);
	if (q->verb != CONVERSATIONS_GET)
		what = (struct conversations_reply){ .text = text.data, .len = text.len };
	if (!ok)
		err_set(&err, ERR_INVALID_PARAMS, "the chat is too long to export: the limit is %zu bytes", LIMIT_EXPORT);
	reply(q, &what, ok ? NULL : &err);
	strbuf_release(&text);
}

static enum store_result get(struct query *q, struct history *h, struct err *err)
{
	struct history_chat chat = { .count = 0 };
	enum store_result result = history_get(h, q->chat_id, &chat, err);

	if (result == STORE_OK && err->kind != ERR_NONE)
		reply(q, NULL, err);
	else if (result == STORE_OK)
		reply_chat(q, &chat);
	history_chat_release(&chat);
	return result;
}

static enum store_result change(struct query *q, struct history *h, struct err *err)
{
	bool rename = q->verb == CONVERSATIONS_RENAME;
	enum store_result result = rename ? history_rename(h, q->chat_id, q->title, err) :
					    history_delete(h, q->chat_id, err);

	if (result != STORE_OK)
		return result;
	conversations_work_due(q->c);
	reply(q, &(struct conversations_reply){ .list = NULL }, err->kind != ERR_NONE ? err : NULL);
	return result;
}

static enum store_result try_it(struct query *q, struct history *h, struct err *err)
{
	switch (q->verb) {
	case CONVERSATIONS_LIST:
		return list(q, h, err);
	case CONVERSATIONS_GET:
	case CONVERSATIONS_MARKDOWN:
	case CONVERSATIONS_JSON:
		return get(q, h, err);
	case CONVERSATIONS_RENAME:
	case CONVERSATIONS_DELETE:
		return change(q, h, err);
	}
	return STORE_FAILED;
}

static void on_try(void *ctx)
{
	struct query *q = ctx;
	struct conversations *c = q->c;
	struct history *h = conversations_history(c);
	struct err err = ERR_INIT;
	enum store_result result = try_it(q, h, &err);

	if (result == STORE_BUSY && ++q->tries < CONVERSATION_BUSY_TRIES) {
		timer_start(q->timer, CONVERSATION_BUSY_MS);
	} else if (result == STORE_BUSY) {
		err_set(&err, ERR_INTERNAL, "the chat history is locked by another process: try again");
		reply(q, NULL, &err);
	} else if (result == STORE_FAILED) {
		if (conversations_repair(c, h, &err) && (q->verb == CONVERSATIONS_LIST || !c->failed))
			loop_defer(c->loop, on_try, q);
		else
			reply(q, NULL, &err);
	}
}

static char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

/* Of a folder, as it is kept with its chats. */
static char *workspace_key(const char *path_or_uri)
{
	size_t len = path_or_uri ? strlen(path_or_uri) : 0;
	char *folder;
	char *uri;
	char *key;

	if (!len)
		return NULL;
	while (len > 1 && path_or_uri[len - 1] == '/' && path_or_uri[len - 2] != '/')
		len--;
	folder = xstrndup(path_or_uri, len);
	uri = folder[0] == '/' ? uri_from_path(folder) : xstrdup(folder);
	key = uri ? uri_key(uri) : NULL;
	free(folder);
	free(uri);
	return key ? key : copy(path_or_uri);
}

uint64_t conversations_query(
	struct conversations *c, const struct conversations_query *wanted, conversations_reply_fn *fn, void *ctx)
{
	struct query *q = xcalloc(1, sizeof(*q));

	q->id = ++c->last_id;
	q->c = c;
	q->verb = wanted->verb;
	q->chat_id = copy(wanted->chat_id);
	q->title = wanted->title ? title_clean(wanted->title) : NULL;
	q->words = copy(wanted->words);
	q->workspace = workspace_key(wanted->workspace);
	q->cursor = copy(wanted->cursor);
	q->limit = wanted->limit ? wanted->limit : LISTED;
	if (q->limit > LIMIT_CHATS_LISTED)
		q->limit = LIMIT_CHATS_LISTED;
	if (q->verb == CONVERSATIONS_RENAME && !q->title)
		q->title = xstrdup("Chat");
	q->fn = fn;
	q->ctx = ctx;
	q->timer = timer_new(c->loop, on_try, q);
	q->next = c->queries;
	c->queries = q;
	loop_defer(c->loop, on_try, q);
	return q->id;
}
