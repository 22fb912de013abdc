#ifndef EKE_UPSTREAM_MODELS_H
#define EKE_UPSTREAM_MODELS_H
/*
 * GET {base}/models: which models an endpoint offers. No known plan counts it. It also shows whether address, TLS and
 * key are right, for `eke doctor`.
 */
#include <stddef.h>
#include <stdint.h>

#include "eke/base/err.h"
#include "eke/upstream/upstream.h"

/* ids is NULL with err set on failure; borrowed. */
typedef void models_fn(void *ctx, const char *const *ids, size_t count, const struct err *err);

/* fn is called once, from the loop, unless cancelled. */
uint64_t models_start(struct upstream *upstream, struct endpoint *endpoint, models_fn *fn, void *ctx);
void models_cancel(struct upstream *upstream, uint64_t id);

#endif
