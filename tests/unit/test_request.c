/*
 * Request bodies: what goes out, to the letter, for every dialect.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/json.h"
#include "eke/base/limits.h"
#include "eke/upstream/request.h"

#define S(text) text, sizeof(text) - 1
#define AROUND(before, after) \
	.prefix = before, .prefix_len = sizeof(before) - 1, .suffix = after, .suffix_len = sizeof(after) - 1

static const struct request_message messages[] = {
	{ "system", S("Be brief.") },
	{ "user", S("a\"b\\\n\t\x01 \xE4\xBD\xA0 \xFF") },
};

static const struct request_extra extras[] = {
	{ "a.c", S("int a;\n") },
	{ "b/\"c\".c", S("") },
};

static const char *const stops[] = { "\n\n", "```", "c", "d", "e" };

static const struct {
	struct request_spec spec;
	const char *body;
} cases[] = {
	{ { .api = WIRE_CHAT, .model = "gpt-4o-mini", .messages = messages, .message_count = 2, .max_tokens = 256,
	  .temperature = 0.2,
	    .stop = stops, .stop_count = 2, .stream = true, .stream_options = true },
	  "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"},{\"role\":\"user\","
		"\"content\":"
	  "\"a\\\"b\\\\\\n\\t\\u0001 \xE4\xBD\xA0 \xEF\xBF\xBD\"}],\"max_tokens\":256,\"temperature\":0.2,"
		"\"stop\":[\"\\n\\n\",\"```\"],"
	  "\"stream\":true,\"stream_options\":{\"include_usage\":true}}" },
	{ { .api = WIRE_CHAT, .model = "m", .messages = messages, .message_count = 1, .temperature = -1, .stream = true },
	  "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"}],\"stream\":true}" },
	/* Reasoning models have another name for the limit, and refuse what they do not know. */
	{ { .api = WIRE_CHAT, .model = "gpt-5-nano-ca", .max_tokens = 9, .temperature = 0, .stop = stops, .stop_count = 1 },
	  "{\"model\":\"gpt-5-nano-ca\",\"messages\":[],\"max_completion_tokens\":9,\"stream\":false}" },
	{ { .api = WIRE_CHAT, .model = "openai/o3-mini", .max_tokens = 9, .temperature = 0 },
	  "{\"model\":\"openai/o3-mini\",\"messages\":[],\"max_completion_tokens\":9,\"stream\":false}" },
	{ { .api = WIRE_CHAT, .model = "gpt-5-chat-latest", .max_tokens = 9, .temperature = 0 },
	  "{\"model\":\"gpt-5-chat-latest\",\"messages\":[],\"max_tokens\":9,\"temperature\":0,\"stream\":false}" },
	/* The usage of a whole answer is there anyway, and stream_options without stream is an error at OpenAI. */
	{ { .api = WIRE_CHAT, .model = "m", .messages = messages, .temperature = NAN, .stream_options = true },
	  "{\"model\":\"m\",\"messages\":[],\"stream\":false}" },
	{ { .api = WIRE_CHAT, .model = "m", .temperature = 0, .stop = stops, .stop_count = 5 },
	  "{\"model\":\"m\",\"messages\":[],\"temperature\":0,\"stop\":[\"\\n\\n\","
		"\"```\",\"c\",\"d\"],\"stream\":false}" },
	{ { .api = WIRE_COMPLETIONS, .model = "gpt-3.5-turbo-instruct", AROUND("int ", ";\n"), .max_tokens = 64,
	  .temperature = 0,
	    .stop = stops, .stop_count = 1, .stream = true, .stream_options = true },
	  "{\"model\":\"gpt-3.5-turbo-instruct\",\"prompt\":\"int \",\"suffix\":\";\\n\","
		"\"max_tokens\":64,\"temperature\":0,\"stop\":[\"\\n\\n\"],"
	  "\"stream\":true,\"stream_options\":{\"include_usage\":true}}" },
	{ { .api = WIRE_COMPLETIONS, .model = "m", AROUND("x", ""), .temperature = -1 },
	  "{\"model\":\"m\",\"prompt\":\"x\",\"stream\":false}" },
	{ { .api = WIRE_DEEPSEEK_FIM, .model = "deepseek-chat", AROUND("a", "b"), .max_tokens = 9, .temperature = -1,
	  .stream = true,
	    .stream_options = true },
	  "{\"model\":\"deepseek-chat\",\"prompt\":\"a\",\"suffix\":\"b\",\"max_tokens\":9,"
		"\"stream\":true,\"stream_options\":{\"include_usage\":true}}" },
	{ { .api = WIRE_MISTRAL_FIM, .model = "codestral-latest", AROUND("a", "b"), .max_tokens = 9, .temperature = 0.5,
	  .stop = stops,
	    .stop_count = 1, .stream = true, .stream_options = true },
	  "{\"model\":\"codestral-latest\",\"prompt\":\"a\",\"suffix\":\"b\",\"max_tokens\":9,\"temperature\":0.5,"
		"\"stop\":[\"\\n\\n\"],\"stream\":true}" },
	{ { .api = WIRE_LLAMACPP_INFILL, AROUND("a", "b"), .extras = extras, .extra_count = 2, .max_tokens = 9,
	  .temperature = 0.5,
	    .stop = stops, .stop_count = 5, .stream = true, .stream_options = true },
	  "{\"input_prefix\":\"a\",\"input_suffix\":\"b\",\"input_extra\":[{\"filename\":\"a.c\","
		"\"text\":\"int a;\\n\"},{\"filename\":\"b/\\\"c\\\".c\","
	  "\"text\":\"\"}],\"prompt\":\"\",\"cache_prompt\":true,\"n_predict\":9,"
		"\"temperature\":0.5,\"stop\":[\"\\n\\n\",\"```\",\"c\",\"d\",\"e\"],"
	  "\"stream\":true}" },
	{ { .api = WIRE_LLAMACPP_INFILL, .model = "qwen", .prefix = "", .suffix = "", .temperature = -1 },
	  "{\"model\":\"qwen\",\"input_prefix\":\"\",\"input_suffix\":\"\",\"input_extra\":[],"
		"\"prompt\":\"\",\"cache_prompt\":true,\"stream\":false}" },
};

static void test_bodies(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct json_pool *pool = json_pool_new();
		struct err err = ERR_INIT;
		struct strbuf out;

		strbuf_init(&out, KIB(8));
		request_write(&cases[i].spec, &out);
		assert_string_equal(out.data, cases[i].body);
		assert_false(out.full);
		/* Strict JSON, one object. */
		assert_true(json_is_object(json_parse(pool, out.data, out.len, JSON_STRICT, &err)));
		strbuf_release(&out);
		json_pool_free(pool);
	}
}

static void test_too_big(void **state)
{
	struct strbuf out;

	(void)state;
	strbuf_init(&out, 64);
	request_write(&cases[0].spec, &out);
	assert_true(out.full);
	strbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_too_big),
	};

	return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
