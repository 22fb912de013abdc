/*
 * The rules of cooldowns. A struct cooldown is the caller's, and kept by the ledger.
 */
#include "eke/budget/cooldown.h"

#include <stdio.h>

enum cooldown_verdict cooldown_judge(const struct cooldown *cooldown, enum budget_use use, int64_t now)
{
	if (!cooldown->set_at)
		return COOLDOWN_OVER;
	if (cooldown->until > now)
		return COOLDOWN_HOLDS;
	if (cooldown->stated || now - cooldown->until >= COOLDOWN_STALE_MS)
		return COOLDOWN_OVER;
	if (cooldown->probe && cooldown->probe_until > now)
		return COOLDOWN_PROBING;
	return use == BUDGET_EXPLICIT ? COOLDOWN_PROBE : COOLDOWN_UNSURE;
}

/* When the refusal itself, or what else is known, says that it ends; 0: nothing does. */
static int64_t stated_end(const struct budget_refusal *refusal, const struct cooldown_facts *facts)
{
	int64_t end = 0;

	if (refusal->retry_at * 1000 > facts->now)
		end = refusal->retry_at * 1000;
	else if (refusal->day)
		end = facts->midnight;
	else if (facts->full_until > facts->now)
		end = facts->full_until;
	if (end - facts->now > (int64_t)LIMIT_RETRY_SECONDS * 1000)
		end = facts->now + (int64_t)LIMIT_RETRY_SECONDS * 1000;
	return end;
}

static int64_t back_off(unsigned tries)
{
	int64_t wait = COOLDOWN_FIRST_MS;

	while (--tries && wait < COOLDOWN_LONGEST_MS)
		wait *= 2;
	return wait < COOLDOWN_LONGEST_MS ? wait : COOLDOWN_LONGEST_MS;
}

void cooldown_refused(struct cooldown *cooldown, const struct budget_refusal *refusal,
		      const struct cooldown_facts *facts)
{
	bool known = cooldown_judge(cooldown, BUDGET_EXPLICIT, facts->now) != COOLDOWN_OVER;
	int64_t end = stated_end(refusal, facts);

	/* Of several that were under way when it began each is refused: they are one refusal. */
	if (known && facts->sent_at <= cooldown->set_at) {
		if (end > cooldown->until) {
			cooldown->until = end;
			cooldown->stated = true;
		}
		return;
	}
	cooldown->tries = end ? 0 : known ? cooldown->tries + 1 : 1;
	cooldown->stated = end != 0;
	cooldown->until = end ? end : facts->now + back_off(cooldown->tries);
	cooldown->set_at = facts->now;
	cooldown->probe = 0;
	cooldown->probe_until = 0;
	snprintf(cooldown->message, sizeof(cooldown->message), "%s", refusal->message ? refusal->message : "");
}

bool cooldown_is_lifted(const struct cooldown *cooldown, int64_t sent_at)
{
	return cooldown->set_at && sent_at > cooldown->set_at;
}
