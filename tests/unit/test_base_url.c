/*
 * Base URLs in all the forms that people and documents write.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"
#include "eke/config/base_url.h"

static const struct {
	const char *in;
	const char *base;
	const char *origin;
	const char *host;
	const char *flags; /* t(ls) l(oopback) */
} good[] = {
	/* chatanywhere's hosts, in every form of its README and its users */
	{ "https://api.chatanywhere.tech/v1", "https://api.chatanywhere.tech/v1", "https://api.chatanywhere.tech",
	  "api.chatanywhere.tech", "t" },
	{ "https://api.chatanywhere.tech", "https://api.chatanywhere.tech/v1", "https://api.chatanywhere.tech",
	  "api.chatanywhere.tech", "t" },
	{ "https://api.chatanywhere.tech/", "https://api.chatanywhere.tech/v1", "https://api.chatanywhere.tech",
	  "api.chatanywhere.tech", "t" },
	{ "https://api.chatanywhere.tech/v1/", "https://api.chatanywhere.tech/v1", "https://api.chatanywhere.tech",
	  "api.chatanywhere.tech", "t" },
	{ "https://api.chatanywhere.tech//v1//", "https://api.chatanywhere.tech/v1", "https://api.chatanywhere.tech",
	  "api.chatanywhere.tech", "t" },
	{ "https://api.chatanywhere.tech/v1/chat/completions", "https://api.chatanywhere.tech/v1",
	  "https://api.chatanywhere.tech", "api.chatanywhere.tech", "t" },
	{ "https://api.chatanywhere.tech/v1/chat/completions/", "https://api.chatanywhere.tech/v1",
	  "https://api.chatanywhere.tech", "api.chatanywhere.tech", "t" },
	{ "https://api.chatanywhere.org/v1/completions", "https://api.chatanywhere.org/v1",
	  "https://api.chatanywhere.org", "api.chatanywhere.org", "t" },
	{ "https://api.chatanywhere.tech/chat/completions", "https://api.chatanywhere.tech/v1",
	  "https://api.chatanywhere.tech", "api.chatanywhere.tech", "t" },
	{ "api.chatanywhere.com.cn", "https://api.chatanywhere.com.cn/v1", "https://api.chatanywhere.com.cn",
	  "api.chatanywhere.com.cn", "t" },
	{ "api.chatanywhere.cn/v1", "https://api.chatanywhere.cn/v1", "https://api.chatanywhere.cn",
	  "api.chatanywhere.cn", "t" },
	{ "api.dduo06.cn/v1/models", "https://api.dduo06.cn/v1", "https://api.dduo06.cn", "api.dduo06.cn", "t" },
	{ "  https://api.chatanywhere.tech/v1 \r\n\t", "https://api.chatanywhere.tech/v1",
	  "https://api.chatanywhere.tech", "api.chatanywhere.tech", "t" },
	{ "HTTPS://API.ChatAnywhere.TECH/v1", "https://api.chatanywhere.tech/v1", "https://api.chatanywhere.tech",
	  "api.chatanywhere.tech", "t" },
	/* other providers */
	{ "https://api.openai.com/v1/embeddings", "https://api.openai.com/v1", "https://api.openai.com",
	  "api.openai.com", "t" },
	{ "https://api.deepseek.com", "https://api.deepseek.com/v1", "https://api.deepseek.com", "api.deepseek.com", "t" },
	{ "https://api.deepseek.com/beta", "https://api.deepseek.com/beta", "https://api.deepseek.com",
	  "api.deepseek.com", "t" },
	{ "https://api.deepseek.com/beta/completions", "https://api.deepseek.com/beta", "https://api.deepseek.com",
	  "api.deepseek.com", "t" },
	{ "https://codestral.mistral.ai/v1/fim/completions", "https://codestral.mistral.ai/v1",
	  "https://codestral.mistral.ai", "codestral.mistral.ai", "t" },
	{ "https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1", "https://openrouter.ai", "openrouter.ai", "t" },
	{ "https://open.bigmodel.cn/api/paas/v4/chat/completions", "https://open.bigmodel.cn/api/paas/v4",
	  "https://open.bigmodel.cn", "open.bigmodel.cn", "t" },
	{ "https://x.openai.azure.com/openai/deployments/d%20e/", "https://x.openai.azure.com/openai/deployments/d%20e",
	  "https://x.openai.azure.com", "x.openai.azure.com", "t" },
	{ "https://h.example/V1", "https://h.example/V1", "https://h.example", "h.example", "t" },
	{ "https://h.example/a:b@c/(x);~!$&'*+,=", "https://h.example/a:b@c/(x);~!$&'*+,=", "https://h.example",
	  "h.example", "t" },
	{ "https://h.example/v1/a://b", "https://h.example/v1/a:/b", "https://h.example", "h.example", "t" },
	{ "h.example/a://b", "https://h.example/a:/b", "https://h.example", "h.example", "t" },
	{ "https://xn--fsqu00a.example/v1", "https://xn--fsqu00a.example/v1", "https://xn--fsqu00a.example",
	  "xn--fsqu00a.example", "t" },
	{ "my_host.lan", "https://my_host.lan/v1", "https://my_host.lan", "my_host.lan", "t" },
	{ "intranet", "https://intranet/v1", "https://intranet", "intranet", "t" },
	{ "https.example", "https://https.example/v1", "https://https.example", "https.example", "t" },
	{ "https://h.example./v1", "https://h.example/v1", "https://h.example", "h.example", "t" },
	/* a known part of the API only at the end, and only whole */
	{ "https://h.example/chat/completions/v1", "https://h.example/chat/completions/v1", "https://h.example",
	  "h.example", "t" },
	{ "https://h.example/xcompletions", "https://h.example/xcompletions", "https://h.example", "h.example", "t" },
	{ "https://h.example/v1/chat", "https://h.example/v1/chat", "https://h.example", "h.example", "t" },
	/* ports */
	{ "https://h.example:8443/v1", "https://h.example:8443/v1", "https://h.example:8443", "h.example", "t" },
	{ "https://h.example:443", "https://h.example/v1", "https://h.example", "h.example", "t" },
	{ "h.example:65535", "https://h.example:65535/v1", "https://h.example:65535", "h.example", "t" },
	{ "h.example:00080", "https://h.example:80/v1", "https://h.example:80", "h.example", "t" },
	{ "http://localhost:80/v1", "http://localhost/v1", "http://localhost", "localhost", "l" },
	{ "http://localhost:443/v1", "http://localhost:443/v1", "http://localhost:443", "localhost", "l" },
	/* this machine */
	{ "localhost:8080", "http://localhost:8080/v1", "http://localhost:8080", "localhost", "l" },
	{ "LOCALHOST", "http://localhost/v1", "http://localhost", "localhost", "l" },
	{ "localhost.", "http://localhost/v1", "http://localhost", "localhost", "l" },
	{ "https://localhost:8443", "https://localhost:8443/v1", "https://localhost:8443", "localhost", "tl" },
	{ "http://api.localhost:1/v1", "http://api.localhost:1/v1", "http://api.localhost:1", "api.localhost", "l" },
	{ "127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1", "http://127.0.0.1:11434", "127.0.0.1", "l" },
	{ "http://127.0.0.1:8080/infill", "http://127.0.0.1:8080/v1", "http://127.0.0.1:8080", "127.0.0.1", "l" },
	{ "127.255.0.9", "http://127.255.0.9/v1", "http://127.255.0.9", "127.255.0.9", "l" },
	{ "http://[::1]:8080", "http://[::1]:8080/v1", "http://[::1]:8080", "::1", "l" },
	{ "[::1]", "http://[::1]/v1", "http://[::1]", "::1", "l" },
	{ "[0:0:0:0:0:0:0:1]:80/x", "http://[::1]/x", "http://[::1]", "::1", "l" },
	/* addresses elsewhere */
	{ "https://[2001:DB8::1]:8443/v1", "https://[2001:db8::1]:8443/v1", "https://[2001:db8::1]:8443", "2001:db8::1",
	  "t" },
	{ "[2001:db8:0:0:0:0:0:1]", "https://[2001:db8::1]/v1", "https://[2001:db8::1]", "2001:db8::1", "t" },
	{ "192.168.1.5:8080", "https://192.168.1.5:8080/v1", "https://192.168.1.5:8080", "192.168.1.5", "t" },
	{ "128.0.0.1", "https://128.0.0.1/v1", "https://128.0.0.1", "128.0.0.1", "t" },
	/* names that only look like this machine */
	{ "127.0.0.1.example", "https://127.0.0.1.example/v1", "https://127.0.0.1.example", "127.0.0.1.example", "t" },
	{ "localhost.example", "https://localhost.example/v1", "https://localhost.example", "localhost.example", "t" },
	{ "notlocalhost", "https://notlocalhost/v1", "https://notlocalhost", "notlocalhost", "t" },
	{ "127.1", "https://127.1/v1", "https://127.1", "127.1", "t" },
	{ "[::ffff:127.0.0.1]", "https://[::ffff:127.0.0.1]/v1", "https://[::ffff:127.0.0.1]", "::ffff:127.0.0.1", "t" },
};

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct base_url url;
		struct base_url again;
		struct err err = ERR_INIT;

		if (!base_url_parse(good[i].in, false, &url, &err)) {
			print_message("%s: %s\n", good[i].in, err.message);
			fail();
		}
		assert_string_equal(url.base, good[i].base);
		assert_string_equal(url.origin, good[i].origin);
		assert_string_equal(url.host, good[i].host);
		assert_int_equal(url.tls, strchr(good[i].flags, 't') != NULL);
		assert_int_equal(url.loopback, strchr(good[i].flags, 'l') != NULL);
		assert_int_equal(err.kind, ERR_NONE);
		/* A normalised one stays as it is. */
		assert_true(base_url_parse(url.base, false, &again, &err));
		assert_string_equal(again.base, url.base);
		base_url_release(&again);
		base_url_release(&url);
	}
}

