/*
 * What a turn asks of the client, one thing at a time: a file's text, a permission; and the tool call that is open
 * meanwhile, by which the client shows what is going on. Everything belongs to the prompt; acp_client_forget() ends
 * it.
 */
#include "acp_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eke/base/json_writer.h"
#include "eke/base/limits.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/base/utf.h"

/* --- a file's text --- */

static bool read_disk(const char *path, struct strbuf *out, struct err *err)
{
	if (!file_read(path, LIMIT_CONTEXT_PIECE, out, err)) {
		err->kind = access(path, F_OK) < 0 && errno == ENOENT ? ERR_NOT_FOUND : ERR_INVALID_PARAMS;
		return false;
	}
	if (memchr(out->data, '\0', out->len) || utf8_valid_prefix(out->data, out->len) != out->len) {
		err_set(err, ERR_INVALID_PARAMS, "%.300s is not a text file", path);
		return false;
	}
	return true;
}

static void on_turn_end(void *ctx)
{
	struct acp_prompt *prompt = ctx;
	char *path = prompt->path;
	struct strbuf text;
	struct err err = ERR_INIT;
	bool ok;

	prompt->deferred = false;
	prompt->path = NULL;
	strbuf_init(&text, LIMIT_CONTEXT_PIECE);
	ok = read_disk(path, &text, &err);
	free(path);
	prompt->read_fn(prompt, ok ? text.data : NULL, ok ? text.len : 0, ok ? NULL : &err);
	strbuf_release(&text);
}

static void read_later(struct acp_prompt *prompt)
{
	prompt->deferred = true;
	loop_defer(prompt->acp->app.loop, on_turn_end, prompt);
}

static void on_read(void *ctx, const struct json *result, const struct err *err)
{
	struct acp_prompt *prompt = ctx;
	const char *text = json_string(json_get(result, "content"));

	prompt->call = 0;
	if (!text) {
		/* No such file, or none of the client's: the disk's word counts. */
		log_debug("%s was not read by the client: %s", prompt->path, err ? err->message : "no content");
		read_later(prompt);
		return;
	}
	free(prompt->path);
	prompt->path = NULL;
	prompt->read_fn(prompt, text, strlen(text), NULL);
}

void acp_read(struct acp_prompt *prompt, const char *path, acp_read_fn *fn)
{
	struct rpc *rpc = prompt->acp->rpc;
	struct json_writer *w;

	prompt->read_fn = fn;
	prompt->path = xstrdup(path);
	if (prompt->acp->can_read) {
		w = rpc_call_begin(rpc, "fs/read_text_file");
		json_begin_object(w, NULL);
		json_put_kstring(w, "sessionId", prompt->session->id);
		json_put_kstring(w, "path", path);
		json_end_object(w);
		prompt->call = rpc_call_end(rpc, on_read, prompt);
	}
	if (!prompt->call)
		read_later(prompt);
}

/* --- the tool call --- */

static void write_tool(const struct acp_prompt *prompt, const char *kind, const char *status, acp_tool_fn *write)
{
	struct json_writer *w = acp_update_begin(prompt->session, kind);

	json_put_kstring(w, "toolCallId", prompt->tool);
	json_put_kstring(w, "status", status);
	if (write)
		write(prompt, w);
	acp_update_end(prompt->session, w);
}

void acp_tool_begin(struct acp_prompt *prompt, const char *what, acp_tool_fn *write)
{
	prompt->tool = xasprintf("%s-%llu", what, (unsigned long long)++prompt->acp->last_tool);
	write_tool(prompt, "tool_call", "pending", write);
}

void acp_tool_progress(const struct acp_prompt *prompt)
{
	write_tool(prompt, "tool_call_update", "in_progress", NULL);
}

void acp_tool_end(struct acp_prompt *prompt, bool completed, const char *reason)
{
	struct json_writer *w;

	if (!prompt->tool)
		return;
	w = acp_update_begin(prompt->session, "tool_call_update");
	json_put_kstring(w, "toolCallId", prompt->tool);
	json_put_kstring(w, "status", completed ? "completed" : "failed");
	if (reason) {
		json_begin_object(w, "rawOutput");
		json_put_kstring(w, "message", reason);
		json_end_object(w);
	}
	acp_update_end(prompt->session, w);
	free(prompt->tool);
	prompt->tool = NULL;
}

/* --- permission --- */

static void on_permission(void *ctx, const struct json *result, const struct err *err)
{
	struct acp_prompt *prompt = ctx;
	const struct json *outcome = json_get(result, "outcome");
	const char *kind = json_string(json_get(outcome, "outcome"));
	const char *option = json_string(json_get(outcome, "optionId"));

	prompt->call = 0;
	if (err)
		log_info("the question for permission went unanswered: %s", err->message);
	/* The client's user has stopped the turn. */
	if (kind && !strcmp(kind, "cancelled"))
		acp_prompt_cancel(prompt->session);
	else
		prompt->permission_fn(prompt, kind && !strcmp(kind, "selected") ? option : NULL);
}

static void on_nobody(void *ctx)
{
	struct acp_prompt *prompt = ctx;

	prompt->deferred = false;
	prompt->permission_fn(prompt, NULL);
}

void acp_ask_permission(struct acp_prompt *prompt, acp_tool_fn *write, const struct acp_permission *options,
	size_t count, acp_permission_fn *fn)
{
	struct rpc *rpc = prompt->acp->rpc;
	struct json_writer *w = rpc_call_begin(rpc, "session/request_permission");

	prompt->permission_fn = fn;
	json_begin_object(w, NULL);
	json_put_kstring(w, "sessionId", prompt->session->id);
	json_begin_object(w, "toolCall");
	json_put_kstring(w, "toolCallId", prompt->tool);
	json_put_kstring(w, "status", "pending");
	write(prompt, w);
	json_end_object(w);
	json_begin_array(w, "options");
	for (size_t i = 0; i < count; i++) {
		json_begin_object(w, NULL);
		json_put_kstring(w, "optionId", options[i].id);
		json_put_kstring(w, "name", options[i].name);
		json_put_kstring(w, "kind", options[i].kind);
		json_end_object(w);
	}
	json_end_array(w);
	json_end_object(w);
	prompt->call = rpc_call_end(rpc, on_permission, prompt);
	if (!prompt->call) {
		prompt->deferred = true;
		loop_defer(prompt->acp->app.loop, on_nobody, prompt);
	}
}

void acp_client_forget(struct acp_prompt *prompt)
{
	rpc_call_cancel(prompt->acp->rpc, prompt->call);
	prompt->call = 0;
	if (prompt->deferred) {
		loop_undefer(prompt->acp->app.loop, on_turn_end, prompt);
		loop_undefer(prompt->acp->app.loop, on_nobody, prompt);
	}
	prompt->deferred = false;
	free(prompt->path);
	prompt->path = NULL;
}
