/*
 * Which of the limits in a response's headers is the one to wait for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "eke/upstream/rate_limits.h"

#define NOW INT64_C(1700000000)

#define MOST 6

/* Seconds from now; 0: nothing is said. */
static const struct {
	const char *headers[MOST][2];
	int64_t used_up, requests, tokens, unknown;
} cases[] = {
	{ { { NULL, NULL } }, 0, 0, 0, 0 },
	/* OpenAI: the tokens of the minute are used up, not the requests of the day. */
	{ { { "x-ratelimit-remaining-requests", "99" }, { "x-ratelimit-reset-requests", "24h0m0s" },
	    { "x-ratelimit-remaining-tokens", "0" }, { "x-ratelimit-reset-tokens", "40s" } }, 40, 86400, 40, 0 },
	/* Both are. */
	{ { { "x-ratelimit-remaining-requests", "0" }, { "x-ratelimit-reset-requests", "2m" },
	    { "x-ratelimit-remaining-tokens", "0" }, { "x-ratelimit-reset-tokens", "40s" } }, 120, 120, 40, 0 },
	{ { { "X-RateLimit-Reset-Requests", "6m0s" } }, 0, 360, 0, 360 },
	/* Anthropic: moments. */
	{ { { "anthropic-ratelimit-requests-remaining", "0" }, { "anthropic-ratelimit-requests-reset",
	  "2023-11-14T22:14:20Z" },
	    { "anthropic-ratelimit-tokens-remaining", "100" }, { "anthropic-ratelimit-tokens-reset",
	  "2023-11-14T23:14:20Z" } },
	  60, 60, 3660, 0 },
	/* OpenRouter: Unix time in milliseconds. */
	{ { { "X-RateLimit-Limit", "20" }, { "X-RateLimit-Remaining", "0" }, { "X-RateLimit-Reset", "1700000030000" } }, 30,
	  0, 0,
	  0 },
	/* GitHub: in seconds. */
	{ { { "x-ratelimit-remaining", "0" }, { "x-ratelimit-reset", "1700000030" } }, 30, 0, 0, 0 },
	/* Cerebras: fractions of seconds, and several periods. */
	{ { { "x-ratelimit-remaining-requests-day", "0" }, { "x-ratelimit-reset-requests-day", "33011.38" },
	    { "x-ratelimit-remaining-tokens-minute", "60000" }, { "x-ratelimit-reset-tokens-minute", "11.38" } },
	  33012, 33012, 12, 0 },
	{ { { "ratelimit-remaining", "0" }, { "ratelimit-reset", "7" } }, 7, 0, 0, 0 },
	/* Azure: -1 of requests, and a reset that is now. */
	{ { { "x-ratelimit-remaining-requests", "-1" }, { "x-ratelimit-reset-requests", "0" },
	    { "x-ratelimit-remaining-tokens", "0" } }, 0, 0, 0, 0 },
	{ { { "x-reset", "7" }, { "x-ratelimit-limit", "7" }, { "x-ratelimit-reset", "soon" } }, 0, 0, 0, 0 },
};

static int64_t from_now(int64_t at)
{
	return at ? at - NOW : 0;
}

static void test_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_head head = { .status = 429 };
		struct rate_limits limits;

		strbuf_init(&head.fields, LIMIT_HTTP_HEAD);
		for (size_t h = 0; h < MOST && cases[i].headers[h][0]; h++)
			for (size_t part = 0; part < 2; part++)
				strbuf_add(&head.fields, cases[i].headers[h][part], strlen(cases[i].headers[h][part]) + 1);
		limits = rate_limits_read(&head, (struct retry_clock){ NOW, 0 });
		if (from_now(limits.used_up) != cases[i].used_up)
			print_message("case %zu\n", i);
		assert_int_equal(from_now(limits.used_up), cases[i].used_up);
		assert_int_equal(from_now(limits.requests), cases[i].requests);
		assert_int_equal(from_now(limits.tokens), cases[i].tokens);
		assert_int_equal(from_now(limits.unknown), cases[i].unknown);
		strbuf_release(&head.fields);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
	};

	return cmocka_run_group_tests_name("rate_limits", tests, NULL, NULL);
}
