/*
 * The gate and its count, for now in this process's memory: the shared ledger takes the place of `entries` and
 * `blocks`. Entries are kept for as long as the longest window that counted them; the machine's scope is all entries
 * under the same plan, the key's those of the same endpoint.
 */
#include "eke/budget/budget.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/budget/window.h"

/* How long automatic requests wait after a refusal that names no time. */
#define BLOCK_SECONDS 60

struct entry {
	uint64_t id;
	int64_t at; /* Unix seconds */
	int64_t keep_until;
	char *plan;
	char *endpoint;
	char *model;
};

struct block {
	char *endpoint;
	int64_t until;
	char reason[LIMIT_ERR_MESSAGE];
};

/* A reservation from its question to its end. */
struct asked {
	struct budget *budget;
	uint64_t id;
	const struct config_endpoint *endpoint; /* of a configuration that whoever asks keeps */
	bool admitted;
	struct err err;
	budget_fn *fn;
	void *ctx;
	struct asked *next;
};

struct budget {
	struct loop *loop;
	struct asked *asked;
	loop_fn *changed;
	void *changed_ctx;
	struct entry *entries; /* owned, oldest first */
	size_t count, cap;
	uint64_t last_id;
	struct block blocks[LIMIT_ENDPOINTS];
	size_t block_count;
};

struct budget *budget_new(struct loop *loop)
{
	struct budget *budget = xcalloc(1, sizeof(*budget));

	budget->loop = loop;
	return budget;
}

static void tell(void *ctx);

static void asked_end(struct asked *a)
{
	struct asked **at = &a->budget->asked;

	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	loop_undefer(a->budget->loop, tell, a);
	loop_defer_free(a->budget->loop, a, free);
}

static struct asked *find_asked(struct budget *budget, uint64_t id)
{
	struct asked *a = budget->asked;

	while (a && a->id != id)
		a = a->next;
	return a;
}

void budget_on_change(struct budget *budget, loop_fn *fn, void *ctx)
{
	if (budget->changed)
		loop_undefer(budget->loop, budget->changed, budget->changed_ctx);
	budget->changed = fn;
	budget->changed_ctx = ctx;
}

static void note_change(struct budget *budget)
{
	if (!budget->changed)
		return;
	loop_undefer(budget->loop, budget->changed, budget->changed_ctx);
	loop_defer(budget->loop, budget->changed, budget->changed_ctx);
}

static void entry_release(struct entry *e)
{
	free(e->plan);
	free(e->endpoint);
	free(e->model);
}

void budget_free(struct budget *budget)
{
	if (!budget)
		return;
	budget_on_change(budget, NULL, NULL);
	while (budget->asked)
		asked_end(budget->asked);
	for (size_t i = 0; i < budget->count; i++)
		entry_release(&budget->entries[i]);
	for (size_t i = 0; i < budget->block_count; i++)
		free(budget->blocks[i].endpoint);
	free(budget->entries);
	free(budget);
}

static int64_t now_seconds(void)
{
	return clock_wall_ms() / 1000;
}

static void drop_old(struct budget *budget, int64_t now)
{
	size_t kept = 0;

	for (size_t i = 0; i < budget->count; i++) {
		if (budget->entries[i].keep_until > now)
			budget->entries[kept++] = budget->entries[i];
		else
			entry_release(&budget->entries[i]);
	}
	budget->count = kept;
}

static void evaluate(const struct budget *budget, const struct config_endpoint *endpoint,
	const struct plan_window *window, int64_t now, struct window_state *out)
{
	int64_t *times = xcalloc(budget->count, sizeof(*times));
	size_t n = 0;

	for (size_t i = 0; i < budget->count; i++) {
		const struct entry *e = &budget->entries[i];
		bool same = window->scope == PLAN_SCOPE_KEY ? !strcmp(e->endpoint, endpoint->name) :
							      !strcmp(e->plan, endpoint->plan->name);

		if (same && window_counts_model(window, e->model))
			times[n++] = e->at;
	}
	window_evaluate(window, times, n, now, out);
	free(times);
}

/* Index of an endpoint's block; block_count if it has none. */
static size_t find_block(const struct budget *budget, const char *endpoint)
{
	size_t i = 0;

	while (i < budget->block_count && strcmp(budget->blocks[i].endpoint, endpoint))
		i++;
	return i;
}

/* The block that holds now, or NULL. */
static const struct block *active_block(const struct budget *budget, const char *endpoint, int64_t now)
{
	size_t i = find_block(budget, endpoint);

	return i < budget->block_count && budget->blocks[i].until > now ? &budget->blocks[i] : NULL;
}

