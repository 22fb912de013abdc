/*
 * Request bodies: what goes out, to the letter, for every dialect.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/json.h"
#include "eke/base/mem.h"
#include "eke/base/limits.h"
#include "eke/upstream/dialect.h"
#include "eke/upstream/endpoint.h"

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
	const char *dialect;
	struct request_spec spec;
	const char *body;
} cases[] = {
	{ "chat", { .model = "gpt-4o-mini", .messages = messages, .message_count = 2, .max_tokens = 256,
	  .temperature = 0.2,
	    .stop = stops, .stop_count = 2, .stream = true, .stream_options = true },
	  "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"},{\"role\":\"user\","
		"\"content\":"
	  "\"a\\\"b\\\\\\n\\t\\u0001 \xE4\xBD\xA0 \xEF\xBF\xBD\"}],\"max_tokens\":256,\"temperature\":0.2,"
		"\"stop\":[\"\\n\\n\",\"```\"],"
	  "\"stream\":true,\"stream_options\":{\"include_usage\":true}}" },
	{ "chat", { .model = "m", .messages = messages, .message_count = 1, .temperature = -1, .stream = true },
	  "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"}],\"stream\":true}" },
	/* Reasoning models have another name for the limit, and refuse what they do not know. */
	{ "chat", { .model = "gpt-5-nano-ca", .max_tokens = 9, .temperature = 0, .stop = stops, .stop_count = 1 },
	  "{\"model\":\"gpt-5-nano-ca\",\"messages\":[],\"max_completion_tokens\":9,\"stream\":false}" },
	{ "chat", { .model = "openai/o3-mini", .max_tokens = 9, .temperature = 0 },
	  "{\"model\":\"openai/o3-mini\",\"messages\":[],\"max_completion_tokens\":9,\"stream\":false}" },
	{ "chat", { .model = "gpt-5-chat-latest", .max_tokens = 9, .temperature = 0 },
	  "{\"model\":\"gpt-5-chat-latest\",\"messages\":[],\"max_tokens\":9,\"temperature\":0,\"stream\":false}" },
	/* The usage of a whole answer is there anyway, and stream_options without stream is an error at OpenAI. */
	{ "chat", { .model = "m", .messages = messages, .temperature = NAN, .stream_options = true },
	  "{\"model\":\"m\",\"messages\":[],\"stream\":false}" },
	{ "chat", { .model = "m", .temperature = 0, .stop = stops, .stop_count = 5 },
	  "{\"model\":\"m\",\"messages\":[],\"temperature\":0,\"stop\":[\"\\n\\n\","
		"\"```\",\"c\",\"d\"],\"stream\":false}" },
	{ "completions", { .model = "gpt-3.5-turbo-instruct", AROUND("int ", ";\n"), .max_tokens = 64,
	  .temperature = 0,
	    .stop = stops, .stop_count = 1, .stream = true, .stream_options = true },
	  "{\"model\":\"gpt-3.5-turbo-instruct\",\"prompt\":\"int \",\"suffix\":\";\\n\","
		"\"max_tokens\":64,\"temperature\":0,\"stop\":[\"\\n\\n\"],"
	  "\"stream\":true,\"stream_options\":{\"include_usage\":true}}" },
	{ "completions", { .model = "m", AROUND("x", ""), .temperature = -1 },
	  "{\"model\":\"m\",\"prompt\":\"x\",\"stream\":false}" },
	{ "deepseek-fim", { .model = "deepseek-chat", AROUND("a", "b"), .max_tokens = 9, .temperature = -1,
	  .stream = true,
	    .stream_options = true },
	  "{\"model\":\"deepseek-chat\",\"prompt\":\"a\",\"suffix\":\"b\",\"max_tokens\":9,"
		"\"stream\":true,\"stream_options\":{\"include_usage\":true}}" },
	{ "mistral-fim", { .model = "codestral-latest", AROUND("a", "b"), .max_tokens = 9, .temperature = 0.5,
	  .stop = stops,
	    .stop_count = 1, .stream = true, .stream_options = true },
	  "{\"model\":\"codestral-latest\",\"prompt\":\"a\",\"suffix\":\"b\",\"max_tokens\":9,\"temperature\":0.5,"
		"\"stop\":[\"\\n\\n\"],\"stream\":true}" },
	/* Each family's tokens, and its form for several files. */
	{ "fim-tokens", { AROUND("a", "b"), .model = "Qwen/Qwen2.5-Coder-7B", .path = "d.c", .extras = extras,
	    .extra_count = 1, .max_tokens = 9, .temperature = -1, .stream = true, .stream_options = true },
	  "{\"model\":\"Qwen/Qwen2.5-Coder-7B\",\"prompt\":\"<|repo_name|>project\\n<|file_sep|>a.c\\nint a;\\n"
		"<|file_sep|>d.c\\n<|fim_prefix|>a<|fim_suffix|>b<|fim_middle|>\",\"max_tokens\":9,"
		"\"stop\":[\"<|endoftext|>\",\"<|file_sep|>\",\"<|fim_prefix|>\",\"<|repo_name|>\"],"
		"\"stream\":true,\"stream_options\":{\"include_usage\":true}}" },
	{ "fim-tokens", { AROUND("a", "b"), .model = "starcoder2-3b", .path = "d.c", .extras = extras, .extra_count = 1,
	    .temperature = -1 },
	  "{\"model\":\"starcoder2-3b\",\"prompt\":\"<repo_name>project\\n<file_sep>a.c\\nint a;\\n<file_sep>d.c\\n"
		"<fim_prefix>a<fim_suffix>b<fim_middle>\","
		"\"stop\":[\"<file_sep>\",\"<|endoftext|>\",\"<fim_prefix>\"],\"stream\":false}" },
	{ "fim-tokens", { AROUND("a", "b"), .model = "Codestral-22B", .path = "d\n.c", .extras = extras, .extra_count = 1,
	    .temperature = -1 },
	  "{\"model\":\"Codestral-22B\",\"prompt\":\"[SUFFIX]b[PREFIX]+++++ a.c\\nint a;\\n+++++ d?.c\\na\","
		"\"stop\":[\"\\n+++++ \",\"[PREFIX]\",\"[SUFFIX]\"],\"stream\":false}" },
	{ "fim-tokens", { AROUND("a", "b"), .model = "codellama", .path = "d.c", .extras = extras, .extra_count = 1,
	    .temperature = -1 },
	  "{\"model\":\"codellama\",\"prompt\":\"<PRE> a <SUF>b <MID>\","
		"\"stop\":[\"<EOT>\",\" <EOT>\"],\"stream\":false}" },
	{ "llamacpp-infill", { AROUND("a", "b"), .extras = extras, .extra_count = 2, .max_tokens = 9,
	  .temperature = 0.5,
	    .stop = stops, .stop_count = 5, .stream = true, .stream_options = true },
	  "{\"input_prefix\":\"a\",\"input_suffix\":\"b\",\"input_extra\":[{\"filename\":\"a.c\","
		"\"text\":\"int a;\\n\"},{\"filename\":\"b/\\\"c\\\".c\","
	  "\"text\":\"\"}],\"prompt\":\"\",\"cache_prompt\":true,\"n_predict\":9,"
		"\"temperature\":0.5,\"stop\":[\"\\n\\n\",\"```\",\"c\",\"d\",\"e\"],"
	  "\"stream\":true}" },
	{ "llamacpp-infill", { .model = "qwen", .prefix = "", .suffix = "", .temperature = -1 },
	  "{\"model\":\"qwen\",\"input_prefix\":\"\",\"input_suffix\":\"\",\"input_extra\":[],"
		"\"prompt\":\"\",\"cache_prompt\":true,\"stream\":false}" },
};

