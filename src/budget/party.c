/*
 * Parties: facts about an endpoint, copied, so that nothing of a configuration must be kept for the ledger's sake. They
 * own nothing.
 */
#include "eke/budget/party.h"

#include <stdio.h>
#include <string.h>

#include "eke/budget/service.h"

void party_make(const struct config_endpoint *endpoint, const char *key, struct party *out)
{
	service_of(endpoint, out->service);
	snprintf(out->plan, sizeof(out->plan), "%s", endpoint->plan->name);
	key_digest_make(key, out->service, &out->key);
}

bool party_same(const struct party *a, const struct party *b)
{
	return !strcmp(a->service, b->service) && !strcmp(a->plan, b->plan) && key_digest_same(&a->key, &b->key);
}
