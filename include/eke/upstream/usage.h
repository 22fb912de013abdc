#ifndef EKE_UPSTREAM_USAGE_H
#define EKE_UPSTREAM_USAGE_H
/*
 * POST {base}/query/usage_details: how many requests chatanywhere has counted for a key, hour by hour. That includes
 * what other programs and machines spent with the key, but not what other keys spent from this machine's address. It is
 * not known whether this request is counted too, so callers make it rarely. Source: the provider's documentation
 * (docs.chatanywhere.tech). Decoding is pure.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/err.h"
#include "eke/base/json.h"
#include "eke/base/limits.h"
#include "eke/upstream/upstream.h"

struct usage_hour {
	int64_t start; /* Unix seconds of the hour's beginning */
	int64_t count; /* requests in it, of all models; at least 1 */
};

/* `hours`: the hours of about the last day that had a request, oldest first, borrowed; NULL with err on failure. */
typedef void usage_fn(void *ctx, const struct usage_hour *hours, size_t count, const struct err *err);

/*
 * Does the endpoint have this count: is it chatanywhere, or a relay on this machine whose plan says that it is one?
 * Call usage_start() for no other endpoint.
 */
bool usage_is_offered(const struct endpoint *endpoint);
/* fn is called once, from the loop, unless cancelled. The number (never 0) is for usage_cancel(). */
uint64_t usage_start(struct upstream *upstream, struct endpoint *endpoint, usage_fn *fn, void *ctx);
void usage_cancel(struct upstream *upstream, uint64_t id);

/*
 * The rows of an answer, [{"time": "2024-04-17 00:00:00", "count": 3, …}] in China's time (UTC+8), one for each hour
 * and model, in any order: summed by hour, sorted, the newest LIMIT_USAGE_HOURS of them. Rows without a time or a count
 * above 0 (numbers may be strings) are ignored. null is an empty list. False if the value is not a list.
 */
bool usage_decode(const struct json *value, struct usage_hour hours[LIMIT_USAGE_HOURS], size_t *count);

#endif
