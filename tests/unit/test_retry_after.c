/*
 * Waiting times in headers and in words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "eke/base/strbuf.h"
#include "eke/upstream/retry_after.h"

/* Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110. */
#define NOW INT64_C(784111777)
#define FAR (LIMIT_RETRY_SECONDS)

typedef int64_t parse_fn(const char *value, int64_t now);

static int64_t seconds(const char *value, int64_t now)
{
	return retry_after_seconds(value, (struct retry_clock){ now, 0 });
}

static const struct {
	parse_fn *parse;
	const char *in;
	int64_t wait; /* -1: nothing is said */
} cases[] = {
	{ seconds, "20", 20 },
	{ seconds, " 20 ", 20 },
	{ seconds, "0", 0 },
	{ seconds, "0.2", 1 },
	{ seconds, "1.5", 2 },
	{ seconds, "99999999999999999999999999", FAR },
	{ seconds, "4000000", FAR },
	{ seconds, "20s", 20 },
	{ seconds, "1994-11-06T08:50:17Z", 40 },
	{ seconds, "1994-11-06T10:50:17.123+02:00", 40 },
	{ seconds, "1994-11-06T00:50:17-08:00", 40 },
	{ seconds, "1994-11-06T08:50:17", -1 },
	{ seconds, "1994-11-06T08:50:17+2", -1 },
	{ seconds, "", -1 },
	{ seconds, NULL, -1 },
	{ seconds, "-5", -1 },
	{ seconds, "+5", -1 },
	{ seconds, "1e3", -1 },
	{ seconds, "0x10", -1 },
	{ seconds, "inf", -1 },
	{ seconds, "nan", -1 },
	{ seconds, "soon", -1 },
	{ seconds, "20 30", -1 },
	{ seconds, "Sun, 06 Nov 1994 08:49:47 GMT", 10 },
	{ seconds, "Sunday, 06-Nov-94 08:50:37 GMT", 60 },
	{ seconds, "Sun Nov  6 08:49:47 1994", 10 },
	{ seconds, "Sun, 06 Nov 1994 08:49:37 GMT", 0 },
	{ seconds, "Fri, 02 Jan 1970 00:00:00 GMT", 0 },
	{ seconds, "Mon, 07 Nov 1994 08:49:37 GMT", 86400 },
	{ seconds, "Fri, 31 Dec 9999 23:59:59 GMT", FAR },
	{ seconds, "Sun, 06 Nov 1994 08:49:47", -1 },
	{ seconds, "Sun, 06 Nov 1994 08:49:47 GMT+1", -1 },
	{ retry_after_ms, "1500", 2 },
	{ retry_after_ms, "1", 1 },
	{ retry_after_ms, "0", 0 },
	{ retry_after_ms, "20000.5", 21 },
	{ retry_after_ms, "x", -1 },
	{ retry_after_ms, "", -1 },
	{ retry_after_ms, NULL, -1 },
	{ retry_after_duration, "1s", 1 },
	{ retry_after_duration, "6m0s", 360 },
	{ retry_after_duration, "12ms", 1 },
	{ retry_after_duration, "1h2m3.5s", 3724 },
	{ retry_after_duration, "8.64s", 9 },
	{ retry_after_duration, "20", -1 },
	{ retry_after_duration, "1x", -1 },
	{ retry_after_duration, "1s!", -1 },
	{ retry_after_duration, "", -1 },
	{ retry_after_duration, NULL, -1 },
	{ retry_after_words, "Limit 3, Used 3, Requested 1. Please try again in 20s. Visit https://x to learn more.", 20 },
	{ retry_after_words, "on requests per day (RPD): Limit 200. Please try again in 7m12s.", 432 },
	{ retry_after_words, "Please try again in 853ms.", 1 },
	{ retry_after_words, "Try again in 2 minutes and smile", 120 },
	{ retry_after_words, "Please retry after 59 seconds.", 59 },
	{ retry_after_words, "please wait for 1 hour", 3600 },
	{ retry_after_words, "Wait 5 sec", 5 },
	{ retry_after_words, "Try again in a while, or try again in 3s", 3 },
	{ retry_after_words, "请求过于频繁，请 20 秒后再试", 20 },
	{ retry_after_words, "请1分钟后再试", 60 },
	{ retry_after_words, "每小时60次，请12分30秒后再试", 30 },
	{ retry_after_words, "免费API限制每日200次请求，请00:00后再试", -1 },
	{ retry_after_words, "limited to 200 requests per day. Please try again after 00:00 the next day.", -1 },
	{ retry_after_words, "Try again in 5", -1 },
	{ retry_after_words, "Try again in 5 mice", -1 },
	{ retry_after_words, "in 20s", -1 },
	{ retry_after_words, "", -1 },
};

static void test_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t at = cases[i].parse(cases[i].in, NOW);
		int64_t want = cases[i].wait < 0 ? 0 : NOW + cases[i].wait;

		if (at != want)
			print_message("case %zu, \"%s\"\n", i, cases[i].in ? cases[i].in : "(none)");
		assert_int_equal(at, want);
	}
}

/* A duration is read once, not from each number in it: else these would take an hour. */
static void test_long(void **state)
{
	struct strbuf text;

	(void)state;
	strbuf_init(&text, MIB(8));
	while (text.len < MIB(4))
		strbuf_adds(&text, "1h2m");
	strbuf_adds(&text, ", 20 秒后再试");
	assert_int_equal(retry_after_words(text.data, NOW), NOW + 20);
	strbuf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests_name("retry_after", tests, NULL, NULL);
}
