/*
 * eke.command: carries out a command on a range of a document, for editors that know nothing of eke. Where it changes
 * the document, edit/propose's engine is asked and the editor applies the edit; else the answer, a chat's, becomes a
 * file that the editor shows. Failures are told twice, as the request's error and as a message: clients show one or
 * the other.
 *
 * A struct lsp_action lives from its request to the answer to that, which comes when the editor has done its part. It
 * waits for one thing at a time: the engine, or the client's answer.
 */
#include "lsp_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/decode.h"
#include "eke/base/list.h"
#include "eke/base/mem.h"
#include "eke/chat/notice.h"
#include "eke/text/buffer.h"
#include "eke/text/uri.h"
#include "lsp_action.h"
#include "lsp_context.h"
#include "lsp_positions.h"
#include "lsp_work.h"

struct lsp_action {
	struct lsp *lsp;
	uint64_t ticket;
	char *name;
	char *title;
	char *uri;
	struct range range;
	bool edits;      /* an edit's; else a chat's */
	uint64_t id;     /* the engine's; 0: it is done */
	uint64_t asking; /* the client: to show, to apply, or whether another endpoint may be used; 0: not */
	struct lsp_work *work;
	struct strbuf text; /* so far: what a cancelled request still gets */
	size_t lines;       /* of it that are whole */
	char *path;         /* of the answer's file */
	struct lsp_action *next;
};

static void action_release(void *p)
{
	struct lsp_action *a = p;

	strbuf_release(&a->text);
	free(a->name);
	free(a->title);
	free(a->uri);
	free(a->path);
	free(a);
}

static void stop_engine(struct lsp_action *a)
{
	if (a->id && a->edits)
		edits_cancel(a->lsp->app.edits, a->id);
	else if (a->id)
		conversations_cancel(a->lsp->app.conversations, a->id);
	a->id = 0;
}

static void action_end(struct lsp_action *a)
{
	list_unlink(a->lsp->actions, a);
	stop_engine(a);
	rpc_call_cancel(a->lsp->rpc, a->asking);
	lsp_work_end(a->work);
	loop_defer_free(a->lsp->app.loop, a, action_release);
}

void lsp_actions_free(struct lsp *lsp)
{
	while (lsp->actions)
		action_end(lsp->actions);
	lsp_answers_free(lsp);
}

/* --- the end --- */

static void done(struct lsp_action *a)
{
	struct lsp *lsp = a->lsp;

	rpc_answer_null(lsp->rpc, a->ticket);
	action_end(a);
}

static void tell(struct lsp_action *a, enum lsp_message type, const char *text)
{
	struct strbuf message;

	strbuf_init(&message, KIB(16));
	strbuf_addf(&message, "%s: %s", a->title, text);
	lsp_show_message(a->lsp, type, message.data);
	strbuf_release(&message);
}

static void fail(struct lsp_action *a, const struct err *err)
{
	struct lsp *lsp = a->lsp;
	struct err told = *err;

	lsp_explain(lsp, &told);
	tell(a, LSP_MESSAGE_ERROR, told.message);
	rpc_answer_error(lsp->rpc, a->ticket, &told, NULL, 0);
	action_end(a);
}

static void cancel(struct lsp_action *a)
{
	struct lsp *lsp = a->lsp;
	struct err err;

	err_set(&err, ERR_CANCELLED, "cancelled by the user; data.text holds the partial answer");
	rpc_answer_error(lsp->rpc, a->ticket, &err, a->text.data, a->text.len);
	action_end(a);
	lsp_update_status(lsp);
}

static void on_cancel(void *ctx, uint64_t ticket)
{
	(void)ticket;
	cancel(ctx);
}

/* The user's, by the client's progress. */
static void on_cancel_work(void *ctx)
{
	cancel(ctx);
}

/* --- as it comes --- */

static void on_edit_delta(void *ctx, const char *text, size_t len)
{
	struct lsp_action *a = ctx;
	char message[64];

	strbuf_add(&a->text, text, len);
	for (size_t i = 0; i < len; i++)
		a->lines += text[i] == '\n';
	snprintf(message, sizeof(message), "line %zu", a->lines + 1);
	lsp_work_report(a->work, message);
}

