#ifndef EKE_BUDGET_WINDOW_H
#define EKE_BUDGET_WINDOW_H
/*
 * The arithmetic of one window of a plan. Pure.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/config/plan.h"

struct window_state {
	int64_t limit;
	int64_t used;
	int64_t remaining; /* never negative */
	int64_t reset_at;  /* Unix seconds: when the oldest counted request leaves the window; now, if there is none */
};

/*
 * `times` are the Unix seconds of the requests that the window counts, in any order; those outside it are
 * skipped. A window holds what happened less than `period` seconds ago. A calendar window is counted as a
 * sliding one of its period, which is never more generous; times in the future (the clock was set back) count
 * as used.
 */
void window_evaluate(const struct plan_window *window, const int64_t *times, size_t count, int64_t now,
		     struct window_state *out);
/* Does the window count requests to this model? Patterns know '*'. */
bool window_counts_model(const struct plan_window *window, const char *model);
/* How many of `limit` automatic requests must leave to chat and manual triggers: `reserve` of it, rounded up. */
int64_t window_reserved(int64_t limit, double reserve);

#endif
