/*
 * textDocument/inlineCompletion (LSP 3.18) and what a client tells about the items it got. Failures are no
 * errors here: an editor would show one at every keystroke. They are in the status; who asked by hand gets a
 * message.
 */
#include "lsp_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/decode.h"
#include "eke/base/list.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "lsp_positions.h"

/* InlineCompletionTriggerKind. */
#define TRIGGER_INVOKED 1

/* A request that waits for the engine. */
struct lsp_completion {
	struct lsp *lsp;
	uint64_t ticket;
	uint64_t id; /* the engine's */
	bool automatic;
	struct lsp_progress *progress;
	struct lsp_completion *next;
};

struct completion_params {
	struct {
		const char *uri;
	} document;
	struct position position;
	struct {
		int64_t trigger;
		const struct json *selected;
	} context;
	const struct json *formatting;
	const struct json *token;
};

static const struct decode_field document_fields[] = {
	{ .name = "uri", .type = DECODE_STRING, .required = true, .offset = 0 },
	{ .name = NULL },
};

static const struct decode_field context_fields[] = {
	{ .name = "triggerKind", .type = DECODE_INT, .offset = 0 },
	{ .name = "selectedCompletionInfo", .type = DECODE_OBJECT,
	  .offset = offsetof(struct completion_params, context.selected) - offsetof(struct completion_params, context) },
	{ .name = NULL },
};

static const struct decode_field completion_fields[] = {
	{ .name = "textDocument", .type = DECODE_OBJECT, .required = true,
	  .offset = offsetof(struct completion_params, document), .sub = document_fields },
	{ .name = "position", .type = DECODE_OBJECT, .required = true,
	  .offset = offsetof(struct completion_params, position), .sub = lsp_position_fields },
	{ .name = "context", .type = DECODE_OBJECT, .offset = offsetof(struct completion_params, context),
	  .sub = context_fields },
	{ .name = "formattingOptions", .type = DECODE_OBJECT, .offset = offsetof(struct completion_params, formatting) },
	{ .name = "streamToken", .type = DECODE_ANY, .offset = offsetof(struct completion_params, token) },
	{ .name = NULL },
};

static void completion_release(void *p)
{
	struct lsp_completion *c = p;

	lsp_progress_free(c->progress);
	free(c);
}

static void completion_end(struct lsp_completion *c)
{
	list_unlink(c->lsp->completions, c);
	loop_defer_free(c->lsp->app.loop, c, completion_release);
}

void lsp_completions_free(struct lsp *lsp)
{
	while (lsp->completions) {
		engine_cancel(lsp->app.engine, lsp->completions->id);
		completion_end(lsp->completions);
	}
}

static void write_item(struct json_writer *w, const struct engine_item *item)
{
	char id[24];

	snprintf(id, sizeof(id), "%llu", (unsigned long long)item->id);
	json_begin_object(w, NULL);
	json_put_kstringn(w, "insertText", item->text, item->len);
	json_put_key(w, "range");
	lsp_write_range(w, item->range);
	json_begin_object(w, "command");
	json_put_kstring(w, "title", "Accept");
	json_put_kstring(w, "command", "eke.accept");
	json_begin_array(w, "arguments");
	json_put_string(w, id);
	json_end_array(w);
	json_end_object(w);
	json_end_object(w);
}

static void answer_items(struct lsp *lsp, uint64_t ticket, const struct engine_item *items, size_t count)
{
	struct json_writer w;
	struct strbuf result;

	strbuf_init(&result, ENGINE_ITEMS * 8 * LIMIT_COMPLETION_TEXT);
	json_writer_init(&w, &result);
	json_begin_object(&w, NULL);
	json_begin_array(&w, "items");
	for (size_t i = 0; i < count; i++)
		write_item(&w, &items[i]);
	json_end_array(&w);
	if (items[0].growing)
		json_put_kbool(&w, "isIncomplete", true);
	json_end_object(&w);
	rpc_answer(lsp->rpc, ticket, &result);
}

static void on_delta(void *ctx, const char *text, size_t len)
{
	struct lsp_completion *c = ctx;

	lsp_progress_add(c->progress, false, text, len);
}

/* To who asked by hand. */
static void show_failure(struct lsp *lsp, const struct err *err)
{
	struct err told = *err;
	char words[LIMIT_ERR_MESSAGE + LIMIT_ERR_PROVIDER];

	lsp_explain(lsp, &told);
	err_describe_short(&told, words, sizeof(words));
	lsp_show_message(lsp, told.kind == ERR_IGNORED ? LSP_MESSAGE_INFO : LSP_MESSAGE_WARNING, words);
}

