/*
 * Prompts that change a file: /edit, and /fix, /refactor, /document and /optimize with one file. The file's text, as
 * the client has it, becomes a document of a made-up URI for as long as the edit engine needs it; what it proposes is
 * shown as a diff, the user is asked, and the client writes it. What the file holds is compared just before, so that
 * nothing that was typed meanwhile is lost.
 *
 * A struct acp_edit lives as long as its prompt.
 */
#include "acp_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/json_writer.h"
#include "eke/base/limits.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/chat/conversation_record.h"
#include "eke/chat/edit.h"
#include "eke/text/buffer.h"
#include "eke/text/language.h"
#include "eke/text/lines.h"
#include "eke/text/uri.h"

void acp_edit_free(struct acp_prompt *prompt)
{
	struct acp_edit *e = prompt->edit;

	if (!e)
		return;
	edits_cancel(prompt->acp->app.edits, e->id);
	conversations_record_cancel(prompt->acp->app.conversations, e->record);
	acp_client_call_cancel(e->call);
	if (e->uri)
		docs_close(prompt->acp->app.docs, e->uri);
	free(e->path);
	free(e->shown);
	free(e->uri);
	free(e->instruction);
	free(e->old);
	free(e->endpoint);
	strbuf_release(&e->text);
	free(e);
	prompt->edit = NULL;
}

/* --- the end: what came of it is told, and written down as a turn of the conversation --- */

static void on_recorded(void *ctx, const struct conversation_begun *begun, const struct err *err)
{
	struct acp_prompt *prompt = ctx;

	prompt->edit->record = 0;
	if (begun)
		acp_send_title(prompt->session, begun->title);
	else
		log_info("an edit is missing in the history of its session: %s", err->message);
	if (err && prompt->edit->is_first) {
		prompt->session->kept = false;
		acp_unprompted_add(prompt->acp, prompt->session->id);
	}
	acp_prompt_end(prompt, ACP_END_TURN);
}

static void keep(struct acp_prompt *prompt, const char *answer)
{
	struct acp_session *session = prompt->session;
	struct acp_edit *e = prompt->edit;
	char *question = xasprintf("Change the file %s: %s", e->shown, e->instruction);
	struct conversation_record record = {
		.chat_id = session->kept ? session->id : NULL,
		.new_id = session->id,
		.prompt = prompt->words,
		.question = question,
		.command = prompt->command,
		.answer = answer,
		.folder = session->cwd,
		.endpoint = e->endpoint,
	};

	e->is_first = !session->kept;
	/* From now on, also for a prompt that comes after this one was cancelled. */
	acp_note_kept(session);
	e->record = conversations_record(prompt->acp->app.conversations, &record, on_recorded, prompt);
	free(question);
}

static void finish(struct acp_prompt *prompt, const char *before, const char *behind, bool with_diff)
{
	struct strbuf text;

	strbuf_init(&text, KIB(64));
	strbuf_addf(&text, "%s`%s`%s", before, prompt->edit->shown, behind);
	/* The client shows the diff itself. */
	acp_prompt_say(prompt, text.data);
	if (with_diff)
		acp_edit_add_diff(prompt->edit, &text);
	keep(prompt, text.data);
	strbuf_release(&text);
}

/* --- writing --- */

static void on_written(void *ctx, const struct err *err)
{
	struct acp_prompt *prompt = ctx;

	prompt->edit->call = NULL;
	acp_tool_end(prompt, !err, err ? err->message : NULL);
	if (err)
		acp_prompt_fail(prompt, err);
	else
		finish(prompt, "Changed ", ".", true);
}

/* What it holds now, before it is overwritten. */
static void on_checked(void *ctx, const char *text, size_t len, const struct err *err)
{
	struct acp_prompt *prompt = ctx;
	struct acp_edit *e = prompt->edit;
	bool same = e->old ? text && len == e->old_len && !memcmp(text, e->old, len) : err && err->kind == ERR_NOT_FOUND;
	struct err changed;

	e->call = NULL;
	if (same) {
		e->call = acp_write(prompt->session, e->path, &e->text, on_written, prompt);
		return;
	}
	err_set(&changed, ERR_CONTENT_MODIFIED,
		"%.300s changed while the edit was prepared: nothing was written, try again", e->shown);
	acp_prompt_fail(prompt, &changed);
}

