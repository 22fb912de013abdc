/*
 * Windows as tables: spans by the clocks of real zones, counts, doubt after a loss, and when there is more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/mem.h"
#include "eke/base/zone.h"
#include "eke/budget/limit_window.h"

static const char *const all[] = { "*", NULL };

#define MINUTE 60
#define HOUR 3600
#define DAY 86400

/* --- which stretch of time --- */

/* Seconds; the boundaries were worked out by another program (Python's zoneinfo). */
static const struct {
	const char *zone;
	int64_t period;
	int64_t now;
	int64_t from;
	int64_t to;
} spans[] = {
	/* a day of 24 hours: its first second, its last */
	{ "UTC", DAY, 1795478400, 1795478400, 1795564800 },
	{ "UTC", DAY, 1795564799, 1795478400, 1795564800 },
	{ "Asia/Shanghai", DAY, 1795449600, 1795449600, 1795536000 },
	{ "Asia/Shanghai", DAY, 1795489200, 1795449600, 1795536000 },
	{ "Asia/Shanghai", DAY, 1795535999, 1795449600, 1795536000 },
	{ "Asia/Shanghai", DAY, 1795536000, 1795536000, 1795622400 },
	/* of 23, of 25 */
	{ "Europe/Berlin", DAY, 1774738800, 1774738800, 1774821600 },
	{ "Europe/Berlin", DAY, 1774746000, 1774738800, 1774821600 },
	{ "Europe/Berlin", DAY, 1774821599, 1774738800, 1774821600 },
	{ "Europe/Berlin", DAY, 1792879200, 1792879200, 1792969200 },
	{ "Europe/Berlin", DAY, 1792890000, 1792879200, 1792969200 },
	{ "Europe/Berlin", DAY, 1792969199, 1792879200, 1792969200 },
	/* a midnight that is skipped: the day begins at one */
	{ "Africa/Cairo", DAY, 1776981599, 1776895200, 1776981600 },
	{ "Africa/Cairo", DAY, 1776981600, 1776981600, 1777064400 },
	{ "America/Havana", DAY, 1772946000, 1772946000, 1773028800 },
	/* a midnight that comes twice: the day begins at the first */
	{ "America/Havana", DAY, 1793505599, 1793419200, 1793505600 },
	{ "America/Havana", DAY, 1793505600, 1793505600, 1793595600 },
	{ "America/Havana", DAY, 1793509200, 1793505600, 1793595600 },
	/* hours, also of a zone that is half an hour off, and the one that comes twice */
	{ "UTC", HOUR, 1795489200, 1795489200, 1795492800 },
	{ "UTC", HOUR, 1795492799, 1795489200, 1795492800 },
	{ "Asia/Kolkata", HOUR, 1795489200, 1795487400, 1795491000 },
	{ "Europe/Berlin", HOUR, 1792886400 + 1800, 1792886400, 1792890000 },
	{ "Europe/Berlin", HOUR, 1792890000 + 1800, 1792890000, 1792893600 },
	{ "UTC", 10 * MINUTE, 1795489800 + 59, 1795489800, 1795490400 },
	/* six hours of the clock: five and seven of time */
	{ "Europe/Berlin", 6 * HOUR, 1774742400, 1774738800, 1774756800 },
	{ "Europe/Berlin", 6 * HOUR, 1792882800, 1792879200, 1792904400 },
	{ "Asia/Shanghai", 6 * HOUR, 1795489200, 1795471200, 1795492800 },
	/* several days: counted from 1970-01-01, at midnight there */
	{ "UTC", 7 * DAY, 1795489200, 1795046400, 1795651200 },
	{ "UTC", 2 * DAY, 0, 0, 172800 },
	{ "UTC", 2 * DAY, 172799, 0, 172800 },
	{ "Asia/Shanghai", 2 * DAY, 0, -28800, 144000 },
	/* before the epoch, where the floor is below */
	{ "UTC", DAY, -1, -86400, 0 },
	/* a boundary in the skipped hour is the jump, for those before it and those after */
	{ "Europe/Berlin", 75 * MINUTE, 1774745999, 1774742400, 1774746000 },
	{ "Europe/Berlin", 75 * MINUTE, 1774746000, 1774746000, 1774747800 },
	{ "Europe/Berlin", 75 * MINUTE, 1774747799, 1774746000, 1774747800 },
};

