#ifndef EKE_TESTS_GATE_H
#define EKE_TESTS_GATE_H
/*
 * For tests of the budget: endpoints of every kind, the budgets of two processes on one ledger, and a clock that the
 * test moves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/base/zone.h"
#include "eke/budget/budget.h"
#include "eke/io/loop.h"
#include "eke/store/file.h"
#include "eke/store/store.h"
#include "state_dir.h"

/* 2026-11-24T03:00:00Z */
#define NOW INT64_C(1795489200)

static const char *const all[] = { "*", NULL };
static const char *const cheap[] = { "mini*", NULL };
static const struct plan five_an_hour = {
	.name = "five",
	.windows = { { PLAN_SCOPE_MACHINE, all, 5, 3600, PLAN_SLIDING, NULL } },
	.window_count = 1,
};
static const struct plan by_key = {
	.name = "by-key",
	.windows = { { PLAN_SCOPE_KEY, all, 3, 3600, PLAN_SLIDING, NULL },
		     { PLAN_SCOPE_MACHINE, all, 4, 60, PLAN_SLIDING, NULL },
		     { PLAN_SCOPE_KEY, cheap, 1, 3600, PLAN_SLIDING, NULL } },
	.window_count = 3,
};
static const struct plan daily = {
	.name = "daily",
	.windows = { { PLAN_SCOPE_MACHINE, all, 3, 86400, PLAN_CALENDAR, "Asia/Shanghai" } },
	.window_count = 1,
};
static const struct plan unlimited = { .name = "unlimited" };

enum { A, B, K1, K2, U, F1, F2, P, D, N };

static const struct config_endpoint endpoints[] = {
	[A] = { .name = "a", .base_url = "https://a.example.com", .service = "a.example.com", .plan = &five_an_hour },
	[B] = { .name = "b", .base_url = "https://b.example.com", .service = "b.example.com", .plan = &five_an_hour },
	[K1] = { .name = "k1", .base_url = "https://k.example.com", .service = "k.example.com",
		.plan = &by_key, .key = { .source = KEY_ENV } },
	[K2] = { .name = "k2", .base_url = "https://k.example.com", .service = "k.example.com",
		.plan = &by_key, .key = { .source = KEY_ENV } },
	[U] = { .name = "u", .base_url = "https://u.example.com", .service = "u.example.com", .plan = &unlimited },
	/* two free keys of one provider and a paid one */
	[F1] = { .name = "f1", .base_url = "https://api.chatanywhere.tech", .service = "chatanywhere",
		.plan = &five_an_hour,
		 .key = { .source = KEY_ENV } },
	[F2] = { .name = "f2", .base_url = "https://api.chatanywhere.org", .service = "chatanywhere",
		.plan = &five_an_hour,
		 .key = { .source = KEY_ENV } },
	[P] = { .name = "p", .base_url = "https://api.chatanywhere.tech", .service = "chatanywhere", .plan = &unlimited,
		.key = { .source = KEY_ENV } },
	[D] = { .name = "d", .base_url = "https://d.example.com", .service = "d.example.com", .plan = &daily },
	[N] = { .name = "n", .base_url = "https://n.example.com", .service = "n.example.com",
		.plan = &five_an_hour, .key = { .source = KEY_COMMAND } },
};

static const char *const keys[] = {
	[K1] = "sk-key-one-1", [K2] = "sk-key-two-2", [F1] = "sk-free-1", [F2] = "sk-free-2",
	[P] = "sk-paid-3",     [N] = "sk-commanded",
};

static struct loop *loop;
static struct budget *first;
static struct budget *second;
static struct strbuf lines; /* of the log */
static unsigned changes;    /* that first was told of */

static inline void on_log(void *ctx, enum log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	strbuf_addf(&lines, "%s\n", line);
}

static inline void at(int64_t seconds)
{
	clock_set_for_test((NOW + seconds) * 1000, seconds * 1000);
}

