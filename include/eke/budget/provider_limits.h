#ifndef EKE_BUDGET_PROVIDER_LIMITS_H
#define EKE_BUDGET_PROVIDER_LIMITS_H
/*
 * What providers have said, in the ledger: cooldowns (cooldown.h) and stated limits (effective_windows.h). Within a
 * transaction.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/budget/cooldown.h"
#include "eke/budget/effective_windows.h"
#include "eke/budget/ledger.h"

/* Cooldowns of a service that may concern a key, of all models: at most `max`; returns how many. */
size_t provider_limits_read_cooldowns(struct ledger *ledger, const char *service, const struct key_hash *key_hash,
				      struct cooldown *out, size_t max);
void provider_limits_put_cooldown(struct ledger *ledger, const char *service, const struct cooldown *cooldown);
void provider_limits_drop_cooldown(struct ledger *ledger, const char *service, const struct cooldown *cooldown);
void provider_limits_drop_cooldowns(struct ledger *ledger);

/* The newest LIMIT_LEARNED_WINDOWS that are still believed. */
size_t provider_limits_read_learned(struct ledger *ledger, const char *service,
				    struct learned_limit out[LIMIT_LEARNED_WINDOWS]);
void provider_limits_put_learned(struct ledger *ledger, const char *service, const struct learned_limit *limit);

/* The same for what other machines wrote: they need not be told. */
void provider_limits_store_cooldown(struct ledger *ledger, const char *service, const struct cooldown *cooldown);
void provider_limits_remove_cooldown(struct ledger *ledger, const char *service, const struct cooldown *cooldown);
void provider_limits_store_learned(struct ledger *ledger, const char *service, const struct learned_limit *limit);

#endif