static void test_calendar_spans(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(spans); i++) {
		struct plan_window window = { .models = all,
					      .limit = 1,
					      .period = spans[i].period,
					      .kind = PLAN_CALENDAR,
					      .time_zone = spans[i].zone };
		struct limit_window_span span;

		for (int ms = 0; ms < 1000; ms += 999) {
			limit_window_span(&window, spans[i].now * 1000 + ms, zone_offset, &span);
			if (span.from != spans[i].from * 1000 || span.to != spans[i].to * 1000)
				fail_msg("%zu, %s: from %lld to %lld", i, spans[i].zone, (long long)span.from / 1000,
					 (long long)span.to / 1000);
		}
	}
}

/* Through two years, in every zone: windows follow each other without a gap or an overlap. */
static void test_calendar_is_seamless(void **state)
{
	static const char *const zones[] = { "UTC",	     "Asia/Shanghai",	   "Europe/Berlin", "America/Havana",
					     "Africa/Cairo", "Australia/Lord_Howe" };
	static const int64_t periods[] = { HOUR, 6 * HOUR, DAY, 3 * DAY };

	(void)state;
	for (size_t z = 0; z < ARRAY_LEN(zones); z++) {
		for (size_t p = 0; p < ARRAY_LEN(periods); p++) {
			struct plan_window window = { .models = all,
						      .limit = 1,
						      .period = periods[p],
						      .kind = PLAN_CALENDAR,
						      .time_zone = zones[z] };
			int64_t now = INT64_C(1767222000) * 1000;
			struct limit_window_span last;

			limit_window_span(&window, now, zone_offset, &last);
			for (int n = 0; n < 2000 && now < INT64_C(1830294000) * 1000; n++) {
				struct limit_window_span span;

				assert_true(last.from <= now && now < last.to);
				limit_window_span(&window, last.to - 1, zone_offset, &span);
				assert_true(span.from == last.from && span.to == last.to);
				now = last.to;
				limit_window_span(&window, now, zone_offset, &span);
				assert_true(span.from == now);
				last = span;
			}
		}
	}
}

static void test_sliding_span(void **state)
{
	struct plan_window window = { .models = all, .limit = 1, .period = 60, .kind = PLAN_SLIDING };
	struct limit_window_span span;

	(void)state;
	limit_window_span(&window, 100000, NULL, &span);
	assert_int_equal(span.from, 40001);
	assert_true(span.to == INT64_MAX);
}

/* --- what is left --- */

