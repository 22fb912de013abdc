#ifndef EKE_BUDGET_MIRROR_H
#define EKE_BUDGET_MIRROR_H
/*
 * The local side of a ledger that is shared with other machines: what they wrote is put into ours, so that everything
 * that is concluded from it (admission, pace, status) knows of them; what we wrote and they have not been told is
 * owed, in the same transaction, and so survives us.
 *
 * Everything is within a transaction. `offset` is the shared clock less ours, in ms. Members and values are those of
 * redis_script.lua.
 */
#include <stdbool.h>
#include <stdint.h>

#include "eke/base/hex.h"
#include "eke/budget/cooldown.h"
#include "eke/budget/effective_windows.h"
#include "eke/budget/key_hash.h"
#include "eke/budget/ledger.h"
#include "redis.h"

/* "salt" and "origin" as they are written. */
#define MIRROR_SALT HEX_SIZE(KEY_SALT_BYTES)
#define MIRROR_ORIGIN HEX_SIZE(8)

/* --- what is owed; nothing where the ledger is not shared, and for what is being applied --- */

/* From now on it is (not) shared. */
void mirror_use(struct ledger *ledger, bool shared);
/* The others cannot be asked: see ledger_local_only_since(). */
void mirror_set_local_only(struct ledger *ledger, bool local_only);
/* It was let through without asking. */
void mirror_owe_request(struct ledger *ledger, uint64_t id);
/* It is given back, and may be known there. */
void mirror_owe_gone(struct ledger *ledger, uint64_t id);
void mirror_owe_cooldown(struct ledger *ledger, const char *service, const struct cooldown *cooldown);
void mirror_owe_all_cooldowns(struct ledger *ledger);
void mirror_owe_learned(struct ledger *ledger, const char *service, const struct learned_limit *limit);

/* Has something been written that is owed? Also by other processes, as far as a transaction has looked. */
bool mirror_owes(const struct ledger *ledger);
void mirror_look_for_owed(struct ledger *ledger);
/* Adds the oldest of it to a call; `upto` is for mirror_paid(). True: there may be more. */
bool mirror_read_owed(struct ledger *ledger, int64_t offset, struct redis_args *args, int64_t *upto);
void mirror_paid(struct ledger *ledger, int64_t upto);

/* --- meeting --- */

/*
 * The shared ledger has this salt. If it is not the one that we knew, it knows nothing of us: all is owed. Out come our
 * name there and how far we know what others wrote.
 */
void mirror_meet(struct ledger *ledger, const char *salt, char origin[MIRROR_ORIGIN], int64_t *cursor);
/* Of a key under that salt. */
void mirror_key_hash(const char *salt, const struct key_digest *digest, char out[HEX_SIZE(KEY_HASH_BYTES)]);
/* Makes the key of requests here and there the same. */
void mirror_know_key(struct ledger *ledger, const char *salt, const struct key_digest *digest);
/* The others cannot be asked from now on, if it was not so already. */
void mirror_begin_local_only(struct ledger *ledger);
void mirror_end_local_only(struct ledger *ledger);

/* --- what others wrote --- */

void mirror_apply(struct ledger *ledger, int64_t offset, const char *member, const char *value);
void mirror_put_cursor(struct ledger *ledger, int64_t cursor);

#endif
