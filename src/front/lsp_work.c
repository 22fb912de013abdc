/*
 * $/progress with LSP's own values. A struct lsp_work lives from its start to its end; while the client has not yet
 * taken the token nothing is told, and what is over before that is never told at all.
 */
#include "lsp_work.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/rpc/outgoing.h"

#define REPORT_EVERY_MS 500

enum work_state {
	WORK_ASKED, /* the client, for a token */
	WORK_SHOWN,
	WORK_HIDDEN, /* the client wants none */
};

struct lsp_work {
	struct lsp *lsp;
	enum work_state state;
	char *token; /* raw JSON */
	char *title;
	uint64_t asking; /* 0: not */
	int64_t reported_ms;
	void (*cancel)(void *ctx);
	void *ctx;
	struct lsp_work *next;
};

static void work_release(void *p)
{
	struct lsp_work *work = p;

	free(work->token);
	free(work->title);
	free(work);
}

static struct json_writer *begin_value(struct lsp_work *work, const char *kind)
{
	struct json_writer *w = rpc_notify_begin(work->lsp->rpc, "$/progress");

	json_begin_object(w, NULL);
	json_put_key(w, "token");
	json_put_raw(w, work->token, strlen(work->token));
	json_begin_object(w, "value");
	json_put_kstring(w, "kind", kind);
	return w;
}

static void end_value(struct lsp_work *work, struct json_writer *w)
{
	json_end_object(w);
	json_end_object(w);
	rpc_notify_end(work->lsp->rpc);
}

static void show(struct lsp_work *work)
{
	struct json_writer *w = begin_value(work, "begin");

	json_put_kstring(w, "title", work->title);
	json_put_kbool(w, "cancellable", true);
	end_value(work, w);
	work->state = WORK_SHOWN;
}

static void on_created(void *ctx, const struct json *result, const struct err *err)
{
	struct lsp_work *work = ctx;

	(void)result;
	work->asking = 0;
	if (!err) {
		show(work);
		return;
	}
	log_info("the client shows no progress: %s", err->message);
	work->state = WORK_HIDDEN;
}

static void ask_for_token(struct lsp_work *work)
{
	struct json_writer *w = rpc_call_begin(work->lsp->rpc, "window/workDoneProgress/create");

	json_begin_object(w, NULL);
	json_put_key(w, "token");
	json_put_raw(w, work->token, strlen(work->token));
	json_end_object(w);
	work->asking = rpc_call_end(work->lsp->rpc, on_created, work);
	work->state = work->asking ? WORK_ASKED : WORK_HIDDEN;
}

/* NULL if it is no token. */
static char *raw_token(const struct json *token)
{
	struct json_writer w;
	struct strbuf text;

	if (!json_is_string(token) && !json_is_number(token))
		return NULL;
	strbuf_init(&text, KIB(8));
	json_writer_init(&w, &text);
	json_put_tree(&w, token);
	return strbuf_detach(&text, NULL);
}

struct lsp_work *lsp_work_new(
	struct lsp *lsp, const struct json *client_token, const char *title, void (*cancel)(void *ctx), void *ctx)
{
	char *token = raw_token(client_token);
	struct lsp_work *work;

	if (!token && !lsp->client.work_done)
		return NULL;
	work = xcalloc(1, sizeof(*work));
	*work = (struct lsp_work){
		.lsp = lsp, .token = token, .title = xstrdup(title), .cancel = cancel, .ctx = ctx, .next = lsp->works
	};
	lsp->works = work;
	if (token) {
		show(work);
	} else {
		work->token = xasprintf("\"eke-%llu\"", (unsigned long long)++lsp->last_work);
		ask_for_token(work);
	}
	return work;
}

void lsp_work_report(struct lsp_work *work, const char *message)
{
	int64_t now = clock_mono_ms();
	struct json_writer *w;

	if (!work || work->state != WORK_SHOWN || (work->reported_ms && now - work->reported_ms < REPORT_EVERY_MS))
		return;
	work->reported_ms = now;
	w = begin_value(work, "report");
	json_put_kstring(w, "message", message);
	end_value(work, w);
}

void lsp_work_end(struct lsp_work *work)
{
	struct lsp_work **at;

	if (!work)
		return;
	for (at = &work->lsp->works; *at != work; at = &(*at)->next)
		continue;
	*at = work->next;
	if (work->state == WORK_SHOWN)
		end_value(work, begin_value(work, "end"));
	rpc_call_cancel(work->lsp->rpc, work->asking);
	loop_defer_free(work->lsp->app.loop, work, work_release);
}

void lsp_cancel_work(void *ctx, const struct json *params)
{
	struct lsp *lsp = ctx;
	char *token = raw_token(json_get(params, "token"));
	struct lsp_work *work = lsp->works;

	while (work && (!token || strcmp(work->token, token) != 0))
		work = work->next;
	free(token);
	if (work)
		work->cancel(work->ctx);
}
