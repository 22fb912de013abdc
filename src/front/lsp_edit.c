/*
 * edit/propose: a replacement for a range, streamed, and then as a versioned WorkspaceEdit (LSP 3.18). An edit lives
 * from its request to its answer.
 */
#include "lsp_private.h"

#include <stdlib.h>

#include "eke/base/decode.h"
#include "eke/base/list.h"
#include "eke/base/mem.h"
#include "lsp_positions.h"

struct lsp_edit {
	struct lsp *lsp;
	uint64_t ticket;
	uint64_t id; /* the engine's */
	struct lsp_progress *progress;
	struct strbuf text; /* so far: what a cancelled request still gets */
	struct lsp_edit *next;
};

struct edit_params {
	struct {
		const char *uri;
	} document;
	const struct json *range;
	const char *instruction;
	const char *endpoint;
	const char *model;
	const struct json *token;
};

static const struct decode_field document_fields[] = {
	{ .name = "uri", .type = DECODE_STRING, .required = true, .offset = 0 },
	{ .name = NULL },
};

static const struct decode_field edit_fields[] = {
	{ .name = "textDocument", .type = DECODE_OBJECT, .required = true,
	  .offset = offsetof(struct edit_params, document), .sub = document_fields },
	{ .name = "range", .type = DECODE_OBJECT, .required = true, .offset = offsetof(struct edit_params, range) },
	{ .name = "instruction", .type = DECODE_STRING, .required = true,
	  .offset = offsetof(struct edit_params, instruction) },
	{ .name = "endpoint", .type = DECODE_STRING, .offset = offsetof(struct edit_params, endpoint) },
	{ .name = "model", .type = DECODE_STRING, .offset = offsetof(struct edit_params, model) },
	{ .name = "streamToken", .type = DECODE_ANY, .offset = offsetof(struct edit_params, token) },
	{ .name = NULL },
};

static void edit_release(void *p)
{
	struct lsp_edit *e = p;

	lsp_progress_free(e->progress);
	strbuf_release(&e->text);
	free(e);
}

static void edit_end(struct lsp_edit *e)
{
	list_unlink(e->lsp->edits, e);
	loop_defer_free(e->lsp->app.loop, e, edit_release);
}

void lsp_edits_free(struct lsp *lsp)
{
	while (lsp->edits) {
		edits_cancel(lsp->app.edits, lsp->edits->id);
		edit_end(lsp->edits);
	}
}

void lsp_write_text_edit(struct json_writer *w, const struct edit_change *change)
{
	json_begin_object(w, NULL);
	json_put_key(w, "range");
	lsp_write_range(w, change->range);
	json_put_kstringn(w, "newText", change->text, change->len);
	json_end_object(w);
}

void lsp_write_workspace_edit(struct json_writer *w, const struct edit_proposal *proposal)
{
	json_begin_object(w, NULL);
	json_begin_array(w, "documentChanges");
	json_begin_object(w, NULL);
	json_begin_object(w, "textDocument");
	json_put_kstring(w, "uri", proposal->uri);
	json_put_key(w, "version");
	if (proposal->version == DOC_NO_VERSION)
		json_put_null(w);
	else
		json_put_int(w, proposal->version);
	json_end_object(w);
	json_begin_array(w, "edits");
	for (size_t i = 0; i < proposal->count; i++)
		lsp_write_text_edit(w, &proposal->changes[i]);
	json_end_array(w);
	json_end_object(w);
	json_end_array(w);
	json_end_object(w);
}

static void on_delta(void *ctx, const char *text, size_t len)
{
	struct lsp_edit *e = ctx;

	strbuf_add(&e->text, text, len);
	lsp_progress_add(e->progress, false, text, len);
}

static void on_done(void *ctx, const struct edit_proposal *proposal, const struct err *err)
{
	struct lsp_edit *e = ctx;
	struct lsp *lsp = e->lsp;
	struct json_writer w;
	struct strbuf result;

	lsp_progress_finish(e->progress);
	lsp_note_outcome(lsp, err && err->kind != ERR_CONTENT_MODIFIED ? err : NULL);
	if (!err) {
		strbuf_init(&result, LIMIT_OUT_QUEUE);
		json_writer_init(&w, &result);
		json_begin_object(&w, NULL);
		json_put_key(&w, "edit");
		lsp_write_workspace_edit(&w, proposal);
		json_put_kstringn(&w, "text", proposal->text, proposal->text_len);
		if (proposal->retrieved->count)
			lsp_write_snippets(&w, proposal->retrieved);
		json_put_key(&w, "budget");
		budget_write(lsp->app.budget, proposal->endpoint, &w);
		json_end_object(&w);
		json_writer_end(&w);
		rpc_answer(lsp->rpc, e->ticket, &result);
	} else {
		/* Where the range itself is as it was, the client can still use it. */
		bool complete = err->kind == ERR_CONTENT_MODIFIED;

		rpc_answer_error(lsp->rpc, e->ticket, err, complete ? e->text.data : NULL, complete ? e->text.len : 0);
	}
	edit_end(e);
}

static void on_cancel(void *ctx, uint64_t ticket)
{
	struct lsp_edit *e = ctx;
	struct lsp *lsp = e->lsp;
	struct err err;

	edits_cancel(lsp->app.edits, e->id);
	lsp_progress_finish(e->progress);
	err_set(&err, ERR_CANCELLED, "cancelled by the client; data.text holds the partial answer");
	rpc_answer_error(lsp->rpc, ticket, &err, e->text.data, e->text.len);
	edit_end(e);
	lsp_update_status(lsp);
}

struct rpc_result *lsp_edit_propose(void *ctx, struct rpc_request *request, const struct json *params)
{
	struct lsp *lsp = ctx;
	struct edit_params p = { .document = { NULL } };
	struct edit_callbacks callbacks = { .delta = on_delta, .done = on_done };
	struct edit_request wanted;
	struct lsp_edit *e;
	struct err err;

	lsp_refresh(lsp);
	if (!decode(params, edit_fields, "params", &p, &err))
		return rpc_fail(request, &err);
	wanted = (struct edit_request){
		.uri = p.document.uri, .instruction = p.instruction, .endpoint = p.endpoint, .model = p.model
	};
	if (!lsp_decode_range(p.range, "params.range", &wanted.range, &err))
		return rpc_fail(request, &err);
	e = xcalloc(1, sizeof(*e));
	e->lsp = lsp;
	e->ticket = rpc_ticket(request);
	strbuf_init(&e->text, LIMIT_ANSWER);
	callbacks.ctx = e;
	e->id = edits_start(lsp->app.edits, &wanted, &callbacks, &err);
	if (!e->id) {
		edit_release(e);
		lsp_explain(lsp, &err);
		return rpc_fail(request, &err);
	}
	e->progress = lsp_progress_new(lsp, p.token);
	e->next = lsp->edits;
	lsp->edits = e;
	lsp_update_status(lsp);
	return rpc_pending(request, on_cancel, e);
}
