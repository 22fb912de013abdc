/*
 * Plans and what providers say about themselves, put together. A struct effective_windows is the
 * caller's storage.
 */
#include "eke/budget/effective_windows.h"

#include <stdio.h>
#include <string.h>

#include "eke/config/service.h"

/* The longest period that a plan may have, too. */
#define LONGEST (INT64_C(366) * 86400)
#define DAY INT64_C(86400)

static bool counts_the_same(const struct plan_window *window, const struct learned_limit *limit)
{
	return window->period == limit->period && !strcmp(window->models[0], limit->model) && !window->models[1];
}

void effective_windows_make(const struct plan *plan, const struct learned_limit *learned, size_t count,
			    struct effective_windows *out)
{
	out->count = 0;
	for (size_t i = 0; i < plan->window_count; i++)
		out->windows[out->count++] = (struct effective_window){ .window = plan->windows[i] };
	for (size_t i = 0; plan->window_count && i < count && i < LIMIT_LEARNED_WINDOWS; i++) {
		const struct learned_limit *l = &learned[i];
		bool found = false;

		for (size_t k = 0; k < plan->window_count; k++) {
			struct effective_window *w = &out->windows[k];

			if (!counts_the_same(&w->window, l))
				continue;
			found = true;
			w->learned = w->window.limit != l->limit;
			w->window.limit = l->limit;
		}
		if (found)
			continue;
		out->patterns[i][0] = l->model;
		out->patterns[i][1] = NULL;
		out->windows[out->count++] = (struct effective_window){
			.learned = true,
			.window = { .scope = PLAN_SCOPE_MACHINE,
				    .models = out->patterns[i],
				    .limit = l->limit,
				    .period = l->period,
				    .kind = l->kind,
				    .time_zone = plan_kind_has_zone(l->kind) ? l->time_zone : NULL },
		};
	}
}

const char *effective_windows_time_zone(const struct plan *plan, const char *service)
{
	for (size_t i = 0; i < plan->window_count; i++)
		if (plan_kind_has_zone(plan->windows[i].kind))
			return plan->windows[i].time_zone;
	return service_time_zone(service);
}

bool effective_windows_learn(const struct plan *plan, const char *service, const char *model,
			     const struct budget_refusal *refusal, int64_t now_ms, struct learned_limit *out)
{
	bool calendar = refusal->day && refusal->period % DAY == 0;

	if (!plan_is_counted(plan) || refusal->limit <= 0 || refusal->limit > LIMIT_WINDOW_ENTRIES ||
	    refusal->period <= 0 || refusal->period > LONGEST)
		return false;
	*out = (struct learned_limit){ .limit = refusal->limit,
				       .period = refusal->period,
				       .kind = calendar ? PLAN_CALENDAR : PLAN_SLIDING,
				       .seen_at_ms = now_ms };
	snprintf(out->model, sizeof(out->model), "%s", refusal->per_model ? model : "*");
	if (calendar)
		snprintf(out->time_zone, sizeof(out->time_zone), "%s", effective_windows_time_zone(plan, service));
	return true;
}

bool effective_windows_in_plan(const struct plan *plan, const struct learned_limit *limit)
{
	bool known = false;

	for (size_t i = 0; i < plan->window_count; i++) {
		if (!counts_the_same(&plan->windows[i], limit))
			continue;
		if (plan->windows[i].limit != limit->limit)
			return false;
		known = true;
	}
	return known;
}
