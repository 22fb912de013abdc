#ifndef EKE_BUDGET_PACE_H
#define EKE_BUDGET_PACE_H
/*
 * How fast automatic requests may follow each other, so that a window's share for them lasts until it is refilled: a
 * bucket of tokens that is worked out anew from the log of requests each time. Nothing is remembered, so every process
 * sees the same pace. The window itself still decides (limit_window.h): there are never more tokens than requests left
 * in it. Pure.
 */
#include <stddef.h>
#include <stdint.h>

#include "eke/config/plan.h"

struct pace {
	double tokens;      /* requests that may go at once; 1 or more: one may */
	double burst;       /* the most that there can be of them */
	int64_t next_at_ms; /* Unix ms: when there is a token; now where there is one; INT64_MAX: never, as it stands */
	double level;       /* 0 to 1: how much of the automatic share is left */
};

/* Facts about one window. */
struct pace_input {
	int64_t limit;     /* requests in the window … */
	int64_t reserved; /* … of which so many are not for automatic ones (limit_window_reserved()) */
	int64_t period_ms;
	enum plan_kind kind;
	int64_t reset_at_ms;     /* of a calendar window: when it begins anew */
	const int64_t *times_ms; /* requests in the window, ascending */
	size_t count;
	int64_t now_ms;
};

void pace_evaluate(const struct pace_input *in, struct pace *out);
/* Of a plan that does not count. */
void pace_unlimited(int64_t now_ms, struct pace *out);

#endif
