/*
 * The provider's own count: a kind of fetch (fetch.h).
 */
#include "eke/upstream/usage.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "eke/base/mem.h"
#include "eke/config/service.h"
#include "fetch.h"

#define HOUR 3600
#define CHINA (8 * HOUR) /* no summer time since 1991 */
#define COUNT_MAX 1000000000

struct usage_fetch {
	usage_fn *fn;
	void *ctx;
	struct usage_hour hours[LIMIT_USAGE_HOURS];
	size_t count;
};

/* --- rows --- */

/* `n` digits at *s and the character behind them, which may be one of `behind`; moves *s behind both. */
static bool take(const char **s, size_t n, const char *behind, int *out)
{
	*out = 0;
	for (size_t i = 0; i < n; i++, ++*s) {
		if (!isdigit((unsigned char)**s))
			return false;
		*out = *out * 10 + (**s - '0');
	}
	if (!**s || !strchr(behind, **s))
		return false;
	++*s;
	return true;
}

/* "2024-04-17 13:00:00", also with a T, and without minutes or seconds: the hour's beginning. */
static bool parse_hour(const char *s, int64_t *start)
{
	struct tm tm = { .tm_isdst = 0 };
	int year;
	int month;

	if (!s || !take(&s, 4, "-/", &year) || !take(&s, 2, "-/", &month) || !take(&s, 2, " T", &tm.tm_mday))
		return false;
	if (!isdigit((unsigned char)s[0]) || !isdigit((unsigned char)s[1]) || (s[2] && s[2] != ':'))
		return false;
	tm.tm_hour = (s[0] - '0') * 10 + (s[1] - '0');
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	if (year < 2000 || month < 1 || month > 12 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour > 23)
		return false;
	*start = timegm(&tm) - CHINA;
	return true;
}

/* A number above 0, also as a string. */
static bool parse_count(const struct json *j, int64_t *count)
{
	const char *s = json_string(j);
	int64_t value = 0;

	if (s) {
		if (strspn(s, "0123456789") > 9 || s[strspn(s, "0123456789")])
			return false;
		for (; *s; s++)
			value = value * 10 + (*s - '0');
	} else if (!json_int(j, &value)) {
		return false;
	}
	if (value < 1 || value > COUNT_MAX)
		return false;
	*count = value;
	return true;
}

/* Adds to the hour, or puts it where it belongs; the oldest makes room. */
static void add(struct usage_hour *hours, size_t *n, int64_t start, int64_t count)
{
	size_t at = *n;

	while (at && hours[at - 1].start > start)
		at--;
	if (at && hours[at - 1].start == start) {
		hours[at - 1].count += count < COUNT_MAX - hours[at - 1].count ? count : COUNT_MAX - hours[at - 1].count;
		return;
	}
	if (*n == LIMIT_USAGE_HOURS) {
		if (!at)
			return;
		memmove(&hours[0], &hours[1], (at - 1) * sizeof(*hours));
		at--;
	} else {
		memmove(&hours[at + 1], &hours[at], (*n - at) * sizeof(*hours));
		++*n;
	}
	hours[at] = (struct usage_hour){ start, count };
}

bool usage_decode(const struct json *value, struct usage_hour hours[LIMIT_USAGE_HOURS], size_t *count)
{
	const struct json *rows = json_is_object(value) ? json_get(value, "data") : value;
	size_t n = 0;

	if (!rows || (!json_is_array(rows) && !json_is_null(rows)) || json_get_present(value, "error"))
		return false;
	for (const struct json *row = json_is_array(rows) ? json_first(rows) : NULL; row; row = json_next(row)) {
		int64_t start;
		int64_t requests;

		if (parse_hour(json_string(json_get(row, "time")), &start) && parse_count(json_get(row, "count"), &requests))
			add(hours, &n, start, requests);
	}
	*count = n;
	return true;
}

/* --- the fetch --- */

static bool decode(void *own, const struct json *value)
{
	struct usage_fetch *u = own;

	return usage_decode(value, u->hours, &u->count);
}

static void told(void *own, const struct err *err)
{
	struct usage_fetch *u = own;

	u->fn(u->ctx, err ? NULL : u->hours, err ? 0 : u->count, err);
}

static const struct fetch_kind usage_kind = {
	.what = "its count of requests",
	.path = "/query/usage_details",
	.body = "{\"model\":\"%\",\"hours\":24}",
	.raw_key = true,
	.decode = decode,
	.told = told,
	.release = free,
};

bool usage_is_offered(const struct endpoint *endpoint)
{
	const struct base_url *url = endpoint_url(endpoint);

	return service_is_chatanywhere_host(url->host) ||
	       (url->loopback && service_is_chatanywhere(endpoint_config(endpoint)->service));
}

uint64_t usage_start(struct upstream *upstream, struct endpoint *endpoint, usage_fn *fn, void *ctx)
{
	struct usage_fetch *u = xcalloc(1, sizeof(*u));

	u->fn = fn;
	u->ctx = ctx;
	return fetch_start(upstream, endpoint, &usage_kind, u);
}

void usage_cancel(struct upstream *upstream, uint64_t id)
{
	fetch_cancel(upstream, id);
}
