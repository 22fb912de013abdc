#ifndef EKE_UPSTREAM_UPSTREAM_PRIVATE_H
#define EKE_UPSTREAM_UPSTREAM_PRIVATE_H
/*
 * What call.c, query.c, correct.c and upstream.c share: the body of struct upstream, and how a request to an endpoint
 * is dressed.
 */
#include "eke/upstream/upstream.h"

struct call;
struct query;
struct correction;

struct upstream {
	struct loop *loop;     /* borrowed */
	struct budget *budget; /* borrowed */
	struct http *http;
	struct token_scales *token_scales;
	struct endpoint *endpoints[LIMIT_ENDPOINTS]; /* refs */
	size_t count;
	enum when_exhausted when_exhausted;
	int64_t next_allowed_until; /* Unix seconds, see upstream_allow_next() */
	struct call *calls;
	struct query *queries;
	struct correction *corrections;
	uint64_t last_id;
	size_t busy;
	loop_fn *changed; /* or NULL */
	void *changed_ctx;
	int64_t last_traffic_ms; /* 0: none yet */
};

/* One call more, or one less. */
void upstream_count_busy(struct upstream *upstream, bool more);

/* Ends them without a word. */
void calls_free_all(struct upstream *upstream);
void queries_free_all(struct upstream *upstream);

/*
 * Starts a transfer to the endpoint's present address: headers (the key's among them, if key is not NULL),
 * proxy, certificates and time-outs as configured. `body` is moved; NULL makes a GET.
 */
uint64_t upstream_send(struct upstream *upstream, struct endpoint *endpoint, const char *url, const char *key,
		       struct strbuf *body, const struct http_callbacks *callbacks);
/* The same for the few paths that take the key without "Bearer". */
uint64_t upstream_send_raw_key(struct upstream *upstream, struct endpoint *endpoint, const char *url, const char *key,
			       struct strbuf *body, const struct http_callbacks *callbacks);

#endif