static const struct {
	const char *in;
	const char *why; /* part of the sentence */
} bad[] = {
	{ "", "empty" },
	{ " \n", "empty" },
	{ "http://api.chatanywhere.tech/v1", "unencrypted" },
	{ "HTTP://h.example", "unencrypted" },
	{ "http://192.168.1.5:8080", "unencrypted" },
	{ "http://127.0.0.1.example", "unencrypted" },
	{ "http://127.1", "unencrypted" },
	{ "http://0177.0.0.1", "unencrypted" },
	{ "http://2130706433", "unencrypted" },
	{ "http://localhost.example", "unencrypted" },
	{ "http://[::ffff:127.0.0.1]", "unencrypted" },
	{ "http://[::2]", "unencrypted" },
	{ "ftp://h.example", "must begin with https://" },
	{ "file:///etc/passwd", "must begin with https://" },
	{ "unix://x", "must begin with https://" },
	{ "httpss://h.example", "must begin with https://" },
	{ "://h.example", "must begin with https://" },
	{ "https:/h.example/v1", "must begin with https://" },
	{ "https:h.example", "must begin with https://" },
	{ "http:8080", "must begin with https://" },
	{ "https://user:secret@h.example/v1", "user name" },
	{ "user@h.example", "user name" },
	{ "https://@h.example", "user name" },
	{ "https://h.example@evil.example/v1", "user name" },
	{ "https://h.example/v1#top", "a fragment" },
	{ "https://h.example/v1?a=b#top", "a fragment" },
	{ "https://h.example/v1?a=b c", "blanks" },
	{ "https://h.example/v1?a={b}", "characters" },
	{ "http://h.example?x=192.168.1.5", "unencrypted" },
	{ "http://box.lan:11434", "allowPlainHttp" },
	{ "http://10.0.0.7", "allowPlainHttp" },
	{ "https://h .example/v1", "blanks" },
	{ "https://h.example/v1 /x", "blanks" },
	{ "https://h.example/v1\nx", "blanks" },
	{ "https://h.example/\x7F", "blanks" },
	{ "https://h.example/\x01", "blanks" },
	{ "https://\xE4\xBE\x8B.example/v1", "ASCII" },
	{ "https://api\xE3\x80\x82" "chatanywhere.tech", "ASCII" },
	{ "https\xEF\xBC\x9A//h.example", "ASCII" },
	{ "https://h.example/\xE4\xBE\x8B", "ASCII" },
	{ "https://h.example/v1\xE3\x80\x80", "ASCII" },
	{ "\xEF\xBB\xBFhttps://h.example", "ASCII" },
	{ "https://h.example\\v1", "characters" },
	{ "<https://h.example>", "characters" },
	{ "\"https://h.example\"", "characters" },
	{ "https://", "no host" },
	{ "https:///v1", "no host" },
	{ "/v1/chat/completions", "no host" },
	{ "//h.example/v1", "no host" },
	{ ":8080", "no host" },
	{ "https://.example", "empty part" },
	{ "https://a..b", "empty part" },
	{ "https://.", "empty part" },
	{ "https://h.example..", "empty part" },
	{ "https://h,example", "host name cannot have" },
	{ "https://h%2eexample", "host name cannot have" },
	{ "https://[h]", "IPv6" },
	{ "https://[::1", "not closed" },
	{ "https://[]", "IPv6" },
	{ "https://[::1%25eth0]", "IPv6" },
	{ "https://[::1]x", "only a port" },
	{ "https://[0000:0000:0000:0000:0000:0000:0000:0000:0000:0001]", "IPv6" },
	{ "::1", "brackets" },
	{ "2001:db8::1", "brackets" },
	{ "https://h.example:", "between 1 and 65535" },
	{ "https://h.example:0", "between 1 and 65535" },
	{ "https://h.example:65536", "between 1 and 65535" },
	{ "https://h.example:4294967297", "between 1 and 65535" },
	{ "https://h.example:80a", "not a number" },
	{ "https://h.example:-1", "not a number" },
	{ "https://[::1]:x", "not a number" },
	{ "mailto:x", "not a number" },
	{ "sk-abcdefghijklmnopqrstuvwxyz0123456789", "API key" },
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct base_url url = { .tls = true };
		struct err err = ERR_INIT;

		if (base_url_parse(bad[i].in, false, &url, &err) || !strstr(err.message, bad[i].why)) {
			print_message("%s: %s\n", bad[i].in, err.message);
			fail();
		}
		assert_int_equal(err.kind, ERR_CONFIG);
		assert_true(url.tls && !url.base && !url.origin && !url.host);
		assert_null(strstr(err.message, "secret"));
		assert_null(strstr(err.message, "sk-"));
	}
}

