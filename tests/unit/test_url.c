/*
 * URLs in parts, and hosts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/url.h"

/* "scheme user address host port path query", "-" for what is not there. */
static const struct {
	const char *text, *parts;
	enum url_fault fault;
} urls[] = {
	{ "https://api.example.com/v1", "https - api.example.com api.example.com - /v1 -", URL_OK },
	{ "HTTP://Host:80", "HTTP - Host:80 Host 80 () -", URL_OK },
	{ "host/a://b", "- - host host - /a://b -", URL_OK },
	{ "host?x=a://b", "- - host host - () x=a://b", URL_OK },
	{ "https:/host", "- - https: https () /host -", URL_OK },
	{ "://host", "() - host host - () -", URL_OK },
	{ "//host/x", "- - () () - //host/x -", URL_OK },
	{ "", "- - () () - () -", URL_OK },
	{ "redis://:p@s#s@h:1/2?db=3#f", "redis :p@s#s h:1 h 1 /2 db=3#f", URL_OK },
	{ "redis://u@", "redis u () () - () -", URL_OK },
	{ "unix://u:secret@/r@s", "unix u:secret () () - /r@s -", URL_OK },
	{ "http://[::1]:8080/x", "http - [::1]:8080 ::1 8080 /x -", URL_OK },
	{ "[::1]", "- - [::1] ::1 - () -", URL_OK },
	{ "::1", "- - ::1 () :1 () -", URL_OK },
	{ "h#a?b", "- - h#a h#a - () b", URL_OK },
	{ "h:", "- - h: h () () -", URL_OK },
	{ "http://[::1/x", NULL, URL_OPEN_BRACKET },
	{ "http://[::1]x", NULL, URL_AFTER_BRACKET },
};

static void add(char *out, size_t size, struct url_piece piece)
{
	size_t n = strlen(out);

	snprintf(out + n, size - n, "%s%.*s", n ? " " : "", piece.s && piece.len ? (int)piece.len : 2,
		 !piece.s ? "-" : piece.len ? piece.s : "()");
}

static void test_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct url_parts p;
		char got[256] = "";

		assert_int_equal(url_split(urls[i].text, strlen(urls[i].text), &p), urls[i].fault);
		if (!urls[i].parts)
			continue;
		add(got, sizeof(got), p.scheme);
		add(got, sizeof(got), p.user);
		add(got, sizeof(got), p.address);
		add(got, sizeof(got), p.host);
		add(got, sizeof(got), p.port);
		add(got, sizeof(got), p.path);
		add(got, sizeof(got), p.query);
		assert_string_equal(got, urls[i].parts);
	}
}

static void test_port(void **state)
{
	static const struct {
		const char *text;
		unsigned port; /* 0: none */
	} ports[] = { { "1", 1 }, { "080", 80 }, { "65535", 65535 }, { "", 0 }, { "0", 0 }, { "65536", 0 },
		      { "4294967297", 0 }, { "-1", 0 }, { "8 ", 0 }, { "0x1", 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ports); i++) {
		unsigned port = 0;
		struct url_piece piece = { ports[i].text, strlen(ports[i].text) };

		assert_int_equal(url_port(piece, &port), ports[i].port != 0);
		assert_int_equal(port, ports[i].port);
	}
}

static void test_host_is_under(void **state)
{
	static const struct {
		const char *host;
		const char *domain;
		bool under;
	} hosts[] = {
		{ "api.chatanywhere.tech", "chatanywhere.tech", true }, { "chatanywhere.tech", "chatanywhere.tech", true },
		{ "API.ChatAnywhere.Tech", "chatanywhere.tech", true }, { "xchatanywhere.tech", "chatanywhere.tech", false },
		{ "chatanywhere.tech.example", "chatanywhere.tech", false }, { "tech", "chatanywhere.tech", false },
		{ "", "chatanywhere.tech", false }, { ".chatanywhere.tech", "chatanywhere.tech", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
		assert_int_equal(host_is_under(hosts[i].host, hosts[i].domain), hosts[i].under);
}

static void test_loopback(void **state)
{
	static const char *const here[] = { "localhost", "a.LocalHost", "127.0.0.1", "127.255.0.9", "::1" };
	static const char *const elsewhere[] = {
		"", "notlocalhost", "localhost.example", "128.0.0.1", "127.1", "2130706433", "::ffff:127.0.0.1", "[::1]",
		"127.0.0.1.example",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(here); i++)
		assert_true(host_is_loopback(here[i]));
	for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++)
		assert_false(host_is_loopback(elsewhere[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_port),
		cmocka_unit_test(test_host_is_under),
		cmocka_unit_test(test_loopback),
	};

	return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
