/*
 * Settlements. Each reads what the ledger says now, because another process may have written since the request went
 * out, and writes what follows from it. A struct settlement is the caller's.
 */
#include "eke/budget/settlement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/log.h"
#include "eke/base/zone.h"
#include "eke/budget/admit.h"
#include "eke/budget/format_time.h"
#include "eke/budget/provider_limits.h"
#include "outbox.h"

void settlement_set_refusal(struct settlement *o, const struct budget_refusal *refusal)
{
	o->refusal = *refusal;
	o->refusal.scope = o->refusal.message = NULL;
	snprintf(o->scope, sizeof(o->scope), "%s", refusal->scope ? refusal->scope : "");
	snprintf(o->message, sizeof(o->message), "%s", refusal->message ? refusal->message : "");
}

/* Cooldowns that concern the request; the caller frees the snapshot. */
static void read_for(struct ledger *ledger, const struct settlement *o, struct key_hash *key_hash, struct snapshot *s)
{
	*s = (struct snapshot){ .plan = o->plan };
	ledger_key_hash(ledger, &o->account.key, key_hash);
	snapshot_read(s, ledger, &o->account, key_hash, o->plan);
}

/* A probe that ended without an answer: the next may go at once. */
void settle_spent(struct ledger *ledger, const struct settlement *o)
{
	struct key_hash key_hash;
	struct snapshot s;

	read_for(ledger, o, &key_hash, &s);
	for (size_t i = 0; i < s.cooldown_count; i++) {
		if (s.cooldowns[i].probe != o->id)
			continue;
		s.cooldowns[i].probe = 0;
		s.cooldowns[i].probe_until = 0;
		provider_limits_put_cooldown(ledger, o->account.service, &s.cooldowns[i]);
	}
	snapshot_release(&s);
}

void settle_answered(struct ledger *ledger, const struct settlement *o)
{
	struct key_hash key_hash;
	struct snapshot s;

	read_for(ledger, o, &key_hash, &s);
	for (size_t i = 0; i < s.cooldown_count; i++)
		if (admit_cooldown_concerns(&s, &s.cooldowns[i], o->model) &&
		    cooldown_is_lifted(&s.cooldowns[i], o->sent_at))
			provider_limits_drop_cooldown(ledger, o->account.service, &s.cooldowns[i]);
	snapshot_release(&s);
}

/* When the windows of ours that are full for that model have room again; 0: none is full. */
static int64_t full_until(const struct snapshot *s, const char *model)
{
	int64_t until = 0;

	for (size_t i = 0; i < s->windows.count; i++) {
		struct limit_window_facts facts;
		int64_t *times;
		int64_t at;

		if (!limit_window_counts_model(&s->windows.windows[i].window, model))
			continue;
		times = snapshot_facts(s, i, &facts);
		at = limit_window_retry_at(&facts, 0) * 1000;
		free(times);
		if (at > s->now + 1000 && at > until)
			until = at;
	}
	return until;
}

static int64_t next_midnight(const char *zone, int64_t now)
{
	const struct plan_window day = { .period = 86400, .kind = PLAN_CALENDAR, .time_zone = zone };
	struct limit_window_span span;

	limit_window_span(&day, now, zone_offset, &span);
	return span.to;
}

static void set_cooldown(struct ledger *ledger, const struct settlement *o, const struct key_hash *key_hash,
			 struct snapshot *s)
{
	const char *zone = effective_windows_time_zone(o->plan, o->account.service);
	struct cooldown fresh = { .machine = plan_is_counted(o->plan) && strcmp(o->scope, "key") };
	struct cooldown_facts facts = { .now = s->now,
					.sent_at = o->sent_at,
					.midnight = next_midnight(zone, s->now),
					.full_until = full_until(s, o->model) };
	struct budget_refusal refusal = o->refusal;
	struct cooldown *cooldown = &fresh;

	refusal.message = o->message;
	if (!fresh.machine)
		fresh.key = *key_hash;
	if (o->refusal.per_model)
		memcpy(fresh.model, o->model, sizeof(fresh.model));
	for (size_t i = 0; i < s->cooldown_count; i++)
		if (s->cooldowns[i].machine == fresh.machine && !strcmp(s->cooldowns[i].model, fresh.model))
			cooldown = &s->cooldowns[i];
	cooldown_refused(cooldown, &refusal, &facts);
	provider_limits_put_cooldown(ledger, o->account.service, cooldown);
}

/* True: what the snapshot says about windows is no longer so. */
static bool learn(struct ledger *ledger, const struct settlement *o, const struct snapshot *s)
{
	struct learned_limit limit;
	bool stored = false;
	bool same = false;
	char words[64];

	if (!effective_windows_learn(o->plan, o->account.service, o->model, &o->refusal, s->now, &limit))
		return false;
	for (size_t i = 0; i < s->learned_count; i++) {
		const struct learned_limit *l = &s->learned[i];

		if (l->period != limit.period || strcmp(l->model, limit.model))
			continue;
		stored = true;
		same = l->limit == limit.limit;
	}
	if (!stored && effective_windows_in_plan(o->plan, &limit))
		return false;
	provider_limits_put_learned(ledger, o->account.service, &limit);
	if (same)
		return false;
	format_limit(limit.limit, limit.period, words, sizeof(words));
	log_info("endpoint %s: the provider says that it allows %s%s%s; eke counts with that from now on", o->endpoint,
		 words, o->refusal.per_model ? " for the model " : "", o->refusal.per_model ? limit.model : "");
	return true;
}

void settle_refused(struct ledger *ledger, const struct settlement *o)
{
	struct key_hash key_hash;
	struct snapshot s;

	read_for(ledger, o, &key_hash, &s);
	if (learn(ledger, o, &s)) {
		snapshot_release(&s);
		read_for(ledger, o, &key_hash, &s);
	}
	set_cooldown(ledger, o, &key_hash, &s);
	/* So that a cooldown of the key alone can be shown by who does not have the key. */
	ledger_rows_note_key(ledger, o->endpoint, &key_hash);
	snapshot_release(&s);
}

void settle_refunded(struct ledger *ledger, const struct settlement *o)
{
	ledger_rows_drop(ledger, o->id);
	outbox_add_removal(ledger, o->id);
	settle_spent(ledger, o);
}
