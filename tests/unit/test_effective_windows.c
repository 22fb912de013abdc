/*
 * Plans corrected by what providers say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/strbuf.h"
#include "eke/budget/effective_windows.h"

#define DAY 86400
#define HOUR 3600

static const char *const all[] = { "*", NULL };
static const char *const big[] = { "big", NULL };
static const char *const two[] = { "*", "big", NULL };
static const struct plan hourly = { .name = "hourly",
				    .windows = { { PLAN_SCOPE_MACHINE, all, 60, HOUR, PLAN_SLIDING, NULL },
						 { PLAN_SCOPE_KEY, all, 60, HOUR, PLAN_SLIDING, NULL } },
				    .window_count = 2 };
static const struct plan daily = { .name = "daily",
				   .windows = { { PLAN_SCOPE_MACHINE, all, 200, DAY, PLAN_CALENDAR, "Asia/Tokyo" },
						{ PLAN_SCOPE_MACHINE, big, 5, DAY, PLAN_CALENDAR, "Asia/Tokyo" },
						{ PLAN_SCOPE_MACHINE, two, 9, DAY, PLAN_CALENDAR, "Asia/Tokyo" } },
				   .window_count = 3 };
static const struct plan unlimited = { .name = "unlimited" };

#define LEARNED(model, limit, period) \
	{ \
		model, limit, period, PLAN_SLIDING, "", 0 \
	}
#define LEARNED_DAY(model, limit, zone) \
	{ \
		model, limit, DAY, PLAN_CALENDAR, zone, 0 \
	}

/* "scope models limit/period kind zone" of each window; '!' before one whose number was learned. */
static const struct {
	const struct plan *plan;
	struct learned_limit learned[3];
	size_t count;
	const char *windows;
} cases[] = {
	{ &hourly, { LEARNED("", 0, 0) }, 0, "machine * 60/3600;key * 60/3600;" },
	/* the same period: the number, in both scopes, up and down */
	{ &hourly, { LEARNED("*", 30, HOUR) }, 1, "!machine * 30/3600;!key * 30/3600;" },
	{ &hourly, { LEARNED("*", 120, HOUR) }, 1, "!machine * 120/3600;!key * 120/3600;" },
	{ &hourly, { LEARNED("*", 60, HOUR) }, 1, "machine * 60/3600;key * 60/3600;" },
	/* another period, another model: a window more */
	{ &hourly, { LEARNED_DAY("*", 200, "UTC") }, 1, "machine * 60/3600;key * 60/3600;!machine * 200/86400 UTC;" },
	{ &hourly, { LEARNED("big", 3, HOUR) }, 1, "machine * 60/3600;key * 60/3600;!machine big 3/3600;" },
	{ &hourly,
	  { LEARNED("big", 3, HOUR), LEARNED("*", 50, HOUR), LEARNED_DAY("big", 7, "UTC") },
	  3,
	  "!machine * 50/3600;!key * 50/3600;!machine big 3/3600;!machine big 7/86400 UTC;" },
	/* a class of models is no single one */
	{ &daily,
	  { LEARNED_DAY("big", 4, "UTC") },
	  1,
	  "machine * 200/86400 Asia/Tokyo;!machine big 4/86400 Asia/Tokyo;machine *,big 9/86400 Asia/Tokyo;" },
	{ &daily,
	  { LEARNED_DAY("*", 100, "UTC") },
	  1,
	  "!machine * 100/86400 Asia/Tokyo;machine big 5/86400 Asia/Tokyo;machine *,big 9/86400 Asia/Tokyo;" },
	/* whoever pays is not limited by what a free key was told */
	{ &unlimited, { LEARNED("*", 30, HOUR) }, 1, "" },
};

static void test_windows(void **state)
{
	struct strbuf text;

	(void)state;
	strbuf_init(&text, KIB(4));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct effective_windows e;

		effective_windows_make(cases[i].plan, cases[i].learned, cases[i].count, &e);
		strbuf_reset(&text);
		for (size_t k = 0; k < e.count; k++) {
			const struct plan_window *w = &e.windows[k].window;

			strbuf_addf(&text, "%s%s ", e.windows[k].learned ? "!" : "",
				    w->scope == PLAN_SCOPE_KEY ? "key" : "machine");
			for (size_t m = 0; w->models[m]; m++)
				strbuf_addf(&text, "%s%s", m ? "," : "", w->models[m]);
			strbuf_addf(&text, " %lld/%lld%s%s;", (long long)w->limit, (long long)w->period,
				    w->time_zone ? " " : "", w->time_zone ? w->time_zone : "");
			assert_int_equal(w->kind == PLAN_CALENDAR, w->time_zone != NULL);
		}
		assert_string_equal(text.data, cases[i].windows);
	}
	strbuf_release(&text);
}

