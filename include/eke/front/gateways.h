#ifndef EKE_FRONT_GATEWAYS_H
#define EKE_FRONT_GATEWAYS_H
/*
 * Which gateways run: each keeps a file in the state directory that says where it listens and what its clients did, for
 * `eke status` and `eke doctor`. A file whose process is gone is removed by who finds it.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/json.h"

/* Whether this program was built with what `eke gateway` needs. */
bool gateways_are_built(void);
/* Writes this process's file: one JSON object. */
bool gateways_write(const char *json, size_t len);
/* The gateway has ended. */
void gateways_remove(void);
/* Calls fn for each that runs; `record` is what it wrote, borrowed. */
void gateways_each(void (*fn)(void *ctx, const struct json *record), void *ctx);

#endif
