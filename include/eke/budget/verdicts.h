#ifndef EKE_BUDGET_VERDICTS_H
#define EKE_BUDGET_VERDICTS_H
/*
 * What providers have said, in the ledger: blocks (block.h) and stated limits (effective.h). Within a transaction.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/budget/block.h"
#include "eke/budget/effective.h"
#include "eke/budget/ledger.h"

/* Blocks of a service that may concern a key, of all models: at most `max`; returns how many. */
size_t verdicts_read_blocks(struct ledger *ledger, const char *service, const struct key_mark *mark, struct block *out,
			    size_t max);
void verdicts_put_block(struct ledger *ledger, const char *service, const struct block *block);
void verdicts_drop_block(struct ledger *ledger, const char *service, const struct block *block);
void verdicts_drop_all_blocks(struct ledger *ledger);

/* The newest LIMIT_LEARNED_WINDOWS that are still believed. */
size_t verdicts_read_learned(struct ledger *ledger, const char *service,
			     struct learned_limit out[LIMIT_LEARNED_WINDOWS]);
void verdicts_put_learned(struct ledger *ledger, const char *service, const struct learned_limit *limit);

#endif
