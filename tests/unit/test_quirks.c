/*
 * What is known of models: in memory, in the file, and in a body that was written already.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/upstream/dialect.h"
#include "eke/upstream/quirks.h"
#include "state_dir.h"

#define BASE "https://api.example.com/v1"

static void test_remembered(void **state)
{
	struct quirks *first = quirks_new();
	struct quirks *second = quirks_new();

	(void)state;
	assert_int_equal(quirks_of(first, BASE, "m"), 0);
	quirks_learn(first, BASE, "m", QUIRK_NO_STOP, 0);
	quirks_learn(first, BASE, "m", QUIRK_NO_TEMPERATURE, 0);
	assert_int_equal(quirks_of(first, BASE, "m"), QUIRK_NO_STOP | QUIRK_NO_TEMPERATURE);
	assert_int_equal(quirks_of(first, BASE, "n"), 0);
	assert_int_equal(quirks_of(first, "https://other.example/v1", "m"), 0);
	assert_int_equal(quirks_of(second, BASE, "m"), QUIRK_NO_STOP | QUIRK_NO_TEMPERATURE);
	quirks_learn(second, BASE, "m", 0, QUIRK_NO_STOP);
	assert_int_equal(quirks_of(second, BASE, "m"), QUIRK_NO_TEMPERATURE);
	quirks_free(first);
	quirks_free(second);
	first = quirks_new();
	assert_int_equal(quirks_of(first, BASE, "m"), QUIRK_NO_TEMPERATURE);
	quirks_free(first);
}

/* More models than are held: those that fall out are read again. */
static void test_many(void **state)
{
	struct quirks *quirks = quirks_new();
	char model[32];

	(void)state;
	for (int i = 0; i < 3 * LIMIT_MODELS_KNOWN; i++) {
		snprintf(model, sizeof(model), "many-%d", i);
		quirks_learn(quirks, BASE, model, QUIRK_NO_STOP, 0);
	}
	assert_int_equal(quirks_of(quirks, BASE, "many-0"), QUIRK_NO_STOP);
	quirks_free(quirks);
}

static const struct {
	const char *body;
	unsigned quirks;
	const char *amended; /* NULL: there is nothing to change */
} bodies[] = {
	{ "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"max_tokens \\u00e4\"}],\"max_tokens\":9,"
	  "\"temperature\":0.2,\"stop\":[\"a\"],\"stream\":true,\"stream_options\":{\"include_usage\":true}}",
	  QUIRKS_REASONING,
	  "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"max_tokens ä\"}],\"max_completion_tokens\":9,"
	  "\"stream\":true,\"stream_options\":{\"include_usage\":true}}" },
	{ "{\"a\":1,\"stream\":true,\"stream_options\":{}}", QUIRK_NO_STREAM, "{\"a\":1}" },
	{ "{\"max_completion_tokens\":9}", QUIRK_NO_LIMIT, "{}" },
	{ "{\"max_tokens\":9}", QUIRK_COMPLETION_TOKENS | QUIRK_NO_LIMIT, "{}" },
	{ "{\"max_tokens\":9}", QUIRK_NO_STOP, NULL },
	{ "{\"max_tokens\":9}", QUIRK_THINKS_INSIDE, NULL },
	{ "[1]", QUIRKS_REASONING, NULL },
	{ "no JSON", QUIRKS_REASONING, NULL },
};

static void test_amend(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct strbuf body;

		strbuf_init(&body, KIB(1));
		strbuf_adds(&body, bodies[i].body);
		assert_int_equal(request_amend(&body, bodies[i].quirks), bodies[i].amended != NULL);
		assert_string_equal(body.data, bodies[i].amended ? bodies[i].amended : bodies[i].body);
		strbuf_release(&body);
	}
}

static void test_names(void **state)
{
	static const char *const reasoning[] = { "o1", "o3-mini", "openai/o4-mini", "azure:gpt-5", "a/b:gpt-5-nano-ca",
	  "gpt-5" };
	static const char *const others[] = { "gpt-4o", "gpt-5-chat-latest", "gpt-oss:20b", "ollama/qwen3", "", "omni",
	  "o" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(reasoning); i++)
		assert_int_equal(request_quirks_of_name(reasoning[i]), QUIRKS_REASONING);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_int_equal(request_quirks_of_name(others[i]), 0);
	assert_int_equal(request_quirks_of_name(NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_remembered),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_amend),
		cmocka_unit_test(test_names),
	};

	int failed;

	state_dir_begin();
	failed = cmocka_run_group_tests_name("quirks", tests, NULL, NULL);
	state_dir_end();
	return failed;
}
