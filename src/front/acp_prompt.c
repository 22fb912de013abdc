/*
 * session/prompt: a turn from the words to the stop reason. First the files that the client named are read, one after
 * the other; then the prompt is an edit (acp_edit.c), or the files that its words mention are read, too, and it goes to
 * the conversation engine. Or it is answered here (/budget).
 *
 * A struct acp_prompt lives from its request to its answer. Whatever ends it: what is still to be told goes out, then
 * the answer, and nothing after that.
 */
#include "acp_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/decode.h"
#include "eke/base/json_writer.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/chat/conversation_note.h"
#include "eke/text/language.h"

/* --- the end --- */

static void prompt_release(void *p)
{
	struct acp_prompt *prompt = p;

	rpc_stream_free(prompt->stream);
	acp_blocks_release(&prompt->blocks);
	free(prompt->command);
	free(prompt->message);
	free(prompt->tool);
	free(prompt->asking);
	free(prompt);
}

static void on_start(void *ctx);

/* Nothing comes to it any more. */
static void detach(struct acp_prompt *prompt)
{
	struct acp *acp = prompt->acp;

	conversations_cancel(acp->app.conversations, prompt->question);
	conversations_unnote(acp->app.conversations, prompt->note);
	loop_undefer(acp->app.loop, on_start, prompt);
	acp_client_forget(prompt);
	acp_edit_free(prompt);
	acp_local_free(prompt);
	prompt->session->prompt = NULL;
	loop_defer_free(acp->app.loop, prompt, prompt_release);
}

void acp_prompt_free(struct acp_prompt *prompt)
{
	if (prompt)
		detach(prompt);
}

static const char *const stop_names[] = { "end_turn", "max_tokens", "refusal", "cancelled" };

static void write_stop(struct strbuf *out, enum acp_stop stop)
{
	struct json_writer w;

	strbuf_init(out, KIB(1));
	json_writer_init(&w, out);
	json_begin_object(&w, NULL);
	json_put_kstring(&w, "stopReason", stop_names[stop]);
	json_end_object(&w);
	json_writer_end(&w);
}

void acp_prompt_end(struct acp_prompt *prompt, enum acp_stop stop)
{
	struct acp *acp = prompt->acp;
	struct strbuf out;

	rpc_stream_finish(prompt->stream);
	acp_tool_end(prompt, false, stop == ACP_CANCELLED ? "cancelled" : NULL);
	write_stop(&out, stop);
	rpc_answer(acp->rpc, prompt->ticket, &out);
	detach(prompt);
}

void acp_prompt_fail(struct acp_prompt *prompt, const struct err *err)
{
	struct acp *acp = prompt->acp;
	struct err explained = *err;

	acp_explain(acp, &explained);
	rpc_stream_finish(prompt->stream);
	acp_tool_end(prompt, false, explained.message);
	rpc_answer_error(acp->rpc, prompt->ticket, &explained, NULL, 0);
	detach(prompt);
}

void acp_prompt_cancel(struct acp_session *session)
{
	if (session->prompt)
		acp_prompt_end(session->prompt, ACP_CANCELLED);
}

void acp_session_cancel(void *ctx, const struct json *params)
{
	struct err err;
	struct acp_session *session = acp_session_of(ctx, params, &err);

	if (session)
		acp_prompt_cancel(session);
}

/* --- what is told --- */

static void emit(void *ctx, const char *text, size_t text_len, const char *reasoning, size_t reasoning_len)
{
	const struct acp_prompt *prompt = ctx;

	acp_send_chunk(prompt->session, "agent_thought_chunk", NULL, reasoning, reasoning_len);
	acp_send_chunk(prompt->session, "agent_message_chunk", prompt->message, text, text_len);
}

void acp_prompt_say(struct acp_prompt *prompt, const char *text)
{
	rpc_stream_finish(prompt->stream);
	acp_send_chunk(prompt->session, "agent_message_chunk", prompt->message, text, strlen(text));
}

/* --- the conversation engine's part --- */

