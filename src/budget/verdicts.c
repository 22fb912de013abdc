/*
 * Blocks and stated limits in the ledger's tables: rows to structs and back. Whoever writes one also throws out what is
 * long over.
 */
#include "eke/budget/verdicts.h"

#include <stdio.h>
#include <string.h>

#include "ledger_private.h"
#include "mirror.h"

/* Columns of BLOCK_COLUMNS in ledger.c. */
enum { SERVICE, KEY, MODEL, SET_AT, UNTIL, STATED, TRIES, PROBE, PROBE_UNTIL, MESSAGE };

static void put_key(struct store *store, const struct block *block)
{
	store_put_blob(store, block->key.bytes, block->machine ? 0 : sizeof(block->key.bytes));
}

static void read_block(struct ledger *ledger, struct block *out)
{
	struct store *store = ledger->open;
	size_t len;
	const void *key = store_blob(store, KEY, &len);

	*out = (struct block){ .machine = !len,
			       .set_at = store_int(store, SET_AT) + ledger->shift,
			       .until = store_int(store, UNTIL) + ledger->shift,
			       .stated = store_int(store, STATED),
			       .tries = (unsigned)store_int(store, TRIES),
			       .probe = (uint64_t)store_int(store, PROBE),
			       .probe_until = store_int(store, PROBE_UNTIL) + ledger->shift };
	if (len == sizeof(out->key.bytes))
		memcpy(out->key.bytes, key, len);
	snprintf(out->model, sizeof(out->model), "%s", store_text(store, MODEL));
	snprintf(out->message, sizeof(out->message), "%s", store_text(store, MESSAGE));
}

size_t verdicts_read_blocks(struct ledger *ledger, const char *service, const struct key_mark *mark, struct block *out,
			    size_t max)
{
	size_t n = 0;

	store_start(ledger->open, SQL_BLOCKS);
	store_put_text(ledger->open, service);
	store_put_blob(ledger->open, mark->bytes, sizeof(mark->bytes));
	while (store_next(ledger->open))
		if (n < max)
			read_block(ledger, &out[n++]);
	return n;
}

void verdicts_put_block(struct ledger *ledger, const char *service, const struct block *block)
{
	struct store *store = ledger->open;

	store_start(store, SQL_DROP_OLD_BLOCKS);
	store_put_int(store, ledger->now - BLOCK_STALE_MS);
	store_run(store);
	store_start(store, SQL_PUT_BLOCK);
	store_put_text(store, service);
	put_key(store, block);
	store_put_text(store, block->model);
	store_put_int(store, block->set_at);
	store_put_int(store, block->until);
	store_put_int(store, block->stated);
	store_put_int(store, block->tries);
	store_put_int(store, (int64_t)block->probe);
	store_put_int(store, block->probe_until);
	store_put_text(store, block->message);
	store_run(store);
	mirror_owe_block(ledger, service, block);
}

void verdicts_drop_block(struct ledger *ledger, const char *service, const struct block *block)
{
	store_start(ledger->open, SQL_DROP_BLOCK);
	store_put_text(ledger->open, service);
	put_key(ledger->open, block);
	store_put_text(ledger->open, block->model);
	store_run(ledger->open);
	mirror_owe_block(ledger, service, block);
}

void verdicts_drop_all_blocks(struct ledger *ledger)
{
	mirror_owe_all_blocks(ledger);
	store_start(ledger->open, SQL_DROP_ALL_BLOCKS);
	store_run(ledger->open);
}

static int64_t believed_since(const struct ledger *ledger)
{
	return ledger->now - INT64_C(86400000) * LEARNED_DAYS;
}

size_t verdicts_read_learned(struct ledger *ledger, const char *service,
			     struct learned_limit out[LIMIT_LEARNED_WINDOWS])
{
	struct store *store = ledger->open;
	size_t n = 0;

	store_start(store, SQL_LEARNED);
	store_put_text(store, service);
	store_put_int(store, believed_since(ledger) - ledger->shift);
	store_put_int(store, LIMIT_LEARNED_WINDOWS);
	while (store_next(store)) {
		struct learned_limit *l = &out[n];

		*l = (struct learned_limit){ .period = store_int(store, 2),
					     .limit = store_int(store, 3),
					     .kind = store_int(store, 4) ? PLAN_CALENDAR : PLAN_SLIDING,
					     .seen_at_ms = store_int(store, 6) + ledger->shift };
		snprintf(l->model, sizeof(l->model), "%s", store_text(store, 1));
		snprintf(l->time_zone, sizeof(l->time_zone), "%s", store_text(store, 5));
		/* A file that somebody wrote into must not make a window without length. */
		n += l->period > 0 && l->limit > 0;
	}
	return n;
}

void verdicts_put_learned(struct ledger *ledger, const char *service, const struct learned_limit *limit)
{
	struct store *store = ledger->open;

	store_start(store, SQL_DROP_OLD_LEARNED);
	store_put_int(store, believed_since(ledger));
	store_run(store);
	store_start(store, SQL_PUT_LEARNED);
	store_put_text(store, service);
	store_put_text(store, limit->model);
	store_put_int(store, limit->period);
	store_put_int(store, limit->limit);
	store_put_int(store, limit->kind == PLAN_CALENDAR);
	store_put_text(store, limit->time_zone);
	store_put_int(store, limit->seen_at_ms);
	store_run(store);
	mirror_owe_learned(ledger, service, limit);
}
