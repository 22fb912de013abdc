#ifndef EKE_GATEWAY_CATALOGUE_H
#define EKE_GATEWAY_CATALOGUE_H
/*
 * Which models the endpoints offer, by their own lists. No plan counts the request for a list. An endpoint without a
 * list, or that does not answer in time, has the models that its configuration names.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/io/loop.h"
#include "eke/upstream/upstream.h"

struct catalogue;

struct catalogue *catalogue_new(struct upstream *upstream);
void catalogue_free(struct catalogue *catalogue);
/* The configuration has changed: nothing is known any more. */
void catalogue_reset(struct catalogue *catalogue);

/* Somebody who waits for it; embedded. */
struct catalogue_pending {
	void (*fn)(void *ctx);
	void *ctx;
	bool is_waiting;
	struct catalogue_pending *next;
};
/* Calls w->fn from the loop, once, when lists not older than that are known. */
void catalogue_want(struct catalogue *catalogue, int64_t max_age_ms, struct catalogue_pending *w);
void catalogue_unwant(struct catalogue *catalogue, struct catalogue_pending *w);
/* Are there lists, not older than that? */
bool catalogue_is_known(const struct catalogue *catalogue, int64_t max_age_ms);

/* One endpoint's list, in the order of the configuration. */
struct catalogue_list {
	char *endpoint;
	char **ids;
	size_t count;
};
/* NULL past the end. */
const struct catalogue_list *catalogue_at(const struct catalogue *catalogue, size_t index);
/* The first list that has the model; NULL: none. */
const struct catalogue_list *catalogue_find(const struct catalogue *catalogue, const char *model);

#endif