static void on_begun(void *ctx, const struct conversation_begun *begun)
{
	struct acp_prompt *prompt = ctx;

	prompt->session->kept = true;
	prompt->message = xstrdup(begun->turn_id);
	acp_send_title(prompt->session, begun->title);
}

static void on_delta(void *ctx, bool reasoning, const char *text, size_t len)
{
	struct acp_prompt *prompt = ctx;

	rpc_stream_add(prompt->stream, reasoning, text, len);
}

/* What was left out is no part of the answer, but the user should know. */
static void tell_trimmed(const struct acp_prompt *prompt, const struct conversation_answer *answer)
{
	struct strbuf text;

	if (!answer->trimmed_count)
		return;
	strbuf_init(&text, KIB(64));
	strbuf_adds(&text, "Not sent, because the plan limits the length of a prompt:\n");
	for (size_t i = 0; i < answer->trimmed_count; i++)
		strbuf_addf(&text, "- %s\n", answer->trimmed[i]);
	acp_send_chunk(prompt->session, "agent_thought_chunk", NULL, text.data, text.len);
	strbuf_release(&text);
}

static void tell_broken_off(struct acp_prompt *prompt, const struct err *trouble)
{
	char text[LIMIT_ERR_MESSAGE + 64];

	snprintf(text, sizeof(text), "\n\n*(The answer was cut off%s%s.)*", trouble ? ": " : "",
		 trouble ? trouble->message : "");
	acp_prompt_say(prompt, text);
}

static enum acp_stop stop_of(enum call_finish finish)
{
	switch (finish) {
	case CALL_LENGTH:
		return ACP_MAX_TOKENS;
	case CALL_FILTER:
		return ACP_REFUSAL;
	case CALL_STOP:
	case CALL_TRUNCATED:
		return ACP_END_TURN;
	}
	return ACP_END_TURN;
}

static void on_done(void *ctx, const struct conversation_answer *answer, const struct err *err)
{
	struct acp_prompt *prompt = ctx;
	enum call_finish finish;

	prompt->question = 0;
	if (err) {
		acp_prompt_fail(prompt, err);
		return;
	}
	finish = answer->chat->answer->finish;
	rpc_stream_finish(prompt->stream);
	if (finish == CALL_TRUNCATED)
		tell_broken_off(prompt, answer->chat->answer->trouble);
	tell_trimmed(prompt, answer);
	acp_note_endpoint(prompt->session, answer->chat->endpoint);
	acp_send_usage(prompt->session, answer->chat->endpoint_config, answer);
	acp_prompt_end(prompt, stop_of(finish));
}

/* --- may the next endpoint be used? --- */

static void write_endpoint_tool(const struct acp_prompt *prompt, struct json_writer *w)
{
	json_put_kstring(w, "title", prompt->asking);
	json_put_kstring(w, "kind", "other");
}

static void on_endpoint_chosen(struct acp_prompt *prompt, const char *option)
{
	bool yes = option && !strcmp(option, "use");

	acp_tool_end(prompt, yes, NULL);
	conversations_go_on(prompt->acp->app.conversations, prompt->question, yes);
}

static void on_ask(void *ctx, const struct config_endpoint *other, const struct err *err)
{
	struct acp_prompt *prompt = ctx;
	char *use = xasprintf("Use %s", other->name);
	const struct acp_permission options[] = { { "use", use, "allow_once" }, { "wait", "Not now", "reject_once" } };

	free(prompt->asking);
	prompt->asking = xasprintf("%s. Use %s instead until then?", err->message, other->name);
	acp_tool_begin(prompt, "endpoint", write_endpoint_tool);
	acp_ask_permission(prompt, write_endpoint_tool, options, ARRAY_LEN(options), on_endpoint_chosen);
	free(use);
}

/* --- asking --- */

static struct context_item item_of(const struct acp_piece *piece)
{
	const struct language *language = piece->path ? language_of_path(piece->path) : NULL;