static void on_chat_delta(void *ctx, bool reasoning, const char *text, size_t len)
{
	struct lsp_action *a = ctx;

	if (reasoning)
		lsp_work_report(a->work, "thinking");
	else
		on_edit_delta(a, text, len);
}

static void on_consent(void *ctx, const struct json *result, const struct err *err)
{
	struct lsp_action *a = ctx;

	a->asking = 0;
	conversations_go_on(a->lsp->app.conversations, a->id, lsp_is_consent(result, err));
}

static void on_ask(void *ctx, const struct config_endpoint *other, const struct err *err)
{
	struct lsp_action *a = ctx;

	a->asking = lsp_ask_consent(a->lsp, other, err, on_consent, a);
	if (!a->asking)
		conversations_go_on(a->lsp->app.conversations, a->id, false);
}

/* --- an edit --- */

static void on_applied(void *ctx, const struct json *result, const struct err *err)
{
	struct lsp_action *a = ctx;
	const char *reason = json_string(json_get(result, "failureReason"));
	bool applied = false;
	struct err refused;

	a->asking = 0;
	if (!err && json_bool(json_get(result, "applied"), &applied) && applied) {
		done(a);
		return;
	}
	err_set(&refused, ERR_CONTENT_MODIFIED, "the editor did not apply the edit%s%.200s",
		err || reason ? ": " : "", err ? err->message : reason ? reason : "");
	fail(a, &refused);
}

/* For clients that know no versions; the document is still the one that was asked about. */
static void write_changes(struct json_writer *w, const struct edit_proposal *proposal)
{
	json_begin_object(w, NULL);
	json_begin_object(w, "changes");
	json_begin_array(w, proposal->uri);
	for (size_t i = 0; i < proposal->count; i++)
		lsp_write_text_edit(w, &proposal->changes[i]);
	json_end_array(w);
	json_end_object(w);
	json_end_object(w);
}

static void apply(struct lsp_action *a, const struct edit_proposal *proposal)
{
	struct json_writer *w = rpc_call_begin(a->lsp->rpc, "workspace/applyEdit");
	struct err err;

	json_begin_object(w, NULL);
	json_put_kstring(w, "label", a->title);
	json_put_key(w, "edit");
	if (a->lsp->client.document_changes)
		lsp_write_workspace_edit(w, proposal);
	else
		write_changes(w, proposal);
	json_end_object(w);
	a->asking = rpc_call_end(a->lsp->rpc, on_applied, a);
	if (a->asking)
		return;
	err_set(&err, ERR_INTERNAL, "the editor does not answer requests: the edit could not be applied");
	fail(a, &err);
}

static void on_proposal(void *ctx, const struct edit_proposal *proposal, const struct err *err)
{
	struct lsp_action *a = ctx;

	a->id = 0;
	lsp_note_outcome(a->lsp, err && err->kind != ERR_CONTENT_MODIFIED ? err : NULL);
	if (err) {
		fail(a, err);
	} else if (!proposal->count) {
		tell(a, LSP_MESSAGE_INFO, "nothing to change here");
		done(a);
	} else {
		lsp_work_end(a->work);
		a->work = NULL;
		apply(a, proposal);
	}
}

/* "Line 12, `x = y;`: error: y is not declared (clang undeclared)" for each. */
static void add_diagnostics(struct strbuf *out, const struct lsp_context *given, const struct text_buffer *text)
{
	for (size_t i = 0; i < given->diagnostic_count; i++) {
		const struct context_diagnostic *d = &given->diagnostics[i];
		size_t line = d->range.start.line < 0 ? 0 : (size_t)d->range.start.line;
		struct strbuf source;

		strbuf_init(&source, KIB(1));
		if (text && line < text_buffer_line_count(text))
			text_buffer_line(text, line, &source);
		strbuf_addf(out, "%sIn the line `%s`: %s%s%s%s", i ? "\n" : "\nProblems:\n",
			    source.data + strspn(source.data, " \t"), d->message, d->source ? " (" : "",
			    d->source ? d->source : "", d->source ? ")" : "");
		strbuf_release(&source);
	}
}

