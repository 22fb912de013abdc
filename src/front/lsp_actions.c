/*
 * textDocument/codeAction (LSP 3.18): what eke could do with a selection or a diagnostic. Nothing is asked for here, as
 * editors send this at every move of the cursor; where nothing could come of it, nothing is offered. Each action is
 * the command eke.command, carried out by lsp_action_run.c.
 */
#include "lsp_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/decode.h"
#include "eke/base/mem.h"
#include "eke/base/utf.h"
#include "lsp_action.h"
#include "lsp_positions.h"

#define QUICK_FIX "quickfix"
/* Diagnostics that get a fix of their own. */
#define FIXES_MOST 5
/* Lines around a diagnostic that its fix may touch. */
#define FIX_AROUND 10
#define MESSAGE_MOST 60

struct action_params {
	struct {
		const char *uri;
	} document;
	const struct json *range;
	struct {
		const struct json *diagnostics;
		const struct json *only;
	} context;
};

static const struct decode_field document_fields[] = {
	{ .name = "uri", .type = DECODE_STRING, .required = true, .offset = 0 },
	{ .name = NULL },
};

static const struct decode_field context_fields[] = {
	{ .name = "diagnostics", .type = DECODE_ARRAY, .offset = 0 },
	{ .name = "only", .type = DECODE_ARRAY,
	  .offset = offsetof(struct action_params, context.only) - offsetof(struct action_params, context) },
	{ .name = NULL },
};

static const struct decode_field action_fields[] = {
	{ .name = "textDocument", .type = DECODE_OBJECT, .required = true,
	  .offset = offsetof(struct action_params, document), .sub = document_fields },
	{ .name = "range", .type = DECODE_OBJECT, .required = true, .offset = offsetof(struct action_params, range) },
	{ .name = "context", .type = DECODE_OBJECT, .offset = offsetof(struct action_params, context),
	  .sub = context_fields },
	{ .name = NULL },
};

const char *lsp_action_instruction(const struct lsp *lsp, const struct command *command)
{
	/* A client that cannot apply edits gets the new text to read. */
	return lsp->client.apply_edit ? command->edit_instruction : NULL;
}

char *lsp_action_title(const struct command *command)
{
	return xasprintf("eke: %s", command->title);
}

/* --- what may be offered --- */

/* Kinds are trees: "refactor" asks for "refactor.rewrite", too, and "" for all. */
static bool is_wanted(const struct json *only, const char *kind)
{
	if (!only)
		return true;
	for (const struct json *j = json_first(only); j; j = json_next(j)) {
		const char *wanted = json_string(j);
		size_t n = wanted ? strlen(wanted) : 0;

		if (wanted && !strncmp(kind, wanted, n) && (!n || !kind[n] || kind[n] == '.'))
			return true;
	}
	return false;
}

/* It needs code, and nothing that a menu cannot ask for. */
static bool is_offered(const struct command *command)
{
	return (command->needs == COMMAND_NEEDS_SELECTION || command->needs == COMMAND_NEEDS_FILE) &&
	       !command->input_will_do && !command->needs_input;
}

struct offer {
	struct lsp *lsp;
	struct json_writer *w;
	const struct action_params *params;
};

struct action {
	const char *title;
	const char *kind;
	const char *name;
	struct range range;
	const struct json *diagnostic; /* it is about this one; NULL: about all */
};

static void write_command(const struct offer *offer, const struct action *action)
{
	const struct json *diagnostics = offer->params->context.diagnostics;
	struct json_writer *w = offer->w;

	json_put_kstring(w, "title", action->title);
	json_put_kstring(w, "command", "eke.command");
	json_begin_array(w, "arguments");
	json_begin_object(w, NULL);
	json_put_kstring(w, "name", action->name);
	json_put_kstring(w, "uri", offer->params->document.uri);
	json_put_key(w, "range");
	lsp_write_range(w, action->range);
	if (action->diagnostic || json_count(diagnostics)) {
		json_put_key(w, "diagnostics");
		if (action->diagnostic) {
			json_begin_array(w, NULL);
			json_put_tree(w, action->diagnostic);
			json_end_array(w);
		} else {
			json_put_tree(w, diagnostics);
		}
	}
	json_end_object(w);
	json_end_array(w);
}