static void allow(struct acp_prompt *prompt)
{
	acp_tool_progress(prompt);
	prompt->edit->call = acp_read(prompt->session, prompt->edit->path, on_checked, prompt);
}

static void on_permission(void *ctx, const char *option)
{
	struct acp_prompt *prompt = ctx;

	prompt->edit->call = NULL;
	if (option && !strcmp(option, "always"))
		acp_set_edits(prompt->session, ACP_EDITS_ALLOW);
	if (option && !strcmp(option, "never"))
		acp_set_edits(prompt->session, ACP_EDITS_REFUSE);
	if (option && (!strcmp(option, "once") || !strcmp(option, "always"))) {
		allow(prompt);
		return;
	}
	acp_tool_end(prompt, false, "the user did not allow it");
	finish(prompt, "Not written: ", " is as it was.", false);
}

/* --- the proposal --- */

static void write_tool(const struct acp_prompt *prompt, struct json_writer *w)
{
	const struct acp_edit *e = prompt->edit;
	char *title = xasprintf("%s %s", e->old ? "Edit" : "Write", e->shown);

	json_put_kstring(w, "title", title);
	free(title);
	json_put_kstring(w, "kind", "edit");
	json_begin_array(w, "content");
	json_begin_object(w, NULL);
	json_put_kstring(w, "type", "diff");
	json_put_kstring(w, "path", e->path);
	json_put_key(w, "oldText");
	if (e->old)
		json_put_stringn(w, e->old, e->old_len);
	else
		json_put_null(w);
	json_put_kstringn(w, "newText", e->text.data, e->text.len);
	json_end_object(w);
	json_end_array(w);
	json_begin_array(w, "locations");
	json_begin_object(w, NULL);
	json_put_kstring(w, "path", e->path);
	if (e->has_lines)
		json_put_kint(w, "line", e->first);
	json_end_object(w);
	json_end_array(w);
}

static void propose(struct acp_prompt *prompt)
{
	static const struct acp_permission options[] = {
		{ "once", "Write it", "allow_once" },
		{ "always", "Write this and all others of this session", "allow_always" },
		{ "no", "Do not write it", "reject_once" },
		{ "never", "Answer only from now on, in this session", "reject_always" },
	};

	acp_tool_begin(prompt, "edit", write_tool);
	if (prompt->session->edits == ACP_EDITS_ALLOW)
		allow(prompt);
	else
		prompt->edit->call = acp_ask_permission(
			&(struct acp_question){ prompt, write_tool, options, ARRAY_LEN(options) }, on_permission, prompt);
}

static struct range range_of(const struct acp_edit *e)
{
	if (e->has_lines)
		return (struct range){ { e->first - 1, 0 }, { e->last, 0 } };
	return (struct range){ { 0, 0 }, { INT32_MAX, 0 } };
}

/* The whole file with the proposal in its place. */
static void put_together(const struct acp *acp, struct acp_edit *e, const struct edit_proposal *proposal)
{
	const struct text_buffer *text = doc_text(docs_find(acp->app.docs, e->uri));
	struct range range = range_of(e);
	size_t start = text_buffer_offset(text, range.start, docs_encoding(acp->app.docs));
	size_t end = text_buffer_offset(text, range.end, docs_encoding(acp->app.docs));

	text_buffer_copy(text, 0, start, &e->text);
	strbuf_add(&e->text, proposal->text, proposal->text_len);
	text_buffer_copy(text, end, text_buffer_len(text), &e->text);
	/* Of an empty file nothing says where the text is to begin and how it is to end. */
	if (!e->old_len) {
		strbuf_consume(&e->text, strspn(e->text.data, "\r\n"));
		if (e->text.len && e->text.data[e->text.len - 1] != '\n')
			strbuf_addch(&e->text, '\n');
	}
}

static void on_done(void *ctx, const struct edit_proposal *proposal, const struct err *err)
{
	struct acp_prompt *prompt = ctx;
	struct acp_session *session = prompt->session;

	prompt->edit->id = 0;
	if (err) {
		acp_prompt_fail(prompt, err);
		return;
	}
	acp_note_endpoint(session, proposal->endpoint->name);
	acp_send_usage(session, proposal->endpoint, NULL);
	prompt->edit->endpoint = xstrdup(proposal->endpoint->name);
	if (!proposal->count) {
		finish(prompt, "Nothing is to be changed in ", ".", false);
		return;
	}
	put_together(prompt->acp, prompt->edit, proposal);
	propose(prompt);
}

