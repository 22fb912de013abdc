/*
 * What is left, for decisions, for the protocol and for people. What was read of the ledger is kept as a view, which
 * holds as long as the ledger's version stays: a status that is asked for at every keystroke reads once.
 */
#include "eke/budget/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/rfc3339.h"
#include "eke/budget/admit.h"
#include "eke/budget/format_time.h"
#include "budget_private.h"
#include "watch.h"

/* A wall clock that moved by more against the one of the machine's start was set. */
#define CLOCK_TOLERANCE_MS 1000

/* When a ledger that was locked is looked at again. */
#define BUSY_MS 10

/* --- views --- */

static void view_drop(struct view *view)
{
	snapshot_release(&view->snapshot);
	memset(view, 0, sizeof(*view));
}

void budget_drop_views(struct budget *budget)
{
	for (size_t i = 0; i < VIEWS; i++)
		view_drop(&budget->views[i]);
}

/* The account's view, or the one to be used for it. */
static struct view *find_view(struct budget *budget, const char *endpoint, const struct account *account)
{
	struct view *oldest = &budget->views[0];

	for (size_t i = 0; i < VIEWS; i++) {
		struct view *v = &budget->views[i];

		if (v->used && !strcmp(v->endpoint, endpoint) && account_same(&v->account, account))
			return v;
		if (v->used_at < oldest->used_at)
			oldest = v;
	}
	view_drop(oldest);
	oldest->account = *account;
	snprintf(oldest->endpoint, sizeof(oldest->endpoint), "%s", endpoint);
	return oldest;
}

/* Reads the view anew. False: not now; it stays as it was, at first an empty ledger. */
static bool read_view(struct budget *budget, struct view *view, const struct plan *plan, bool key_known)
{
	/* Before reading: what is written meanwhile must show. */
	int64_t version = ledger_version(budget->ledger);
	struct snapshot fresh = { .plan = plan };
	struct key_hash key_hash = { .bytes = { 0 } };

	if (!view->used) {
		snapshot_clear(&view->snapshot, plan, clock_wall_ms());
		view->used = true;
	}
	if (ledger_begin(budget->ledger, STORE_READ) != STORE_OK)
		return false;
	if (key_known)
		ledger_key_hash(budget->ledger, &view->account.key, &key_hash);
	else
		ledger_rows_noted_key(budget->ledger, view->endpoint, &key_hash);
	snapshot_read(&fresh, budget->ledger, &view->account, &key_hash, plan);
	if (ledger_commit(budget->ledger) != STORE_OK) {
		snapshot_release(&fresh);
		return false;
	}
	snapshot_release(&view->snapshot);
	view->snapshot = fresh;
	view->clock_offset = clock_wall_ms() - clock_boot_ms();
	view->version = version;
	return true;
}

static int64_t distance(int64_t a, int64_t b)
{
	return a < b ? b - a : a - b;
}

/* What the ledger says about an endpoint now; borrowed until the next call. `key` NULL: the one noted last. */
static const struct snapshot *look_up(struct budget *budget, const struct config_endpoint *endpoint, const char *key)
{
	const struct key_digest *noted = budget_noted_key(budget, endpoint->name);
	bool key_known = key || noted || endpoint->key.source == KEY_NONE;
	char name[sizeof(budget->views[0].endpoint)];
	struct account account;
	struct view *view;
	int64_t version;

	if (budget->remote && plan_is_counted(endpoint->plan))
		remote_look(budget->remote);
	account_make(endpoint, key, &account);
	if (!key && noted)
		account.key = *noted;
	snprintf(name, sizeof(name), "%s", endpoint->name);
	view = find_view(budget, name, &account);
	view->used_at = ++budget->looks;
	/* Nothing is counted, and there is no file that could hold a cooldown: nothing is opened. */
	if (!plan_is_counted(endpoint->plan) && !ledger_exists(budget->ledger)) {
		view->used = true;
		snapshot_clear(&view->snapshot, endpoint->plan, clock_wall_ms());
		return &view->snapshot;
	}
	version = view->used ? ledger_version(budget->ledger) : 0;
	if (version)
		snapshot_look_at(&view->snapshot, endpoint->plan, clock_wall_ms());
	if ((!version || version != view->version || !snapshot_covers(&view->snapshot) ||
	     distance(view->clock_offset, clock_wall_ms() - clock_boot_ms()) > CLOCK_TOLERANCE_MS) &&
	    !read_view(budget, view, endpoint->plan, key_known))
		budget_note_change_at(budget, clock_wall_ms() + BUSY_MS);
	/* Also where it was moved. */
	snapshot_look_at(&view->snapshot, endpoint->plan, clock_wall_ms());
	budget_watch(budget, false);
	return &view->snapshot;
}

