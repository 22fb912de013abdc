#ifndef EKE_BUDGET_LEDGER_ROWS_H
#define EKE_BUDGET_LEDGER_ROWS_H
/*
 * The requests in the ledger, and the corrections of their count: one row each. Everything here is within a
 * transaction of the ledger, but for what works on a log that was read. Times are Unix ms.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/budget/account.h"
#include "eke/budget/budget.h"
#include "eke/budget/ledger.h"
#include "eke/config/plan.h"

/* Requests that concern an account by its service, its plan or its key, the oldest first. */
struct ledger_rows {
	struct ledger_row {
		int64_t at;
		int32_t weight; /* 1; of a correction any number, also a negative one */
		bool machine; /* counts in windows of the machine */
		bool key; /* in those of the key */
		uint16_t model; /* index; a correction is of all models: "" */
	} * rows;
	size_t count, cap;
	char (*models)[LIMIT_BUDGET_MODEL];
	size_t model_count, model_cap;
};

/* Reads those from `from` on; replaces what was in `log`. */
void ledger_rows_read(struct ledger *ledger, const struct account *account, const struct key_hash *key_hash,
		      int64_t from, struct ledger_rows *log);
void ledger_rows_release(struct ledger_rows *log);
/*
 * The times of the requests from `from` on that a window counts, ascending, one each; the array is the caller's to
 * free. A negative correction takes away the requests behind it.
 */
int64_t *ledger_rows_times(const struct ledger_rows *log, const struct plan_window *window, int64_t from,
			   size_t *count);

/* A request is about to be sent. */
void ledger_rows_add(struct ledger *ledger, uint64_t id, const struct account *account, const struct key_hash *key_hash,
		     const char *model, int64_t keep_until);
void ledger_rows_drop(struct ledger *ledger, uint64_t id);
/* Forgets, now and then, what no window can count any more. */
void ledger_rows_tidy(struct ledger *ledger);

/* May the provider's counter be asked for that key now? True takes the turn, for ten minutes. */
bool ledger_rows_take_usage_turn(struct ledger *ledger, const struct key_hash *key_hash);
/*
 * Makes the count of these hours the provider's: more at once; less only ten minutes after the hour, when it has
 * counted what we have.
 */
void ledger_rows_correct(struct ledger *ledger, const struct account *account, const struct key_hash *key_hash,
			 const struct budget_usage_hour *hours, size_t count);

/* The key that an endpoint had last. */
void ledger_rows_note_key(struct ledger *ledger, const char *endpoint, const struct key_hash *key_hash);
bool ledger_rows_noted_key(struct ledger *ledger, const char *endpoint, struct key_hash *key_hash);

#endif
