/*
 * Accounts. A struct account is the caller's storage and holds copies alone, so that the ledger keeps no configuration
 * alive.
 */
#include "eke/budget/account.h"

#include <stdio.h>
#include <string.h>

void account_make(const struct config_endpoint *endpoint, const char *key, struct account *out)
{
	snprintf(out->service, sizeof(out->service), "%s", endpoint->service);
	snprintf(out->plan, sizeof(out->plan), "%s", endpoint->plan->name);
	key_digest_make(key, out->service, &out->key);
}

bool account_same(const struct account *a, const struct account *b)
{
	return !strcmp(a->service, b->service) && !strcmp(a->plan, b->plan) && key_digest_same(&a->key, &b->key);
}
