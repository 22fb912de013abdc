/*
 * Google's details of an error. A quota's name says what counts, per which time, and whose it is:
 * "GenerateRequestsPerMinutePerProjectPerModel-FreeTier". Everything lives for the call.
 */
#include "eke/upstream/error_details.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"

static const struct {
	const char *name;
	int64_t seconds;
} periods[] = {
	{ "PerDay", 86400 }, { "PerHour", 3600 }, { "PerMinute", 60 }, { "PerSecond", 1 },
	{ "per_day", 86400 }, { "per_hour", 3600 }, { "per_minute", 60 }, { "per_second", 1 },
};

static const char *string_of(const struct json *object, const char *member)
{
	const char *s = json_string(json_get(object, member));

	return s ? s : "";
}

static int64_t number_of(const struct json *value)
{
	int64_t n;

	if (json_int(value, &n))
		return n;
	return json_string(value) ? strtoll(json_string(value), NULL, 10) : 0;
}

static void take_violation(const struct json *violation, struct error_details *out)
{
	const char *id = string_of(violation, "quotaId");
	const char *metric = string_of(violation, "quotaMetric");
	int64_t limit = number_of(json_get(violation, "quotaValue"));
	int64_t period = 0;

	for (size_t i = 0; i < ARRAY_LEN(periods) && !period; i++)
		if (strstr(id, periods[i].name) || strstr(metric, periods[i].name))
			period = periods[i].seconds;
	if (!period)
		return;
	out->is_rate = true;
	out->day = out->day || period == 86400;
	out->per_model = out->per_model || strstr(id, "PerModel") || strstr(id, "PerBaseModel") ||
			 json_get(json_get(violation, "quotaDimensions"), "model");
	/* Of several the longest is the one to wait for. */
	if (!strcasestr(id, "token") && limit > 0 && limit <= LIMIT_WINDOW_ENTRIES && period > out->period) {
		out->limit = limit;
		out->period = period;
	}
}

void error_details_read(const struct json *details, struct error_details *out, struct strbuf *labels)
{
	*out = (struct error_details){ 0 };
	for (const struct json *d = json_is_array(details) ? json_first(details) : NULL; d; d = json_next(d)) {
		const struct json *violations = json_get(d, "violations");
		const char *delay = string_of(d, "retryDelay");

		if (*delay)
			out->retry_seconds = strtod(delay, NULL);
		if (*string_of(d, "reason"))
			strbuf_addf(labels, "%s ", string_of(d, "reason"));
		for (const struct json *v = json_is_array(violations) ? json_first(violations) : NULL; v; v = json_next(v))
			take_violation(v, out);
	}
}
