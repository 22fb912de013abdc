#ifndef EKE_UPSTREAM_RATE_LIMITS_H
#define EKE_UPSTREAM_RATE_LIMITS_H
/*
 * When a service's limits have room again, out of the headers of a response. Services count several things at once, and
 * each has a header of its own: OpenAI's x-ratelimit-{remaining,reset}-{requests,tokens}, Anthropic's
 * anthropic-ratelimit-requests-{remaining,reset}, Cerebras's x-ratelimit-reset-requests-day, OpenRouter's
 * X-RateLimit-Reset, IETF's RateLimit-Reset. Pure. All are Unix seconds; 0: nothing is said.
 */
#include <stdint.h>

#include "eke/upstream/http.h"
#include "eke/upstream/retry_after.h"

struct rate_limits {
	int64_t used_up;  /* the last reset among limits of which nothing remains */
	int64_t requests; /* the reset of the limit on requests, whatever remains of it */
	int64_t tokens;   /* the same of the limit on tokens */
	int64_t unknown;  /* the first reset among limits whose headers do not say what remains */
};

struct rate_limits rate_limits_read(const struct http_head *head, struct retry_clock clock);

#endif
