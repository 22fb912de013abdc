/*
 * The rows of a provider's own count, good and bad. tests/unit/test_fetch.c asks a server for them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/upstream/usage.h"

/* 2024-04-17 00:00 in China. */
#define APRIL_17 INT64_C(1713283200)
#define ROW(time, count) "{\"time\":\"" time "\",\"model\":\"m\",\"totalTokens\":52,\"count\":" count ",\"cost\":0.1}"

static bool decode(const char *text, struct usage_hour *hours, size_t *n)
{
	struct json_pool *pool = json_pool_new();
	char *copy = xstrdup(text);
	struct err err = ERR_INIT;
	const struct json *value = json_parse(pool, copy, strlen(copy), JSON_LENIENT, &err);
	bool ok = value && usage_decode(value, hours, n);

	json_pool_free(pool);
	free(copy);
	return ok;
}

static void test_rows(void **state)
{
	static const struct {
		const char *text;
		struct usage_hour hours[4]; /* ends with a count of 0 */
	} cases[] = {
		{ "[]", { { 0, 0 } } },
		{ "null", { { 0, 0 } } },
		{ "{\"data\":[]}", { { 0, 0 } } },
		{ "[" ROW("2024-04-17 00:00:00", "3") "]", { { APRIL_17, 3 }, { 0, 0 } } },
		{ "{\"data\":[" ROW("2024-04-17 00:00:00", "3") "]}", { { APRIL_17, 3 }, { 0, 0 } } },
		/* Any order; models of an hour are added up. */
		{ "[" ROW("2024-04-17 02:00:00", "1") "," ROW("2024-04-16 23:00:00", "5") ","
		  ROW("2024-04-17 02:00:00", "2") "," ROW("2024-04-17 00:00:00", "7") "]",
		  { { APRIL_17 - 3600, 5 }, { APRIL_17, 7 }, { APRIL_17 + 7200, 3 }, { 0, 0 } } },
		/* Other ways to write them. */
		{ "[" ROW("2024-04-17T13:45:10", "\"12\"") "]", { { APRIL_17 + 13 * 3600, 12 }, { 0, 0 } } },
		{ "[" ROW("2024/04/17 13", "2.0") "]", { { APRIL_17 + 13 * 3600, 2 }, { 0, 0 } } },
		{ "[" ROW("2024-02-29 00:00", "1") "]", { { APRIL_17 - 48 * 86400, 1 }, { 0, 0 } } },
		/* No rows, or none that count. */
		{ "[{\"time\":\"2024-04-17 00:00:00\",\"promptTokens\":18}]", { { 0, 0 } } },
		{ "[{\"count\":3}]", { { 0, 0 } } },
		{ "[" ROW("2024-04-17 00:00:00", "null") "]", { { 0, 0 } } },
		{ "[" ROW("2024-04-17 00:00:00", "0") "]", { { 0, 0 } } },
		{ "[" ROW("2024-04-17 00:00:00", "-1") "]", { { 0, 0 } } },
		{ "[" ROW("2024-04-17 00:00:00", "1.5") "]", { { 0, 0 } } },
		{ "[" ROW("2024-04-17 00:00:00", "\"1 \"") "]", { { 0, 0 } } },
		{ "[" ROW("2024-04-17 00:00:00", "\"\"") "]", { { 0, 0 } } },
		{ "[" ROW("2024-04-17 00:00:00", "1e300") "]", { { 0, 0 } } },
		{ "[" ROW("2024-04-17 00:00:00", "\"99999999999999999999\"") "]", { { 0, 0 } } },
		{ "[" ROW("2024-13-17 00:00:00", "1") "," ROW("2024-04-32 00:00:00", "1") ","
		  ROW("2024-04-17 24:00:00", "1") "," ROW("1999-04-17 00:00:00", "1") "," ROW("2024-04-17", "1") ","
		  ROW("2024-04-17 1:00", "1") ","
		  ROW("2024-04-17 00x", "1") "," ROW("24-04-17 00:00:00", "1") "," ROW("", "1") "]", { { 0, 0 } } },
		{ "[1,\"x\",null,[],{},{\"time\":1713283200,\"count\":1}," ROW("2024-04-17 00:00:00", "4") "]",
		  { { APRIL_17, 4 }, { 0, 0 } } },
		{ "[" ROW("2024-04-17 00:00:00", "1000000000") "," ROW("2024-04-17 00:00:00", "9") "]",
		  { { APRIL_17, 1000000000 }, { 0, 0 } } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct usage_hour hours[LIMIT_USAGE_HOURS];
		size_t n = 99;
		size_t wanted = 0;

		while (cases[i].hours[wanted].count)
			wanted++;
		if (!decode(cases[i].text, hours, &n) || n != wanted)
			fail_msg("%s: %zu hours", cases[i].text, n);
		for (size_t h = 0; h < n; h++) {
			assert_int_equal(hours[h].start, cases[i].hours[h].start);
			assert_int_equal(hours[h].count, cases[i].hours[h].count);
		}
	}
}

static void test_something_else(void **state)
{
	static const char *const texts[] = {
		"{}", "\"[]\"", "3", "true", "{\"data\":3}", "{\"data\":{}}", "<html></html>", "",
		"{\"error\":{\"message\":\"x\"}}",
		"{\"data\":[],\"error\":\"x\"}", "{\"object\":null,\"data\":null,\"error\":{\"message\":\"x\"}}",
	};
	struct usage_hour hours[LIMIT_USAGE_HOURS];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		size_t n = 99;

		if (decode(texts[i], hours, &n))
			fail_msg("%s: taken", texts[i]);
		assert_int_equal(n, 99);
	}
}

/* Of more hours than fit the newest are kept, in whatever order they come. */
static void test_many(void **state)
{
	struct usage_hour hours[LIMIT_USAGE_HOURS];
	struct strbuf text;
	size_t n;

	(void)state;
	strbuf_init(&text, MIB(1));
	strbuf_addch(&text, '[');
	for (int i = 0; i < 24 * 28; i++) {
		int hour = i * 101 % (24 * 28);

		strbuf_addf(&text, "%s{\"time\":\"2024-02-%02d %02d:00:00\",\"count\":%d}", i ? "," : "", 1 + hour / 24,
			    hour % 24, hour + 1);
	}
	strbuf_addch(&text, ']');
	assert_true(decode(text.data, hours, &n));
	assert_int_equal(n, LIMIT_USAGE_HOURS);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(hours[i].count, 24 * 28 - (int)n + (int)i + 1);
	strbuf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_something_else),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("usage", tests, NULL, NULL);
}
