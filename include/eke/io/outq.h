#ifndef EKE_IO_OUTQ_H
#define EKE_IO_OUTQ_H
/*
 * The bounded queue in front of a descriptor that others read: whole messages in, bytes out as fast as they are
 * taken. A message goes out at once if nothing waits before it. Above LIMIT_OUT_HIGH_WATER the queue is
 * congested: who can merge or drop, waits for the drain call. Above LIMIT_OUT_QUEUE, or when the reader is
 * gone, the queue is broken for good.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/io/loop.h"

struct outq;

/*
 * `drained` is called when a congested queue has gone below the mark again, `broken` once when it cannot
 * deliver any more (errno-like reason; 0: the limit). The descriptor stays the caller's; pipes and sockets are
 * made non-blocking.
 */
struct outq_callbacks {
	void (*drained)(void *ctx);
	void (*broken)(void *ctx, int reason);
	void *ctx;
};

struct outq *outq_new(struct loop *loop, int fd, const struct outq_callbacks *callbacks);
void outq_free(struct outq *q);
/* Queues one whole message, header included. False if the queue is broken (by this call, perhaps). */
bool outq_write(struct outq *q, const char *data, size_t len);
bool outq_congested(const struct outq *q);
/* At the end of the program: writes what is left, waiting at most that long for the reader. */
void outq_finish(struct outq *q, int milliseconds);

#endif
