/*
 * What is written within one transaction until a request may go out: its row, the cooldowns that it tries out, and what
 * the other machines are to be told.
 */
#include "reservation.h"

#include <stdio.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/budget/admit.h"
#include "eke/budget/format_time.h"
#include "eke/budget/provider_limits.h"
#include "eke/budget/settlement.h"
#include "outbox.h"
#include "spares.h"

/* Marks the cooldowns that this request finds out about. */
static void note_probe(const struct snapshot *s, struct reservation *r)
{
	for (size_t i = 0; i < s->cooldown_count; i++) {
		struct cooldown *b = &s->cooldowns[i];

		if (!admit_cooldown_concerns(s, b, r->model) || cooldown_judge(b, r->use, s->now) != COOLDOWN_PROBE)
			continue;
		b->probe = r->id;
		b->probe_until = s->now + COOLDOWN_PROBE_MS;
		provider_limits_put_cooldown(r->budget->ledger, r->account.service, b);
	}
}

/* Is there a cooldown, over or not, whose fate the end of this request decides? */
static bool concerns_a_cooldown(const struct snapshot *s, const struct reservation *r)
{
	for (size_t i = 0; i < s->cooldown_count; i++)
		if (admit_cooldown_concerns(s, &s->cooldowns[i], r->model))
			return true;
	return false;
}

bool reservation_asks(const struct reservation *r)
{
	return r->budget->remote && r->phase == PHASE_FIRST && plan_is_counted(r->plan);
}

/* By what the ledger holds. False with err. */
static bool decide(struct reservation *r, struct err *err)
{
	struct budget *budget = r->budget;
	struct admit_request request = { .endpoint = r->endpoint, .model = r->model, .use = r->use, .reserve = r->reserve };
	struct snapshot s = { .plan = r->plan };
	struct key_hash key_hash;
	bool ok;

	if (reservation_asks(r))
		remote_prepare(budget->remote, &r->account);
	ledger_key_hash(budget->ledger, &r->account.key, &key_hash);
	snapshot_read(&s, budget->ledger, &r->account, &key_hash, r->plan);
	if (s.partitioned)
		s.spares = spares_count(budget->ledger, &r->account, r->model);
	ok = admit(&s, &request, err);
	if (ok) {
		r->sent_at = s.now;
		r->under_cooldown = concerns_a_cooldown(&s, r);
		r->recorded = plan_is_counted(r->plan);
		note_probe(&s, r);
		ledger_rows_tidy(budget->ledger);
	}
	if (ok && r->recorded)
		ledger_rows_add(budget->ledger, r->id, &r->account, &key_hash, r->model, snapshot_keep_until(&s, r->model));
	if (ok && reservation_asks(r))
		remote_make_admission(budget->remote, r->id, &r->account, r->model, r->use, r->reserve, &s, &r->admission);
	snapshot_release(&s);
	return ok;
}

void reservation_take_back(struct reservation *r)
{
	struct ledger *ledger = r->budget->ledger;
	struct settlement about = { .id = r->id, .account = r->account, .plan = r->plan };

	ledger_rows_drop(ledger, r->id);
	settle_spent(ledger, &about);
}

/* The others said no, and our ledger, which has by now what they wrote, sees no reason. */
static void deny_as_told(const struct reservation *r, struct err *err)
{
	int64_t now = clock_wall_ms();
	int64_t at = (now + r->denial.wait_ms + 999) / 1000;
	bool key = r->denial.window >= 0 && (size_t)r->denial.window < r->plan->window_count &&
		   r->plan->windows[r->denial.window].scope == PLAN_SCOPE_KEY;
	char when[96];

	format_time_when(at, now / 1000, when, sizeof(when));
	if (r->denial.in_doubt)
		err_set(err, ERR_BUDGET,
			"the shared ledger has lost what it knew, and not all machines that use it have been in touch "
			"with it since: "
			"what they may have used counts as used; start eke on them, or wait: the next may go %s",
			when);
	else
		err_set(err, ERR_BUDGET,
			"all machines that share the ledger have used what the plan %s allows; the next may go %s",
			r->plan->name, when);
	err->retry_at = at;
	memcpy(err->endpoint, r->endpoint, sizeof(err->endpoint));
	snprintf(err->blocked_scope, sizeof(err->blocked_scope), "%s", key ? "key" : "machine");
}

/* By the shared ledger, though our own admits it? */
static bool is_denied(const struct reservation *r)
{
	if (r->phase == PHASE_SPARE)
		return !spares_count(r->budget->ledger, &r->account, r->model);
	return r->phase == PHASE_DENIED;
}

/* One that the others count already becomes this one, which is told first: they never count less than what is sent. */
static void spend_spare(const struct reservation *r)
{
	struct ledger *ledger = r->budget->ledger;
	uint64_t spare = 0;

	if (r->phase == PHASE_SPARE || ledger_is_partitioned(ledger))
		spare = spares_take(ledger, &r->account, r->model);
	if (spare)
		outbox_add_removal(ledger, spare);
}

bool reservation_decide(struct reservation *r, struct err *err)
{
	struct budget *budget = r->budget;
	bool ok = decide(r, err);

	if (ok && is_denied(r)) {
		reservation_take_back(r);
		deny_as_told(r, err);
		ok = false;
	}
	if (!budget->remote)
		return ok;
	if (r->phase == PHASE_LOCAL_ONLY)
		ledger_note_local_only(budget->ledger, true);
	if (ok && r->phase != PHASE_FIRST) {
		outbox_add_request(budget->ledger, r->id);
		if (r->recorded)
			spend_spare(r);
	}
	/* The call may have arrived there all the same, or its record with all others. */
	if (!ok && r->was_asked && (r->phase != PHASE_FIRST || r->was_late))
		outbox_add_removal(budget->ledger, r->id);
	return ok;
}
