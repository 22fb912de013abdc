/*
 * Pairs of headers: for each "…reset…" of a rate limit the "…remaining…" of the same name. No state.
 */
#include "eke/upstream/rate_limits.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 64

/* The value of the header that says how much remains of the limit that `reset` is of; NULL: there is none. */
static const char *remaining_of(const struct http_head *head, const char *name, const char *reset)
{
	char other[NAME_MAX_LEN + sizeof("remaining")];

	snprintf(other, sizeof(other), "%.*sremaining%s", (int)(reset - name), name, reset + strlen("reset"));
	return http_header(head, other);
}

static void keep_later(int64_t *at, int64_t candidate)
{
	if (candidate > *at)
		*at = candidate;
}

static void take_reset(struct rate_limits *limits, const char *name, const char *remaining, int64_t at)
{
	if (remaining && strtod(remaining, NULL) <= 0)
		keep_later(&limits->used_up, at);
	if (strcasestr(name, "request"))
		keep_later(&limits->requests, at);
	else if (strcasestr(name, "token"))
		keep_later(&limits->tokens, at);
	if (!remaining && (!limits->unknown || at < limits->unknown))
		limits->unknown = at;
}

struct rate_limits rate_limits_read(const struct http_head *head, struct retry_clock clock)
{
	struct rate_limits limits = { 0 };
	const char *name;
	const char *value;

	for (size_t i = 0; http_header_next(head, &i, &name, &value);) {
		const char *reset = strcasestr(name, "ratelimit") ? strcasestr(name, "reset") : NULL;
		int64_t at = reset && strlen(name) < NAME_MAX_LEN ? retry_after_seconds(value, clock) : 0;

		/* "0" and what is past mean that there is room now. */
		if (at > clock.now)
			take_reset(&limits, name, remaining_of(head, name, reset), at);
	}
	return limits;
}
