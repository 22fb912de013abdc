/*
 * Text for times and limits. A wait is rounded up, so that it is never longer than the text says.
 */
#include "eke/budget/format_time.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "eke/base/attrs.h"
#include "eke/base/zone.h"

#define MINUTE 60
#define HOUR 3600
#define DAY 86400

static int64_t local_day(int64_t at)
{
	int64_t local = at + zone_local_offset(at);

	return local / DAY - (local % DAY < 0);
}

void format_time_at(int64_t at, int64_t now, char *out, size_t size)
{
	static const char *const weekdays[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	/* Seconds are not shown: the minute after is never too early. */
	int64_t minute = at % MINUTE > 0 ? at + MINUTE - at % MINUTE : at;
	int64_t days = local_day(minute) - local_day(now);
	time_t local = (time_t)(minute + zone_local_offset(minute));
	struct tm tm;

	if (!gmtime_r(&local, &tm))
		snprintf(out, size, "some day");
	else if (days == 0)
		snprintf(out, size, "at %02d:%02d", tm.tm_hour, tm.tm_min);
	else if (days > 0 && days < 7)
		snprintf(out, size, "on %s at %02d:%02d", weekdays[tm.tm_wday], tm.tm_hour, tm.tm_min);
	else
		snprintf(out, size, "on %d-%02d-%02d at %02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
			 tm.tm_min);
}

void format_time_in(int64_t seconds, char *out, size_t size)
{
	int64_t minutes = (seconds + MINUTE - 1) / MINUTE;
	int64_t hours = (seconds + HOUR - 1) / HOUR;

	if (seconds < 2 * MINUTE)
		snprintf(out, size, "in %lld s", (long long)(seconds < 0 ? 0 : seconds));
	else if (minutes < 60)
		snprintf(out, size, "in %lld min", (long long)minutes);
	else if (minutes < 10 * 60)
		snprintf(out, size, "in %lld h %lld min", (long long)(minutes / 60), (long long)(minutes % 60));
	else if (hours < 48)
		snprintf(out, size, "in %lld h", (long long)hours);
	else if (hours < 10 * 24 && hours % 24)
		snprintf(out, size, "in %lld days %lld h", (long long)(hours / 24), (long long)(hours % 24));
	else
		snprintf(out, size, "in %lld days", (long long)((hours + 23) / 24));
}

void format_time_when(int64_t at, int64_t now, char *out, size_t size)
{
	char absolute[48];
	char relative[48];

	format_time_at(at, now, absolute, sizeof(absolute));
	format_time_in(at - now, relative, sizeof(relative));
	snprintf(out, size, "%s (%s)", absolute, relative);
}

void format_limit(int64_t limit, int64_t period, char *out, size_t size)
{
	static const struct {
		int64_t seconds;
		const char *one;
		const char *several;
	} units[] = { { DAY, "a day", "days" }, { HOUR, "an hour", "hours" }, { MINUTE, "a minute", "minutes" },
		      { 1, "a second", "seconds" } };
	size_t i = 0;

	while (i + 1 < ARRAY_LEN(units) && period % units[i].seconds)
		i++;
	if (period == units[i].seconds)
		snprintf(out, size, "%lld request%s %s", (long long)limit, limit == 1 ? "" : "s", units[i].one);
	else
		snprintf(out, size, "%lld request%s in %lld %s", (long long)limit, limit == 1 ? "" : "s",
			 (long long)(period / units[i].seconds), units[i].several);
}
