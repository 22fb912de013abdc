#ifndef EKE_BUDGET_EFFECTIVE_WINDOWS_H
#define EKE_BUDGET_EFFECTIVE_WINDOWS_H
/*
 * The windows that are in force for an endpoint: those of its plan, corrected and completed by the limits that the
 * provider itself has stated when it refused ("limited to 200 requests per day"). Pure.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/limits.h"
#include "eke/budget/budget.h"
#include "eke/config/plan.h"

/* For how long a stated limit is believed without being stated again. */
#define LEARNED_DAYS 30

/* A limit that a provider has stated; of a service, whatever the plan. */
struct learned_limit {
	char model[LIMIT_BUDGET_MODEL]; /* "*": all of them together */
	int64_t limit;
	int64_t period; /* seconds */
	enum plan_kind kind;
	char time_zone[LIMIT_ZONE_NAME]; /* of a calendar window, else "" */
	int64_t seen_at_ms;
};

/* Points into itself, into the plan and into the learned limits: must not be moved. */
struct effective_windows {
	struct effective_window {
		struct plan_window window;
		bool learned; /* the number is the provider's word */
	} windows[LIMIT_REPORT_WINDOWS];
	size_t count;
	const char *patterns[LIMIT_LEARNED_WINDOWS][2];
};

/*
 * A stated limit replaces the number of the plan's window for the same models and period, be it higher or lower. If
 * there is no such window it becomes one of its own, of scope machine. A plan without windows stays without: then the
 * limit was stated for another key.
 */
void effective_windows_make(const struct plan *plan, const struct learned_limit *learned, size_t count,
			    struct effective_windows *out);

/* The limit that a refusal of a request to `model` states. False: it states none that makes a window. */
bool effective_windows_learn(const struct plan *plan, const char *service, const char *model,
			     const struct budget_refusal *refusal, int64_t now_ms, struct learned_limit *out);
/* Does the plan have the same limit already? */
bool effective_windows_in_plan(const struct plan *plan, const struct learned_limit *limit);
/* The zone in which the plan's days begin. */
const char *effective_windows_time_zone(const struct plan *plan, const char *service);

#endif
