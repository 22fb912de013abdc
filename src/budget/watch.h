#ifndef EKE_BUDGET_WATCH_H
#define EKE_BUDGET_WATCH_H
/*
 * Who else writes into the ledger: calls budget_note_change() when another process did, at most once a second, without
 * ever asking. Where the system cannot tell, nothing.
 */
struct budget;

/* After each use of the ledger: begins to watch, or takes note of what we wrote ourselves. */
void budget_watch(struct budget *budget);
void budget_watch_free(struct budget *budget);

#endif