static uint64_t start_edit(struct lsp_action *a, const char *instruction_text, const struct lsp_context *given,
	struct err *err)
{
	struct lsp *lsp = a->lsp;
	struct edit_callbacks callbacks = { .delta = on_edit_delta, .done = on_proposal, .ctx = a };
	const struct doc *doc = docs_find(lsp->app.docs, a->uri);
	struct edit_request wanted = { .uri = a->uri, .range = a->range };
	struct strbuf instruction;
	uint64_t id;

	strbuf_init(&instruction, LIMIT_CONTEXT_PIECE);
	strbuf_adds(&instruction, instruction_text);
	add_diagnostics(&instruction, given, doc ? doc_text(doc) : NULL);
	wanted.instruction = instruction.data;
	id = edits_start(lsp->app.edits, &wanted, &callbacks, err);
	strbuf_release(&instruction);
	return id;
}

/* --- an answer --- */

static void say_where(struct lsp_action *a)
{
	struct strbuf text;

	strbuf_init(&text, KIB(16));
	strbuf_addf(&text, "the answer is in %s", a->path);
	tell(a, LSP_MESSAGE_INFO, text.data);
	strbuf_release(&text);
}

static void on_shown(void *ctx, const struct json *result, const struct err *err)
{
	struct lsp_action *a = ctx;
	bool success = false;

	a->asking = 0;
	if (err || !json_bool(json_get(result, "success"), &success) || !success)
		say_where(a);
	done(a);
}

static void show(struct lsp_action *a)
{
	char *uri = uri_from_path(a->path);
	struct json_writer *w;

	if (uri && a->lsp->client.show_document) {
		w = rpc_call_begin(a->lsp->rpc, "window/showDocument");
		json_begin_object(w, NULL);
		json_put_kstring(w, "uri", uri);
		json_put_kbool(w, "external", false);
		json_put_kbool(w, "takeFocus", true);
		json_end_object(w);
		a->asking = rpc_call_end(a->lsp->rpc, on_shown, a);
	}
	free(uri);
	if (a->asking)
		return;
	say_where(a);
	done(a);
}

/* What the file holds besides the answer: what it is about, and what is not as it should be. */
static void compose(const struct lsp_action *a, const struct conversation_answer *told, struct strbuf *out)
{
	const struct call_answer *answer = told->chat->answer;
	char *shown = workspace_show(a->lsp->app.workspace, a->uri);

	strbuf_addf(out, "# %s: %s, from line %lld\n\n", a->title, shown, (long long)a->range.start.line + 1);
	strbuf_add(out, answer->text, answer->text_len);
	if (!answer->text_len || answer->text[answer->text_len - 1] != '\n')
		strbuf_addch(out, '\n');
	strbuf_addf(out, "\n---\n\n%s at %s", answer->model, told->chat->endpoint);
	strbuf_adds(out, "; ");
	if (!notice_describe(answer, out))
		strbuf_truncate(out, out->len - 2);
	for (size_t i = 0; i < told->trimmed_count; i++)
		strbuf_addf(out, "; not sent: %s", told->trimmed[i]);
	strbuf_adds(out, "\n");
	free(shown);
}

static void on_answer(void *ctx, const struct conversation_answer *told, const struct err *err)
{
	struct lsp_action *a = ctx;
	struct strbuf text;
	struct err trouble;

	a->id = 0;
	if (err) {
		if (lsp_is_endpoints(err))
			lsp_note_outcome(a->lsp, err);
		else
			lsp_update_status(a->lsp);
		fail(a, err);
		return;
	}
	lsp_note_outcome(a->lsp, told->chat->answer->trouble);
	lsp_work_end(a->work);
	a->work = NULL;
	strbuf_init(&text, 2 * LIMIT_ANSWER);
	compose(a, told, &text);
	a->path = lsp_keep_answer(a->lsp, a->name, text.data, text.len, &trouble);
	strbuf_release(&text);
	if (a->path)
		show(a);
	else
		fail(a, &trouble);
}

