/*
 * One timer for all: it goes off when somebody is due, and often enough to tell those that wait on.
 */
#include "wait.h"

#include <stdlib.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/list.h"
#include "eke/base/mem.h"

struct wait_queue {
	struct timer *timer;
	struct waiting *first; /* in their order */
	size_t count;
	uint64_t last_order;
	int64_t told_ms;
};

static void arm(struct wait_queue *queue)
{
	int64_t now = clock_mono_ms();
	int64_t next = queue->told_ms + WAIT_TELL_MS;

	if (!queue->first) {
		timer_stop(queue->timer);
		return;
	}
	for (const struct waiting *w = queue->first; w; w = w->next)
		if (w->due_ms < next)
			next = w->due_ms;
	timer_start(queue->timer, next > now ? next - now : 0);
}

static void tell(struct wait_queue *queue)
{
	queue->told_ms = clock_mono_ms();
	for (struct waiting *w = queue->first; w; w = w->next)
		if (w->still)
			w->still(w->ctx);
}

static struct waiting *next_due(const struct wait_queue *queue, int64_t now)
{
	struct waiting *w = queue->first;

	while (w && w->due_ms > now)
		w = w->next;
	return w;
}

static void on_timer(void *ctx)
{
	struct wait_queue *queue = ctx;
	int64_t now = clock_mono_ms();
	struct waiting *w;

	while ((w = next_due(queue, now))) {
		wait_end(queue, w);
		w->go(w->ctx);
	}
	if (now - queue->told_ms >= WAIT_TELL_MS)
		tell(queue);
	arm(queue);
}

struct wait_queue *wait_queue_new(struct loop *loop)
{
	struct wait_queue *queue = xcalloc(1, sizeof(*queue));

	queue->timer = timer_new(loop, on_timer, queue);
	return queue;
}

void wait_queue_free(struct wait_queue *queue)
{
	if (!queue)
		return;
	timer_free(queue->timer);
	free(queue);
}

bool wait_begin(struct wait_queue *queue, struct waiting *waiting, int64_t ms)
{
	struct waiting **at = &queue->first;

	if (!waiting->order && queue->count >= LIMIT_GATEWAY_WAITING)
		return false;
	if (!queue->count)
		queue->told_ms = clock_mono_ms();
	if (!waiting->order)
		waiting->order = ++queue->last_order;
	while (*at && (*at)->order < waiting->order)
		at = &(*at)->next;
	waiting->next = *at;
	*at = waiting;
	waiting->is_waiting = true;
	waiting->due_ms = clock_mono_ms() + ms;
	queue->count++;
	arm(queue);
	return true;
}

void wait_end(struct wait_queue *queue, struct waiting *waiting)
{
	if (!waiting->is_waiting)
		return;
	waiting->is_waiting = false;
	list_unlink(queue->first, waiting);
	queue->count--;
}

struct waiting *wait_first(struct wait_queue *queue)
{
	return queue->first;
}
