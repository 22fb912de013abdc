/*
 * Which endpoints are one service.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/config/service.h"

static const struct plan unlimited = { .name = "unlimited" };
static const struct plan own = { .name = "chatanywhere-of-mine" };

static const struct {
	const char *url;
	const char *service;
} services[] = {
	{ "https://api.chatanywhere.tech/v1", "chatanywhere" },
	{ "https://api.chatanywhere.org", "chatanywhere" },
	{ "api.chatanywhere.com.cn/v1", "chatanywhere" },
	{ "https://api.ChatAnyWhere.CN:443/v1/chat/completions", "chatanywhere" },
	{ "chatanywhere.tech", "chatanywhere" },
	{ "https://api.chatanywhere.tech:8443", "chatanywhere" },
	/* not theirs */
	{ "https://chatanywhere.example.com", "chatanywhere.example.com" },
	{ "https://api.chatanywhere.tech.example.com/v1", "api.chatanywhere.tech.example.com" },
	{ "https://notchatanywhere.tech", "notchatanywhere.tech" },
	{ "https://example.com/api.chatanywhere.tech", "example.com" },
	/* case, ports, paths, whatever stands around */
	{ "https://API.OpenAI.com/v1", "api.openai.com" },
	{ "https://api.openai.com:443", "api.openai.com" },
	{ "http://localhost:80/v1", "localhost" },
	{ "http://localhost:443/v1", "localhost:443" },
	{ "https://localhost:80/v1", "localhost:80" },
	{ "http://127.0.0.1:11434/v1", "127.0.0.1:11434" },
	{ "http://[::1]:8080", "[::1]:8080" },
	{ "http://[0:0:0:0:0:0:0:1]:8080", "[::1]:8080" },
	{ "http://localhost.:8080", "localhost:8080" },
	{ " LOCALHOST:8080/v1/ ", "localhost:8080" },
	{ "localhost:80", "localhost" },
	{ "example.com./v1/chat/completions", "example.com" },
};

static void make(const char *text, const struct plan *plan, char service[LIMIT_SERVICE])
{
	struct base_url url;
	struct err err;

	if (!base_url_parse(text, false, &url, &err))
		fail_msg("%s: %s", text, err.message);
	service_of(&url, plan, service);
	base_url_release(&url);
}

static void test_services(void **state)
{
	char service[LIMIT_SERVICE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(services); i++) {
		make(services[i].url, &unlimited, service);
		assert_string_equal(service, services[i].service);
		assert_int_equal(service_is_chatanywhere(service), !strcmp(services[i].service, "chatanywhere"));
	}
}

static void test_plans(void **state)
{
	static const char url[] = "https://relay.example.com";
	char service[LIMIT_SERVICE];

	(void)state;
	make(url, plan_builtin("chatanywhere-free"), service);
	assert_string_equal(service, "chatanywhere");
	make(url, plan_builtin("chatanywhere-free-daily"), service);
	assert_string_equal(service, "chatanywhere");
	make(url, &own, service);
	assert_string_equal(service, "relay.example.com");
}

static void test_default_plans(void **state)
{
	static const struct {
		const char *url, *plan;
	} urls[] = {
		{ "api.chatanywhere.org.", "chatanywhere-free" },
		{ "https://proxy.example.com/chatanywhere.tech/v1", "unlimited" },
		{ "https://chatanywhere.example.com", "unlimited" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct base_url url;
		struct err err;

		assert_true(base_url_parse(urls[i].url, false, &url, &err));
		assert_string_equal(service_default_plan(&url), urls[i].plan);
		base_url_release(&url);
	}
}

static void test_zones(void **state)
{
	(void)state;
	assert_string_equal(service_time_zone("chatanywhere"), "Asia/Shanghai");
	assert_string_equal(service_time_zone("api.openai.com"), "UTC");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_plans),
		cmocka_unit_test(test_default_plans),
		cmocka_unit_test(test_zones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
