#ifndef EKE_GATEWAY_KEPT_H
#define EKE_GATEWAY_KEPT_H
/*
 * Responses that are kept for the same request, byte for byte, so that it spends nothing:
 * - one whose client went away before it had all of it, until it is delivered;
 * - one at temperature 0, where the configuration keeps these;
 * - a refusal that came twice in a row: a client that asks again by itself gets it from here for a while, longer each
 *   time.
 * In memory, for the life of the program.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"

struct kept;

struct kept_response {
	int status;
	const char *headers; /* name, NUL, value, NUL, …, NUL */
	const char *body;
	size_t len;
	int64_t again_ms; /* found: a refusal that is answered from here for so long still; 0: it is none */
};

/* The keys are digests of route and body. */
struct kept *kept_new(void);
void kept_free(struct kept *kept);
/* Forgets all: the configuration has changed. */
void kept_reset(struct kept *kept);
/* Keeps a copy for `ms`. Nothing happens if it is larger than LIMIT_GATEWAY_KEPT. `once`: until kept_delivered(). */
void kept_put(
	struct kept *kept, const struct gateway_digest *key, const struct kept_response *response, int64_t ms, bool once);
/* False: there is none. What is found lives until the next call. */
bool kept_find(struct kept *kept, const struct gateway_digest *key, struct kept_response *out);
void kept_delivered(struct kept *kept, const struct gateway_digest *key);
/* The request was sent and refused, or failed. */
void kept_refused(struct kept *kept, const struct gateway_digest *key, const struct kept_response *response);
/* It was answered after all. */
void kept_answered(struct kept *kept, const struct gateway_digest *key);

#endif
