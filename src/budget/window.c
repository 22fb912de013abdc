/*
 * Window arithmetic: exact counting of the requests in a stretch of time. No token bucket: one of 60 that
 * refills by one a minute would let 120 through in its first hour.
 */
#include "eke/budget/window.h"

#include <math.h>
#include <string.h>

void window_evaluate(const struct plan_window *window, const int64_t *times, size_t count, int64_t now,
		     struct window_state *out)
{
	int64_t oldest = INT64_MAX;
	int64_t used = 0;

	for (size_t i = 0; i < count; i++) {
		if (times[i] <= now - window->period)
			continue;
		used++;
		if (times[i] < oldest)
			oldest = times[i];
	}
	out->limit = window->limit;
	out->used = used;
	out->remaining = used < window->limit ? window->limit - used : 0;
	out->reset_at = used ? oldest + window->period : now;
}

/* Does text match a pattern in which '*' stands for any characters? Linear but for the last star. */
static bool glob(const char *pattern, const char *text)
{
	const char *star = NULL;
	const char *resume = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			resume = text;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			text = ++resume;
		} else {
			return false;
		}
	}
	return !pattern[strspn(pattern, "*")];
}

bool window_counts_model(const struct plan_window *window, const char *model)
{
	for (const char *const *pattern = window->models; *pattern; pattern++)
		if (glob(*pattern, model))
			return true;
	return false;
}

int64_t window_reserved(int64_t limit, double reserve)
{
	/* 0.07 of 100 is a little more than 7 in floating point. */
	return (int64_t)ceil((double)limit * reserve - 1e-9);
}
