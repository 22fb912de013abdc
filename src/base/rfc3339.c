/*
 * Text for moments. Apart from the clocks, because whoever writes a date need not know what time it is now.
 */
#include "eke/base/rfc3339.h"

#include <time.h>

void rfc3339_format(int64_t unix_seconds, char *out, size_t size)
{
	time_t t = (time_t)unix_seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &tm))
		out[0] = '\0';
}
