/*
 * $/progress for streamed answers: { token, value: { kind: "delta", text?, reasoning? } }. What is added in one
 * turn of the loop becomes one notification (rpc/stream.h).
 */
#include "lsp_private.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/json_writer.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"

struct lsp_progress {
	struct lsp *lsp;
	struct rpc_stream *stream;
	char *token; /* raw JSON, owned */
};

static void emit(void *ctx, const char *text, size_t text_len, const char *reasoning, size_t reasoning_len)
{
	struct lsp_progress *progress = ctx;
	struct rpc *rpc = progress->lsp->rpc;
	struct json_writer *w = rpc_notify_begin(rpc, "$/progress");

	json_begin_object(w, NULL);
	json_put_key(w, "token");
	json_put_raw(w, progress->token, strlen(progress->token));
	json_begin_object(w, "value");
	json_put_kstring(w, "kind", "delta");
	if (text_len) {
		json_put_kstringn(w, "text", text, text_len);
	}
	if (reasoning_len) {
		json_put_kstringn(w, "reasoning", reasoning, reasoning_len);
	}
	json_end_object(w);
	json_end_object(w);
	rpc_notify_end(rpc);
}

struct lsp_progress *lsp_progress_new(struct lsp *lsp, const struct json *token)
{
	struct lsp_progress *progress;
	struct json_writer w;
	struct strbuf text;

	if (!json_is_string(token) && !json_is_number(token))
		return NULL;
	progress = xcalloc(1, sizeof(*progress));
	strbuf_init(&text, KIB(8));
	json_writer_init(&w, &text);
	json_put_tree(&w, token);
	progress->lsp = lsp;
	progress->token = strbuf_detach(&text, NULL);
	progress->stream = rpc_stream_new(lsp->rpc, LIMIT_ANSWER, emit, progress);
	return progress;
}

void lsp_progress_add(struct lsp_progress *progress, bool reasoning, const char *text, size_t len)
{
	if (progress)
		rpc_stream_add(progress->stream, reasoning, text, len);
}

void lsp_progress_finish(struct lsp_progress *progress)
{
	if (progress)
		rpc_stream_finish(progress->stream);
}

void lsp_progress_free(struct lsp_progress *progress)
{
	if (!progress)
		return;
	rpc_stream_free(progress->stream);
	free(progress->token);
	free(progress);
}