/* Milliseconds, but for reset_at and retry_at. Calendar windows: the hour from 3,600,000 to 7,200,000. */
static const struct {
	enum plan_kind kind;
	int64_t limit;
	int64_t now;
	int64_t known_since;
	int64_t times[6];
	size_t count;
	int64_t used;
	int64_t remaining;
	int64_t reset_at;
	int64_t kept;
	int64_t retry_at;
} counts[] = {
	{ PLAN_SLIDING, 60, 5000000, 0, { 0 }, 0, 0, 60, 5000, 0, 5000 },
	{ PLAN_SLIDING, 60, 5000001, 0, { 0 }, 0, 0, 60, 5000, 0, 5001 },
	{ PLAN_SLIDING, 60, 5000000, 0, { 2000000, 3000000 }, 2, 2, 58, 5600, 0, 5000 },
	{ PLAN_SLIDING, 60, 5000000, 0, { 2000001, 3000000 }, 2, 2, 58, 5601, 0, 5000 },
	/* full: when the first leaves; and when there is more than is kept */
	{ PLAN_SLIDING, 3, 5000000, 0, { 2000000, 3000000, 4000000 }, 3, 3, 0, 5600, 0, 5600 },
	{ PLAN_SLIDING, 3, 5000000, 0, { 2000000, 3000000, 4000000 }, 3, 3, 0, 5600, 1, 6600 },
	{ PLAN_SLIDING, 3, 5000000, 0, { 2000000, 3000000, 4000000 }, 3, 3, 0, 5600, 2, 7600 },
	{ PLAN_SLIDING, 3, 5000000, 0, { 2000000, 3000000, 4000000 }, 3, 3, 0, 5600, 3, INT64_MAX },
	/* more than full (the limit is a new one, or others used the key): not before enough have left */
	{ PLAN_SLIDING, 2, 5000000, 0, { 2000000, 3000000, 3500000, 4000000 }, 4, 4, 0, 7100, 0, 7100 },
	/* a step of the clock that nobody could tell: what is in the future counts */
	{ PLAN_SLIDING, 2, 5000000, 0, { 9000000, 9000001 }, 2, 2, 0, 12600, 0, 12600 },
	/* calendar: at the boundary, whatever is used */
	{ PLAN_CALENDAR, 3, 5000000, 0, { 0 }, 0, 0, 3, 7200, 0, 5000 },
	{ PLAN_CALENDAR, 3, 5000000, 0, { 3600000 }, 1, 1, 2, 7200, 0, 5000 },
	{ PLAN_CALENDAR, 3, 5000000, 0, { 3600000, 3600001, 4999999 }, 3, 3, 0, 7200, 0, 7200 },
	{ PLAN_CALENDAR, 3, 5000000, 0, { 3600000 }, 1, 1, 2, 7200, 2, 7200 },
	/* in doubt: half is used by what is not known, beside what happened since */
	{ PLAN_SLIDING, 60, 5000000, 4000000, { 0 }, 0, 30, 30, 7600, 0, 5000 },
	{ PLAN_SLIDING, 5, 5000000, 4000000, { 0 }, 0, 3, 2, 7600, 0, 5000 },
	{ PLAN_SLIDING, 5, 5000000, 4000000, { 4000000, 4500000 }, 2, 5, 0, 7600, 0, 7600 },
	{ PLAN_SLIDING, 5, 5000000, 4000000, { 4500000 }, 1, 4, 1, 7600, 1, 7600 },
	{ PLAN_SLIDING, 5, 5000000, 4000000, { 4500000 }, 1, 4, 1, 7600, 3, 7600 },
	{ PLAN_SLIDING, 5, 5000000, 4000000, { 4500000 }, 1, 4, 1, 7600, 4, 8100 },
	/* what is known of the time before is part of that half */
	{ PLAN_SLIDING, 6, 5000000, 4000000, { 2000000, 3000000 }, 2, 3, 3, 5600, 0, 5000 },
	{ PLAN_SLIDING, 6, 5000000, 4000000, { 2000000, 3000000 }, 2, 3, 3, 5600, 3, 7600 },
	{ PLAN_SLIDING, 4, 5000000, 4000000, { 2000000, 2500000, 3000000, 3500000 }, 4, 4, 0, 5600, 0, 5600 },
	{ PLAN_SLIDING, 4, 5000000, 4000000, { 2000000, 2500000, 3000000, 3500000 }, 4, 4, 0, 5600, 1, 6100 },
	{ PLAN_SLIDING, 4, 5000000, 4000000, { 2000000, 2500000, 3000000, 3500000 }, 4, 4, 0, 5600, 2, 7600 },
	/* a period later all is known */
	{ PLAN_SLIDING, 60, 7599999, 4000000, { 0 }, 0, 30, 30, 7600, 0, 7600 },
	{ PLAN_SLIDING, 60, 7600000, 4000000, { 0 }, 0, 0, 60, 7600, 0, 7600 },
	{ PLAN_CALENDAR, 60, 5000000, 4000000, { 4500000 }, 1, 31, 29, 7200, 29, 7200 },
	/* what was lost belonged to the window before */
	{ PLAN_CALENDAR, 60, 5000000, 3000000, { 4500000 }, 1, 1, 59, 7200, 0, 5000 },
};