	if (acp_piece_is_file(piece))
		return (struct context_item){ .kind = piece->has_lines ? CONTEXT_SELECTION : CONTEXT_FILE,
					      .uri = piece->uri,
					      .has_range = piece->has_lines,
					      .range = { { piece->first - 1, 0 }, { piece->last, 0 } } };
	return (struct context_item){ .kind = CONTEXT_TEXT,
				      .uri = piece->uri,
				      .name = piece->name,
				      .text = piece->text,
				      .len = piece->len,
				      .language = language ? language->id : NULL };
}

static void ask(struct acp_prompt *prompt)
{
	const struct acp_session *session = prompt->session;
	struct context_item items[LIMIT_CONTEXT_ITEMS];
	struct context_text texts[LIMIT_CONTEXT_ITEMS];
	struct conversation_callbacks callbacks = {
		.begun = on_begun, .delta = on_delta, .ask = on_ask, .done = on_done, .ctx = prompt
	};
	struct conversation_question question = {
		.chat_id = session->kept ? session->id : NULL,
		.new_id = session->id,
		.prompt = prompt->words,
		.command = prompt->command,
		.context = items,
		.texts = texts,
		.folder = session->cwd,
		.temperature = -1,
	};
	struct err err;

	for (size_t i = 0; i < prompt->blocks.count; i++) {
		const struct acp_piece *piece = &prompt->blocks.pieces[i];

		if (!piece->mentioned)
			items[question.context_count++] = item_of(piece);
		if (piece->text && acp_piece_is_file(piece))
			texts[question.text_count++] = (struct context_text){ piece->uri, piece->text, piece->len };
	}
	acp_chosen(session, &question.endpoint, &question.model);
	prompt->question = conversations_ask(prompt->acp->app.conversations, &question, &callbacks, &err);
	if (!prompt->question)
		acp_prompt_fail(prompt, &err);
}

/* --- what goes with it --- */

static void gather(struct acp_prompt *prompt);

/* A client's files are as large as it likes. */
static bool has_room(const struct acp_blocks *blocks, size_t len)
{
	size_t total = len;

	for (size_t i = 0; i < blocks->count; i++)
		total += blocks->pieces[i].len;
	return total <= LIMIT_DOCUMENTS_BYTES;
}

static void on_piece(struct acp_prompt *prompt, const char *text, size_t len, const struct err *err)
{
	struct acp_piece *piece = &prompt->blocks.pieces[prompt->reading++];
	struct err full;

	if (!err && !has_room(&prompt->blocks, len)) {
		err_set(&full, ERR_PROMPT_TOO_LONG, "the attached files are too large: the limit is %zu bytes in all",
			LIMIT_DOCUMENTS_BYTES);
		acp_prompt_fail(prompt, &full);
		return;
	}
	/* What is wrong with a file that cannot be read is said by who needs it. */
	if (!err) {
		piece->text = xstrndup(text, len);
		piece->len = len;
		piece->whole = true;
	}
	gather(prompt);
}

/* The conversation engine knows what the words mention, but not what the client knows of it. */
static void take_mentions(struct acp_prompt *prompt)
{
	const struct app *app = &prompt->acp->app;
	struct context_sources sources = {
		.docs = app->docs, .workspace = app->workspace, .folder = prompt->session->cwd
	};
	struct context_mention mention = { .end = prompt->words };
	bool ok = true;
	struct err err;

	prompt->mentions_taken = true;
	while (ok && prompt->acp->can_read && context_next_mention(&sources, &mention)) {
		ok = acp_blocks_mention(&prompt->blocks, mention.uri, &err);
		free(mention.uri);
	}
	if (ok)
		gather(prompt);
	else
		acp_prompt_fail(prompt, &err);
}

