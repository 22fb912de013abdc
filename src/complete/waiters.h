#ifndef EKE_COMPLETE_WAITERS_H
#define EKE_COMPLETE_WAITERS_H
/*
 * The requests for completions that wait for their answers. For the engine's own files.
 */
#include <stdbool.h>
#include <stdint.h>

#include "eke/complete/engine.h"

struct question;

/* engine_complete() and engine_cancel(). */
uint64_t waiter_start(
	struct engine *engine, const struct engine_request *request, const struct engine_callbacks *callbacks);
void waiter_cancel(struct engine *engine, uint64_t id);
/* They end without a word. */
void waiters_free(struct engine *engine);

/* --- called by questions.c --- */

bool waiters_want(const struct engine *engine, const struct question *question);
/* ... at a text that is still the document's. */
bool waiters_are_current(const struct engine *engine, const struct question *question);
void waiters_on_grown(struct engine *engine, struct question *question);
void waiters_on_done(struct engine *engine, struct question *question, const struct err *err);

#endif