/* A query goes behind every path. */
static void test_queries(void **state)
{
	static const struct {
		const char *in, *joined, *at_origin;
	} queries[] = {
		{ "https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21",
		  "https://x.openai.azure.com/openai/deployments/d/models?api-version=2024-10-21",
		  "https://x.openai.azure.com/models?api-version=2024-10-21" },
		{ "https://h.example?key=a/b&c", "https://h.example/v1/models?key=a/b&c",
		  "https://h.example/models?key=a/b&c" },
		{ "h.example/v1/?", "https://h.example/v1/models", "https://h.example/models" },
		{ "h.example/v1", "https://h.example/v1/models", "https://h.example/models" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
		struct base_url url;
		struct err err = ERR_INIT;
		char *joined;

		assert_true(base_url_parse(queries[i].in, false, &url, &err));
		joined = base_url_join(&url, "/models", false);
		assert_string_equal(joined, queries[i].joined);
		free(joined);
		joined = base_url_join(&url, "/models", true);
		assert_string_equal(joined, queries[i].at_origin);
		free(joined);
		base_url_release(&url);
	}
}

/* Plain http with the user's leave: to private networks, and nowhere else. */
static void test_plain(void **state)
{
	static const char *const private[] = {
		"10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.1", "192.168.0.1", "[fc00::1]", "[fd12:3456::1]",
		  "box.local",
		"box.lan", "a.b.lan", "BOX.LAN",
	};
	static const char *const others[] = {
		"9.255.255.255", "11.0.0.1", "172.15.255.255", "172.32.0.1", "192.167.1.1", "192.169.1.1", "169.254.1.1",
		  "100.64.0.1",
		"[fe80::1]", "[fbff::1]", "[2001:db8::1]", "box.lan.example", "notlan", "local.example", "h.example", "box",
		  "10.1",
		"[::ffff:10.0.0.1]",
	};
	struct base_url url;
	struct err err = ERR_INIT;
	char text[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(private); i++) {
		snprintf(text, sizeof(text), "http://%s:8080/v1", private[i]);
		assert_true(base_url_parse(text, true, &url, &err));
		assert_true(url.in_clear && !url.tls && !url.loopback);
		base_url_release(&url);
		/* Without a scheme it is meant to be the same. */
		snprintf(text, sizeof(text), "%s:8080", private[i]);
		assert_true(base_url_parse(text, true, &url, &err));
		assert_true(url.in_clear);
		base_url_release(&url);
		assert_true(base_url_parse(text, false, &url, &err));
		assert_true(url.tls && !url.in_clear);
		base_url_release(&url);
		snprintf(text, sizeof(text), "https://%s", private[i]);
		assert_true(base_url_parse(text, true, &url, &err));
		assert_true(url.tls && !url.in_clear);
		base_url_release(&url);
	}
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		snprintf(text, sizeof(text), "http://%s/v1", others[i]);
		assert_false(base_url_parse(text, true, &url, &err));
		assert_non_null(strstr(err.message, "private network"));
	}
	assert_true(base_url_parse("http://127.0.0.1:1", true, &url, &err));
	assert_true(url.loopback && !url.in_clear);
	base_url_release(&url);
}

