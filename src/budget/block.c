/*
 * The rules of blocks. No objects: struct block is the caller's, and kept by the ledger.
 */
#include "eke/budget/block.h"

#include <stdio.h>

enum block_verdict block_judge(const struct block *block, enum budget_use use, int64_t now)
{
	if (!block->set_at)
		return BLOCK_OVER;
	if (block->until > now)
		return BLOCK_HOLDS;
	if (block->stated || now - block->until >= BLOCK_STALE_MS)
		return BLOCK_OVER;
	if (block->probe && block->probe_until > now)
		return BLOCK_PROBING;
	return use == BUDGET_EXPLICIT ? BLOCK_PROBE : BLOCK_UNSURE;
}

/* When the refusal itself, or what else is known, says that it ends; 0: nothing does. */
static int64_t stated_end(const struct budget_refusal *refusal, const struct block_facts *facts)
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
	int64_t wait = BLOCK_FIRST_MS;

	while (--tries && wait < BLOCK_LONGEST_MS)
		wait *= 2;
	return wait < BLOCK_LONGEST_MS ? wait : BLOCK_LONGEST_MS;
}

void block_refused(struct block *block, const struct budget_refusal *refusal, const struct block_facts *facts)
{
	bool known = block_judge(block, BUDGET_EXPLICIT, facts->now) != BLOCK_OVER;
	int64_t end = stated_end(refusal, facts);

	/* Of several that were under way when it began each is refused: they are one refusal. */
	if (known && facts->sent_at <= block->set_at) {
		if (end > block->until) {
			block->until = end;
			block->stated = true;
		}
		return;
	}
	block->tries = end ? 0 : known ? block->tries + 1 : 1;
	block->stated = end != 0;
	block->until = end ? end : facts->now + back_off(block->tries);
	block->set_at = facts->now;
	block->probe = 0;
	block->probe_until = 0;
	snprintf(block->message, sizeof(block->message), "%s", refusal->message ? refusal->message : "");
}

bool block_is_lifted(const struct block *block, int64_t sent_at)
{
	return block->set_at && sent_at > block->set_at;
}
