/*
 * A correction is in the upstream's list until its fetch ends. It keeps the key that the fetch was made with, because
 * the endpoint may have another one by then.
 */
#include "correct.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/upstream/usage.h"

struct correction {
	struct upstream *upstream;
	struct endpoint *endpoint; /* ref */
	char *key;
	uint64_t fetch;
	struct correction *next;
};

static void correction_end(struct correction *c)
{
	struct correction **at = &c->upstream->corrections;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	usage_cancel(c->upstream, c->fetch);
	endpoint_unref(c->endpoint);
	explicit_bzero(c->key, strlen(c->key));
	free(c->key);
	free(c);
}

void corrections_free_all(struct upstream *upstream)
{
	while (upstream->corrections)
		correction_end(upstream->corrections);
}

static void on_usage(void *ctx, const struct usage_hour *hours, size_t count, const struct err *err)
{
	struct budget_usage_hour told[LIMIT_USAGE_HOURS];
	struct correction *c = ctx;

	c->fetch = 0;
	if (err)
		log_info("endpoint %s: its count of requests is not available: %s", endpoint_name(c->endpoint),
			 err->message);
	for (size_t i = 0; i < count; i++)
		told[i] = (struct budget_usage_hour){ .start = hours[i].start, .count = hours[i].count };
	if (count)
		budget_correct(c->upstream->budget, endpoint_config(c->endpoint), c->key, told, count);
	correction_end(c);
}

void correct_count(struct upstream *upstream, struct endpoint *endpoint)
{
	struct correction *c;
	const char *key = NULL;
	struct err err;

	if (!usage_is_offered(endpoint) || endpoint_key(endpoint, &key, &err) != ENDPOINT_KEY_READY ||
	    !budget_wants_usage(upstream->budget, endpoint_config(endpoint), key))
		return;
	c = xcalloc(1, sizeof(*c));
	c->upstream = upstream;
	c->endpoint = endpoint_ref(endpoint);
	c->key = xstrdup(key);
	c->next = upstream->corrections;
	upstream->corrections = c;
	c->fetch = usage_start(upstream, endpoint, on_usage, c);
}
