/*
 * Waiting times out of headers and sentences. No state.
 */
#include "eke/upstream/retry_after.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "eke/base/rfc3339.h"

int64_t retry_after_span(double seconds, int64_t now)
{
	if (!(seconds > 0))
		return now;
	if (seconds > LIMIT_RETRY_SECONDS)
		seconds = LIMIT_RETRY_SECONDS;
	return now + (int64_t)ceil(seconds);
}

static const char *skip_blanks(const char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	return s;
}

/*
 * Digits with a fraction at *s; moves *s behind them. strtod would also take exponents, "inf" and hexadecimal, and
 * its result depends on the locale.
 */
static bool take_number(const char **s, double *out)
{
	const char *p = *s;
	double value = 0;
	double scale = 1;

	if (!isdigit((unsigned char)*p))
		return false;
	for (; isdigit((unsigned char)*p); p++)
		value = value * 10 + (*p - '0');
	if (*p == '.' && isdigit((unsigned char)p[1])) {
		for (p++; isdigit((unsigned char)*p); p++) {
			scale /= 10;
			value += (*p - '0') * scale;
		}
	}
	*s = p;
	*out = value;
	return true;
}

/* --- HTTP dates: IMF-fixdate, RFC 850, asctime --- */

int64_t retry_after_date(const char *value)
{
	/* strptime's names of days and months are those of the C locale, which eke never leaves. */
	static const char *const forms[] = {
		"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y",
	};

	for (size_t i = 0; value && i < ARRAY_LEN(forms); i++) {
		struct tm tm = { 0 };
		const char *end = strptime(skip_blanks(value), forms[i], &tm);

		if (end && !*skip_blanks(end))
			return timegm(&tm);
	}
	return 0;
}

/* --- what may be a time or a time span --- */

/* Numbers above these are no spans but Unix time, in milliseconds or seconds. */
#define UNIX_MS_FROM 1e11
#define UNIX_FROM 1e9

/* Moments of the server's by its own clock. */
static int64_t at_moment(struct retry_clock clock, double moment)
{
	return retry_after_span(moment - (double)(clock.server ? clock.server : clock.now), clock.now);
}

int64_t retry_after_seconds(const char *value, struct retry_clock clock)
{
	const char *s;
	double number;
	int64_t date;

	if (!value)
		return 0;
	s = skip_blanks(value);
	if (take_number(&s, &number) && !*skip_blanks(s)) {
		if (number >= UNIX_MS_FROM && number < UNIX_MS_FROM * 1000)
			return at_moment(clock, number / 1000);
		if (number >= UNIX_FROM && number < UNIX_MS_FROM)
			return at_moment(clock, number);
		return retry_after_span(number, clock.now);
	}
	date = retry_after_date(value);
	if (!date)
		date = rfc3339_parse(skip_blanks(value));
	return date ? at_moment(clock, (double)date) : retry_after_duration(value, clock.now);
}

int64_t retry_after_ms(const char *value, int64_t now)
{
	const char *s;
	double ms;

	if (!value)
		return 0;
	s = skip_blanks(value);
	return take_number(&s, &ms) && !*skip_blanks(s) ? retry_after_span(ms / 1000, now) : 0;
}

/* --- durations --- */

static const struct {
	const char *name;
	double seconds;
} units[] = {
	/* Of names with the same beginning the longer one first. */
	{ "milliseconds", 0.001 }, { "ms", 0.001 },
	{ "seconds", 1 }, { "second", 1 }, { "secs", 1 }, { "sec", 1 }, { "s", 1 },
	{ "minutes", 60 }, { "minute", 60 }, { "mins", 60 }, { "min", 60 }, { "m", 60 },
	{ "hours", 3600 }, { "hour", 3600 }, { "hrs", 3600 }, { "h", 3600 },
	{ "毫秒", 0.001 }, { "秒钟", 1 }, { "秒", 1 }, { "分钟", 60 }, { "小时", 3600 },
};

/* A unit at *s that is a word of its own or is followed by a number ("6m0s"). */
static bool take_unit(const char **s, double *seconds)
{
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		size_t n = strlen(units[i].name);

		if (strncmp(*s, units[i].name, n) || isalpha((unsigned char)(*s)[n]))
			continue;
		*s += n;
		*seconds = units[i].seconds;
		return true;
	}
	return false;
}

/* "6m0s", "20 s", "2 minutes", "1 分钟"; moves *s behind it. */
static bool take_duration(const char **s, double *out)
{
	const char *p = *s;
	double total = 0;
	double number;
	double unit;
	bool any = false;

	for (;;) {
		const char *next = skip_blanks(p);

		if (!take_number(&next, &number))
			break;
		next = skip_blanks(next);
		if (!take_unit(&next, &unit))
			break;
		total += number * unit;
		any = true;
		p = next;
	}
	if (!any)
		return false;
	*s = p;
	*out = total;
	return true;
}

int64_t retry_after_duration(const char *value, int64_t now)
{
	const char *s = value;
	double seconds;

	if (!value || !take_duration(&s, &seconds) || *skip_blanks(s))
		return 0;
	return retry_after_span(seconds, now);
}

int64_t retry_after_words(const char *text, int64_t now)
{
	static const char *const leads[] = {
		"again in ", "again after ", "retry in ", "retry after ", "wait ", "reset in ",
	};
	double seconds;

	for (size_t i = 0; i < ARRAY_LEN(leads); i++) {
		for (const char *hit = text; (hit = strcasestr(hit, leads[i]));) {
			hit += strlen(leads[i]);
			if (!strncmp(hit, "for ", 4))
				hit += 4;
			if (take_duration(&hit, &seconds))
				return retry_after_span(seconds, now);
		}
	}
	for (const char *p = text; *p; p++) {
		const char *s = p;

		if (!isdigit((unsigned char)*p) || (p > text && (isdigit((unsigned char)p[-1]) || p[-1] == '.')))
			continue;
		if (!take_duration(&s, &seconds))
			continue;
		if (!strncmp(skip_blanks(s), "后", strlen("后")))
			return retry_after_span(seconds, now);
		/* What begins in it ends with it. */
		p = s - 1;
	}
	return 0;
}
