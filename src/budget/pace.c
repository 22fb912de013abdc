/*
 * The pace of automatic requests. A bucket refills at the rate at which the automatic share lasts for the window: the
 * whole share over a sliding period, what is left over the time left of a calendar one. It holds a burst, so that a
 * few completions in a row are no trouble. What was spent is read from the log each time, hence no object and no
 * lifetime here.
 */
#include "eke/budget/pace.h"

#include <math.h>

#include "eke/budget/limit_window.h"

/* A burst is a fifth of the automatic share, but at least so many. */
#define BURST_LEAST 4.0
#define BURST_SHARE 5.0

/* The bucket's content now: full at the window's start, one taken by each request. */
static double simulate(const struct pace_input *in, int64_t start, double rate, double burst)
{
	double tokens = burst;
	int64_t at = start;

	for (size_t i = 0; i < in->count; i++) {
		/* What a stepped clock put before the window or into the future happened at its edge. */
		int64_t t = in->times_ms[i] < at ? at : in->times_ms[i] > in->now_ms ? in->now_ms : in->times_ms[i];

		tokens = fmin(burst, tokens + rate * (double)(t - at)) - 1;
		/* Explicit requests need no token; they leave the bucket empty, not in debt. */
		tokens = fmax(tokens, 0);
		at = t;
	}
	return fmin(burst, tokens + rate * (double)(in->now_ms - at));
}

/* When there is one again of the share that is used up. */
static int64_t refilled_at(const struct pace_input *in, int64_t share)
{
	if (share <= 0)
		return INT64_MAX;
	if (limit_window_resets_at_once(in->kind))
		return in->reset_at_ms;
	return in->times_ms[in->count - (size_t)share] + in->period_ms;
}

void pace_evaluate(const struct pace_input *in, struct pace *out)
{
	int64_t share = in->limit - in->reserved;
	int64_t left = share - (int64_t)in->count;
	int64_t start = in->now_ms - in->period_ms;
	double rate;

	out->level = share > 0 && left > 0 ? fmin(1, (double)left / (double)share) : 0;
	out->burst = fmax(BURST_LEAST, (double)share / BURST_SHARE);
	if (left <= 0) {
		out->tokens = 0;
		out->next_at_ms = refilled_at(in, share);
		return;
	}
	rate = (double)share / (double)in->period_ms;
	if (limit_window_resets_at_once(in->kind)) {
		int64_t time_left = in->reset_at_ms - in->now_ms;

		start = in->reset_at_ms - in->period_ms;
		rate = (double)left / (double)(time_left > 0 ? time_left : 1);
	}
	/* The requests of the log have left the bucket already: only what is in it then is held to what is left. */
	out->tokens = fmin((double)left, simulate(in, start < in->now_ms ? start : in->now_ms, rate, out->burst));
	out->next_at_ms = in->now_ms;
	/* A hair below one is one: the sums are rounded. */
	if (out->tokens >= 1 - 1e-9)
		return;
	out->next_at_ms += (int64_t)ceil((1 - out->tokens) / rate - 1e-6);
	if (limit_window_resets_at_once(in->kind) && out->next_at_ms > in->reset_at_ms)
		out->next_at_ms = in->reset_at_ms;
}

void pace_unlimited(int64_t now_ms, struct pace *out)
{
	*out = (struct pace){ .tokens = (double)INT32_MAX, .burst = (double)INT32_MAX, .next_at_ms = now_ms, .level = 1 };
}
