#ifndef EKE_GATEWAY_WAIT_H
#define EKE_GATEWAY_WAIT_H
/*
 * Requests that wait for the budget, because their clients want that (X-Eke-Wait): in the order in which they came,
 * each until the budget may have something for it. Who waits embeds a struct waiting.
 */
#include <stdbool.h>
#include <stdint.h>

#include "eke/io/loop.h"

struct wait_queue;

struct waiting {
	uint64_t order; /* 0: it never waited */
	int64_t due_ms; /* of clock_mono_ms() */
	bool is_waiting;
	void (*go)(void *ctx); /* it is due, and waits no more */
	void (*still)(void *ctx); /* every WAIT_TELL_MS: it waits on; NULL: nobody is to be told */
	void *ctx;
	struct waiting *next;
};

#define WAIT_TELL_MS 10000

struct wait_queue *wait_queue_new(struct loop *loop);
void wait_queue_free(struct wait_queue *queue);
/* False: too many wait. It waits for `ms` milliseconds; one that waited before keeps its place. */
bool wait_begin(struct wait_queue *queue, struct waiting *waiting, int64_t ms);
/* It need not wait. */
void wait_end(struct wait_queue *queue, struct waiting *waiting);
/* The first of those that wait, or NULL. */
struct waiting *wait_first(struct wait_queue *queue);

#endif