static void write_action(const struct offer *offer, const struct action *action)
{
	struct json_writer *w = offer->w;

	if (!is_wanted(offer->params->context.only, action->kind))
		return;
	json_begin_object(w, NULL);
	if (offer->lsp->client.action_literals) {
		json_put_kstring(w, "title", action->title);
		json_put_kstring(w, "kind", action->kind);
		if (action->diagnostic) {
			json_begin_array(w, "diagnostics");
			json_put_tree(w, action->diagnostic);
			json_end_array(w);
		}
		json_begin_object(w, "command");
		write_command(offer, action);
		json_end_object(w);
	} else {
		write_command(offer, action);
	}
	json_end_object(w);
}

/* The message's first line, as far as a menu has room. */
static char *fix_title(const char *message)
{
	size_t len = strcspn(message, "\r\n");
	size_t cut = utf8_cut(message, len, MESSAGE_MOST);

	return xasprintf("eke: Fix: %.*s%s", (int)cut, message, cut < len ? "…" : "");
}

static void offer_fixes(const struct offer *offer)
{
	int count = 0;

	for (const struct json *d = json_first(offer->params->context.diagnostics); d && count < FIXES_MOST;
		d = json_next(d)) {
		const char *message = json_string(json_get(d, "message"));
		struct action action = { .kind = QUICK_FIX, .name = "fix", .diagnostic = d };
		struct err ignored;
		char *title;

		if (!message || !*message || !lsp_decode_range(json_get(d, "range"), "range", &action.range, &ignored))
			continue;
		action.range.start.line -= action.range.start.line < FIX_AROUND ? action.range.start.line : FIX_AROUND;
		action.range.start.character = 0;
		action.range.end.line += FIX_AROUND + 1;
		action.range.end.character = 0;
		title = fix_title(message);
		action.title = title;
		write_action(offer, &action);
		free(title);
		count++;
	}
}

static void offer_commands(const struct offer *offer, struct range range)
{
	const struct command_set *set = conversations_commands(offer->lsp->app.conversations);

	for (size_t i = 0; i < commands_count(set); i++) {
		const struct command *command = commands_at(set, i);
		bool edits = lsp_action_instruction(offer->lsp, command) != NULL;
		struct action action = { .kind = edits ? command->code_action_kind : "",
					 .name = command->name,
					 .range = range };
		char *title;

		if (!is_offered(command))
			continue;
		title = lsp_action_title(command);
		action.title = title;
		write_action(offer, &action);
		free(title);
	}
}

static bool is_empty(struct range range)
{
	return range.start.line == range.end.line && range.start.character == range.end.character;
}

/* Could anything be done with this document? */
static bool is_of_use(struct lsp *lsp, const char *uri)
{
	const struct doc *doc = docs_find(lsp->app.docs, uri);
	struct err ignored;

	return doc && doc_is_kept(doc) && upstream_count(lsp->app.upstream) &&
	       workspace_may_send(lsp->app.workspace, uri, &ignored);
}

struct rpc_result *lsp_code_action(void *ctx, struct rpc_request *request, const struct json *params)
{
	struct lsp *lsp = ctx;
	struct action_params p = { .document = { NULL } };
	struct offer offer = { .lsp = lsp, .params = &p };
	struct json_writer w;
	struct strbuf result;
	struct range range;
	struct err err;

	lsp_refresh(lsp);
	if (!decode(params, action_fields, "params", &p, &err) ||
	    !lsp_decode_range(p.range, "params.range", &range, &err))
		return rpc_fail(request, &err);
	strbuf_init(&result, LIMIT_OUT_QUEUE);
	json_writer_init(&w, &result);
	offer.w = &w;
	json_begin_array(&w, NULL);
	if (is_of_use(lsp, p.document.uri)) {
		offer_fixes(&offer);
		if (!is_empty(range))
			offer_commands(&offer, range);
	}
	json_end_array(&w);
	json_writer_end(&w);
	return rpc_reply(request, &result);
}
