/*
 * The gate and its count. Entries are kept for as long as the longest window that counted them; the machine's
 * scope is all entries under the same plan, the key's those of the same endpoint.
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

struct budget {
	struct entry *entries; /* owned, oldest first */
	size_t count, cap;
	uint64_t last_id;
	struct block blocks[LIMIT_ENDPOINTS];
	size_t block_count;
};

struct budget *budget_new(void)
{
	return xcalloc(1, sizeof(struct budget));
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

bool budget_reserve(struct budget *budget, const struct budget_request *request, uint64_t *reservation, struct err *err)
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
	*reservation = ++budget->last_id;
	if (!keep)
		return true;
	if (budget->count == budget->cap) {
		budget->cap = budget->cap ? 2 * budget->cap : 64;
		budget->entries = xreallocarray(budget->entries, budget->cap, sizeof(*budget->entries));
	}
	e = &budget->entries[budget->count++];
	*e = (struct entry){ .id = budget->last_id,
			     .at = now,
			     .keep_until = now + keep,
			     .plan = xstrdup(plan->name),
			     .endpoint = xstrdup(request->endpoint->name),
			     .model = xstrdup(request->model) };
	return true;
}

void budget_refund(struct budget *budget, uint64_t reservation)
{
	for (size_t i = 0; i < budget->count; i++) {
		if (budget->entries[i].id != reservation)
			continue;
		entry_release(&budget->entries[i]);
		memmove(&budget->entries[i], &budget->entries[i + 1],
			(budget->count - i - 1) * sizeof(budget->entries[0]));
		budget->count--;
		return;
	}
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

void budget_block(struct budget *budget, const struct config_endpoint *endpoint, const struct err *err)
{
	int64_t now = now_seconds();
	struct block *block = block_slot(budget, endpoint->name, now);

	if (!block)
		return;
	block->until = err->retry_at > now ? err->retry_at : now + BLOCK_SECONDS;
	snprintf(block->reason, sizeof(block->reason), "%s", err->message);
}

void budget_unblock(struct budget *budget, const struct config_endpoint *endpoint)
{
	size_t i = find_block(budget, endpoint->name);

	if (i < budget->block_count)
		budget->blocks[i].until = 0;
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
static const char *overall(const struct budget *budget, const struct config_endpoint *endpoint, int64_t now)
{
	const char *state = plan_is_counted(endpoint->plan) ? "ok" : "unlimited";

	if (active_block(budget, endpoint->name, now))
		return "blocked";
	for (size_t i = 0; i < endpoint->plan->window_count; i++) {
		struct window_state window;

		if (!is_general(endpoint->plan, &endpoint->plan->windows[i]))
			continue;
		evaluate(budget, endpoint, &endpoint->plan->windows[i], now, &window);
		if (!window.remaining)
			return "exhausted";
		if (window.remaining * 5 <= window.limit)
			state = "low";
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

void budget_write(const struct budget *budget, const struct config_endpoint *endpoint, struct json_writer *w)
{
	int64_t now = now_seconds();
	const struct block *block = active_block(budget, endpoint->name, now);
	char until[24];

	json_begin_object(w);
	json_put_kstring(w, "endpoint", endpoint->name);
	json_put_kstring(w, "plan", endpoint->plan->name);
	json_put_kstring(w, "state", overall(budget, endpoint, now));
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

void budget_describe(const struct budget *budget, const struct config_endpoint *endpoint, char *out, size_t size)
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
