#ifndef EKE_UPSTREAM_SSE_H
#define EKE_UPSTREAM_SSE_H
/*
 * Server-sent events, bytes in, events out, no I/O (WHATWG HTML, 9.2.6 "Interpreting an event stream"), and
 * tolerant where endpoints are known to be: an event without its closing blank line at the end of the stream
 * is dispatched, and so is the field "error" of older llama.cpp servers, as an event of its own. An event
 * whose data is empty is not dispatched (a few proxies send "data:" to keep the connection alive). The fields
 * id and retry are for browsers that reconnect and are ignored.
 */
#include <stdbool.h>
#include <stddef.h>

struct sse;

/* One event. `data` is terminated, may be changed by the callee (it is parsed in place), and is gone afterwards. */
struct sse_event {
	const char *type; /* the event field, or "" */
	char *data;
	size_t len;
	bool is_error_field; /* data came from an "error:" line, not from "data:" lines */
};

/* Returns false to stop: sse_feed then returns at once and takes nothing more. Must not free the parser. */
typedef bool sse_event_fn(void *ctx, struct sse_event *event);

struct sse *sse_new(sse_event_fn *fn, void *ctx);
void sse_free(struct sse *sse);
/*
 * Feeds bytes as they come, cut anywhere; an event is dispatched as soon as its last line end is there. False
 * if the callee stopped it, now or before, or a line or an event is longer than its limit (limits.h;
 * sse_overflowed tells).
 */
bool sse_feed(struct sse *sse, const char *bytes, size_t len);
/*
 * End of the stream: a pending line and event are dispatched, unless the callee stopped it. Nothing is taken
 * afterwards.
 */
void sse_end(struct sse *sse);
bool sse_overflowed(const struct sse *sse);

#endif