/* --- the instruction --- */

static bool open_document(struct acp *acp, struct acp_edit *e, const char *text, size_t len, struct err *err)
{
	const struct language *language = language_of_path(e->path);
	char *file = uri_from_path(e->path);

	if (len > LIMIT_CONTEXT_PIECE) {
		free(file);
		err_set(err, ERR_PROMPT_TOO_LONG, "%.300s is too large to edit: the limit is %zu bytes", e->shown,
			LIMIT_CONTEXT_PIECE);
		return false;
	}
	if (e->has_lines && (size_t)e->first > lines_count(text, len) + 1) {
		free(file);
		err_set(err, ERR_INVALID_PARAMS, "%.300s has %zu lines, and no line %lld", e->shown, lines_count(text, len) + 1,
			(long long)e->first);
		return false;
	}
	/* Of its own scheme, so that the same file can be edited in two sessions at once. */
	e->uri = xasprintf("eke-acp-%llu%s", (unsigned long long)++acp->last_tool, strchr(file, ':'));
	free(file);
	docs_open(acp->app.docs, e->uri, language ? language->id : "plaintext", 1, text, len);
	return true;
}

static void ask(struct acp_prompt *prompt, const char *text, size_t len)
{
	struct acp_edit *e = prompt->edit;
	struct edit_callbacks callbacks = { .done = on_done, .ctx = prompt };
	struct edit_request request = { .range = range_of(e), .instruction = e->instruction };
	struct err err;

	if (open_document(prompt->acp, e, text, len, &err)) {
		request.uri = e->uri;
		acp_chosen(prompt->session, &request.endpoint, &request.model);
		e->id = edits_start(prompt->acp->app.edits, &request, &callbacks, &err);
	}
	if (!e->id)
		acp_prompt_fail(prompt, &err);
}

static void take_text(struct acp_prompt *prompt, const char *text, size_t len, const struct err *err)
{
	struct acp_edit *e = prompt->edit;

	/* /edit also makes new files. */
	if (err && (err->kind != ERR_NOT_FOUND || !prompt->own_command || e->has_lines)) {
		acp_prompt_fail(prompt, err);
		return;
	}
	if (!err) {
		e->old = xstrndup(text, len);
		e->old_len = len;
	}
	ask(prompt, err ? "" : e->old, e->old_len);
}

static void on_text(void *ctx, const char *text, size_t len, const struct err *err)
{
	struct acp_prompt *prompt = ctx;

	prompt->edit->call = NULL;
	take_text(prompt, text, len, err);
}

/* --- the beginning --- */

static void start(struct acp_prompt *prompt, const struct acp_piece *attached, const char *instruction)
{
	struct err err;

	prompt->edit = xcalloc(1, sizeof(*prompt->edit));
	strbuf_init(&prompt->edit->text, LIMIT_ANSWER + LIMIT_CONTEXT_PIECE);
	if (!acp_edit_prepare(prompt, attached, instruction, &err))
		acp_prompt_fail(prompt, &err);
	else if (attached && attached->text && attached->whole)
		take_text(prompt, attached->text, attached->len, NULL);
	else
		prompt->edit->call = acp_read(prompt->session, prompt->edit->path, on_text, prompt);
}

static void refuse(struct acp_prompt *prompt, const char *why)
{
	acp_prompt_say(prompt, why);
	acp_prompt_end(prompt, ACP_END_TURN);
}

bool acp_edit_start(struct acp_prompt *prompt)
{
	const struct acp_piece *attached = acp_edit_attached(&prompt->blocks);
	const char *instruction = acp_edit_instruction(prompt);
	bool may = prompt->acp->can_write && prompt->session->edits != ACP_EDITS_REFUSE;

	if (!prompt->own_command && (!instruction || !attached || !may))
		return false;
	if (!prompt->acp->can_write)
		refuse(prompt, "This client does not allow agents to write files: /edit is not available.");
	else if (!may)
		refuse(prompt, "Edits are off in this session. Turn them on with its option Edits.");
	else
		start(prompt, attached, instruction);
	return true;
}