int64_t budget_version(struct budget *budget)
{
	return ledger_version(budget->ledger);
}

/* --- for decisions --- */

static int64_t seconds_up(int64_t ms)
{
	return ms / 1000 + (ms % 1000 > 0);
}

static void describe_doubt(const struct budget *budget, const struct snapshot *s, char *out, size_t size)
{
	int64_t end = 0;
	char at[48];

	if ((s->local_only_since || s->partitioned) && s->windows.count && budget->remote) {
		snprintf(out, size, "The shared ledger at %s does not answer; until it does, %s.",
			 remote_shown(budget->remote),
			 s->partitioned ? "what is left counts as used by the other machines"
					: "half of each window counts as used");
		return;
	}
	for (size_t i = 0; i < s->windows.count; i++) {
		struct limit_window_facts facts;
		int64_t *times = snapshot_facts(s, i, &facts);
		int64_t here = limit_window_doubt_ends(&facts);

		if (limit_window_assumed(&facts) && here > end)
			end = here;
		free(times);
	}
	if (!end)
		return;
	format_time_at(seconds_up(end), s->now / 1000, at, sizeof(at));
	snprintf(out, size,
		 "What was counted before is not known here, so half of each window counts as used until one period is over "
		 "(%s).",
		 at);
}

/* The pace of all windows together is that of the slowest. */
static void add_pace(const struct limit_window_facts *facts, int64_t reserved, struct pace *pace)
{
	struct pace one;

	pace_evaluate(&(struct pace_input){ .limit = facts->window->limit - limit_window_assumed(facts),
					    .reserved = reserved,
					    .period_ms = facts->window->period * 1000,
					    .kind = facts->window->kind,
					    .reset_at_ms = facts->span.to,
					    .times_ms = facts->times,
					    .count = facts->count,
					    .now_ms = facts->now },
		      &one);
	if (one.tokens < pace->tokens)
		pace->tokens = one.tokens;
	if (one.next_at_ms > pace->next_at_ms)
		pace->next_at_ms = one.next_at_ms;
	if (one.level < pace->level)
		pace->level = one.level;
}

static enum budget_state worse(enum budget_state state, const struct limit_window_state *window)
{
	if (!window->remaining)
		return BUDGET_EXHAUSTED;
	if (window->remaining * 5 <= window->limit && state == BUDGET_OK)
		return BUDGET_LOW;
	return state;
}

void budget_look(struct budget *budget, const struct budget_request *request, struct budget_view *out)
{
	const struct snapshot *s = look_up(budget, request->endpoint, request->key);
	const struct cooldown *cooldown;
	enum cooldown_verdict verdict = admit_judge_cooldowns(s, request->model, request->use, &cooldown);

	*out = (struct budget_view){ .counted = plan_is_counted(s->plan) };
	out->state = out->counted ? BUDGET_OK : BUDGET_UNLIMITED;
	pace_unlimited(s->now, &out->pace);
	describe_doubt(budget, s, out->reason, sizeof(out->reason));
	for (size_t i = 0; i < s->windows.count; i++) {
		const struct plan_window *w = &s->windows.windows[i].window;
		int64_t reserved = limit_window_reserved(w->limit, request->reserve);
		struct limit_window_state state;
		struct limit_window_facts facts;
		int64_t *times;

		if (!limit_window_counts_model(w, request->model))
			continue;
		times = snapshot_facts(s, i, &facts);
		limit_window_evaluate(&facts, &state);
		add_pace(&facts, reserved, &out->pace);
		free(times);
		out->state = worse(out->state, &state);
		if (!out->period || state.remaining - reserved < out->automatic)
			out->automatic = state.remaining > reserved ? state.remaining - reserved : 0;
		if (!out->period || state.remaining < out->window.remaining) {
			out->window = state;
			out->period = w->period;
		}
	}
	if (!cooldown || verdict == COOLDOWN_PROBE)
		return;
	out->state = BUDGET_BLOCKED;
	out->blocked_until = seconds_up(verdict == COOLDOWN_PROBING ? cooldown->probe_until : cooldown->until);
	snprintf(out->reason, sizeof(out->reason), "%s", cooldown->message);
}

