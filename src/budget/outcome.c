/*
 * Outcomes. Each reads what the ledger says now, because another process may have written since the request went out,
 * and writes what follows from it. No objects: struct outcome is the caller's.
 */
#include "eke/budget/outcome.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/log.h"
#include "eke/base/zone.h"
#include "eke/budget/admit.h"
#include "eke/budget/format_time.h"
#include "eke/budget/verdicts.h"
#include "mirror.h"

void outcome_set_refusal(struct outcome *o, const struct budget_refusal *refusal)
{
	o->refusal = *refusal;
	o->refusal.scope = o->refusal.message = NULL;
	snprintf(o->scope, sizeof(o->scope), "%s", refusal->scope ? refusal->scope : "");
	snprintf(o->message, sizeof(o->message), "%s", refusal->message ? refusal->message : "");
}

/* Blocks that concern the request; the caller frees the snapshot. */
static void read_for(struct ledger *ledger, const struct outcome *o, struct key_mark *mark, struct snapshot *s)
{
	*s = (struct snapshot){ .plan = o->plan };
	ledger_mark(ledger, &o->account.key, mark);
	snapshot_read(s, ledger, &o->account, mark, o->plan);
}

/* A probe that ended without an answer: the next may go at once. */
void outcome_spent(struct ledger *ledger, const struct outcome *o)
{
	struct key_mark mark;
	struct snapshot s;

	read_for(ledger, o, &mark, &s);
	for (size_t i = 0; i < s.block_count; i++) {
		if (s.blocks[i].probe != o->id)
			continue;
		s.blocks[i].probe = 0;
		s.blocks[i].probe_until = 0;
		verdicts_put_block(ledger, o->account.service, &s.blocks[i]);
	}
	snapshot_release(&s);
}

void outcome_answered(struct ledger *ledger, const struct outcome *o)
{
	struct key_mark mark;
	struct snapshot s;

	read_for(ledger, o, &mark, &s);
	for (size_t i = 0; i < s.block_count; i++)
		if (admit_block_concerns(&s, &s.blocks[i], o->model) && block_is_lifted(&s.blocks[i], o->sent_at))
			verdicts_drop_block(ledger, o->account.service, &s.blocks[i]);
	snapshot_release(&s);
}

/* When the windows of ours that are full for that model have room again; 0: none is full. */
static int64_t full_until(const struct snapshot *s, const char *model)
{
	int64_t until = 0;

	for (size_t i = 0; i < s->windows.count; i++) {
		struct window_facts facts;
		int64_t *times;
		int64_t at;

		if (!window_counts_model(&s->windows.windows[i].window, model))
			continue;
		times = snapshot_facts(s, i, &facts);
		at = window_retry_at(&facts, 0) * 1000;
		free(times);
		if (at > s->now + 1000 && at > until)
			until = at;
	}
	return until;
}

static int64_t next_midnight(const char *zone, int64_t now)
{
	const struct plan_window day = { .period = 86400, .kind = PLAN_CALENDAR, .time_zone = zone };
	struct window_span span;

	window_span(&day, now, zone_offset, &span);
	return span.to;
}

static void set_block(struct ledger *ledger, const struct outcome *o, const struct key_mark *mark, struct snapshot *s)
{
	const char *zone = effective_time_zone(o->plan, o->account.service);
	struct block fresh = { .machine = plan_is_counted(o->plan) && strcmp(o->scope, "key") };
	struct block_facts facts = { .now = s->now, .sent_at = o->sent_at, .midnight = next_midnight(zone, s->now),
				     .full_until = full_until(s, o->model) };
	struct budget_refusal refusal = o->refusal;
	struct block *block = &fresh;

	refusal.message = o->message;
	if (!fresh.machine)
		fresh.key = *mark;
	if (o->refusal.per_model)
		memcpy(fresh.model, o->model, sizeof(fresh.model));
	for (size_t i = 0; i < s->block_count; i++)
		if (s->blocks[i].machine == fresh.machine && !strcmp(s->blocks[i].model, fresh.model))
			block = &s->blocks[i];
	block_refused(block, &refusal, &facts);
	verdicts_put_block(ledger, o->account.service, block);
}

/* True: what the snapshot says about windows is no longer so. */
static bool learn(struct ledger *ledger, const struct outcome *o, const struct snapshot *s)
{
	struct learned_limit limit;
	bool stored = false;
	bool same = false;
	char words[64];

	if (!effective_learn(o->plan, o->account.service, o->model, &o->refusal, s->now, &limit))
		return false;
	for (size_t i = 0; i < s->learned_count; i++) {
		const struct learned_limit *l = &s->learned[i];

		if (l->period != limit.period || strcmp(l->model, limit.model))
			continue;
		stored = true;
		same = l->limit == limit.limit;
	}
	if (!stored && effective_is_known(o->plan, &limit))
		return false;
	verdicts_put_learned(ledger, o->account.service, &limit);
	if (same)
		return false;
	format_limit(limit.limit, limit.period, words, sizeof(words));
	log_info("endpoint %s: the provider says that it allows %s%s%s; eke counts with that from now on", o->endpoint,
		 words, o->refusal.per_model ? " for the model " : "", o->refusal.per_model ? limit.model : "");
	return true;
}

void outcome_refused(struct ledger *ledger, const struct outcome *o)
{
	struct key_mark mark;
	struct snapshot s;

	read_for(ledger, o, &mark, &s);
	if (learn(ledger, o, &s)) {
		snapshot_release(&s);
		read_for(ledger, o, &mark, &s);
	}
	set_block(ledger, o, &mark, &s);
	/* So that a block of the key alone can be shown by who does not have the key. */
	entries_note_key(ledger, o->endpoint, &mark);
	snapshot_release(&s);
}

void outcome_refunded(struct ledger *ledger, const struct outcome *o)
{
	entries_drop(ledger, o->id);
	mirror_owe_gone(ledger, o->id);
	outcome_spent(ledger, o);
}
