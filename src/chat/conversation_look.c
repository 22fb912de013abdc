/*
 * Lists, single conversations, names, deletion, export. A *look* lives from its call to its one callback, over as many
 * tries as the file needs.
 */
#include "conversation_look.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/text/uri.h"
#include "export.h"
#include "title.h"

#define LISTED 50

struct look {
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
	struct look *next;
};

static void on_try(void *ctx);

static void look_release(void *p)
{
	struct look *look = p;

	free(look->chat_id);
	free(look->title);
	free(look->words);
	free(look->workspace);
	free(look->cursor);
	free(look);
}

static void look_end(struct look *look)
{
	struct look **at = &look->c->looks;

	while (*at != look)
		at = &(*at)->next;
	*at = look->next;
	loop_undefer(look->c->loop, on_try, look);
	timer_free(look->timer);
	loop_defer_free(look->c->loop, look, look_release);
}

void conversations_looks_free(struct conversations *c)
{
	while (c->looks)
		look_end(c->looks);
}

void conversations_forget(struct conversations *c, uint64_t id)
{
	struct look *look = c->looks;

	while (look && look->id != id)
		look = look->next;
	if (look)
		look_end(look);
}

static void reply(struct look *look, const struct conversations_reply *what, const struct err *err)
{
	conversations_reply_fn *fn = look->fn;
	void *ctx = look->ctx;

	look_end(look);
	fn(ctx, err ? NULL : what, err);
}

static enum store_result list(struct look *look, struct history *h, struct err *err)
{
	struct history_list_spec spec = { look->words, look->workspace, look->limit, look->cursor };
	struct history_list found = { .count = 0 };
	enum store_result result = history_list(h, &spec, &found, err);

	if (result == STORE_OK)
		reply(look, &(struct conversations_reply){ .list = &found }, err->kind != ERR_NONE ? err : NULL);
	history_list_release(&found);
	return result;
}

static void reply_chat(struct look *look, const struct history_chat *chat)
{
	struct conversations_reply what = { .chat = chat };
	struct strbuf text;
	struct err err;
	bool ok = true;

	strbuf_init(&text, LIMIT_EXPORT);
	if (look->verb == CONVERSATIONS_MARKDOWN)
		ok = export_markdown(chat, &text);
	else if (look->verb == CONVERSATIONS_JSON)
		ok = export_json(chat, &text);
	if (look->verb != CONVERSATIONS_GET)
		what = (struct conversations_reply){ .text = text.data, .len = text.len };
	if (!ok)
		err_set(&err, ERR_INVALID_PARAMS, "the chat is too long to export: the limit is %zu bytes", LIMIT_EXPORT);
	reply(look, &what, ok ? NULL : &err);
	strbuf_release(&text);
}

static enum store_result get(struct look *look, struct history *h, struct err *err)
{
	struct history_chat chat = { .count = 0 };
	enum store_result result = history_get(h, look->chat_id, &chat, err);

	if (result == STORE_OK && err->kind != ERR_NONE)
		reply(look, NULL, err);
	else if (result == STORE_OK)
		reply_chat(look, &chat);
	history_chat_release(&chat);
	return result;
}

static enum store_result change(struct look *look, struct history *h, struct err *err)
{
	bool rename = look->verb == CONVERSATIONS_RENAME;
	enum store_result result = rename ? history_rename(h, look->chat_id, look->title, err) :
					    history_delete(h, look->chat_id, err);

	if (result != STORE_OK)
		return result;
	conversations_work_due(look->c);
	reply(look, &(struct conversations_reply){ .list = NULL }, err->kind != ERR_NONE ? err : NULL);
	return result;
}

static enum store_result try_it(struct look *look, struct history *h, struct err *err)
{
	switch (look->verb) {
	case CONVERSATIONS_LIST:
		return list(look, h, err);
	case CONVERSATIONS_GET:
	case CONVERSATIONS_MARKDOWN:
	case CONVERSATIONS_JSON:
		return get(look, h, err);
	case CONVERSATIONS_RENAME:
	case CONVERSATIONS_DELETE:
		return change(look, h, err);
	}
	return STORE_FAILED;
}

static void on_try(void *ctx)
{
	struct look *look = ctx;
	struct conversations *c = look->c;
	struct history *h = conversations_history(c);
	struct err err = ERR_INIT;
	enum store_result result = try_it(look, h, &err);

	if (result == STORE_BUSY && ++look->tries < CONVERSATION_BUSY_TRIES) {
		timer_start(look->timer, CONVERSATION_BUSY_MS);
	} else if (result == STORE_BUSY) {
		err_set(&err, ERR_INTERNAL, "the chat history is locked by another process: try again");
		reply(look, NULL, &err);
	} else if (result == STORE_FAILED) {
		if (conversations_repair(c, h, &err) && (look->verb == CONVERSATIONS_LIST || !c->failed))
			loop_defer(c->loop, on_try, look);
		else
			reply(look, NULL, &err);
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

uint64_t conversations_look(
	struct conversations *c, const struct conversations_query *q, conversations_reply_fn *fn, void *ctx)
{
	struct look *look = xcalloc(1, sizeof(*look));

	look->id = ++c->last_id;
	look->c = c;
	look->verb = q->verb;
	look->chat_id = copy(q->chat_id);
	look->title = q->title ? title_clean(q->title) : NULL;
	look->words = copy(q->words);
	look->workspace = workspace_key(q->workspace);
	look->cursor = copy(q->cursor);
	look->limit = q->limit ? q->limit : LISTED;
	if (look->limit > LIMIT_CHATS_LISTED)
		look->limit = LIMIT_CHATS_LISTED;
	if (q->verb == CONVERSATIONS_RENAME && !look->title)
		look->title = xstrdup("Chat");
	look->fn = fn;
	look->ctx = ctx;
	look->timer = timer_new(c->loop, on_try, look);
	look->next = c->looks;
	c->looks = look;
	loop_defer(c->loop, on_try, look);
	return look->id;
}
