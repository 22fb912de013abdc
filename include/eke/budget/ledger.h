#ifndef EKE_BUDGET_LEDGER_H
#define EKE_BUDGET_LEDGER_H
/*
 * The ledger as a thing that is open or not: which file (or memory) is in use, its clock, its salt, its doubts. What
 * is written in it is ledger_rows.h (requests) and provider_limits.h (what providers said).
 *
 * Everything happens between ledger_begin() and ledger_commit(). STORE_BUSY from either: try again a little later.
 *
 * Time. Entries are dated by the wall clock, which somebody may set. Within one start of the machine a step shows as a
 * change of its distance from the clock of that start, and all dates are shifted by it, so that a step neither frees
 * nor locks anything. From one start to the next nothing can be known; dates in the future then become now.
 *
 * Doubt. After a damaged file was set aside, and for as long as there is only memory, it is not known what happened
 * before. ledger_known_since() tells since when the ledger is complete; for the time before that, half of each window's
 * limit counts as used (limit_window.h).
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
 * Never STORE_FAILED: where the file cannot be used, the ledger is in memory, with what could be read of the file. Once
 * a minute the file is tried again; what was added meanwhile then goes into it.
 */
MUST_USE enum store_result ledger_begin(struct ledger *ledger, enum store_mode mode);
/* STORE_BUSY also if the disk failed: the next try is in memory. */
MUST_USE enum store_result ledger_commit(struct ledger *ledger);

/* Is there a file? It need not be open in this process. */
bool ledger_exists(struct ledger *ledger);
/* Changes whenever anybody changes the ledger; 0: unknown. */
int64_t ledger_version(struct ledger *ledger);
/* The file that is in use, for watching it; NULL: memory, or not open. */
const char *ledger_watched_path(const struct ledger *ledger);

/* --- within a transaction; times are Unix ms --- */

/* The time that entries are dated by. */
int64_t ledger_now(const struct ledger *ledger);
/* Since when it is complete; 0: it is. */
int64_t ledger_known_since(const struct ledger *ledger);
/*
 * The machines that share the ledger cannot be asked now. If this machine has never been in touch with them: since
 * when; 0 otherwise.
 */
int64_t ledger_local_only_since(const struct ledger *ledger);
/* They cannot be asked now, and this machine has been in touch with them: what they use meanwhile is not known. */
bool ledger_is_partitioned(const struct ledger *ledger);
/* Whether they can be asked, for this process; outside of a transaction, too. */
void ledger_set_local_only(struct ledger *ledger, bool local_only);
/* The same, in the file. */
void ledger_note_local_only(struct ledger *ledger, bool local_only);
/* With the ledger's salt. */
void ledger_key_hash(struct ledger *ledger, const struct key_digest *digest, struct key_hash *out);

/* A new id of a request; never 0. */
uint64_t ledger_new_id(void);

/* Where it is or would be (NULL: nowhere), whether others share it, and what is wrong with it (NULL: nothing). */
const char *ledger_path(const struct ledger *ledger);
bool ledger_is_shared(const struct ledger *ledger);
const char *ledger_notice(const struct ledger *ledger);

#endif