static bool is_blocked(const struct budget *budget, const struct budget_request *r, int64_t now, struct err *err)
{
	const struct block *block = active_block(budget, r->endpoint->name, now);

	if (r->use != BUDGET_AUTOMATIC || !block)
		return false;
	err_set(err, ERR_BUDGET, "%s", block->reason);
	err->retry_at = block->until;
	return true;
}

static bool admits(const struct budget *budget, const struct budget_request *r, const struct plan_window *window,
	int64_t now, struct err *err)
{
	struct window_state state;
	int64_t needed = 0;

	if (!window_counts_model(window, r->model))
		return true;
	evaluate(budget, r->endpoint, window, now, &state);
	if (r->use == BUDGET_AUTOMATIC)
		needed = window_reserved(state.limit, r->reserve);
	if (state.remaining > needed)
		return true;
	if (state.remaining)
		err_set(err, ERR_BUDGET, "the last %lld of %lld requests are kept for chat and manual completions",
			(long long)state.remaining, (long long)state.limit);
	else
		err_set(err, ERR_BUDGET,
			"the plan %s allows %lld requests in this time and all are used: wait, or use another endpoint",
			r->endpoint->plan->name, (long long)state.limit);
	err->retry_at = state.reset_at;
	snprintf(err->blocked_scope, sizeof(err->blocked_scope), "%s",
		 window->scope == PLAN_SCOPE_KEY ? "key" : "machine");
	return false;
}

static bool reserve(struct budget *budget, const struct budget_request *request, uint64_t id, struct err *err)
{
	const struct plan *plan = request->endpoint->plan;
	int64_t now = now_seconds();
	int64_t keep = 0;
	struct entry *e;

	drop_old(budget, now);
	if (is_blocked(budget, request, now, err)) {
		snprintf(err->endpoint, sizeof(err->endpoint), "%s", request->endpoint->name);
		return false;
	}
	for (size_t i = 0; i < plan->window_count; i++) {
		if (!admits(budget, request, &plan->windows[i], now, err)) {
			snprintf(err->endpoint, sizeof(err->endpoint), "%s", request->endpoint->name);
			return false;
		}
		if (plan->windows[i].period > keep)
			keep = plan->windows[i].period;
	}
	if (!keep)
		return true;
	if (budget->count == budget->cap) {
		budget->cap = budget->cap ? 2 * budget->cap : 64;
		budget->entries = xreallocarray(budget->entries, budget->cap, sizeof(*budget->entries));
	}
	e = &budget->entries[budget->count++];
	*e = (struct entry){ .id = id,
			     .at = now,
			     .keep_until = now + keep,
			     .plan = xstrdup(plan->name),
			     .endpoint = xstrdup(request->endpoint->name),
			     .model = xstrdup(request->model) };
	note_change(budget);
	return true;
}

static void tell(void *ctx)
{
	struct asked *a = ctx;
	struct err err = a->err;
	budget_fn *fn = a->fn;
	void *fn_ctx = a->ctx;
	uint64_t id = a->id;

	a->fn = NULL;
	if (a->admitted) {
		fn(fn_ctx, id, NULL);
		return;
	}
	asked_end(a);
	fn(fn_ctx, id, &err);
}

uint64_t budget_reserve(struct budget *budget, const struct budget_request *request, budget_fn *fn, void *ctx)
{
	struct asked *a = xcalloc(1, sizeof(*a));

	*a = (struct asked){ .budget = budget, .id = ++budget->last_id, .endpoint = request->endpoint, .fn = fn, .ctx = ctx,
			     .next = budget->asked };
	budget->asked = a;
	a->admitted = reserve(budget, request, a->id, &a->err);
	loop_defer(budget->loop, tell, a);
	return a->id;
}

void budget_refund(struct budget *budget, uint64_t reservation)
{
	struct asked *a = find_asked(budget, reservation);

	if (a)
		asked_end(a);
	for (size_t i = 0; i < budget->count; i++) {
		if (budget->entries[i].id != reservation)
			continue;
		entry_release(&budget->entries[i]);
		memmove(&budget->entries[i], &budget->entries[i + 1],
			(budget->count - i - 1) * sizeof(budget->entries[0]));
		budget->count--;
		note_change(budget);
		return;
	}
}

void budget_withdraw(struct budget *budget, uint64_t reservation)
{
	budget_refund(budget, reservation);
}

void budget_spent(struct budget *budget, uint64_t reservation)
{
	struct asked *a = find_asked(budget, reservation);

	if (a)
		asked_end(a);
}

/* The endpoint's block, or a slot for one: blocks that are over make room. NULL if all hold. */
static struct block *block_slot(struct budget *budget, const char *endpoint, int64_t now)
{
	size_t i = find_block(budget, endpoint);

