/*
 * session/prompt: a turn from its request to the stop reason. What happens in between is the affair of its machines
 * (acp_private.h); /budget is answered here.
 *
 * A struct acp_prompt lives from its request to its answer. Whatever ends it: what is still to be told goes out, then
 * the answer, and nothing after that.
 */
#include "acp_private.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/decode.h"
#include "eke/base/json_writer.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"

/* --- the end --- */

static void prompt_release(void *p)
{
	struct acp_prompt *prompt = p;

	rpc_stream_free(prompt->stream);
	acp_blocks_release(&prompt->blocks);
	free(prompt->command);
	free(prompt->tool);
	free(prompt);
}

static void on_start(void *ctx);

/* Nothing comes to it any more. */
static void detach(struct acp_prompt *prompt)
{
	struct acp *acp = prompt->acp;

	loop_undefer(acp->app.loop, on_start, prompt);
	acp_local_free(prompt);
	acp_gather_free(prompt);
	acp_edit_free(prompt);
	acp_answer_free(prompt);
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
	/* Clients show a turn without any text as if nothing had happened. */
	if (!prompt->has_said && stop != ACP_CANCELLED)
		acp_prompt_remark(prompt, "there is no text in the answer");
	acp_tool_end(prompt, false, stop == ACP_CANCELLED ? "cancelled" : NULL);
	write_stop(&out, stop);
	rpc_answer(acp->rpc, prompt->ticket, &out);
	detach(prompt);
}

void acp_prompt_fail(struct acp_prompt *prompt, const struct err *err)
{
	struct acp *acp = prompt->acp;
	struct err explained = *err;
	char message[sizeof(explained.message)];

	acp_explain(acp, &explained);
	/* Clients show the message alone. */
	err_describe_short(&explained, message, sizeof(message));
	memcpy(explained.message, message, sizeof(message));
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

static void send_text(struct acp_prompt *prompt, const char *text, size_t len)
{
	acp_send_chunk(prompt->session, "agent_message_chunk", prompt->answer.message, text, len);
	prompt->has_said |= len > 0;
}

static void emit(void *ctx, const char *text, size_t text_len, const char *reasoning, size_t reasoning_len)
{
	struct acp_prompt *prompt = ctx;

	acp_send_chunk(prompt->session, "agent_thought_chunk", NULL, reasoning, reasoning_len);
	send_text(prompt, text, text_len);
}

void acp_prompt_say(struct acp_prompt *prompt, const char *text)
{
	rpc_stream_finish(prompt->stream);
	send_text(prompt, text, strlen(text));
}

void acp_prompt_remark(struct acp_prompt *prompt, const char *sentence)
{
	char *text;

	rpc_stream_finish(prompt->stream);
	text = xasprintf("%s*(%c%s.)*", prompt->has_said ? "\n\n" : "", toupper((unsigned char)sentence[0]), sentence + 1);
	send_text(prompt, text, strlen(text));
	free(text);
}

void acp_tell_trouble(struct acp *acp)
{
	struct acp_session *s = acp->sessions;

	while (s && !s->prompt)
		s = s->next;
	if (!s || !acp->trouble)
		return;
	acp_prompt_remark(s->prompt, acp->trouble);
	acp_prompt_say(s->prompt, "\n\n");
	free(acp->trouble);
	acp->trouble = NULL;
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

	acp_tell_trouble(prompt->acp);
	take_command(prompt);
	if (prompt->own_command && !strcmp(prompt->command, "budget"))
		tell_budget(prompt);
	else if (!acp_local_look(prompt, acp_gather_start))
		acp_gather_start(prompt);
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
