/*
 * What eke asks of the client: a file's text, to write one, a permission. A struct acp_client_call lives from its
 * request to its callback, or to acp_client_call_cancel(). Where the client cannot be asked, the callback comes at the
 * end of the loop's turn.
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

struct acp_client_call {
	struct acp_session *session; /* its prompt owns the call */
	uint64_t id;                 /* rpc_call_end()'s; 0: not under way */
	loop_fn *deferred;           /* called at the end of the turn; NULL: none */
	char *path;                  /* of a read */
	acp_read_fn *read;           /* one of these three, with ctx */
	acp_write_fn *written;
	acp_permission_fn *chosen;
	void *ctx;
};

static struct acp_client_call *call_new(struct acp_session *session, void *ctx)
{
	struct acp_client_call *call = xcalloc(1, sizeof(*call));

	call->session = session;
	call->ctx = ctx;
	return call;
}

static void call_release(void *p)
{
	struct acp_client_call *call = p;

	free(call->path);
	free(call);
}

void acp_client_call_cancel(struct acp_client_call *call)
{
	struct acp *acp;

	if (!call)
		return;
	acp = call->session->acp;
	rpc_call_cancel(acp->rpc, call->id);
	if (call->deferred)
		loop_undefer(acp->app.loop, call->deferred, call);
	loop_defer_free(acp->app.loop, call, call_release);
}

static void defer(struct acp_client_call *call, loop_fn *fn)
{
	call->deferred = fn;
	loop_defer(call->session->acp->app.loop, fn, call);
}

/* The callback follows: to it the call is over. */
static void end(struct acp_client_call *call)
{
	call->id = 0;
	call->deferred = NULL;
	acp_client_call_cancel(call);
}

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

static void on_read_disk(void *ctx)
{
	struct acp_client_call *call = ctx;
	struct err err = ERR_INIT;
	struct strbuf text;
	bool ok;

	strbuf_init(&text, LIMIT_CONTEXT_PIECE);
	ok = read_disk(call->path, &text, &err);
	end(call);
	call->read(call->ctx, ok ? text.data : NULL, ok ? text.len : 0, ok ? NULL : &err);
	strbuf_release(&text);
}

static void on_read(void *ctx, const struct json *result, const struct err *err)
{
	struct acp_client_call *call = ctx;
	const char *text = json_string(json_get(result, "content"));

	call->id = 0;
	if (!text) {
		/* No such file, or none of the client's: then the disk's text counts. */
		log_debug("%s was not read by the client: %s", call->path, err ? err->message : "no content");
		defer(call, on_read_disk);
		return;
	}
	end(call);
	call->read(call->ctx, text, strlen(text), NULL);
}

struct acp_client_call *acp_read(struct acp_session *session, const char *path, acp_read_fn *fn, void *ctx)
{
	struct acp_client_call *call = call_new(session, ctx);
	struct rpc *rpc = session->acp->rpc;
	struct json_writer *w;

	call->read = fn;
	call->path = xstrdup(path);
	if (session->acp->can_read) {
		w = rpc_call_begin(rpc, "fs/read_text_file");
		json_begin_object(w, NULL);
		json_put_kstring(w, "sessionId", session->id);
		json_put_kstring(w, "path", path);
		json_end_object(w);
		call->id = rpc_call_end(rpc, on_read, call);
	}
	if (!call->id)
		defer(call, on_read_disk);
	return call;
}

/* --- writing a file --- */

static void on_written(void *ctx, const struct json *result, const struct err *err)
{
	struct acp_client_call *call = ctx;

	(void)result;
	end(call);
	call->written(call->ctx, err);
}

static void on_not_written(void *ctx)
{
	struct acp_client_call *call = ctx;
	struct err err;

	err_set(&err, ERR_INTERNAL, "the client does not answer requests: nothing was written");
	end(call);
	call->written(call->ctx, &err);
}

struct acp_client_call *acp_write(struct acp_session *session, const char *path, const struct strbuf *text,
	acp_write_fn *fn, void *ctx)
{
	struct acp_client_call *call = call_new(session, ctx);
	struct rpc *rpc = session->acp->rpc;
	struct json_writer *w = rpc_call_begin(rpc, "fs/write_text_file");

	call->written = fn;
	json_begin_object(w, NULL);
	json_put_kstring(w, "sessionId", session->id);
	json_put_kstring(w, "path", path);
	json_put_kstringn(w, "content", text->data, text->len);
	json_end_object(w);
	call->id = rpc_call_end(rpc, on_written, call);
	if (!call->id)
		defer(call, on_not_written);
	return call;
}

/* --- permission --- */

static void on_chosen(void *ctx, const struct json *result, const struct err *err)
{
	struct acp_client_call *call = ctx;
	const struct json *outcome = json_get(result, "outcome");
	const char *kind = json_string(json_get(outcome, "outcome"));
	const char *option = json_string(json_get(outcome, "optionId"));

	call->id = 0;
	if (err)
		log_info("the client did not answer the request for permission: %s", err->message);
	/* The client's user has stopped the turn, and with it this call. */
	if (kind && !strcmp(kind, "cancelled")) {
		acp_prompt_cancel(call->session);
		return;
	}
	end(call);
	call->chosen(call->ctx, kind && !strcmp(kind, "selected") ? option : NULL);
}

static void on_not_asked(void *ctx)
{
	struct acp_client_call *call = ctx;

	end(call);
	call->chosen(call->ctx, NULL);
}

struct acp_client_call *acp_ask_permission(const struct acp_question *question, acp_permission_fn *fn, void *ctx)
{
	struct acp_session *session = question->prompt->session;
	struct acp_client_call *call = call_new(session, ctx);
	struct rpc *rpc = session->acp->rpc;
	struct json_writer *w = rpc_call_begin(rpc, "session/request_permission");

	call->chosen = fn;
	json_begin_object(w, NULL);
	json_put_kstring(w, "sessionId", session->id);
	json_begin_object(w, "toolCall");
	json_put_kstring(w, "toolCallId", question->prompt->tool);
	json_put_kstring(w, "status", "pending");
	question->write(question->prompt, w);
	json_end_object(w);
	json_begin_array(w, "options");
	for (size_t i = 0; i < question->count; i++) {
		json_begin_object(w, NULL);
		json_put_kstring(w, "optionId", question->options[i].id);
		json_put_kstring(w, "name", question->options[i].name);
		json_put_kstring(w, "kind", question->options[i].kind);
		json_end_object(w);
	}
	json_end_array(w);
	json_end_object(w);
	call->id = rpc_call_end(rpc, on_chosen, call);
	if (!call->id)
		defer(call, on_not_asked);
	return call;
}