static void test_bodies(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct json_pool *pool = json_pool_new();
		struct err err = ERR_INIT;
		struct request_spec spec = cases[i].spec;
		struct strbuf out;

		strbuf_init(&out, KIB(8));
		spec.dialect = dialect_named(cases[i].dialect);
		request_write(&spec, &out);
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
	struct request_spec spec = cases[0].spec;
	struct strbuf out;

	(void)state;
	spec.dialect = dialect_chat();
	strbuf_init(&out, 64);
	request_write(&spec, &out);
	assert_true(out.full);
	strbuf_release(&out);
}

static void test_urls(void **state)
{
	static const struct {
		const char *in;
		const char *dialect;
		const char *url;
	} urls[] = {
		{ "api.chatanywhere.tech", "chat", "https://api.chatanywhere.tech/v1/chat/completions" },
		{ "api.chatanywhere.tech", "completions", "https://api.chatanywhere.tech/v1/completions" },
		{ "codestral.mistral.ai", "mistral-fim", "https://codestral.mistral.ai/v1/fim/completions" },
		{ "https://codestral.mistral.ai/v1/fim/completions", "chat",
		  "https://codestral.mistral.ai/v1/chat/completions" },
		{ "https://api.deepseek.com", "deepseek-fim", "https://api.deepseek.com/beta/completions" },
		{ "https://api.deepseek.com/v1", "deepseek-fim", "https://api.deepseek.com/beta/completions" },
		{ "https://api.deepseek.com/beta", "deepseek-fim", "https://api.deepseek.com/beta/completions" },
		{ "localhost:8080/v1", "llamacpp-infill", "http://localhost:8080/infill" },
		{ "[::1]:8080", "llamacpp-infill", "http://[::1]:8080/infill" },
		{ "openrouter.ai/api/v1", "chat", "https://openrouter.ai/api/v1/chat/completions" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct base_url url;
		struct err err = ERR_INIT;
		char *text;

		assert_true(base_url_parse(urls[i].in, false, &url, &err));
		text = base_url_join(&url, dialect_named(urls[i].dialect)->path, dialect_named(urls[i].dialect)->at_origin);
		assert_string_equal(text, urls[i].url);
		free(text);
		base_url_release(&url);
	}
}

static void test_hosts(void **state)
{
	static const struct {
		const char *host, *dialect, *chat, *completion;
	} hosts[] = {
		{ "codestral.mistral.ai", "mistral-fim", "codestral-latest", "codestral-latest" },
		{ "api.mistral.ai", "mistral-fim", "mistral-small-latest", "codestral-latest" },
		{ "api.deepseek.com", "deepseek-fim", "deepseek-chat", "deepseek-chat" },
		{ "notdeepseek.com", "chat", "gpt-4o-mini", "gpt-4o-mini" },
		{ "localhost", "chat", "gpt-4o-mini", "gpt-4o-mini" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		const struct dialect_host *models;

		assert_string_equal(dialect_of_host(hosts[i].host, &models)->name, hosts[i].dialect);
		assert_string_equal(models->chat_model, hosts[i].chat);
		assert_string_equal(models->completion_model, hosts[i].completion);
	}
	assert_null(dialect_named("fim"));
	assert_null(dialect_named("auto"));
}

/* What the configuration says of it is checked when the endpoint is made. */
static void test_configured(void **state)
{
	static const struct {
		const char *api, *dialect; /* NULL: refused */
	} apis[] = {
		{ "auto", "deepseek-fim" }, { "chat", "chat" }, { "completions", "completions" },
		{ "mistral-fim", "mistral-fim" }, { "llamacpp-infill", "llamacpp-infill" }, { "fim", NULL }, { "", NULL },
	};
	struct loop *loop = loop_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(apis); i++) {
		struct config *config = config_defaults();
		struct config_local local = { .name = xstrdup("a"), .base_url = xstrdup("api.deepseek.com"),
					      .completion_api = apis[i].api };
		struct endpoint *endpoint;
		struct err err;

		assert_true(config_use_local(config, &local, &err));
		endpoint = endpoint_new(loop, config, &config->endpoints[0], "endpoints[0]", &err);
		if (apis[i].dialect) {
			assert_string_equal(endpoint_completion_dialect(endpoint)->name, apis[i].dialect);
		} else {
			assert_null(endpoint);
			assert_int_equal(err.kind, ERR_CONFIG);
			assert_non_null(strstr(err.message, "endpoints[0].completionApi must be one of auto, chat, completions, "
							    "mistral-fim, deepseek-fim, fim-tokens, llamacpp"));
		}
		endpoint_unref(endpoint);
		config_local_release(&local);
		config_unref(config);
	}
	loop_free(loop);
}

/* Without a model for completions: that of the host if it has one of its own, else the one for chats. */
static void test_default_models(void **state)
{
	static const struct {
		const char *url, *chat, *completion; /* as configured */
		const char *chat_used, *completion_used;
	} models[] = {
		{ "http://127.0.0.1:11434", "qwen2.5-coder", NULL, "qwen2.5-coder", "qwen2.5-coder" },
		{ "http://127.0.0.1:11434", "qwen2.5-coder", "starcoder2", "qwen2.5-coder", "starcoder2" },
		{ "https://openrouter.ai/api/v1", "z-ai/glm-4.6", NULL, "z-ai/glm-4.6", "z-ai/glm-4.6" },
		{ "https://api.mistral.ai/v1", "mistral-large-latest", NULL, "mistral-large-latest", "codestral-latest" },
		{ "https://api.deepseek.com", "deepseek-reasoner", NULL, "deepseek-reasoner", "deepseek-chat" },
		{ "https://api.openai.com/v1", NULL, NULL, "gpt-4o-mini", "gpt-4o-mini" },
	};
	struct loop *loop = loop_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(models); i++) {
		struct config *config = config_defaults();
		struct config_local local = { .name = xstrdup("a"),
					      .base_url = xstrdup(models[i].url),
					      .chat_model = models[i].chat ? xstrdup(models[i].chat) : NULL,
					      .completion_model = models[i].completion ? xstrdup(models[i].completion) : NULL };
		struct endpoint *endpoint;
		struct err err;

		assert_true(config_use_local(config, &local, &err));
		endpoint = endpoint_new(loop, config, &config->endpoints[0], "endpoints[0]", &err);
		assert_string_equal(endpoint_chat_model(endpoint), models[i].chat_used);
		assert_string_equal(endpoint_completion_model(endpoint), models[i].completion_used);
		endpoint_unref(endpoint);
		config_local_release(&local);
		config_unref(config);
	}
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_too_big),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_configured),
		cmocka_unit_test(test_default_models),
	};

	return cmocka_run_group_tests_name("dialect", tests, NULL, NULL);
}
