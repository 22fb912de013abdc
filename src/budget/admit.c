/*
 * The decision, and the sentence that goes with a no. It looks at a snapshot and changes nothing; who is admitted while
 * a block asks for a probe is that probe, which the caller writes down.
 */
#include "eke/budget/admit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/budget/format_time.h"

bool admit_block_concerns(const struct snapshot *s, const struct block *block, const char *model)
{
	/* Where nothing is counted, the machine's blocks are those of another kind of key. */
	if (block->machine && !plan_is_counted(s->plan))
		return false;
	return !block->model[0] || !strncmp(block->model, model, sizeof(block->model) - 1);
}

/* The order of severity; of two that hold the longer one counts. */
static int severity(enum block_verdict verdict)
{
	switch (verdict) {
	case BLOCK_OVER:
		return 0;
	case BLOCK_PROBE:
		return 1;
	case BLOCK_UNSURE:
		return 2;
	case BLOCK_PROBING:
		return 3;
	case BLOCK_HOLDS:
		return 4;
	}
	return 0;
}

enum block_verdict admit_judge_blocks(const struct snapshot *s, const char *model, enum budget_use use,
				      const struct block **block)
{
	enum block_verdict worst = BLOCK_OVER;

	*block = NULL;
	for (size_t i = 0; i < s->block_count; i++) {
		const struct block *b = &s->blocks[i];
		enum block_verdict verdict;

		if (!admit_block_concerns(s, b, model))
			continue;
		verdict = block_judge(b, use, s->now);
		if (severity(verdict) < severity(worst) || verdict == BLOCK_OVER ||
		    (verdict == worst && *block && (*block)->until >= b->until))
			continue;
		worst = verdict;
		*block = b;
	}
	return worst;
}

static int64_t seconds_up(int64_t ms)
{
	return ms / 1000 + (ms % 1000 > 0);
}

/* Sets err for a block that says no. */
static bool deny_by_block(const struct snapshot *s, const struct block *block, enum block_verdict verdict,
			  struct err *err)
{
	const char *message = block->message[0] ? block->message : "The provider refused for its limits.";
	int64_t now = s->now / 1000;
	int64_t at = block->until;
	char when[96];

	if (verdict == BLOCK_PROBING)
		at = block->probe_until;
	format_time_when(seconds_up(at), now, when, sizeof(when));
	if (verdict == BLOCK_HOLDS)
		err_set(err, ERR_BUDGET, "%.380s No request goes out until then: %s.", message, when);
	else if (verdict == BLOCK_PROBING)
		err_set(err, ERR_BUDGET, "%.380s One request is finding out whether it takes requests again: wait for it.",
			message);
	else
		err_set(err, ERR_BUDGET,
			"%.380s A request made by hand finds out whether it takes requests again; completions wait for it.",
			message);
	err->retry_at = seconds_up(at);
	snprintf(err->blocked_scope, sizeof(err->blocked_scope), "%s", block->machine ? "machine" : "key");
	return false;
}

static void deny_by_window(const struct snapshot *s, size_t index, const struct window_state *state, int64_t retry_at,
			   struct err *err)
{
	const struct effective_window *w = &s->windows.windows[index];
	char limit[64];
	char when[96];

	format_limit(w->window.limit, w->window.period, limit, sizeof(limit));
	format_time_when(retry_at, s->now / 1000, when, sizeof(when));
	if (state->remaining)
		err_set(err, ERR_BUDGET, "the last %lld of %s are kept for chat and manual completions",
			(long long)state->remaining, limit);
	else if (w->learned)
		err_set(err, ERR_BUDGET, "the provider allows %s and all are used; the next may go %s", limit, when);
	else
		err_set(err, ERR_BUDGET, "the plan %s allows %s and all are used; the next may go %s", s->plan->name, limit,
			when);
	err->retry_at = retry_at;
	snprintf(err->blocked_scope, sizeof(err->blocked_scope), "%s",
		 w->window.scope == PLAN_SCOPE_KEY ? "key" : "machine");
}

static bool window_admits(const struct snapshot *s, size_t index, const struct admit_request *r, struct err *err)
{
	const struct plan_window *w = &s->windows.windows[index].window;
	int64_t kept = r->use == BUDGET_AUTOMATIC ? window_reserved(w->limit, r->reserve) : 0;
	struct window_state state;
	struct window_facts facts;
	int64_t retry_at;
	int64_t *times;

	if (!window_counts_model(w, r->model))
		return true;
	times = snapshot_facts(s, index, &facts);
	window_evaluate(&facts, &state);
	retry_at = window_retry_at(&facts, kept);
	free(times);
	if (state.remaining > kept)
		return true;
	/* All of it is kept: then when there is more for those it is kept for. */
	if (retry_at == INT64_MAX)
		retry_at = state.reset_at;
	/* Of several windows that say no, the one that says it for longest is told. */
	if (err->kind != ERR_BUDGET || retry_at > err->retry_at)
		deny_by_window(s, index, &state, retry_at, err);
	return false;
}

bool admit(const struct snapshot *s, const struct admit_request *r, struct err *err)
{
	const struct block *block;
	enum block_verdict verdict = admit_judge_blocks(s, r->model, r->use, &block);
	struct err reason = ERR_INIT;
	bool admitted = true;

	if (block && verdict != BLOCK_PROBE) {
		admitted = deny_by_block(s, block, verdict, &reason);
	} else {
		for (size_t i = 0; i < s->windows.count; i++)
			admitted = window_admits(s, i, r, &reason) && admitted;
	}
	if (admitted)
		return true;
	snprintf(reason.endpoint, sizeof(reason.endpoint), "%s", r->endpoint);
	*err = reason;
	return false;
}