static uint64_t start_chat(struct lsp_action *a, const struct lsp_context *given, struct err *err)
{
	struct conversation_callbacks callbacks = {
		.delta = on_chat_delta, .ask = on_ask, .done = on_answer, .ctx = a
	};
	struct context_item items[] = {
		{ .kind = CONTEXT_SELECTION, .uri = a->uri, .has_range = true, .range = a->range },
		{ .kind = CONTEXT_DIAGNOSTICS, .uri = a->uri, .diagnostics = given->diagnostics,
		  .diagnostic_count = given->diagnostic_count },
	};
	char *path = uri_to_path(a->uri);
	struct conversation_question question = { .command = a->name,
						  .context = items,
						  .context_count = given->diagnostic_count ? 2 : 1,
						  .folder = path ? workspace_folder_of(a->lsp->app.workspace, path) : NULL,
						  .temperature = -1 };
	uint64_t id = conversations_ask(a->lsp->app.conversations, &question, &callbacks, err);

	free(path);
	return id;
}

/* --- the request --- */

struct command_argument {
	const char *name;
	const char *uri;
	const struct json *range;
	const struct json *diagnostics;
};

static const struct decode_field argument_fields[] = {
	{ .name = "name", .type = DECODE_STRING, .required = true, .offset = offsetof(struct command_argument, name) },
	{ .name = "uri", .type = DECODE_STRING, .required = true, .offset = offsetof(struct command_argument, uri) },
	{ .name = "range", .type = DECODE_OBJECT, .required = true, .offset = offsetof(struct command_argument, range) },
	{ .name = "diagnostics", .type = DECODE_ARRAY, .offset = offsetof(struct command_argument, diagnostics) },
	{ .name = NULL },
};

static struct lsp_action *action_new(
	struct lsp *lsp, struct rpc_request *request, const struct command *command, const struct command_argument *p)
{
	struct lsp_action *a = xcalloc(1, sizeof(*a));

	a->lsp = lsp;
	a->ticket = rpc_ticket(request);
	a->name = xstrdup(command->name);
	a->title = lsp_action_title(command);
	a->uri = xstrdup(p->uri);
	strbuf_init(&a->text, LIMIT_ANSWER);
	return a;
}

/* `instruction` is lsp_action_instruction()'s. */
static struct rpc_result *start(struct lsp_action *a, struct rpc_request *request, const char *instruction,
	const struct lsp_context *given, const struct json *token)
{
	struct lsp *lsp = a->lsp;
	struct err err = ERR_INIT;

	a->edits = instruction != NULL;
	a->id = a->edits ? start_edit(a, instruction, given, &err) : start_chat(a, given, &err);
	if (!a->id) {
		lsp_explain(lsp, &err);
		tell(a, LSP_MESSAGE_ERROR, err.message);
		action_release(a);
		return rpc_fail(request, &err);
	}
	a->next = lsp->actions;
	lsp->actions = a;
	a->work = lsp_work_new(lsp, token, a->title, on_cancel_work, a);
	lsp_update_status(lsp);
	return rpc_pending(request, on_cancel, a);
}

struct rpc_result *lsp_run_action(struct lsp *lsp, struct rpc_request *request, const struct json *params)
{
	const struct json *argument = json_first(json_get(params, "arguments"));
	struct command_argument p = { NULL };
	const struct command *command;
	struct rpc_result *result;
	struct lsp_context given = { .count = 0 };
	struct range range;
	struct err err;

	lsp_refresh(lsp);
	if (!decode(argument, argument_fields, "params.arguments[0]", &p, &err) ||
	    !lsp_decode_range(p.range, "params.arguments[0].range", &range, &err))
		return rpc_fail(request, &err);
	command = commands_find(conversations_commands(lsp->app.conversations), p.name, &err);
	if (command && lsp_diagnostics_decode(p.diagnostics, "params.arguments[0].diagnostics[]", &given, &err)) {
		struct lsp_action *a = action_new(lsp, request, command, &p);

		a->range = range;
		result = start(a, request, lsp_action_instruction(lsp, command), &given,
			json_get(params, "workDoneToken"));
	} else {
		result = rpc_fail(request, &err);
	}
	lsp_context_release(&given);
	return result;
}
