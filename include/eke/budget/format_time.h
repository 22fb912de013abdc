#ifndef EKE_BUDGET_FORMAT_TIME_H
#define EKE_BUDGET_FORMAT_TIME_H
/*
 * Times and limits for people, in the user's time zone. Unix seconds; results are cut to size.
 */
#include <stddef.h>
#include <stdint.h>

/*
 * "at 14:05", "on Tue at 00:00", "on 2026-12-24 at 08:00": as far as the day is not today. Does not change as time
 * passes.
 */
void format_time_at(int64_t at, int64_t now, char *out, size_t size);
/* "at 14:05 (in 12 min)" */
void format_time_when(int64_t at, int64_t now, char *out, size_t size);
/* "in 40 s", "in 12 min", "in 3 h 5 min", "in 2 days 8 h", "in 12 days"; rounded up. */
void format_time_in(int64_t seconds, char *out, size_t size);
/* "60 requests an hour", "1 request in 10 minutes" */
void format_limit(int64_t limit, int64_t period, char *out, size_t size);

#endif