static void gather(struct acp_prompt *prompt)
{
	const struct acp *acp = prompt->acp;
	const struct acp_blocks *blocks = &prompt->blocks;
	struct err err;

	for (; prompt->reading < blocks->count; prompt->reading++) {
		const struct acp_piece *piece = &blocks->pieces[prompt->reading];

		if (!piece->path)
			continue;
		/* It would be refused later, too; but then the client would have been asked to read it. */
		if (!workspace_may_send(acp->app.workspace, piece->uri, &err)) {
			acp_prompt_fail(prompt, &err);
			return;
		}
		if (piece->text || !acp->can_read || acp_blocks_know(blocks, piece->path))
			continue;
		acp_read(prompt, piece->path, on_piece);
		return;
	}
	if (prompt->mentions_taken)
		ask(prompt);
	else if (!acp_edit_start(prompt))
		take_mentions(prompt);
}

/* --- the beginning --- */

static void tell_budget(struct acp_prompt *prompt)
{
	struct upstream *upstream = prompt->acp->app.upstream;
	struct strbuf text;
	char line[160];

	strbuf_init(&text, KIB(16));
	if (!upstream_count(upstream))
		strbuf_adds(&text, "No endpoint is configured.");
	for (size_t i = 0; i < upstream_count(upstream); i++) {
		const struct config_endpoint *e = endpoint_config(upstream_at(upstream, i));

		budget_describe(prompt->acp->app.budget, e, line, sizeof(line));
		strbuf_addf(&text, "%s- %s: %s", i ? "\n" : "", e->name, line);
	}
	acp_prompt_say(prompt, text.data);
	strbuf_release(&text);
	acp_prompt_end(prompt, ACP_END_TURN);
}

/* Does the text begin with a command that there is? Those of eke itself do not hide a user's of the same name. */
static void take_command(struct acp_prompt *prompt)
{
	const struct command_set *commands = conversations_commands(prompt->acp->app.conversations);
	const char *all = prompt->blocks.text.data;
	const char *text = all + strspn(all, " \t\r\n");
	const char *rest;
	size_t len = acp_command_name(text, &rest);
	char *name = xstrndup(text + (len != 0), len);
	struct err err;

	prompt->words = all;
	if (!len) {
		free(name);
		return;
	}
	prompt->own_command = !commands_find(commands, name, &err) && (!strcmp(name, "edit") || !strcmp(name, "budget"));
	if (prompt->own_command || commands_find(commands, name, &err)) {
		prompt->command = name;
		prompt->words = rest;
	} else {
		free(name);
	}
}

static void on_start(void *ctx)
{
	struct acp_prompt *prompt = ctx;

	take_command(prompt);
	if (prompt->own_command && !strcmp(prompt->command, "budget"))
		tell_budget(prompt);
	else if (!acp_local_look(prompt, gather))
		gather(prompt);
}

static void on_cancel(void *ctx, uint64_t ticket)
{
	const struct acp_prompt *prompt = ctx;

	(void)ticket;
	acp_prompt_cancel(prompt->session);
}

struct rpc_result *acp_session_prompt(void *ctx, struct rpc_request *request, const struct json *params)
{
	struct acp *acp = ctx;
	struct acp_session *session;
	struct acp_blocks blocks;
	struct acp_prompt *prompt;
	struct err err;

	acp_refresh(acp);
	session = acp_session_of(acp, params, &err);
	if (!session)
		return rpc_fail(request, &err);
	if (session->prompt) {
		err_set(&err, ERR_INVALID_REQUEST, "the session is already answering a prompt: wait, or cancel it");
		return rpc_fail(request, &err);
	}
	acp_blocks_init(&blocks);
	if (!acp_blocks_take(acp, json_get(params, "prompt"), &blocks, &err)) {
		acp_blocks_release(&blocks);
		return rpc_fail(request, &err);
	}
	prompt = xcalloc(1, sizeof(*prompt));
	prompt->acp = acp;
	prompt->session = session;
	prompt->ticket = rpc_ticket(request);
	prompt->blocks = blocks;
	prompt->stream = rpc_stream_new(acp->rpc, LIMIT_ANSWER, emit, prompt);
	session->prompt = prompt;
	loop_defer(acp->app.loop, on_start, prompt);
	return rpc_pending(request, on_cancel, prompt);
}
