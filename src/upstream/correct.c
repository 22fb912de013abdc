/*
 * Corrections. Asked beside a request that goes out anyway, so that an idle machine asks nobody; the budget decides
 * when, for the whole machine. A struct correction lives from the question to its answer, in the upstream's list.
 */
#include "correct.h"

#include <stdlib.h>

#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/upstream/usage.h"

struct correction {
	struct upstream *upstream;
	struct endpoint *endpoint; /* ref */
	uint64_t query;
	struct correction *next;
};

static void correction_end(struct correction *c)
{
	struct correction **at = &c->upstream->corrections;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	usage_cancel(c->upstream, c->query);
	endpoint_unref(c->endpoint);
	free(c);
}

void corrections_free_all(struct upstream *upstream)
{
	while (upstream->corrections)
		correction_end(upstream->corrections);
}

static void on_usage(void *ctx, const struct usage_hour *hours, size_t count, const struct err *err)
{
	struct correction *c = ctx;
	struct budget_usage_hour told[LIMIT_USAGE_HOURS];
	const char *key = NULL;
	struct err ignored;

	/* Nobody waits for it: without an answer our own count goes on. */
	if (err)
		log_debug("endpoint %s: its own count of requests cannot be had: %s", endpoint_name(c->endpoint), err->message);
	for (size_t i = 0; i < count; i++)
		told[i] = (struct budget_usage_hour){ .start = hours[i].start, .count = hours[i].count };
	if (count && endpoint_key(c->endpoint, &key, &ignored) == ENDPOINT_KEY_READY)
		budget_correct(c->upstream->budget, endpoint_config(c->endpoint), key, told, count);
	c->query = 0;
	correction_end(c);
}

void corrections_ask(struct upstream *upstream, struct endpoint *endpoint)
{
	const char *key = NULL;
	struct correction *c;
	struct err err;

	if (!usage_is_offered(endpoint) || endpoint_key(endpoint, &key, &err) != ENDPOINT_KEY_READY ||
	    !budget_wants_usage(upstream->budget, endpoint_config(endpoint), key))
		return;
	c = xcalloc(1, sizeof(*c));
	c->upstream = upstream;
	c->endpoint = endpoint_ref(endpoint);
	c->next = upstream->corrections;
	upstream->corrections = c;
	c->query = usage_start(upstream, endpoint, on_usage, c);
}