/* As many as there can be. */
static void test_full(void **state)
{
	struct learned_limit learned[LIMIT_LEARNED_WINDOWS + 1];
	struct plan most = { .name = "most", .window_count = LIMIT_PLAN_WINDOWS };
	struct effective_windows e;

	(void)state;
	for (size_t i = 0; i < LIMIT_PLAN_WINDOWS; i++)
		most.windows[i] = (struct plan_window){ PLAN_SCOPE_KEY, all, 1, 60, PLAN_SLIDING, NULL };
	for (size_t i = 0; i < ARRAY_LEN(learned); i++) {
		learned[i] = (struct learned_limit){ .limit = 1, .period = HOUR + (int64_t)i, .kind = PLAN_SLIDING };
		snprintf(learned[i].model, sizeof(learned[i].model), "m%zu", i);
	}
	effective_windows_make(&most, learned, ARRAY_LEN(learned), &e);
	assert_int_equal(e.count, LIMIT_REPORT_WINDOWS);
	assert_string_equal(e.windows[LIMIT_REPORT_WINDOWS - 1].window.models[0], "m7");
}

static const struct {
	const struct plan *plan;
	const char *service;
	int64_t limit;
	int64_t period;
	bool day;
	bool per_model;
	bool learned;
	const char *model;
	enum plan_kind kind;
	const char *zone;
	bool known;
} refusals[] = {
	{ &hourly, "chatanywhere", 200, DAY, true, false, true, "*", PLAN_CALENDAR, "Asia/Shanghai", false },
	{ &hourly, "example.com", 200, DAY, true, false, true, "*", PLAN_CALENDAR, "UTC", false },
	{ &daily, "chatanywhere", 5, DAY, true, true, true, "big", PLAN_CALENDAR, "Asia/Tokyo", true },
	{ &daily, "chatanywhere", 200, DAY, true, false, true, "*", PLAN_CALENDAR, "Asia/Tokyo", true },
	{ &daily, "chatanywhere", 100, DAY, true, false, true, "*", PLAN_CALENDAR, "Asia/Tokyo", false },
	/* 24 hours are no day of the calendar */
	{ &hourly, "chatanywhere", 150, DAY, false, false, true, "*", PLAN_SLIDING, "", false },
	{ &hourly, "chatanywhere", 60, HOUR, false, false, true, "*", PLAN_SLIDING, "", true },
	{ &hourly, "chatanywhere", 10, 60, true, false, true, "*", PLAN_SLIDING, "", false },
	/* nothing that makes a window */
	{ &hourly, "chatanywhere", 0, HOUR, false, false, false, NULL, PLAN_SLIDING, NULL, false },
	{ &hourly, "chatanywhere", 60, 0, false, false, false, NULL, PLAN_SLIDING, NULL, false },
	{ &hourly, "chatanywhere", -1, HOUR, false, false, false, NULL, PLAN_SLIDING, NULL, false },
	{ &hourly, "chatanywhere", LIMIT_WINDOW_ENTRIES + 1, HOUR, false, false, false, NULL, PLAN_SLIDING, NULL,
	  false },
	{ &hourly, "chatanywhere", 60, INT64_C(367) * DAY, false, false, false, NULL, PLAN_SLIDING, NULL, false },
	{ &unlimited, "chatanywhere", 60, HOUR, false, false, false, NULL, PLAN_SLIDING, NULL, false },
};

static void test_learn(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct budget_refusal r = { .limit = refusals[i].limit,
					    .period = refusals[i].period,
					    .day = refusals[i].day,
					    .per_model = refusals[i].per_model };
		struct learned_limit l;

		if (effective_windows_learn(refusals[i].plan, refusals[i].service, "big", &r, 77, &l) !=
		    refusals[i].learned)
			fail_msg("%zu", i);
		if (!refusals[i].learned)
			continue;
		assert_string_equal(l.model, refusals[i].model);
		assert_true(l.limit == r.limit && l.period == r.period && l.seen_at_ms == 77);
		assert_int_equal(l.kind, refusals[i].kind);
		assert_string_equal(l.time_zone, refusals[i].zone);
		assert_int_equal(effective_windows_in_plan(refusals[i].plan, &l), refusals[i].known);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_learn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
