#ifndef EKE_UPSTREAM_UPSTREAM_PRIVATE_H
#define EKE_UPSTREAM_UPSTREAM_PRIVATE_H
/*
 * What call.c, fetch.c, exchange.c, correct.c and upstream.c share: the body of struct upstream, and how a request to
 * an endpoint is sent.
 */
#include "eke/upstream/quirks.h"
#include "eke/upstream/upstream.h"

struct call;
struct exchange;
struct fetch;
struct correction;

struct upstream {
	struct loop *loop;     /* borrowed */
	struct budget *budget; /* borrowed */
	struct http *http;
	struct token_scales *token_scales;
	struct quirks *quirks;
	struct endpoint *endpoints[LIMIT_ENDPOINTS]; /* refs */
	size_t count;
	enum when_exhausted when_exhausted;
	int64_t next_allowed_until; /* Unix seconds, see upstream_allow_next() */
	struct call *calls;
	struct exchange *exchanges;
	struct fetch *fetches;
	struct correction *corrections;
	uint64_t last_id;
	size_t busy;
	bool (*make_room)(void *ctx); /* or NULL */
	void *make_room_ctx;
	loop_fn *changed; /* or NULL */
	void *changed_ctx;
	int64_t last_traffic_ms; /* 0: none yet */
};

/* One call more, or one less. */
void upstream_count_busy(struct upstream *upstream, bool more);

/* Ends them without a word. */
void calls_free_all(struct upstream *upstream);
void fetches_free_all(struct upstream *upstream);

/* Ends them without a word. */
void exchanges_free_all(struct upstream *upstream);

/* What exchange.c has sent; borrowed for the call, but for `body`, which is moved. */
struct upstream_request {
	const char *method;
	const char *url;
	const char *const *headers; /* "Name: value", ends with NULL */
	const char *key;            /* NULL: none */
	bool raw_key;               /* without "Bearer" */
	bool fresh;                 /* on a connection of its own */
	struct strbuf *body;        /* or NULL */
};
/* Starts a transfer: key, the configuration's headers, proxy, certificates and time-outs are added. */
uint64_t upstream_send(struct upstream *upstream, struct endpoint *endpoint, const struct upstream_request *request,
	const struct http_callbacks *callbacks);

#endif