	if (i < budget->block_count)
		return &budget->blocks[i];
	for (i = 0; i < budget->block_count && budget->blocks[i].until > now; i++)
		continue;
	if (i == LIMIT_ENDPOINTS)
		return NULL;
	if (i == budget->block_count)
		budget->block_count++;
	free(budget->blocks[i].endpoint);
	budget->blocks[i].endpoint = xstrdup(endpoint);
	return &budget->blocks[i];
}

void budget_refused(struct budget *budget, uint64_t reservation, const struct budget_refusal *refusal)
{
	struct asked *a = find_asked(budget, reservation);
	int64_t now = now_seconds();
	struct block *block;

	if (!a)
		return;
	block = refusal->quota ? NULL : block_slot(budget, a->endpoint->name, now);
	if (block) {
		block->until = refusal->retry_at > now ? refusal->retry_at : now + BLOCK_SECONDS;
		snprintf(block->reason, sizeof(block->reason), "%s", refusal->message);
	}
	asked_end(a);
	note_change(budget);
}

void budget_answered(struct budget *budget, uint64_t reservation)
{
	struct asked *a = find_asked(budget, reservation);
	size_t i;

	if (!a)
		return;
	i = find_block(budget, a->endpoint->name);
	if (i < budget->block_count)
		budget->blocks[i].until = 0;
	asked_end(a);
}

bool budget_forget_blocks(struct budget *budget)
{
	for (size_t i = 0; i < budget->block_count; i++)
		budget->blocks[i].until = 0;
	note_change(budget);
	return true;
}

void budget_note_key(struct budget *budget, const struct config_endpoint *endpoint, const char *key)
{
	(void)budget;
	(void)endpoint;
	(void)key;
}

bool budget_wants_usage(struct budget *budget, const struct config_endpoint *endpoint, const char *key)
{
	(void)budget;
	(void)endpoint;
	(void)key;
	return false;
}

void budget_correct(struct budget *budget, const struct config_endpoint *endpoint, const char *key,
	const struct budget_usage_hour *hours, size_t count)
{
	(void)budget;
	(void)endpoint;
	(void)key;
	(void)hours;
	(void)count;
}

void budget_ledger(struct budget *budget, struct budget_ledger *out)
{
	(void)budget;
	*out = (struct budget_ledger){ .shared = false };
}

const char *budget_state_name(enum budget_state state)
{
	switch (state) {
	case BUDGET_OK:
		return "ok";
	case BUDGET_LOW:
		return "low";
	case BUDGET_EXHAUSTED:
		return "exhausted";
	case BUDGET_BLOCKED:
		return "blocked";
	case BUDGET_UNLIMITED:
		return "unlimited";
	}
	return "";
}

/*
 * Does the window speak for the plan as a whole? One that counts a class of models only does not, unless there
 * is no other.
 */
static bool is_general(const struct plan *plan, const struct plan_window *window)
{
	bool any = false;

	for (size_t i = 0; i < plan->window_count; i++)
		any = any || !strcmp(plan->windows[i].models[0], "*");
	return !any || !strcmp(window->models[0], "*");
}

/* One word for the whole: blocked, exhausted, low (a fifth or less), ok, unlimited. */
static enum budget_state overall(const struct budget *budget, const struct config_endpoint *endpoint, int64_t now)
{
	enum budget_state state = plan_is_counted(endpoint->plan) ? BUDGET_OK : BUDGET_UNLIMITED;

	if (active_block(budget, endpoint->name, now))
		return BUDGET_BLOCKED;
	for (size_t i = 0; i < endpoint->plan->window_count; i++) {
		struct window_state window;

		if (!is_general(endpoint->plan, &endpoint->plan->windows[i]))
			continue;
		evaluate(budget, endpoint, &endpoint->plan->windows[i], now, &window);
		if (!window.remaining)
			return BUDGET_EXHAUSTED;
		if (window.remaining * 5 <= window.limit)
			state = BUDGET_LOW;
	}
	return state;
}

static void write_window(const struct budget *budget, const struct config_endpoint *endpoint,
	const struct plan_window *window, int64_t now, struct json_writer *w)
{
	struct window_state state;
	char reset[24];

	evaluate(budget, endpoint, window, now, &state);
	json_begin_object(w);
	json_put_kstring(w, "scope", window->scope == PLAN_SCOPE_KEY ? "key" : "machine");
	if (strcmp(window->models[0], "*")) {
		json_put_key(w, "models");
		json_begin_array(w);
		for (const char *const *m = window->models; *m; m++)
			json_put_string(w, *m);
		json_end_array(w);
	}
	json_put_kint(w, "limit", state.limit);
	json_put_kint(w, "used", state.used);
	json_put_kint(w, "remaining", state.remaining);
	clock_rfc3339(state.reset_at, reset, sizeof(reset));
	json_put_kstring(w, "resetAt", reset);
	json_end_object(w);
}

