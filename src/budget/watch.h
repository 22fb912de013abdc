#ifndef EKE_BUDGET_WATCH_H
#define EKE_BUDGET_WATCH_H
/*
 * Who else writes into the ledger: calls budget_note_change() when another process did, at most once a second, without
 * ever asking. Where the system cannot tell, nothing.
 */
#include <stdbool.h>

struct budget;

/*
 * After each use of the ledger: begins to watch. If we wrote, who listens is told by budget_note_change() at the end of
 * the turn, and what the system tells of our own write is ignored.
 */
void budget_watch(struct budget *budget, bool wrote);
void budget_watch_free(struct budget *budget);

#endif
