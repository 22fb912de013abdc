/*
 * Snapshots: read once, evaluated as often as one likes. The arrays are the snapshot's; the windows in force point into
 * the plan and into the snapshot itself.
 */
#include "eke/budget/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"
#include "eke/base/zone.h"
#include "eke/budget/provider_limits.h"

#define DAY_MS INT64_C(86400000)

/* The earliest request that any window counts now. */
static int64_t earliest(const struct snapshot *s)
{
	int64_t from = s->now;

	for (size_t i = 0; i < s->windows.count; i++) {
		struct limit_window_span span;

		limit_window_span(&s->windows.windows[i].window, s->now, zone_offset, &span);
		if (span.from < from)
			from = span.from;
	}
	return from;
}

void snapshot_read(struct snapshot *s, struct ledger *ledger, const struct account *account,
		   const struct key_hash *key_hash, const struct plan *plan)
{
	struct cooldown cooldowns[LIMIT_COOLDOWNS];

	s->plan = plan;
	s->now = ledger_now(ledger);
	s->known_since = ledger_known_since(ledger);
	s->local_only_since = ledger_local_only_since(ledger);
	s->partitioned = ledger_is_partitioned(ledger);
	s->spares = 0;
	free(s->cooldowns);
	s->cooldown_count =
		provider_limits_read_cooldowns(ledger, account->service, key_hash, cooldowns, ARRAY_LEN(cooldowns));
	s->cooldowns = xcalloc(s->cooldown_count, sizeof(*s->cooldowns));
	memcpy(s->cooldowns, cooldowns, s->cooldown_count * sizeof(*s->cooldowns));
	s->learned_count = 0;
	if (plan_is_counted(plan))
		s->learned_count = provider_limits_read_learned(ledger, account->service, s->learned);
	effective_windows_make(plan, s->learned, s->learned_count, &s->windows);
	s->log_from = earliest(s);
	if (s->windows.count)
		ledger_rows_read(ledger, account, key_hash, s->log_from, &s->log);
	else
		s->log.count = 0;
}

void snapshot_clear(struct snapshot *s, const struct plan *plan, int64_t now)
{
	s->plan = plan;
	s->now = now;
	s->known_since = 0;
	s->local_only_since = 0;
	s->partitioned = false;
	s->spares = 0;
	s->cooldown_count = 0;
	s->learned_count = 0;
	s->log.count = 0;
	effective_windows_make(plan, NULL, 0, &s->windows);
}

void snapshot_look_at(struct snapshot *s, const struct plan *plan, int64_t now)
{
	s->plan = plan;
	s->now = now;
	/* The newest is first. */
	while (s->learned_count && s->learned[s->learned_count - 1].seen_at_ms <= now - LEARNED_DAYS * DAY_MS)
		s->learned_count--;
	effective_windows_make(plan, s->learned, s->learned_count, &s->windows);
}

bool snapshot_covers(const struct snapshot *s)
{
	return earliest(s) >= s->log_from;
}

void snapshot_release(struct snapshot *s)
{
	ledger_rows_release(&s->log);
	free(s->cooldowns);
	s->cooldowns = NULL;
	s->cooldown_count = 0;
}

int64_t *snapshot_facts(const struct snapshot *s, size_t window, struct limit_window_facts *out)
{
	int64_t *times;

	*out = (struct limit_window_facts){ .window = &s->windows.windows[window].window,
					    .known_since = s->known_since,
					    .local_only_since = s->local_only_since,
					    .partitioned = s->partitioned,
					    .spares = (int64_t)s->spares,
					    .now = s->now };
	limit_window_span(out->window, s->now, zone_offset, &out->span);
	times = ledger_rows_times(&s->log, out->window, out->span.from, &out->count);
	out->times = times;
	return times;
}

int64_t snapshot_keep_until(const struct snapshot *s, const char *model)
{
	/* A plan that is chosen tomorrow may count a day. */
	int64_t until = s->now + 2 * DAY_MS;

	for (size_t i = 0; i < s->windows.count; i++) {
		const struct plan_window *w = &s->windows.windows[i].window;
		/* A calendar window ends before that, but for an hour of summer time. */
		int64_t end = s->now + w->period * 1000 + DAY_MS;

		if (limit_window_counts_model(w, model) && end > until)
			until = end;
	}
	return until;
}
