/*
 * Text for moments. Apart from the clocks, because whoever writes a date need not know what time it is now.
 */
#include "eke/base/rfc3339.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

void rfc3339_format(int64_t unix_seconds, char *out, size_t size)
{
	time_t t = (time_t)unix_seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &tm))
		out[0] = '\0';
}

static bool two_digits(const char *s, int *out)
{
	if (!isdigit((unsigned char)s[0]) || !isdigit((unsigned char)s[1]))
		return false;
	*out = (s[0] - '0') * 10 + s[1] - '0';
	return true;
}

/* "Z", "+02:00"; the text ends there. */
static bool take_offset(const char *s, int *seconds)
{
	int hours;
	int minutes;

	*seconds = 0;
	if (*s == 'Z' || *s == 'z')
		return !s[1];
	if ((*s != '+' && *s != '-') || !two_digits(s + 1, &hours) || s[3] != ':' || !two_digits(s + 4, &minutes) || s[6])
		return false;
	*seconds = (*s == '+' ? 1 : -1) * (hours * 3600 + minutes * 60);
	return true;
}

int64_t rfc3339_parse(const char *text)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	int offset;

	if (end && *end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	return end && take_offset(end, &offset) ? timegm(&tm) - offset : 0;
}
