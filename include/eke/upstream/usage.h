#ifndef EKE_UPSTREAM_USAGE_H
#define EKE_UPSTREAM_USAGE_H
/*
 * POST {base}/query/usage_details: how many requests chatanywhere itself has counted for a key, hour by hour. It sees
 * what other programs and machines spent with that key; it does not see what other keys spent on this machine's
 * address. Source: the provider's documentation (docs.chatanywhere.tech). Whether the question is counted itself is not
 * known, so it is for the caller to ask rarely. Decoding is pure.
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

/* hours are the last 24 or so in which there was a request, oldest first; NULL with err set on failure; borrowed. */
typedef void usage_fn(void *ctx, const struct usage_hour *hours, size_t count, const struct err *err);

/*
 * Is it a host that has this question, or a relay on this machine of which the configuration says, by its plan, that it
 * leads to one? Others must not be asked.
 */
bool usage_is_offered(const struct endpoint *endpoint);
/* fn is called once, from the loop, unless cancelled. The number (never 0) is for usage_cancel(). */
uint64_t usage_start(struct upstream *upstream, struct endpoint *endpoint, usage_fn *fn, void *ctx);
void usage_cancel(struct upstream *upstream, uint64_t id);

/*
 * The rows of an answer, [{"time": "2024-04-17 00:00:00", "count": 3, …}] in China's time (UTC+8), one for each hour
 * and model, in any order: summed by hour, sorted, the newest LIMIT_USAGE_HOURS of them. Rows without a time or a count
 * above 0 (numbers may be strings) are passed over. No rows at all may be null. False if the value is no list.
 */
bool usage_decode(const struct json *value, struct usage_hour hours[LIMIT_USAGE_HOURS], size_t *count);

#endif
