/*
 * Addresses of shared ledgers: what is taken, what is refused, and that no refusal repeats a password.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/budget/redis_url.h"

static const struct {
	const char *text, *host, *path, *user, *password;
	int port, db, timeout;
	const char *shown;
} good[] = {
	{ "redis://host", "host", NULL, NULL, NULL, 6379, 0, 300, "redis://host:6379/0" },
	{ "redis://host/", "host", NULL, NULL, NULL, 6379, 0, 300, "redis://host:6379/0" },
	{ "REDIS://10.0.0.7:7000/15", "10.0.0.7", NULL, NULL, NULL, 7000, 15, 300, "redis://10.0.0.7:7000/15" },
	{ "redis://[::1]", "::1", NULL, NULL, NULL, 6379, 0, 300, "redis://[::1]:6379/0" },
	{ "redis://[fe80::1]:1/2", "fe80::1", NULL, NULL, NULL, 1, 2, 300, "redis://[fe80::1]:1/2" },
	{ "redis://:secret@h", "h", NULL, NULL, "secret", 6379, 0, 300, "redis://h:6379/0" },
	{ "redis://me:se:cr%40et%25@h:1", "h", NULL, "me", "se:cr@et%", 1, 0, 300, "redis://h:1/0" },
	{ "redis://h?timeout=2000", "h", NULL, NULL, NULL, 6379, 0, 2000, "redis://h:6379/0" },
	{ "redis://h/3?timeout=1", "h", NULL, NULL, NULL, 6379, 3, 1, "redis://h:6379/3" },
	{ "unix:///run/redis.sock", NULL, "/run/redis.sock", NULL, NULL, 6379, 0, 300, "unix:///run/redis.sock" },
	{ "redis+unix:///r%20s?db=4&timeout=60000", NULL, "/r s", NULL, NULL, 6379, 4, 60000, "unix:///r s" },
	{ "unix://u:secret@/r@s", NULL, "/r@s", "u", "secret", 6379, 0, 300, "unix:///r@s" },
};

static void same(const char *a, const char *b)
{
	if (!a != !b)
		fail_msg("%s, not %s", a ? a : "nothing", b ? b : "nothing");
	if (a)
		assert_string_equal(a, b);
}

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct err err = ERR_INIT;
		struct redis_url url;

		if (!redis_url_parse(good[i].text, &url, &err))
			fail_msg("%s: %s", good[i].text, err.message);
		same(url.host, good[i].host);
		same(url.path, good[i].path);
		same(url.user, good[i].user);
		same(url.password, good[i].password);
		assert_int_equal(url.port, good[i].port);
		assert_int_equal(url.db, good[i].db);
		assert_int_equal(url.timeout_ms, good[i].timeout);
		assert_string_equal(url.shown, good[i].shown);
		redis_url_release(&url);
	}
}

static const struct {
	const char *text, *message; /* a part */
} bad[] = {
	{ "", "must begin with redis://" },
	{ "host:6379", "must begin with redis://" },
	{ "http://host", "must begin with redis://" },
	{ "rediss://:hunter22@host", "rediss:// (TLS) is not supported: use a tunnel" },
	{ "redis://", "has no host" },
	{ "redis:///0", "has no host" },
	{ "redis://:6379", "has no host" },
	{ "redis://ho st", "blanks" },
	{ "redis://h\xC3\xB6st", "not ASCII" },
	{ "redis://ho$t", "characters that a host name cannot have" },
	{ "redis://[::1", "a [ without a ]" },
	{ "redis://[]", "has no host" },
	{ "redis://[::1]6379", "the port after the host" },
	{ "redis://h:", "the port after the host" },
	{ "redis://h:0", "the port after the host" },
	{ "redis://h:65536", "the port after the host" },
	{ "redis://h:1x", "the port after the host" },
	{ "redis://h/x", "/NUMBER" },
	{ "redis://h/1/2", "/NUMBER" },
	{ "redis://h/-1", "/NUMBER" },
	{ "redis://h/99999999999999999999", "/NUMBER" },
	{ "redis://hunter22@h", "a user but no password" },
	{ "redis://me:@h", "an empty password" },
	{ "redis://:hunter22%@h", "%25" },
	{ "redis://:hunter22%0@h", "%25" },
	{ "redis://:hunter22%00@h", "%25" },
	{ "redis://:hunter22%zz@h", "%25" },
	{ "redis://:hun/ter22@h", "has no host" },
	{ "redis://h?db=1", "only timeout" },
	{ "redis://h?timeout", "not a number" },
	{ "redis://h?timeout=", "not a number" },
	{ "redis://h?timeout=0", "at least 1" },
	{ "redis://h?timeout=60001", "too large" },
	{ "redis://h?password=hunter22", "only timeout" },
	{ "unix://", "absolute path" },
	{ "unix://run/redis.sock", "absolute path" },
	{ "unix:///x%", "%25" },
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err = ERR_INIT;
		struct redis_url url;

		if (redis_url_parse(bad[i].text, &url, &err)) {
			redis_url_release(&url);
			fail_msg("%s was taken", bad[i].text);
		}
		assert_int_equal(err.kind, ERR_CONFIG);
		if (!strstr(err.message, bad[i].message))
			fail_msg("%s: %s", bad[i].text, err.message);
		assert_null(strstr(err.message, "hunter22"));
	}
}

/* As long as can be, and one more. */
static void test_lengths(void **state)
{
	struct err err = ERR_INIT;
	struct redis_url url;
	char text[LIMIT_REDIS_URL + 2];

	(void)state;
	snprintf(text, sizeof(text), "unix:///%0106d", 0);
	assert_true(redis_url_parse(text, &url, &err));
	assert_int_equal(strlen(url.path), 107);
	redis_url_release(&url);
	snprintf(text, sizeof(text), "unix:///%0107d", 0);
	assert_false(redis_url_parse(text, &url, &err));
	assert_non_null(strstr(err.message, "107 bytes"));
	snprintf(text, sizeof(text), "redis://h:%0*d", LIMIT_REDIS_URL + 1 - 10, 1);
	assert_false(redis_url_parse(text, &url, &err));
	assert_non_null(strstr(err.message, "too long"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
