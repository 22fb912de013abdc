/*
 * What all streamed chats have in common: the deltas as $/progress, the question whether another endpoint may be used,
 * and cancellation, which answers with what had come. A turn lives from its request to its answer.
 */
#include "lsp_turn.h"

#include <stdlib.h>

#include "eke/base/list.h"
#include "eke/base/mem.h"
#include "eke/chat/history_json.h"
#include "eke/chat/notice.h"
#include "eke/rpc/outgoing.h"

static void turn_release(void *p)
{
	struct lsp_turn *turn = p;

	lsp_progress_free(turn->progress);
	strbuf_release(&turn->text);
	free(turn);
}

struct lsp_turn *lsp_turn_new(
	struct lsp *lsp, const struct rpc_request *request, const struct json *token, const struct lsp_turn_kind *kind)
{
	struct lsp_turn *turn = xcalloc(1, sizeof(*turn));

	turn->lsp = lsp;
	turn->kind = kind;
	turn->ticket = rpc_ticket(request);
	strbuf_init(&turn->text, LIMIT_ANSWER);
	turn->progress = lsp_progress_new(lsp, token);
	return turn;
}

static void turn_end(struct lsp_turn *turn)
{
	list_unlink(turn->lsp->turns, turn);
	rpc_call_cancel(turn->lsp->rpc, turn->asking);
	loop_defer_free(turn->lsp->app.loop, turn, turn_release);
}

static void on_cancel(void *ctx, uint64_t ticket)
{
	struct lsp_turn *turn = ctx;
	struct lsp *lsp = turn->lsp;
	struct err err;

	turn->kind->cancel(lsp, turn->id);
	lsp_progress_finish(turn->progress);
	err_set(&err, ERR_CANCELLED, "cancelled by the client; data.text holds the partial answer");
	rpc_answer_error(lsp->rpc, ticket, &err, turn->text.data, turn->text.len);
	turn_end(turn);
	lsp_update_status(lsp);
}

struct rpc_result *lsp_turn_start(struct lsp_turn *turn, struct rpc_request *request, uint64_t id, struct err *err)
{
	struct lsp *lsp = turn->lsp;

	if (!id) {
		turn_release(turn);
		lsp_explain(lsp, err);
		return rpc_fail(request, err);
	}
	turn->id = id;
	turn->next = lsp->turns;
	lsp->turns = turn;
	lsp_update_status(lsp);
	return rpc_pending(request, on_cancel, turn);
}

void lsp_turns_free(struct lsp *lsp)
{
	while (lsp->turns) {
		lsp->turns->kind->cancel(lsp, lsp->turns->id);
		turn_end(lsp->turns);
	}
}

void lsp_turn_on_delta(void *ctx, bool reasoning, const char *text, size_t len)
{
	struct lsp_turn *turn = ctx;

	if (!reasoning)
		strbuf_add(&turn->text, text, len);
	lsp_progress_add(turn->progress, reasoning, text, len);
}

void lsp_turn_finish(struct lsp_turn *turn, const struct err *trouble)
{
	lsp_progress_finish(turn->progress);
	/* Before the answer: who has that can rely on the status. */
	lsp_note_outcome(turn->lsp, trouble);
}

void lsp_turn_answer(struct lsp_turn *turn, struct strbuf *result)
{
	struct lsp *lsp = turn->lsp;

	rpc_answer(lsp->rpc, turn->ticket, result);
	turn_end(turn);
}

void lsp_turn_fail(struct lsp_turn *turn, const struct err *err)
{
	struct lsp *lsp = turn->lsp;
	struct err told = *err;

	lsp_explain(lsp, &told);
	rpc_answer_error(lsp->rpc, turn->ticket, &told, NULL, 0);
	turn_end(turn);
}

/* --- may the next endpoint be used? --- */

static void on_consent(void *ctx, const struct json *result, const struct err *err)
{
	struct lsp_turn *turn = ctx;

	turn->asking = 0;
	turn->kind->go_on(turn->lsp, turn->id, lsp_is_consent(result, err));
}

void lsp_turn_on_ask(void *ctx, const struct config_endpoint *other, const struct err *err)
{
	struct lsp_turn *turn = ctx;

	turn->asking = lsp_ask_consent(turn->lsp, other, err, on_consent, turn);
	if (!turn->asking)
		turn->kind->go_on(turn->lsp, turn->id, false);
}

/* --- what answers have in common --- */

static void write_usage(struct json_writer *w, const struct chat_answer *answer)
{
	json_begin_object(w, "usage");
	json_put_kint(w, "promptTokens", answer->usage.prompt_tokens);
	json_put_kint(w, "completionTokens", answer->usage.completion_tokens);
	json_put_kint(w, "totalTokens", answer->usage.total_tokens);
	json_put_kbool(w, "estimated", answer->usage_estimated);
	json_end_object(w);
}

void lsp_write_answer(struct lsp *lsp, const struct chat_answer *answer, const char *const *trimmed, size_t count,
	struct json_writer *w)
{
	const struct call_answer *a = answer->answer;

	if (a->reasoning_len) {
		json_put_kstringn(w, "reasoning", a->reasoning, a->reasoning_len);
	}
	json_put_kstring(w, "finishReason", history_finish_name(a->finish));
	notice_write(a, w);
	if (count) {
		json_begin_array(w, "trimmed");
		for (size_t i = 0; i < count; i++)
			json_put_string(w, trimmed[i]);
		json_end_array(w);
	}
	write_usage(w, answer);
	json_put_kstring(w, "model", a->model);
	json_put_kstring(w, "endpoint", answer->endpoint);
	json_put_key(w, "budget");
	budget_write(lsp->app.budget, answer->endpoint_config, w);
}