/* --- of an endpoint as a whole --- */

/*
 * Does the window speak for the plan as a whole? One that counts a class of models only does not, unless there
 * is no other.
 */
static bool is_general(const struct snapshot *s, const struct plan_window *window)
{
	bool any = false;

	for (size_t i = 0; i < s->windows.count; i++)
		any = any || !strcmp(s->windows.windows[i].window.models[0], "*");
	return !any || !strcmp(window->models[0], "*");
}

/* A cooldown of all models first; of those of one model the longest. */
static const struct cooldown *worst_cooldown(const struct snapshot *s, enum cooldown_verdict *verdict)
{
	const struct cooldown *worst = NULL;

	*verdict = COOLDOWN_OVER;
	for (size_t i = 0; i < s->cooldown_count; i++) {
		const struct cooldown *b = &s->cooldowns[i];
		enum cooldown_verdict v = cooldown_judge(b, BUDGET_AUTOMATIC, s->now);

		if (v == COOLDOWN_OVER || (b->machine && !plan_is_counted(s->plan)))
			continue;
		if (worst && !(worst->model[0] && !b->model[0]) &&
		    (worst->model[0] != b->model[0] || worst->until >= b->until))
			continue;
		worst = b;
		*verdict = v;
	}
	return worst;
}

static void report_cooldown(const struct snapshot *s, struct budget_report *out)
{
	enum cooldown_verdict verdict;
	const struct cooldown *b = worst_cooldown(s, &verdict);

	if (!b)
		return;
	snprintf(out->blocked_model, sizeof(out->blocked_model), "%s", b->model);
	if (verdict != COOLDOWN_HOLDS) {
		/* Chat goes on: nothing is blocked but what would find out by itself. */
		out->waits_for_hand = true;
		snprintf(out->reason, sizeof(out->reason),
			 "%.300s%sIts time is up; completions wait for a request made by hand, which finds out.", b->message,
			 b->message[0] ? " " : "");
		return;
	}
	out->blocked_until = seconds_up(b->until);
	if (!b->model[0])
		out->state = BUDGET_BLOCKED;
	snprintf(out->reason, sizeof(out->reason), "%s%s%.300s", b->model, b->model[0] ? ": " : "", b->message);
}

/* When the words of the report are no longer true though nobody asked anything; 0: they stay. */
static int64_t stale_at(const struct snapshot *s, const struct budget_report *r)
{
	int64_t at = r->blocked_until;

	for (size_t i = 0; r->state == BUDGET_EXHAUSTED && i < s->windows.count; i++) {
		struct limit_window_facts facts;
		int64_t *times;
		int64_t here;

		if (!is_general(s, &s->windows.windows[i].window))
			continue;
		times = snapshot_facts(s, i, &facts);
		here = limit_window_retry_at(&facts, 0);
		free(times);
		if (here * 1000 > s->now && here > at)
			at = here;
	}
	return at;
}

void budget_report(struct budget *budget, const struct config_endpoint *endpoint, struct budget_report *out)
{
	const struct snapshot *s = look_up(budget, endpoint, NULL);

	*out = (struct budget_report){ .state = plan_is_counted(s->plan) ? BUDGET_OK : BUDGET_UNLIMITED };
	describe_doubt(budget, s, out->reason, sizeof(out->reason));
	for (size_t i = 0; i < s->windows.count; i++) {
		struct budget_report_window *w = &out->windows[out->count++];
		struct limit_window_facts facts;
		int64_t *times = snapshot_facts(s, i, &facts);

		w->scope = facts.window->scope;
		w->models = facts.window->models;
		w->period = facts.window->period;
		w->resets_at_once = limit_window_resets_at_once(facts.window->kind);
		w->learned = s->windows.windows[i].learned;
		limit_window_evaluate(&facts, &w->state);
		w->more_at = limit_window_retry_at(&facts, 0);
		w->general = is_general(s, facts.window);
		free(times);
		if (w->general)
			out->state = worse(out->state, &w->state);
	}
	report_cooldown(s, out);
	budget_note_change_at(budget, stale_at(s, out) * 1000);
}

