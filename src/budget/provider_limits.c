/*
 * Cooldowns and stated limits in the ledger's tables: rows to structs and back. Whoever writes one also throws out what
 * is long over.
 */
#include "eke/budget/provider_limits.h"

#include <stdio.h>
#include <string.h>

#include "ledger_private.h"
#include "outbox.h"

/* Columns of COOLDOWN_COLUMNS in ledger.c. */
enum { SERVICE, KEY, MODEL, SET_AT, UNTIL, STATED, TRIES, PROBE, PROBE_UNTIL, MESSAGE };

static void put_key(struct store *store, const struct cooldown *cooldown)
{
	store_put_blob(store, cooldown->key.bytes, cooldown->machine ? 0 : sizeof(cooldown->key.bytes));
}

static void read_cooldown(struct ledger *ledger, struct cooldown *out)
{
	struct store *store = ledger->open;
	size_t len;
	const void *key = store_blob(store, KEY, &len);

	*out = (struct cooldown){ .machine = !len,
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

size_t provider_limits_read_cooldowns(struct ledger *ledger, const char *service, const struct key_hash *key_hash,
				      struct cooldown *out, size_t max)
{
	size_t n = 0;

	store_start(ledger->open, SQL_COOLDOWNS);
	store_put_text(ledger->open, service);
	store_put_blob(ledger->open, key_hash->bytes, sizeof(key_hash->bytes));
	while (store_next(ledger->open))
		if (n < max)
			read_cooldown(ledger, &out[n++]);
	return n;
}

void provider_limits_store_cooldown(struct ledger *ledger, const char *service, const struct cooldown *cooldown)
{
	struct store *store = ledger->open;

	store_start(store, SQL_DROP_OLD_COOLDOWNS);
	store_put_int(store, ledger->now - COOLDOWN_STALE_MS);
	store_run(store);
	store_start(store, SQL_PUT_COOLDOWN);
	store_put_text(store, service);
	put_key(store, cooldown);
	store_put_text(store, cooldown->model);
	store_put_int(store, cooldown->set_at);
	store_put_int(store, cooldown->until);
	store_put_int(store, cooldown->stated);
	store_put_int(store, cooldown->tries);
	store_put_int(store, (int64_t)cooldown->probe);
	store_put_int(store, cooldown->probe_until);
	store_put_text(store, cooldown->message);
	store_run(store);
}

void provider_limits_put_cooldown(struct ledger *ledger, const char *service, const struct cooldown *cooldown)
{
	provider_limits_store_cooldown(ledger, service, cooldown);
	outbox_add_cooldown(ledger, service, cooldown);
}

void provider_limits_remove_cooldown(struct ledger *ledger, const char *service, const struct cooldown *cooldown)
{
	store_start(ledger->open, SQL_DROP_COOLDOWN);
	store_put_text(ledger->open, service);
	put_key(ledger->open, cooldown);
	store_put_text(ledger->open, cooldown->model);
	store_run(ledger->open);
}

void provider_limits_drop_cooldown(struct ledger *ledger, const char *service, const struct cooldown *cooldown)
{
	provider_limits_remove_cooldown(ledger, service, cooldown);
	outbox_add_cooldown(ledger, service, cooldown);
}

void provider_limits_drop_cooldowns(struct ledger *ledger)
{
	outbox_add_all_cooldowns(ledger);
	store_start(ledger->open, SQL_DROP_ALL_COOLDOWNS);
	store_run(ledger->open);
}

static int64_t believed_since(const struct ledger *ledger)
{
	return ledger->now - INT64_C(86400000) * LEARNED_DAYS;
}

size_t provider_limits_read_learned(struct ledger *ledger, const char *service,
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
					     .seen_at_ms = store_int(store, 6) + ledger->shift };
		snprintf(l->model, sizeof(l->model), "%s", store_text(store, 1));
		snprintf(l->time_zone, sizeof(l->time_zone), "%s", store_text(store, 5));
		/* Skips rows that somebody damaged, and kinds of a newer eke. */
		n += l->period > 0 && l->limit > 0 && plan_kind_from_name(store_text(store, 4), &l->kind);
	}
	return n;
}

void provider_limits_store_learned(struct ledger *ledger, const char *service, const struct learned_limit *limit)
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
	store_put_text(store, plan_kind_name(limit->kind));
	store_put_text(store, limit->time_zone);
	store_put_int(store, limit->seen_at_ms);
	store_run(store);
}

void provider_limits_put_learned(struct ledger *ledger, const char *service, const struct learned_limit *limit)
{
	provider_limits_store_learned(ledger, service, limit);
	outbox_add_learned(ledger, service, limit);
}
