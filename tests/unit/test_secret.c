/*
 * What is taken for a key, and what is not: forms of keys that services give, and names that people write.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/secret.h"

static void test_forms(void **state)
{
	static const char *const keys[] = {
		"sk-abcdef123456", "sk-proj-Zx81-aaQ93kLmP0", "sk-or-v1-0a1b2c3d4e5f60718293a4b5c6d7e8f9", "gsk_4nT9wq2LmzXc81",
		"hf_QwErTyUiOpAsDfGh", "AIzaSyD3x9K2mQ7rT5vW8yZ1", "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
		"github_pat_11ABCDEFG0abcdef", "xai-9f8e7d6c5b4a", "eyJhbGciOiJIUzI1NiJ9", "AKIAIOSFODNN7EXAMPLE",
		"d41d8cd98f00b204e9800998ecf8427e", "9b2Kd8Xm4Pq7Rt1Vw6Yz3Ac5Ef0Gh", "3f9c1e77-2a4b-4d5e-8f60-718293a4b5c6",
	};
	static const char *const names[] = {
		"", "OPENAI_API_KEY", "CHATANYWHERE_KEY", "AZURE_OPENAI_API_KEY_2", "MY_K8S_TOKEN_V2", "my_key", "unlimited",
		"chatanywhere-free", "chatanywhere-free-daily", "the-plan-of-our-team-2024", "sk-", "sk-old", "task-12",
		"config.json", "a-very-long-name-of-a-file-without-digits", "openai-key-for-work-and-home", "https",
		"gpt-4o-mini-2024-07-18", "completionApi", "whenExhausted", "privacy_ignore_patterns_of_the_team",
		"llama-3.1-405b-instruct-fp8", "completionApiBaseUrlOfThePlan",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (!secret_is_likely(keys[i], strlen(keys[i])))
			fail_msg("%s is a key", keys[i]);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (secret_is_likely(names[i], strlen(names[i])))
			fail_msg("%s is no key", names[i]);
}

static void test_mask(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "nothing to hide: a.c, b.c", "nothing to hide: a.c, b.c" },
		{ "unknown plan \"sk-abcdef123456\", neither", "unknown plan \"********\", neither" },
		{ "sk-abcdef123456", "********" },
		{ "cannot read /home/me/sk-abcdef123456: No such file", "cannot read /home/me/********: No such file" },
		{ "endpoints[0].d41d8cd98f00b204e9800998ecf8427e is unknown", "endpoints[0].******** is unknown" },
		{ "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.x sk-abcdef123456", "********.********.x ********" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[200];

		snprintf(text, sizeof(text), "%s", cases[i][0]);
		secret_mask(text);
		assert_string_equal(text, cases[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_forms), cmocka_unit_test(test_mask) };

	return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