void budget_write(struct budget *budget, const struct config_endpoint *endpoint, struct json_writer *w)
{
	int64_t now = now_seconds();
	const struct block *block = active_block(budget, endpoint->name, now);
	char until[24];

	json_begin_object(w);
	json_put_kstring(w, "endpoint", endpoint->name);
	json_put_kstring(w, "plan", endpoint->plan->name);
	json_put_kstring(w, "state", budget_state_name(overall(budget, endpoint, now)));
	json_put_key(w, "windows");
	json_begin_array(w);
	for (size_t i = 0; i < endpoint->plan->window_count; i++)
		write_window(budget, endpoint, &endpoint->plan->windows[i], now, w);
	json_end_array(w);
	if (block) {
		clock_rfc3339(block->until, until, sizeof(until));
		json_put_kstring(w, "blockedUntil", until);
		json_put_kstring(w, "reason", block->reason);
	}
	json_end_object(w);
}

void budget_describe(struct budget *budget, const struct config_endpoint *endpoint, char *out, size_t size)
{
	const struct plan *plan = endpoint->plan;
	struct window_state tightest = { .remaining = INT64_MAX };
	int64_t now = now_seconds();

	if (!plan_is_counted(plan)) {
		snprintf(out, size, "unlimited");
		return;
	}
	for (size_t i = 0; i < plan->window_count; i++) {
		struct window_state state;

		if (!is_general(plan, &plan->windows[i]))
			continue;
		evaluate(budget, endpoint, &plan->windows[i], now, &state);
		if (state.remaining < tightest.remaining)
			tightest = state;
	}
	snprintf(out, size, "%lld of %lld requests left", (long long)tightest.remaining, (long long)tightest.limit);
}

void budget_report(struct budget *budget, const struct config_endpoint *endpoint, struct budget_report *out)
{
	int64_t now = now_seconds();
	const struct block *block = active_block(budget, endpoint->name, now);

	*out = (struct budget_report){ .state = overall(budget, endpoint, now), .blocked_until = block ? block->until : 0 };
	if (block)
		snprintf(out->reason, sizeof(out->reason), "%s", block->reason);
	for (size_t i = 0; i < endpoint->plan->window_count; i++) {
		const struct plan_window *window = &endpoint->plan->windows[i];

		out->windows[i].scope = window->scope;
		out->windows[i].models = window->models;
		out->windows[i].period = window->period;
		evaluate(budget, endpoint, window, now, &out->windows[i].state);
		out->count++;
	}
}

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void pace_of(const struct budget *budget, const struct budget_request *r, const struct plan_window *window,
	struct pace *out)
{
	int64_t *times = xcalloc(budget->count, sizeof(*times));
	int64_t now = now_seconds();
	size_t n = 0;

	for (size_t i = 0; i < budget->count; i++)
		if (!strcmp(budget->entries[i].plan, r->endpoint->plan->name) && budget->entries[i].at > now - window->period)
			times[n++] = budget->entries[i].at * 1000;
	qsort(times, n, sizeof(*times), by_time);
	pace_evaluate(&(struct pace_input){ .limit = window->limit, .reserved = window_reserved(window->limit, r->reserve),
		.period_ms = window->period * 1000, .kind = PLAN_SLIDING, .times_ms = times, .count = n,
		.now_ms = clock_wall_ms() }, out);
	free(times);
}

void budget_look(struct budget *budget, const struct budget_request *request, struct budget_view *out)
{
	const struct plan *plan = request->endpoint->plan;
	int64_t now = now_seconds();
	const struct block *block = active_block(budget, request->endpoint->name, now);

	*out = (struct budget_view){ .state = overall(budget, request->endpoint, now), .counted = plan_is_counted(plan) };
	pace_unlimited(clock_wall_ms(), &out->pace);
	if (block) {
		out->blocked_until = block->until;
		snprintf(out->reason, sizeof(out->reason), "%s", block->reason);
	}
	for (size_t i = 0; i < plan->window_count; i++) {
		struct window_state state;

		if (!window_counts_model(&plan->windows[i], request->model))
			continue;
		evaluate(budget, request->endpoint, &plan->windows[i], now, &state);
		if (out->period && state.remaining >= out->window.remaining)
			continue;
		out->window = state;
		out->period = plan->windows[i].period;
		out->automatic = state.remaining - window_reserved(state.limit, request->reserve);
		if (out->automatic < 0)
			out->automatic = 0;
		pace_of(budget, request, &plan->windows[i], &out->pace);
	}
}
