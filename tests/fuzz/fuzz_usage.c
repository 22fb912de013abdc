/*
 * A body as it may answer the question for a provider's own count: what is taken is sorted, whole hours, positive and
 * bounded, and taken again from its own rows it is the same.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/upstream/usage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static bool decode(char *text, size_t len, struct usage_hour *hours, size_t *n)
{
	struct json_pool *pool = json_pool_new();
	struct err err = ERR_INIT;
	const struct json *value = json_parse(pool, text, len, JSON_LENIENT, &err);
	bool ok = value && usage_decode(value, hours, n);

	json_pool_free(pool);
	return ok;
}

/* The hours as rows of the provider. */
static void write_rows(const struct usage_hour *hours, size_t n, struct strbuf *out)
{
	strbuf_addch(out, '[');
	for (size_t i = 0; i < n; i++) {
		time_t china = (time_t)(hours[i].start + 8 * 3600);
		struct tm tm;
		char text[32];

		must(gmtime_r(&china, &tm) != NULL);
		must(strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) > 0);
		strbuf_addf(out, "%s{\"time\":\"%s\",\"count\":%" PRId64 "}", i ? "," : "", text, hours[i].count);
	}
	strbuf_addch(out, ']');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct usage_hour hours[LIMIT_USAGE_HOURS];
	struct usage_hour again[LIMIT_USAGE_HOURS];
	char *text = xstrndup((const char *)data, size);
	struct strbuf rows;
	size_t n = 0;
	size_t m = 0;

	if (decode(text, size, hours, &n)) {
		must(n <= LIMIT_USAGE_HOURS);
		for (size_t i = 0; i < n; i++) {
			must(hours[i].count >= 1 && hours[i].count <= 1000000000);
			must(hours[i].start % 3600 == 0);
			must(!i || hours[i].start > hours[i - 1].start);
		}
		strbuf_init(&rows, KIB(64));
		write_rows(hours, n, &rows);
		must(decode(rows.data, rows.len, again, &m) && m == n && !memcmp(hours, again, n * sizeof(*hours)));
		strbuf_release(&rows);
	}
	free(text);
	return 0;
}
