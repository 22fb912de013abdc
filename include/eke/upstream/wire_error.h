#ifndef EKE_UPSTREAM_WIRE_ERROR_H
#define EKE_UPSTREAM_WIRE_ERROR_H
/*
 * What an endpoint's error means for the user: the body, in any of the shapes that are met (providers.md 1.6
 * and 3.4), becomes a struct err. Pure.
 */
#include <stddef.h>
#include <stdint.h>

#include "eke/base/err.h"
#include "eke/upstream/rate_limits.h"
#include "eke/upstream/stated_limit.h"

struct wire_error_input {
	int status;             /* of HTTP; 200 for an error inside a stream */
	char *body;             /* may be modified */
	size_t len;
	const char *model;           /* that was asked for; NULL: none */
	const char *content_type;    /* headers; each may be NULL */
	const char *retry_after;     /* as retry_after_seconds() takes it */
	const char *retry_after_ms;
	const char *location;        /* where a redirect points to: an absolute URL */
	struct rate_limits limits;
	struct retry_clock clock;
};

/*
 * Fills *stated with the limit that the words state, and err:
 * - kind. By status, refined by words where one status has several meanings (400 and 403: prompt too long, a wrong
 *   key, or not allowed; 429: a prompt that is larger than the limit will ever admit). Inside a 200 stream by the code
 *   in the body. A web page instead of an answer is ERR_UPSTREAM unless the status alone says more (401, 408, 413, 429,
 *   504, 524).
 * - http_status: the status; inside a stream the one the body's code names, where it does.
 * - provider_message: the provider's words as they are, in all their languages, keys masked; a page's title.
 * - retry_at: from Retry-After, else from a duration in the words ("try again in 20s") or in Google's details, else the
 *   reset of the limit that is used up; 0 where there is none, where it is now, and where the words name a day: what a
 *   day is, plans know.
 * - blocked_scope: "machine" where the words name the IP, "key" where it is the account's quota, else "".
 * - message: what happened and what to do. The endpoint's name is the caller's to set.
 */
void wire_error_decode(const struct wire_error_input *in, struct err *err, struct stated_limit *stated);

#endif
