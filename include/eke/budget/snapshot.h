#ifndef EKE_BUDGET_SNAPSHOT_H
#define EKE_BUDGET_SNAPSHOT_H
/*
 * All that the ledger says about one account at a moment: its requests, the windows in force, the cooldowns. Read
 * within a transaction; what is concluded from it (admit.h, report) needs none.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/budget/cooldown.h"
#include "eke/budget/effective_windows.h"
#include "eke/budget/ledger_rows.h"
#include "eke/budget/limit_window.h"

struct snapshot {
	const struct plan *plan; /* borrowed; snapshot_look_at() may set another copy of it */
	int64_t now;             /* Unix ms */
	int64_t known_since;
	int64_t local_only_since;
	bool partitioned;
	size_t spares; /* that may be sent while that lasts; of the model that was asked about */
	struct ledger_rows log;
	int64_t log_from;
	struct cooldown *cooldowns; /* owned; those that may concern the account, of all models */
	size_t cooldown_count;
	struct learned_limit learned[LIMIT_LEARNED_WINDOWS];
	size_t learned_count;
	struct effective_windows windows;
};

/* Replaces what is in it; at first it must be all zero. After it was copied elsewhere call snapshot_look_at(). */
void snapshot_read(struct snapshot *snapshot, struct ledger *ledger, const struct account *account,
		   const struct key_hash *key_hash, const struct plan *plan);
/* As if the ledger were empty. */
void snapshot_clear(struct snapshot *snapshot, const struct plan *plan, int64_t now);
/* Moves it to another time, if nothing was written meanwhile; the plan may be another copy of the same. */
void snapshot_look_at(struct snapshot *snapshot, const struct plan *plan, int64_t now);
/* Does it hold everything that the windows count at its time? */
bool snapshot_covers(const struct snapshot *snapshot);
void snapshot_release(struct snapshot *snapshot);

/* The facts of the window of that index. Returns the array of times that they point to, which is to be freed. */
int64_t *snapshot_facts(const struct snapshot *snapshot, size_t window, struct limit_window_facts *out);
/* Until when a row for that model must be kept. */
int64_t snapshot_keep_until(const struct snapshot *snapshot, const char *model);

#endif
