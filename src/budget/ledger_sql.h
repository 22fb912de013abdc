#ifndef EKE_BUDGET_LEDGER_SQL_H
#define EKE_BUDGET_LEDGER_SQL_H
/*
 * What ledger.db holds.
 */
#include "eke/store/store.h"

extern const struct store_schema ledger_schema;

#endif