static void write_window(const struct budget_report_window *window, struct json_writer *w)
{
	char reset[24];

	json_begin_object(w, NULL);
	json_put_kstring(w, "scope", window->scope == PLAN_SCOPE_KEY ? "key" : "machine");
	if (strcmp(window->models[0], "*")) {
		json_begin_array(w, "models");
		for (const char *const *m = window->models; *m; m++)
			json_put_string(w, *m);
		json_end_array(w);
	}
	json_put_kint(w, "limit", window->state.limit);
	json_put_kint(w, "used", window->state.used);
	json_put_kint(w, "remaining", window->state.remaining);
	rfc3339_format(window->state.reset_at, reset, sizeof(reset));
	json_put_kstring(w, "resetAt", reset);
	json_end_object(w);
}

void budget_write(struct budget *budget, const struct config_endpoint *endpoint, struct json_writer *w)
{
	struct budget_report report;
	char until[24];

	budget_report(budget, endpoint, &report);
	json_begin_object(w, NULL);
	json_put_kstring(w, "endpoint", endpoint->name);
	json_put_kstring(w, "plan", endpoint->plan->name);
	json_put_kstring(w, "state", budget_state_name(report.state));
	json_begin_array(w, "windows");
	for (size_t i = 0; i < report.count; i++)
		write_window(&report.windows[i], w);
	json_end_array(w);
	if (report.blocked_until) {
		rfc3339_format(report.blocked_until, until, sizeof(until));
		json_put_kstring(w, "blockedUntil", until);
	}
	if (report.reason[0])
		json_put_kstring(w, "reason", report.reason);
	json_end_object(w);
}

void budget_describe(struct budget *budget, const struct config_endpoint *endpoint, char *out, size_t size)
{
	const struct budget_report_window *tightest = NULL;
	struct budget_report report;
	int64_t now = clock_wall_ms() / 1000;
	char at[48];

	budget_report(budget, endpoint, &report);
	if (report.state == BUDGET_BLOCKED) {
		format_time_at(report.blocked_until, now, at, sizeof(at));
		snprintf(out, size, "the provider takes no requests until then: %s", at);
		return;
	}
	for (size_t i = 0; i < report.count; i++)
		if (report.windows[i].general &&
		    (!tightest || report.windows[i].state.remaining < tightest->state.remaining))
			tightest = &report.windows[i];
	if (!tightest) {
		snprintf(out, size, "unlimited");
		return;
	}
	snprintf(out, size, "%lld of %lld requests left", (long long)tightest->state.remaining,
		 (long long)tightest->state.limit);
	if (!tightest->state.remaining) {
		size_t used = strlen(out);

		format_time_at(tightest->more_at, now, at, sizeof(at));
		snprintf(out + used, size - used, ", more %s", at);
	} else if (report.waits_for_hand) {
		size_t used = strlen(out);

		snprintf(out + used, size - used, "; completions wait for a request made by hand");
	}
}

/* --- the ledger itself --- */

void budget_ledger(struct budget *budget, struct budget_ledger *out)
{
	int tries = 2;

	/* Busy is as good as there. */
	while (tries-- && ledger_begin(budget->ledger, STORE_READ) == STORE_OK)
		if (ledger_commit(budget->ledger) == STORE_OK)
			break;
	*out = (struct budget_ledger){ .path = ledger_path(budget->ledger),
				       .shared = ledger_is_shared(budget->ledger),
				       .notice = ledger_notice(budget->ledger) };
	if (!budget->remote)
		return;
	out->others = remote_shown(budget->remote);
	out->others_answer = remote_state(budget->remote) == REMOTE_READY;
	if (!out->notice)
		out->notice = remote_notice(budget->remote);
}
