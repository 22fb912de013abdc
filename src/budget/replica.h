#ifndef EKE_BUDGET_REPLICA_H
#define EKE_BUDGET_REPLICA_H
/*
 * The local copy of what other machines have written into the shared ledger: it is put into ours, so that whatever is
 * concluded from that (admission, pace, status) counts them, too. The other direction is outbox.h.
 *
 * Everything is within a transaction. `offset` is the shared clock less ours, ms. Members and values are those of
 * redis_ledger.lua.
 */
#include <stdint.h>

#include "eke/base/limits.h"
#include "eke/budget/ledger.h"
#include "shared_keys.h"

/* This machine's name there: 16 hexadecimal digits. */
#define REPLICA_ORIGIN_SIZE HEX_SIZE(8)

struct replica_identity {
	char origin[REPLICA_ORIGIN_SIZE];
	char known_salt[SHARED_SALT_SIZE]; /* of the shared ledger that this machine knew last; "": none */
	int64_t cursor; /* the last event of it that is in the local ledger */
	char members[LIMIT_REDIS_MEMBERS][REPLICA_ORIGIN_SIZE]; /* other machines that were heard of lately */
	size_t member_count;
};
/* Gives the machine a name if it has none. */
void replica_read_identity(struct ledger *ledger, struct replica_identity *out);
/*
 * The shared ledger has this salt. If it is not the known one, that ledger knows nothing of us: the identity becomes
 * that of a machine which is new there, and all that is known here goes into the outbox.
 */
void replica_meet(struct ledger *ledger, const char *salt, struct replica_identity *identity);
/* Makes the key of requests here and there the same. */
void replica_note_key(struct ledger *ledger, const char *salt, const struct key_digest *digest);

/* One event of another machine. What makes no sense is left out. */
void replica_apply(struct ledger *ledger, int64_t offset, const char *member, const char *value);
void replica_put_cursor(struct ledger *ledger, int64_t cursor);
/* Is that the shared ledger that this machine is in step with? Another process may have met a new one. */
bool replica_knows(struct ledger *ledger, const char *salt);

#endif