static void test_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		struct plan_window window = { .models = all,
					      .limit = counts[i].limit,
					      .period = HOUR,
					      .kind = counts[i].kind,
					      .time_zone = "UTC" };
		struct limit_window_facts facts = { .window = &window,
						    .times = counts[i].times,
						    .count = counts[i].count,
						    .known_since = counts[i].known_since,
						    .now = counts[i].now };
		struct limit_window_state s;

		limit_window_span(&window, counts[i].now, zone_offset, &facts.span);
		limit_window_evaluate(&facts, &s);
		if (s.limit != counts[i].limit || s.used != counts[i].used || s.remaining != counts[i].remaining ||
		    s.reset_at != counts[i].reset_at)
			fail_msg("%zu: used %lld, remaining %lld, reset at %lld", i, (long long)s.used,
				 (long long)s.remaining, (long long)s.reset_at);
		if (limit_window_retry_at(&facts, counts[i].kept) != counts[i].retry_at)
			fail_msg("%zu: retry at %lld", i, (long long)limit_window_retry_at(&facts, counts[i].kept));
	}
}

/* As above, where other machines cannot be asked since then; they are asked again within a minute. */
static const struct {
	enum plan_kind kind;
	int64_t limit;
	int64_t now;
	int64_t local_only_since;
	int64_t times[6];
	size_t count;
	int64_t used;
	int64_t reset_at;
	int64_t kept;
	int64_t retry_at;
} local_only[] = {
	{ PLAN_SLIDING, 5, 5000000, 5000000, { 0 }, 0, 3, 5060, 0, 5000 },
	/* what was known until then is part of the half, what we did since is not */
	{ PLAN_SLIDING, 5, 5000000, 4900000, { 2000000, 3000000 }, 2, 3, 5060, 0, 5000 },
	{ PLAN_SLIDING, 5, 5000000, 4900000, { 2000000, 3000000, 4900000 }, 3, 4, 5060, 0, 5000 },
	{ PLAN_SLIDING, 5, 5000000, 4900000, { 2000000, 4900000, 4900001 }, 3, 5, 5060, 0, 5060 },
	{ PLAN_SLIDING, 4, 5000000, 4900000, { 2000000, 2500000, 3000000, 3500000 }, 4, 4, 5600, 0, 5600 },
	{ PLAN_SLIDING, 4, 5590000, 4900000, { 2000000, 2500000, 3000000, 3500000 }, 4, 4, 5600, 0, 5600 },
	/* it lasts as long as it lasts, also longer than the window */
	{ PLAN_SLIDING, 5, 9000000, 4000000, { 8000000 }, 1, 4, 9060, 0, 9000 },
	{ PLAN_SLIDING, 5, 9000000, 4000000, { 8000000, 8500000 }, 2, 5, 9060, 0, 9060 },
	/* of one there is no half: not before they answer */
	{ PLAN_SLIDING, 1, 5000000, 4000000, { 0 }, 0, 1, 5060, 0, 5060 },
	{ PLAN_CALENDAR, 5, 5000000, 4000000, { 4500000 }, 1, 4, 7200, 0, 5000 },
	{ PLAN_CALENDAR, 5, 5000000, 4000000, { 4500000, 4600000 }, 2, 5, 7200, 0, 5060 },
	{ PLAN_CALENDAR, 5, 5000000, 3000000, { 4500000, 4600000 }, 2, 5, 7200, 0, 5060 },
	{ PLAN_CALENDAR, 2, 5000000, 4000000, { 4500000, 4600000 }, 2, 3, 7200, 0, 7200 },
	{ PLAN_CALENDAR, 5, 7180000, 4000000, { 4500000, 4600000 }, 2, 5, 7200, 0, 7200 },
};

