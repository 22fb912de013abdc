#ifndef EKE_TESTS_BENCH_VIRTUAL_LOOP_H
#define EKE_TESTS_BENCH_VIRTUAL_LOOP_H
/*
 * A loop (eke/io/loop.h) over simulated time, linked instead of src/io/loop.c: timers and deferred work are the real
 * thing, descriptors and signals are never ready, and time is what its owner says. Both clocks of base/clock.h stand
 * at simulated time as long as such a loop exists. One at a time.
 */
#include <stdint.h>

#include "eke/io/loop.h"

/* Monotonic milliseconds; a new loop begins at VIRTUAL_START_MS. */
#define VIRTUAL_START_MS INT64_C(1000000)

int64_t virtual_loop_now(const struct loop *loop);
/* Does everything that is due until then, the moment itself included, each thing at its own time. */
void virtual_loop_advance(struct loop *loop, int64_t until_ms);

#endif
