/*
 * Window arithmetic: exact counting of the requests in a stretch of time. No token bucket: one of 60 that
 * refills by one a minute would let 120 through in its first hour. Pure, without a zone of its own: facts in,
 * numbers out.
 */
#include "eke/budget/limit_window.h"

#include <math.h>
#include <string.h>

#define DAY INT64_C(86400)
#define HOUR INT64_C(3600)
/* Who cannot be asked is asked again sooner than that. */
#define ASK_AGAIN_MS INT64_C(60000)

static int64_t floor_to(int64_t n, int64_t step)
{
	int64_t rest = n % step;

	return n - (rest < 0 ? rest + step : rest);
}

static int64_t seconds_up(int64_t ms)
{
	return -(floor_to(-ms, 1000) / 1000);
}

/* The second between two moments of different offsets at which the clocks jump. */
static int64_t jump_between(int64_t before, int64_t after, const char *name, limit_window_zone_fn *zone)
{
	int offset = zone(name, before);

	while (after - before > 1) {
		int64_t middle = before + (after - before) / 2;

		if (zone(name, middle) == offset)
			before = middle;
		else
			after = middle;
	}
	return after;
}

/*
 * The first moment later than `later_than` at which the clocks of the zone show `local` (seconds of the clocks since
 * 1970-01-01 00:00 there); where they jump over it, the moment of the jump.
 */
static int64_t moment_of(int64_t local, int64_t later_than, const char *name, limit_window_zone_fn *zone)
{
	int64_t a = local - zone(name, local - DAY);
	int64_t b = local - zone(name, local + DAY);
	int64_t first = a < b ? a : b;
	int64_t second = a < b ? b : a;

	if (first > later_than && first + zone(name, first) == local)
		return first;
	if (second + zone(name, second) == local)
		return second;
	return jump_between(first, second, name, zone);
}

static void calendar_span(const struct plan_window *window, int64_t now, limit_window_zone_fn *zone,
			  struct limit_window_span *out)
{
	int64_t seconds = floor_to(now, 1000) / 1000;
	int64_t local = seconds + zone(window->time_zone, seconds);
	int64_t from = floor_to(local, window->period);

	if (window->period <= HOUR) {
		/* Clocks change by whole hours or halves: the boundary is as far away as they show. */
		out->from = (seconds - (local - from)) * 1000;
		out->to = out->from + window->period * 1000;
		return;
	}
	out->from = moment_of(from, INT64_MIN, window->time_zone, zone) * 1000;
	out->to = moment_of(from + window->period, seconds, window->time_zone, zone) * 1000;
}

void limit_window_span(const struct plan_window *window, int64_t now, limit_window_zone_fn *zone,
		       struct limit_window_span *out)
{
	switch (window->kind) {
	case PLAN_SLIDING:
		*out = (struct limit_window_span){ .from = now - window->period * 1000 + 1, .to = INT64_MAX };
		return;
	case PLAN_CALENDAR:
		calendar_span(window, now, zone, out);
		return;
	}
}

bool limit_window_resets_at_once(enum plan_kind kind)
{
	switch (kind) {
	case PLAN_SLIDING:
		return false;
	case PLAN_CALENDAR:
		return true;
	}
	return false;
}

int64_t limit_window_doubt_ends(const struct limit_window_facts *f)
{
	int64_t end;

	if (f->local_only_since || f->partitioned)
		return f->now + ASK_AGAIN_MS;
	if (!f->known_since || f->known_since < f->span.from)
		return 0;
	end = limit_window_resets_at_once(f->window->kind) ? f->span.to : f->known_since + f->window->period * 1000;
	return end > f->now ? end : 0;
}

/* How many of the requests are of the time that is in doubt. */
static int64_t count_doubtful(const struct limit_window_facts *f)
{
	int64_t until = f->local_only_since > f->known_since ? f->local_only_since : f->known_since;
	size_t n = 0;

	while (n < f->count && f->times[n] < until)
		n++;
	return (int64_t)n;
}

int64_t limit_window_assumed(const struct limit_window_facts *f)
{
	int64_t half = (f->window->limit + 1) / 2;
	int64_t known = count_doubtful(f);
	int64_t left = f->window->limit - (int64_t)f->count;

	if (f->partitioned)
		return left > f->spares ? left - f->spares : 0;
	return limit_window_doubt_ends(f) && known < half ? half - known : 0;
}

void limit_window_evaluate(const struct limit_window_facts *f, struct limit_window_state *out)
{
	int64_t assumed = limit_window_assumed(f);
	int64_t used = (int64_t)f->count + assumed;
	int64_t reset = f->span.to;

	if (!limit_window_resets_at_once(f->window->kind)) {
		/* Nothing to wait for: no time in the future. */
		reset = used ? INT64_MAX : floor_to(f->now, 1000);
		if (f->count)
			reset = f->times[0] + f->window->period * 1000;
		if (assumed && limit_window_doubt_ends(f) < reset)
			reset = limit_window_doubt_ends(f);
	}
	out->limit = f->window->limit;
	out->used = used;
	out->remaining = used < f->window->limit ? f->window->limit - used : 0;
	out->reset_at = seconds_up(reset);
	/* More than the limit were sent: by another plan, or elsewhere. That the oldest leaves is then not enough. */
	if (used > f->window->limit && !limit_window_resets_at_once(f->window->kind)) {
		int64_t again = limit_window_retry_at(f, 0);

		if (again != INT64_MAX)
			out->reset_at = again;
	}
}

int64_t limit_window_retry_at(const struct limit_window_facts *f, int64_t kept)
{
	int64_t half = (f->window->limit + 1) / 2;
	int64_t may = f->window->limit - kept - 1; /* so many may be used then */
	int64_t end = limit_window_doubt_ends(f);
	int64_t doubtful = count_doubtful(f);
	int64_t after = (int64_t)f->count - doubtful;
	size_t gone = 0;

	if (may < 0)
		return INT64_MAX;
	if ((int64_t)f->count + limit_window_assumed(f) <= may)
		return seconds_up(f->now);
	if (f->partitioned)
		return seconds_up(end);
	if (limit_window_resets_at_once(f->window->kind))
		return seconds_up((int64_t)f->count <= may && end && end < f->span.to ? end : f->span.to);
	/* Forward from one event to the next: a request leaves, or the doubt ends. */
	for (;;) {
		int64_t leaves = gone < f->count ? f->times[gone] + f->window->period * 1000 : INT64_MAX;
		int64_t at = end && end <= leaves ? end : leaves;
		int64_t before;

		if (at == end)
			end = 0;
		else
			gone++;
		before = (int64_t)gone < doubtful ? doubtful - (int64_t)gone : 0;
		if (end && before < half)
			before = half;
		if (before + ((int64_t)gone > doubtful ? after - ((int64_t)gone - doubtful) : after) <= may)
			return seconds_up(at);
	}
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

bool limit_window_counts_model(const struct plan_window *window, const char *model)
{
	bool counts = false;

	for (const char *const *pattern = window->models; *pattern; pattern++) {
		if ((*pattern)[0] != '!')
			counts = counts || glob(*pattern, model);
		else if (glob(*pattern + 1, model))
			return false;
	}
	return counts;
}

int64_t limit_window_reserved(int64_t limit, double reserve)
{
	/* 0.07 of 100 is a little more than 7 in floating point. */
	return (int64_t)ceil((double)limit * reserve - 1e-9);
}