static inline int setup(void **state)
{
	*state = NULL;
	state_dir_begin();
	at(0);
	strbuf_init(&lines, KIB(64));
	log_set_level(LOG_BROKEN);
	log_set_listener(on_log, NULL, LOG_INFO);
	loop = loop_new();
	first = budget_new(loop);
	second = budget_new(loop);
	changes = 0;
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	budget_free(first);
	budget_free(second);
	loop_free(loop);
	log_set_listener(NULL, NULL, LOG_BROKEN);
	strbuf_release(&lines);
	clock_unset_for_test();
	state_dir_end();
	return 0;
}

/* --- asking --- */

static struct {
	bool came;
	uint64_t id;
	struct err err;
} told;

static inline void on_told(void *ctx, uint64_t reservation, const struct err *err)
{
	assert_false(told.came);
	told.came = true;
	told.id = reservation;
	told.err = err ? *err : (struct err)ERR_INIT;
	loop_stop(ctx);
}

/* 0: err says why not. */
static inline uint64_t ask(struct budget *budget, int endpoint, const char *model, enum budget_use use, double share,
	struct err *err)
{
	struct budget_request request = { .endpoint = &endpoints[endpoint], .key = keys[endpoint], .model = model,
					  .use = use, .reserve = share };
	uint64_t number = budget_reserve(budget, &request, on_told, loop);

	assert_int_not_equal(number, 0);
	told.came = false;
	loop_run(loop);
	assert_true(told.came);
	assert_true(told.id == number);
	*err = told.err;
	return told.err.kind == ERR_NONE ? number : 0;
}

/* One that is let through and answered. */
static inline void spend(struct budget *budget, int endpoint)
{
	struct err err;
	uint64_t id = ask(budget, endpoint, "m", BUDGET_EXPLICIT, 0, &err);

	if (!id)
		fail_msg("%s", err.message);
	budget_answered(budget, id);
}

static inline uint64_t granted(struct budget *budget, int endpoint, const char *model)
{
	struct err err;
	uint64_t id = ask(budget, endpoint, model, BUDGET_EXPLICIT, 0, &err);

	if (!id)
		fail_msg("%s", err.message);
	return id;
}

/* What happens at which second, and what the gate says. */
struct step {
	int64_t at; /* seconds from NOW */
	int endpoint;
	const char *model;
	enum budget_use use;
	double share;
	bool admitted;
	int64_t retry_at; /* seconds from NOW */
	const char *scope;
	const char *message; /* a part */
};

/* In turns by both processes: it must make no difference. */
static inline void run(const struct step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct step *s = &steps[i];
		struct budget *budget = i % 2 ? second : first;
		struct err err;
		uint64_t id;

		at(s->at);
		id = ask(budget, s->endpoint, s->model, s->use, s->share, &err);
		if ((id != 0) != s->admitted)
			fail_msg("step %zu: %s", i, s->admitted ? err.message : "was let through");
		if (s->admitted) {
			budget_answered(budget, id);
			continue;
		}
		assert_int_equal(err.kind, ERR_BUDGET);
		if (err.retry_at != NOW + s->retry_at)
			fail_msg("step %zu: retry at %lld", i, (long long)(err.retry_at - NOW));
		assert_string_equal(err.blocked_scope, s->scope);
		assert_string_equal(err.endpoint, endpoints[s->endpoint].name);
		if (!strstr(err.message, s->message))
			fail_msg("step %zu: %s", i, err.message);
	}
}

#define YES(at, endpoint, model, use, share) { at, endpoint, model, use, share, true, 0, NULL, NULL }
#define NO(at, endpoint, model, use, share, retry, scope, message) \
	{ at, endpoint, model, use, share, false, retry, scope, message }
#define AUTO BUDGET_AUTOMATIC
#define ASKED BUDGET_EXPLICIT
#define ALL_USED "the plan five allows 5 requests an hour and all are used; the next may go "

static inline void refuse(struct budget *budget, uint64_t id, const struct budget_refusal *refusal)
{
	budget_refused(budget, id, refusal);
}

#define REFUSAL(...) (&(struct budget_refusal){ .message = "The provider says no.", __VA_ARGS__ })
#define UNTIL "The provider says no. No request goes out until then: "

#endif