static void on_done(void *ctx, const struct engine_item *items, size_t count, const struct err *err)
{
	struct lsp_completion *c = ctx;
	struct lsp *lsp = c->lsp;

	lsp_progress_finish(c->progress);
	/* Before the answer: who has that can rely on the status. */
	if ((count && !err && !items[0].offline) || (err && err->kind != ERR_IGNORED && err->kind != ERR_INVALID_PARAMS))
		lsp_note_outcome(lsp, err);
	else
		lsp_update_status(lsp);
	if (err && err->kind == ERR_INVALID_PARAMS) {
		rpc_answer_error(lsp->rpc, c->ticket, err, NULL, 0);
	} else if (count) {
		answer_items(lsp, c->ticket, items, count);
	} else {
		rpc_answer_null(lsp->rpc, c->ticket);
		if (err && !c->automatic)
			show_failure(lsp, err);
	}
	completion_end(c);
}

static void on_cancel(void *ctx, uint64_t ticket)
{
	struct lsp_completion *c = ctx;

	(void)ticket;
	engine_cancel(c->lsp->app.engine, c->id);
	completion_end(c);
}

/* LSP's FormattingOptions, which some clients add (as for Copilot's server). */
static void take_formatting(const struct json *options, struct engine_request *request)
{
	int64_t tab_size = 0;

	json_bool(json_get(options, "insertSpaces"), &request->insert_spaces);
	if (json_int(json_get(options, "tabSize"), &tab_size) && tab_size > 0 && tab_size <= 16)
		request->tab_size = (unsigned)tab_size;
}

static bool take_selected(const struct json *selected, struct engine_request *request, struct err *err)
{
	if (!selected)
		return true;
	request->selected_text = json_string(json_get(selected, "text"));
	if (!request->selected_text) {
		err_set(err, ERR_INVALID_PARAMS, "params.context.selectedCompletionInfo.text must be a string");
		return false;
	}
	return lsp_decode_range(json_get(selected, "range"), "params.context.selectedCompletionInfo.range",
				&request->selected_range, err);
}

struct rpc_result *lsp_inline_completion(void *ctx, struct rpc_request *request, const struct json *params)
{
	struct lsp *lsp = ctx;
	struct completion_params p = { .context = { .trigger = TRIGGER_INVOKED } };
	struct engine_request wanted = { .insert_spaces = true };
	struct engine_callbacks callbacks = { .delta = on_delta, .done = on_done };
	struct lsp_completion *c;
	struct err err;

	lsp_refresh(lsp);
	if (!decode(params, completion_fields, "params", &p, &err) || !take_selected(p.context.selected, &wanted, &err))
		return rpc_fail(request, &err);
	take_formatting(p.formatting, &wanted);
	c = xcalloc(1, sizeof(*c));
	c->lsp = lsp;
	c->ticket = rpc_ticket(request);
	c->automatic = p.context.trigger != TRIGGER_INVOKED;
	c->progress = lsp_progress_new(lsp, p.token);
	c->next = lsp->completions;
	lsp->completions = c;
	wanted.uri = p.document.uri;
	wanted.project_style =
		editorconfig_apply(lsp->app.editorconfig, p.document.uri, &wanted.insert_spaces, &wanted.tab_size);
	wanted.position = p.position;
	wanted.automatic = c->automatic;
	/* Who follows the text as it comes wants all of it. */
	wanted.whole = c->progress != NULL;
	callbacks.ctx = c;
	upstream_prewarm(lsp->app.upstream);
	c->id = engine_complete(lsp->app.engine, &wanted, &callbacks);
	return rpc_pending(request, on_cancel, c);
}

/* --- what became of an item --- */

/* The id in an item's command; 0 if it has none. */
static uint64_t item_id(const struct json *arguments)
{
	const char *text = json_string(json_first(arguments));

	return text ? strtoull(text, NULL, 10) : 0;
}

void lsp_note_item(struct lsp *lsp, const struct json *arguments, enum engine_event event)
{
	engine_feedback(lsp->app.engine, item_id(arguments), event);
}

static uint64_t item_of(const struct json *params)
{
	return item_id(json_get(json_get(json_get(params, "item"), "command"), "arguments"));
}

void lsp_did_show(void *ctx, const struct json *params)
{
	struct lsp *lsp = ctx;

	engine_feedback(lsp->app.engine, item_of(params), ENGINE_SHOWN);
}

void lsp_did_partially_accept(void *ctx, const struct json *params)
{
	struct lsp *lsp = ctx;

	engine_feedback(lsp->app.engine, item_of(params), ENGINE_PARTLY_ACCEPTED);
}