static void test_length(void **state)
{
	struct base_url url;
	struct err err = ERR_INIT;
	char text[LIMIT_URL + 2];

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "https://h.example/", 18);
	text[LIMIT_URL] = '\0';
	assert_true(base_url_parse(text, false, &url, &err));
	assert_string_equal(url.base, text);
	base_url_release(&url);
	text[LIMIT_URL] = 'a';
	text[LIMIT_URL + 1] = '\0';
	assert_false(base_url_parse(text, false, &url, &err));
	/* A host that is longer than the DNS allows. */
	text[8 + 254] = '\0';
	memset(text + 8, 'a', 254);
	assert_false(base_url_parse(text, false, &url, &err));
	text[8 + 253] = '\0';
	assert_true(base_url_parse(text, false, &url, &err));
	base_url_release(&url);
}

static void test_release(void **state)
{
	struct base_url url;
	struct err err = ERR_INIT;

	(void)state;
	assert_true(base_url_parse("API.chatanywhere.tech.:8443", false, &url, &err));
	assert_string_equal(url.address, "api.chatanywhere.tech:8443");
	base_url_release(&url);
	base_url_release(&url);
	base_url_release(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_queries),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_release),
	};

	return cmocka_run_group_tests_name("base_url", tests, NULL, NULL);
}
