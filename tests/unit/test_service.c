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
#include "eke/budget/service.h"

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
	{ "https://api.chatanywhere.tech@example.com/", "example.com" },
	/* case, ports, paths, whatever stands around */
	{ "https://API.OpenAI.com/v1", "api.openai.com" },
	{ "https://api.openai.com:443", "api.openai.com" },
	{ "http://localhost:80/v1", "localhost" },
	{ "http://localhost:443/v1", "localhost:443" },
	{ "https://localhost:80/v1", "localhost:80" },
	{ "http://127.0.0.1:11434/v1", "127.0.0.1:11434" },
	{ "http://[::1]:8080", "[::1]:8080" },
	{ "  example.com?x=https://y", "example.com" },
	{ "https://user:p@ss@example.com#x", "example.com" },
	{ "", "" },
};

static void test_services(void **state)
{
	char service[LIMIT_SERVICE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(services); i++) {
		const struct config_endpoint e = { .base_url = services[i].url, .plan = &unlimited };

		service_of(&e, service);
		assert_string_equal(service, services[i].service);
		assert_int_equal(service_is_chatanywhere(service), !strcmp(services[i].service, "chatanywhere"));
	}
}

static void test_plans(void **state)
{
	const struct config_endpoint relay = { .base_url = "https://relay.example.com",
					       .plan = plan_builtin("chatanywhere-free") };
	const struct config_endpoint daily = { .base_url = "https://relay.example.com",
					       .plan = plan_builtin("chatanywhere-free-daily") };
	const struct config_endpoint other = { .base_url = "https://relay.example.com", .plan = &own };
	const struct config_endpoint none = { .plan = &unlimited };
	char service[LIMIT_SERVICE];

	(void)state;
	service_of(&relay, service);
	assert_string_equal(service, "chatanywhere");
	service_of(&daily, service);
	assert_string_equal(service, "chatanywhere");
	service_of(&other, service);
	assert_string_equal(service, "relay.example.com");
	service_of(&none, service);
	assert_string_equal(service, "");
}

static void test_long(void **state)
{
	char url[LIMIT_SERVICE * 2];
	const struct config_endpoint e = { .base_url = url, .plan = &unlimited };
	char service[LIMIT_SERVICE];

	(void)state;
	memset(url, 'A', sizeof(url) - 1);
	url[sizeof(url) - 1] = '\0';
	service_of(&e, service);
	assert_int_equal(strlen(service), LIMIT_SERVICE - 1);
	assert_int_equal(service[LIMIT_SERVICE - 2], 'a');
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
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_zones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