static void test_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(local_only); i++) {
		struct plan_window window = { .models = all,
					      .limit = local_only[i].limit,
					      .period = HOUR,
					      .kind = local_only[i].kind,
					      .time_zone = "UTC" };
		struct limit_window_facts facts = { .window = &window,
						    .times = local_only[i].times,
						    .count = local_only[i].count,
						    .local_only_since = local_only[i].local_only_since,
						    .now = local_only[i].now };
		struct limit_window_state s;

		limit_window_span(&window, local_only[i].now, zone_offset, &facts.span);
		limit_window_evaluate(&facts, &s);
		if (s.used != local_only[i].used || s.reset_at != local_only[i].reset_at)
			fail_msg("%zu: used %lld, reset at %lld", i, (long long)s.used, (long long)s.reset_at);
		if (limit_window_retry_at(&facts, local_only[i].kept) != local_only[i].retry_at)
			fail_msg("%zu: retry at %lld", i, (long long)limit_window_retry_at(&facts, local_only[i].kept));
	}
}

/* What is said about "when" is what is counted then. */
static void test_retry_is_true(void **state)
{
	enum { N = 40 };
	int64_t times[N];
	unsigned seed = 7;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct plan_window window = { .models = all, .period = HOUR, .kind = PLAN_SLIDING };
		struct limit_window_facts facts = { .window = &window, .now = 10000000 };
		size_t n = (size_t)rand_r(&seed) % N;
		int64_t kept;
		int64_t at;

		window.limit = 1 + rand_r(&seed) % 30;
		facts.known_since = rand_r(&seed) % 2 ? 6400001 + rand_r(&seed) % 3600000 : 0;
		for (size_t i = 0; i < n; i++)
			times[i] = (i ? times[i - 1] : 6400001) + rand_r(&seed) % 90000;
		for (size_t i = 0; i < n; i++)
			times[i] = times[i] > facts.now ? facts.now : times[i];
		kept = rand_r(&seed) % window.limit;
		facts.times = times;
		facts.count = n;
		limit_window_span(&window, facts.now, NULL, &facts.span);
		at = limit_window_retry_at(&facts, kept);
		assert_true(at != INT64_MAX);
		for (int early = 0; early < 2; early++) {
			struct limit_window_facts then = facts;
			struct limit_window_state s;

			then.now = at * 1000 - early * 1000;
			if (then.now < facts.now)
				continue;
			limit_window_span(&window, then.now, NULL, &then.span);
			while (then.count && then.times[0] < then.span.from) {
				then.times++;
				then.count--;
			}
			limit_window_evaluate(&then, &s);
			assert_int_equal(s.remaining > kept, !early);
		}
	}
}

/* --- models, reserve --- */

