#ifndef EKE_BUDGET_SHARED_KEYS_H
#define EKE_BUDGET_SHARED_KEYS_H
/*
 * Keys in a ledger that is shared with other machines. There a key stands as a hash under a salt that all machines
 * share, here as one under this machine's own; the table shared_mark has both, for keys that this machine has used.
 * Within a transaction.
 */
#include <stdbool.h>

#include "eke/base/hex.h"
#include "eke/budget/key_hash.h"
#include "eke/budget/ledger.h"

/* The shared salt, and a key's hash under it, as they are written. */
#define SHARED_SALT_SIZE HEX_SIZE(KEY_SALT_BYTES)
#define SHARED_KEY_SIZE HEX_SIZE(KEY_HASH_BYTES)

/* A key under the shared salt; needs no transaction. */
void shared_key_make(const char *salt, const struct key_digest *digest, char out[SHARED_KEY_SIZE]);
/* Notes both hashes of a key; true if they were not known. */
bool shared_key_note(struct ledger *ledger, const char *salt, const struct key_digest *digest, struct key_hash *local,
		     struct key_hash *shared);
/* False, and `out` untouched: not known. */
bool shared_key_of(struct ledger *ledger, const struct key_hash *local, char out[SHARED_KEY_SIZE]);
/* False: not a hash. That of a key which is not known here is taken as it is. */
bool shared_key_local(struct ledger *ledger, const char *shared, struct key_hash *out);
/* The salt is another. */
void shared_keys_forget(struct ledger *ledger);

#endif
