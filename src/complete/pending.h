#ifndef EKE_COMPLETE_PENDING_H
#define EKE_COMPLETE_PENDING_H
/*
 * The requests for completions that wait for their answers. For the engine's own files.
 */
#include <stdbool.h>
#include <stdint.h>

#include "eke/complete/engine.h"

struct inflight;

/* engine_complete() and engine_cancel(). */
uint64_t pending_start(
	struct engine *engine, const struct engine_request *request, const struct engine_callbacks *callbacks);
void pending_cancel(struct engine *engine, uint64_t id);
/* They end without a word. */
void pending_free_all(struct engine *engine);

/* --- called by inflight.c --- */

bool pending_any_for(const struct engine *engine, const struct inflight *inflight);
/* ... at a text that is still the document's. */
bool pending_any_current(const struct engine *engine, const struct inflight *inflight);
void pending_on_grown(struct engine *engine, struct inflight *inflight);
void pending_on_done(struct engine *engine, struct inflight *inflight, const struct err *err);

#endif
