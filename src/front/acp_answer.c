/*
 * A turn of the conversation: the prompt goes to the conversation engine, and what comes back goes to the client. Its
 * state is prompt->answer.
 */
#include "acp_private.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/json_writer.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/chat/notice.h"
#include "eke/text/language.h"

void acp_answer_free(struct acp_prompt *prompt)
{
	struct acp_answer *answer = &prompt->answer;

	conversations_cancel(prompt->acp->app.conversations, answer->id);
	acp_client_call_cancel(answer->call);
	free(answer->message);
	free(answer->question);
	*answer = (struct acp_answer){ .id = 0 };
}

/* --- as it comes --- */

/* Before the answer, which is made without it. */
static void tell_left_out(struct acp_prompt *prompt)
{
	char *sentence;

	if (!prompt->blocks.left_out.len)
		return;
	sentence = xasprintf("not sent: %s", prompt->blocks.left_out.data);
	acp_prompt_remark(prompt, sentence);
	acp_prompt_say(prompt, "\n\n");
	free(sentence);
}

static void on_begun(void *ctx, const struct conversation_begun *begun)
{
	struct acp_prompt *prompt = ctx;

	acp_note_kept(prompt->session);
	prompt->answer.message = xstrdup(begun->turn_id);
	acp_send_title(prompt->session, begun->title);
	tell_left_out(prompt);
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

/* That it was cut off, or that there is none. Of an answer that has text a stop reason says the rest. */
static void tell_notice(struct acp_prompt *prompt, const struct call_answer *answer)
{
	bool has_text = notice_has_text(answer);
	struct strbuf notice;

	strbuf_init(&notice, KIB(8));
	if (notice_describe(answer, &notice) && (answer->finish == CALL_TRUNCATED || !has_text))
		acp_prompt_remark(prompt, notice.data);
	strbuf_release(&notice);
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

	prompt->answer.id = 0;
	if (err) {
		acp_prompt_fail(prompt, err);
		return;
	}
	finish = answer->chat->answer->finish;
	rpc_stream_finish(prompt->stream);
	tell_notice(prompt, answer->chat->answer);
	tell_trimmed(prompt, answer);
	acp_note_endpoint(prompt->session, answer->chat->endpoint);
	acp_send_usage(prompt->session, answer->chat->endpoint_config, answer);
	acp_prompt_end(prompt, stop_of(finish));
}

/* --- may the next endpoint be used? --- */

static void write_endpoint_tool(const struct acp_prompt *prompt, struct json_writer *w)
{
	json_put_kstring(w, "title", prompt->answer.question);
	json_put_kstring(w, "kind", "other");
}

static void on_endpoint_chosen(void *ctx, const char *option)
{
	struct acp_prompt *prompt = ctx;
	bool yes = option && !strcmp(option, "use");

	prompt->answer.call = NULL;
	acp_tool_end(prompt, yes, NULL);
	conversations_go_on(prompt->acp->app.conversations, prompt->answer.id, yes);
}

static void on_ask(void *ctx, const struct config_endpoint *other, const struct err *err)
{
	struct acp_prompt *prompt = ctx;
	char *use = xasprintf("Use %s", other->name);
	const struct acp_permission options[] = { { "use", use, "allow_once" }, { "wait", "Not now", "reject_once" } };

	free(prompt->answer.question);
	prompt->answer.question = xasprintf("%s. Use %s instead until then?", err->message, other->name);
	acp_tool_begin(prompt, "endpoint", write_endpoint_tool);
	prompt->answer.call = acp_ask_permission(
		&(struct acp_question){ prompt, write_endpoint_tool, options, ARRAY_LEN(options) }, on_endpoint_chosen, prompt);
	free(use);
}

/* --- the prompt --- */

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

/*
 * Can it go along? What cannot be read, is no text or is too much is left out, and the user is told; what must stay on
 * the machine ends the prompt.
 */
static bool is_sendable(struct acp_prompt *prompt, const struct context_sources *sources,
	const struct context_item *item, struct err *err)
{
	struct attachments tried;
	bool ok;

	context_init(&tried);
	ok = context_add(&tried, sources, item, err);
	context_release(&tried);
	if (!ok && err->kind != ERR_IGNORED)
		acp_blocks_leave_out(&prompt->blocks, err->message);
	return ok;
}

void acp_answer_start(struct acp_prompt *prompt)
{
	const struct acp_session *session = prompt->session;
	const struct app *app = &prompt->acp->app;
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
	struct context_sources sources = {
		.docs = app->docs, .workspace = app->workspace, .folder = session->cwd, .texts = texts
	};
	struct err err = { .kind = ERR_INVALID_PARAMS };

	for (size_t i = 0; i < prompt->blocks.count; i++) {
		const struct acp_piece *piece = &prompt->blocks.pieces[i];

		if (piece->text && acp_piece_is_file(piece))
			texts[question.text_count++] = (struct context_text){ piece->uri, piece->text, piece->len };
	}
	sources.text_count = question.text_count;
	for (size_t i = 0; i < prompt->blocks.count; i++) {
		struct context_item item = item_of(&prompt->blocks.pieces[i]);

		if (prompt->blocks.pieces[i].mentioned)
			continue;
		if (is_sendable(prompt, &sources, &item, &err)) {
			items[question.context_count++] = item;
		} else if (err.kind == ERR_IGNORED) {
			acp_prompt_fail(prompt, &err);
			return;
		}
	}
	acp_chosen(session, &question.endpoint, &question.model);
	if (prompt->blocks.has_words || question.context_count || !prompt->blocks.left_out.len)
		prompt->answer.id = conversations_ask(prompt->acp->app.conversations, &question, &callbacks, &err);
	if (prompt->answer.id)
		return;
	/* What is missing is what could not be read. */
	if (prompt->blocks.left_out.len && err.kind == ERR_INVALID_PARAMS && !question.context_count)
		err_set(&err, ERR_INVALID_PARAMS, "%s", prompt->blocks.left_out.data);
	acp_prompt_fail(prompt, &err);
}
