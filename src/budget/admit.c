/*
 * The decision, and the sentence that goes with a no. It looks at a snapshot and changes nothing; who is admitted while
 * a cooldown asks for a probe is that probe, which the caller writes down.
 */
#include "eke/budget/admit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/budget/format_time.h"

bool admit_cooldown_concerns(const struct snapshot *s, const struct cooldown *cooldown, const char *model)
{
	/* Where nothing is counted, the machine's cooldowns are those of another kind of key. */
	if (cooldown->machine && !plan_is_counted(s->plan))
		return false;
	return !cooldown->model[0] || !strncmp(cooldown->model, model, sizeof(cooldown->model) - 1);
}

/* The order of severity; of two that hold the longer one counts. */
static int severity(enum cooldown_verdict verdict)
{
	switch (verdict) {
	case COOLDOWN_OVER:
		return 0;
	case COOLDOWN_PROBE:
		return 1;
	case COOLDOWN_UNSURE:
		return 2;
	case COOLDOWN_PROBING:
		return 3;
	case COOLDOWN_HOLDS:
		return 4;
	}
	return 0;
}

enum cooldown_verdict admit_judge_cooldowns(const struct snapshot *s, const char *model, enum budget_use use,
					    const struct cooldown **cooldown)
{
	enum cooldown_verdict worst = COOLDOWN_OVER;

	*cooldown = NULL;
	for (size_t i = 0; i < s->cooldown_count; i++) {
		const struct cooldown *b = &s->cooldowns[i];
		enum cooldown_verdict verdict;

		if (!admit_cooldown_concerns(s, b, model))
			continue;
		verdict = cooldown_judge(b, use, s->now);
		if (severity(verdict) < severity(worst) || verdict == COOLDOWN_OVER ||
		    (verdict == worst && *cooldown && (*cooldown)->until >= b->until))
			continue;
		worst = verdict;
		*cooldown = b;
	}
	return worst;
}

static int64_t seconds_up(int64_t ms)
{
	return ms / 1000 + (ms % 1000 > 0);
}

/* Sets err for a cooldown that says no. */
static bool deny_by_cooldown(const struct snapshot *s, const struct cooldown *cooldown, enum cooldown_verdict verdict,
			     struct err *err)
{
	const char *message = cooldown->message[0] ? cooldown->message : "The provider refused for its limits.";
	int64_t now = s->now / 1000;
	int64_t at = cooldown->until;
	char when[96];

	if (verdict == COOLDOWN_PROBING)
		at = cooldown->probe_until;
	format_time_when(seconds_up(at), now, when, sizeof(when));
	if (verdict == COOLDOWN_HOLDS)
		err_set(err, ERR_BUDGET, "%.380s No request goes out until then: %s.", message, when);
	else if (verdict == COOLDOWN_PROBING)
		err_set(err, ERR_BUDGET, "%.380s One request is finding out whether it takes requests again: wait for it.",
			message);
	else
		err_set(err, ERR_BUDGET,
			"%.380s A request made by hand finds out whether it takes requests again; completions wait for it.",
			message);
	err->retry_at = seconds_up(at);
	snprintf(err->blocked_scope, sizeof(err->blocked_scope), "%s", cooldown->machine ? "machine" : "key");
	return false;
}

static void deny_by_window(const struct snapshot *s, size_t index, const struct limit_window_state *state,
			   int64_t retry_at, struct err *err)
{
	const struct effective_window *w = &s->windows.windows[index];
	char limit[64];
	char when[96];

	format_limit(w->window.limit, w->window.period, limit, sizeof(limit));
	format_time_when(retry_at, s->now / 1000, when, sizeof(when));
	if (s->partitioned)
		err_set(err, ERR_BUDGET,
			"the shared ledger does not answer, so what is left of %s counts as used by the other "
			"machines; it is asked "
			"again %s",
			limit, when);
	else if (state->remaining)
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
	int64_t kept = r->use == BUDGET_AUTOMATIC ? limit_window_reserved(w->limit, r->reserve) : 0;
	struct limit_window_state state;
	struct limit_window_facts facts;
	int64_t retry_at;
	int64_t *times;

	if (!limit_window_counts_model(w, r->model))
		return true;
	times = snapshot_facts(s, index, &facts);
	limit_window_evaluate(&facts, &state);
	retry_at = limit_window_retry_at(&facts, kept);
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
	const struct cooldown *cooldown;
	enum cooldown_verdict verdict = admit_judge_cooldowns(s, r->model, r->use, &cooldown);
	struct err reason = ERR_INIT;
	bool admitted = true;

	if (cooldown && verdict != COOLDOWN_PROBE) {
		admitted = deny_by_cooldown(s, cooldown, verdict, &reason);
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
