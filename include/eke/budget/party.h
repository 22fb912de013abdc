#ifndef EKE_BUDGET_PARTY_H
#define EKE_BUDGET_PARTY_H
/*
 * On whose account a request goes: the service, the plan, the key. Plain data, made from an endpoint and a key, and
 * kept where the endpoint may be gone by then.
 */
#include <stdbool.h>

#include "eke/base/limits.h"
#include "eke/budget/fingerprint.h"
#include "eke/config/config.h"

struct party {
	char service[LIMIT_SERVICE];
	char plan[LIMIT_PLAN_NAME];
	struct key_digest key;
};

/* `key` NULL: none. */
void party_make(const struct config_endpoint *endpoint, const char *key, struct party *out);
bool party_same(const struct party *a, const struct party *b);

#endif
