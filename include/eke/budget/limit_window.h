#ifndef EKE_BUDGET_LIMIT_WINDOW_H
#define EKE_BUDGET_LIMIT_WINDOW_H
/*
 * The arithmetic of one window of a plan: which stretch of time it counts, what is left of it, when there is more.
 * Exact counting, no token bucket: one of 60 that refills by one a minute would let 120 through in its first hour.
 * Pure; times are Unix milliseconds unless a name or a comment says seconds.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/config/plan.h"

/* A zone's offset from UTC in seconds: zone_offset() of base/zone.h. */
typedef int limit_window_zone_fn(const char *zone, int64_t unix_seconds);

/*
 * The requests that count now are those from `from` on; a calendar window begins anew at `to` (a sliding one:
 * INT64_MAX).
 */
struct limit_window_span {
	int64_t from;
	int64_t to;
};

/*
 * A sliding window counts what happened less than its period ago. A calendar window begins at the last multiple of
 * its period of the clocks in its zone: a day at midnight, however long the day (23 or 25 hours where summer time
 * begins and ends), several days at the midnights counted from 1970-01-01, an hour at the full hour.
 */
void limit_window_span(const struct plan_window *window, int64_t now, limit_window_zone_fn *zone,
		       struct limit_window_span *out);

/* What is known of a window's requests. */
struct limit_window_facts {
	const struct plan_window *window;
	struct limit_window_span span;
	const int64_t *times; /* of the requests within the span, ascending */
	size_t count;
	/*
	 * 0, or since when the ledger is known to be all there is: what it had before was lost, and until a period has
	 * passed half of the window counts as used by what happened before.
	 */
	int64_t known_since;
	/*
	 * 0, or since when other machines that may use the same window cannot be asked: for as long as that lasts half of
	 * it counts as used by them, less what was known until then.
	 */
	int64_t local_only_since;
	/*
	 * Machines that do use it cannot be asked: all that is left counts as used by them, but for `spares`, which they
	 * count already.
	 */
	bool partitioned;
	int64_t spares;
	int64_t now;
};

struct limit_window_state {
	int64_t limit;
	int64_t used;
	int64_t remaining; /* never negative */
	/*
	 * Unix seconds, rounded up: when the oldest request leaves (of more than the limit, so many that one may go again),
	 * or the calendar window begins anew; now, if none is used
	 */
	int64_t reset_at;
};

void limit_window_evaluate(const struct limit_window_facts *facts, struct limit_window_state *out);
/*
 * Unix seconds, rounded up: when more than `kept` will be left if nothing more is asked; now, if it is so already.
 * INT64_MAX: never, the limit is no more than that.
 */
int64_t limit_window_retry_at(const struct limit_window_facts *facts, int64_t kept);
/* How much of the window counts as used for what may have been lost … */
int64_t limit_window_assumed(const struct limit_window_facts *facts);
/* … and until when (Unix ms); 0: nothing does. */
int64_t limit_window_doubt_ends(const struct limit_window_facts *facts);
/* Do all of its requests come back at one moment, rather than one by one? */
bool limit_window_resets_at_once(enum plan_kind kind);

/* Does the window count requests to this model? Patterns know '*', and '!' first: these do not count. */
bool limit_window_counts_model(const struct plan_window *window, const char *model);
/* How many of `limit` automatic requests must leave to chat and manual triggers: `reserve` of it, rounded up. */
int64_t limit_window_reserved(int64_t limit, double reserve);

#endif
