#ifndef EKE_BUDGET_OUTBOX_H
#define EKE_BUDGET_OUTBOX_H
/*
 * A transactional outbox: changes that other machines, which share the ledger through Redis, have not been told yet are
 * rows, written in the transaction of the change itself, so that a crash loses none. Whoever changes the ledger adds to
 * it; remote.c sends what it holds and acknowledges it. Empty where the ledger is not shared.
 *
 * Everything is within a transaction but outbox_enable() and outbox_is_pending().
 */
#include <stdbool.h>
#include <stdint.h>

#include "eke/budget/cooldown.h"
#include "eke/budget/effective_windows.h"
#include "eke/budget/ledger.h"
#include "redis_args.h"

/* From now on the ledger is shared, or not. */
void outbox_enable(struct ledger *ledger, bool shared);

/* A request was let through without asking the others. */
void outbox_add_request(struct ledger *ledger, uint64_t id);
/* It does not count any more; they may know it or not. */
void outbox_add_removal(struct ledger *ledger, uint64_t id);
/* A cooldown was set, changed or ended: the row as it is when it is sent. */
void outbox_add_cooldown(struct ledger *ledger, const char *service, const struct cooldown *cooldown);
void outbox_add_all_cooldowns(struct ledger *ledger);
void outbox_add_learned(struct ledger *ledger, const char *service, const struct learned_limit *limit);
/* The requests of a key whose shared hash has become known. */
void outbox_add_key(struct ledger *ledger, const struct key_hash *local);
/* The others know nothing: all requests, those of other machines too, all cooldowns and limits. */
void outbox_add_everything(struct ledger *ledger);

/* Is there something, as far as this process knows? outbox_look() sees what other processes have added. */
bool outbox_is_pending(const struct ledger *ledger);
void outbox_look(struct ledger *ledger);
bool outbox_has_removal(struct ledger *ledger, uint64_t id);
/* Is a change of that cooldown on its way? */
bool outbox_has_cooldown(struct ledger *ledger, const char *service, const struct cooldown *cooldown);

/*
 * Adds the oldest changes, LIMIT_REDIS_OWED at most, to a call of the script's "push"; `upto` is for
 * outbox_acknowledge(). `offset` is the shared clock less ours, ms. True: there may be more.
 */
bool outbox_read(struct ledger *ledger, int64_t offset, struct redis_args *args, int64_t *upto);
void outbox_acknowledge(struct ledger *ledger, int64_t upto);

#endif