static const struct {
	const char *pattern;
	const char *model;
	bool matches;
} patterns[] = {
	{ "*", "", true },
	{ "*", "gpt-4o", true },
	{ "", "", true },
	{ "", "x", false },
	{ "gpt-4o", "gpt-4o", true },
	{ "gpt-4o", "gpt-4o-mini", false },
	{ "gpt-4o", "GPT-4o", false },
	{ "gpt-4o-mini", "gpt-4o", false },
	{ "gpt-4o*", "gpt-4o", true },
	{ "gpt-4o*", "gpt-4o-mini", true },
	{ "*-mini", "gpt-4o-mini", true },
	{ "*-mini", "gpt-4o-mini-2", false },
	{ "gpt-*-mini", "gpt-4o-mini", true },
	{ "gpt-*-mini", "gpt--mini", true },
	{ "gpt-*-mini", "gpt-mini", false },
	{ "*a*b*", "xxaxxbxx", true },
	{ "*a*b*", "xxbxxaxx", false },
	{ "**", "x", true },
	{ "a**b", "ab", true },
	{ "*ab", "aab", true },
	{ "*aab", "aaaab", true },
	{ "a*b*c", "abcbc", true },
	{ "a*b*c", "abcb", false },
	{ "gpt-5.*", "gpt-5.1", true },
	{ "gpt-5.*", "gpt-5-1", false },
	{ "?", "x", false },
	{ "[a]", "a", false },
	{ "*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
};

static void test_patterns(void **state)
{
	static const char *const several[] = { "gpt-5", "gpt-5-chat*", NULL };
	static const char *const all_but[] = { "*", "!*embed*", NULL };
	const struct plan_window two = { .models = several };
	const struct plan_window rest = { .models = all_but };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		const char *const models[] = { patterns[i].pattern, NULL };
		const struct plan_window window = { .models = models };

		if (limit_window_counts_model(&window, patterns[i].model) != patterns[i].matches)
			fail_msg("%s against %s", patterns[i].pattern, patterns[i].model);
	}
	assert_true(limit_window_counts_model(&two, "gpt-5"));
	assert_true(limit_window_counts_model(&two, "gpt-5-chat-latest"));
	assert_false(limit_window_counts_model(&two, "gpt-5-mini"));
	assert_true(limit_window_counts_model(&rest, "gpt-5-mini"));
	assert_false(limit_window_counts_model(&rest, "text-embedding-ada-002"));
}

static const struct {
	int64_t limit;
	double reserve;
	int64_t reserved;
} reserves[] = {
	{ 60, 0, 0 },	    { 60, 0.34, 21 },	 { 60, 0.5, 30 },	  { 60, 1, 60 },    { 1, 0.34, 1 },
	{ 1, 0, 0 },	    { 3, 0.34, 2 },	 { 100, 0.1, 10 },	  { 100, 0.07, 7 }, { 100, 0.29, 29 },
	{ 1000, 0.001, 1 }, { 1000, 0.0011, 2 }, { 100000, 0.57, 57000 },
};

static void test_reserved(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(reserves); i++)
		assert_int_equal(limit_window_reserved(reserves[i].limit, reserves[i].reserve), reserves[i].reserved);
}

/* Machines that use the window cannot be asked: all that is left counts as used but for the spares. */
static void test_partitioned(void **state)
{
	static const struct {
		size_t count;
		int64_t spares, kept, used, remaining;
		bool admitted;
	} cases[] = { { 0, 0, 0, 10, 0, false }, { 3, 0, 0, 10, 0, false }, { 3, 2, 0, 8, 2, true },
		      { 3, 2, 2, 8, 2, false },	 { 9, 2, 0, 9, 1, true },   { 10, 2, 0, 10, 0, false } };
	int64_t times[10];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(times); i++)
		times[i] = 5000000 + (int64_t)i;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct plan_window window = { .models = all, .limit = 10, .period = HOUR };
		struct limit_window_facts facts = { .window = &window,
						    .times = times,
						    .count = cases[i].count,
						    .partitioned = true,
						    .spares = cases[i].spares,
						    .now = 6000000 };
		struct limit_window_state s;

		limit_window_span(&window, facts.now, zone_offset, &facts.span);
		limit_window_evaluate(&facts, &s);
		if (s.used != cases[i].used || s.remaining != cases[i].remaining)
			fail_msg("%zu: %lld used, %lld left", i, (long long)s.used, (long long)s.remaining);
		/* Now, or when the others are asked again. */
		if (limit_window_retry_at(&facts, cases[i].kept) != (cases[i].admitted ? 6000 : 6060))
			fail_msg("%zu: retry at %lld", i, (long long)limit_window_retry_at(&facts, cases[i].kept));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calendar_spans), cmocka_unit_test(test_calendar_is_seamless),
		cmocka_unit_test(test_sliding_span),   cmocka_unit_test(test_counts),
		cmocka_unit_test(test_alone),	       cmocka_unit_test(test_partitioned),
		cmocka_unit_test(test_retry_is_true),  cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_reserved),
	};

	zone_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
