#ifndef EKE_BUDGET_LEDGER_H
#define EKE_BUDGET_LEDGER_H
/*
 * The ledger as a thing that is open or not: which file (or memory) is in use, its clock, its salt, its doubts. What
 * is written in it is ledger_rows.h (requests) and provider_limits.h (what providers said).
 *
 * Everything happens between ledger_begin() and ledger_commit(); BUSY from either means again, a little later.
 *
 * Time. Entries are dated by the wall clock, which somebody may set. Within one start of the machine a step shows as a
 * change of its distance from the clock of that start, and all dates are shifted by it, so that a step neither frees
 * nor locks anything. From one start to the next nothing can be known; dates in the future then become now.
 *
 * Doubt. After a damaged file was set aside, and for as long as there is only memory, what happened before is not
 * known: ledger_known_since() tells since when it is, and windows take half of their limit for used before it
 * (window.h).
 */
#include <stdbool.h>
#include <stdint.h>

#include "eke/base/attrs.h"
#include "eke/budget/key_hash.h"
#include "eke/store/store.h"

struct ledger;

/* Nothing is opened yet. */
RETURNS_NONNULL MUST_USE struct ledger *ledger_new(void);
void ledger_free(struct ledger *ledger);

/*
 * Never FAILED: where the file cannot be used, memory is, with what can be read of the file, and the file is looked
 * at again once a minute; what was added meanwhile then goes into it.
 */
MUST_USE enum store_result ledger_begin(struct ledger *ledger, enum store_mode mode);
/* BUSY also if the disk failed: the next try is in memory. */
MUST_USE enum store_result ledger_commit(struct ledger *ledger);

/* Is there a file, of which this process need not have opened any? */
bool ledger_exists(struct ledger *ledger);
/* Changes whenever anybody changes the ledger; 0: unknown. */
int64_t ledger_version(struct ledger *ledger);
/* The file that is in use, for watching it; NULL: memory, or not open. */
const char *ledger_watched_path(const struct ledger *ledger);

/* Within a transaction, Unix ms: the time by which it goes; since when it is complete, or 0. */
int64_t ledger_now(const struct ledger *ledger);
int64_t ledger_known_since(const struct ledger *ledger);
/*
 * 0, or since when the machines that share it cannot be asked, where this one has never been in touch with them; true,
 * where it has: what they have used since then is not known.
 */
int64_t ledger_local_only_since(const struct ledger *ledger);
bool ledger_is_partitioned(const struct ledger *ledger);
/* They cannot be asked now, or can. The second notes it in the file, within a transaction. */
void ledger_set_local_only(struct ledger *ledger, bool local_only);
void ledger_note_local_only(struct ledger *ledger, bool local_only);
void ledger_key_hash(struct ledger *ledger, const struct key_digest *digest, struct key_hash *out);

/* A new id of a request; never 0. */
uint64_t ledger_new_id(void);

/* Where it is or would be (NULL: nowhere), whether others share it, and what is wrong with it (NULL: nothing). */
const char *ledger_path(const struct ledger *ledger);
bool ledger_is_shared(const struct ledger *ledger);
const char *ledger_notice(const struct ledger *ledger);

#endif
