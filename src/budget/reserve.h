#ifndef EKE_BUDGET_RESERVE_H
#define EKE_BUDGET_RESERVE_H
/*
 * Requests that were admitted, or wait for it. What callers do with them is in eke/budget/budget.h; this is for
 * budget.c.
 */
struct budget;

/* The ledger is no longer shared: those that wait for the other machines are decided here. */
void reservations_go_local_only(struct budget *budget);
/* They end without a word. */
void reservations_free(struct budget *budget);

#endif
