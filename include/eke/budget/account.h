#ifndef EKE_BUDGET_ACCOUNT_H
#define EKE_BUDGET_ACCOUNT_H
/*
 * The account that a request is charged to: service, plan and key. A copy of facts, so that it outlives the endpoint
 * and the configuration.
 */
#include <stdbool.h>

#include "eke/base/limits.h"
#include "eke/budget/key_hash.h"
#include "eke/config/config.h"

struct account {
	char service[LIMIT_SERVICE];
	char plan[LIMIT_PLAN_NAME];
	struct key_digest key;
};

/* `key` NULL: none. */
void account_make(const struct config_endpoint *endpoint, const char *key, struct account *out);
bool account_same(const struct account *a, const struct account *b);

#endif
