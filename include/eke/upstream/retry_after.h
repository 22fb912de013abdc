#ifndef EKE_UPSTREAM_RETRY_AFTER_H
#define EKE_UPSTREAM_RETRY_AFTER_H
/*
 * When an endpoint may be asked again, as it says so itself: in headers (RFC 9110, 10.2.3 "Retry-After", OpenAI's own)
 * or in words. All return Unix seconds, from now to now + LIMIT_RETRY_SECONDS, rounded up; 0 if nothing is said. Pure.
 */
#include <stdint.h>

/*
 * What time it is, in Unix seconds: here, and by the server's own clock (its Date header; 0: it says nothing). A moment
 * that the server names is as far away as its own clock says.
 */
struct retry_clock {
	int64_t now;
	int64_t server;
};

/* An HTTP date in any of its three forms (RFC 9110, 5.6.7) to Unix seconds; 0: it is none. */
int64_t retry_after_date(const char *value);
/*
 * Retry-After: "20", "1.5", an HTTP date, a time of RFC 3339, or Unix time in seconds or milliseconds. A moment that is
 * past means now.
 */
int64_t retry_after_seconds(const char *value, struct retry_clock clock);
/* So many seconds from now. */
int64_t retry_after_span(double seconds, int64_t now);
/* retry-after-ms: "1500". */
int64_t retry_after_ms(const char *value, int64_t now);
/* "1s", "6m0s", "12ms", "1h2m3.5s". */
int64_t retry_after_duration(const char *value, int64_t now);
/*
 * "try again in 6m0s", "Please wait 20 seconds", "retry after 2 minutes", "请 20 秒后再试": the first duration behind
 * such words, or before "后".
 */
int64_t retry_after_words(const char *text, int64_t now);

#endif
