/*
 * Servers on this machine: what they are by their answers, as these are in the field, and which models are chosen.
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
#include "eke/base/strbuf.h"
#include "eke/upstream/local_server.h"

#define OLLAMA_MODEL(id) "{\"id\":\"" id "\",\"object\":\"model\",\"created\":1727000000,\"owned_by\":\"library\"}"
#define LIST(models) "{\"object\":\"list\",\"data\":[" models "]}"

static bool decode(struct local_server *server, const char *address, const char *text)
{
	struct json_pool *pool = json_pool_new();
	char *copy = xstrdup(text);
	struct err err = ERR_INIT;
	const struct json *value = json_parse(pool, copy, strlen(copy), JSON_LENIENT, &err);
	bool ok;

	*server = (struct local_server){ .kind = LOCAL_OTHER };
	snprintf(server->address, sizeof(server->address), "%s", address);
	ok = value && local_server_decode(server, value);
	json_pool_free(pool);
	free(copy);
	return ok;
}

static void test_recognised(void **state)
{
	static const struct {
		const char *address;
		const char *answer;
		int kind; /* -1: no such server */
		size_t models;
	} cases[] = {
		{ "http://127.0.0.1:11434", LIST(OLLAMA_MODEL("llama3.2:3b") "," OLLAMA_MODEL("qwen2.5-coder:7b")),
		  LOCAL_OLLAMA, 2 },
		{ "http://127.0.0.1:9999", LIST(OLLAMA_MODEL("llama3.2:3b")), LOCAL_OLLAMA, 1 },
		/* One of somebody's own, beside one of the library. */
		{ "http://127.0.0.1:9999", LIST("{\"id\":\"me/x\",\"owned_by\":\"me\"}," OLLAMA_MODEL("llama3.2:3b")),
		  LOCAL_OLLAMA, 2 },
		{ "http://127.0.0.1:11434", LIST("{\"id\":\"me/x\",\"owned_by\":\"me\"}"), LOCAL_OLLAMA, 1 },
		{ "http://127.0.0.1:11434", "{\"object\":\"list\",\"data\":null}", LOCAL_OLLAMA, 0 },
		{ "http://127.0.0.1:8080",
		  "{\"models\":[{\"name\":\"a.gguf\",\"model\":\"a.gguf\"}],\"object\":\"list\",\"data\":[{\"id\":\"a.gguf\","
		  "\"object\":\"model\",\"owned_by\":\"llamacpp\",\"meta\":{\"n_ctx_train\":8192}}]}", LOCAL_LLAMACPP, 1 },
		{ "http://127.0.0.1:1234", LIST("{\"id\":\"qwen\",\"owned_by\":\"organization_owner\"}"), LOCAL_LM_STUDIO, 1 },
		{ "http://127.0.0.1:1234", LIST("{\"id\":\"qwen\"}"), LOCAL_LM_STUDIO, 1 },
		/* Who knows what: at that port is much. */
		{ "http://127.0.0.1:8080", LIST("{\"id\":\"x\",\"owned_by\":\"vllm\"}"), LOCAL_OTHER, 1 },
		{ "http://127.0.0.1:8080", LIST(""), LOCAL_OTHER, 0 },
		{ "http://127.0.0.1:8080", LIST("{\"id\":\"\"},{\"name\":\"y\"},7,null"), LOCAL_OTHER, 1 },
		{ "http://127.0.0.1:8080", LIST("{\"id\":\"a\\u001b[2J\"},{\"id\":\"b\\u009b\"},{\"id\":\"\u00fc\"}"),
		  LOCAL_OTHER, 1 },
		{ "http://127.0.0.1:8080", "{\"data\":null}", -1, 0 },
		{ "http://127.0.0.1:8080", "{\"status\":\"ok\"}", -1, 0 },
		{ "http://127.0.0.1:8080", "{\"data\":\"x\"}", -1, 0 },
		{ "http://127.0.0.1:8080", "[]", -1, 0 },
		{ "http://127.0.0.1:8080", "\"hello\"", -1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct local_server server;
		bool ok = decode(&server, cases[i].address, cases[i].answer);

		if (ok != (cases[i].kind >= 0) || (ok && (int)server.kind != cases[i].kind) ||
		    server.model_count != cases[i].models)
			fail_msg("%s: %d, kind %d, %zu models", cases[i].answer, ok, (int)server.kind, server.model_count);
		local_server_release(&server);
	}
}

/* A list longer than eke looks at. */
static void test_bound(void **state)
{
	struct local_server server;
	struct strbuf text;

	(void)state;
	strbuf_init(&text, MIB(1));
	strbuf_adds(&text, "{\"object\":\"list\",\"data\":[{\"id\":\"m\"}");
	for (int i = 0; i < 2 * LIMIT_LOCAL_MODELS; i++)
		strbuf_addf(&text, ",{\"id\":\"m%d\"}", i);
	strbuf_adds(&text, "]}");
	assert_true(decode(&server, "http://127.0.0.1:1", text.data));
	assert_int_equal(server.model_count, LIMIT_LOCAL_MODELS);
	local_server_release(&server);
	strbuf_release(&text);
}

#define MODELS 6

static const struct choice_case {
	enum local_kind kind;
	bool infill;
	const char *models[MODELS]; /* up to NULL */
	const char *chat; /* NULL: it cannot be used */
	const char *completion;
	const char *api;
} choices[] = {
	{ LOCAL_OLLAMA, false, { "llama3.2:3b", "qwen2.5-coder:7b" }, "llama3.2:3b", "qwen2.5-coder:7b",
	  "completions" },
	{ LOCAL_OLLAMA, false, { "qwen2.5-coder:7b", "llama3.2:3b" }, "qwen2.5-coder:7b", "qwen2.5-coder:7b",
	  "completions" },
	{ LOCAL_OLLAMA, false, { "llama3.2" }, "llama3.2", "llama3.2", "chat" },
	/* Of those for code the one that fills in, else the first. */
	{ LOCAL_OLLAMA, false, { "qwen3-coder:30b", "codestral" }, "qwen3-coder:30b", "codestral", "completions" },
	{ LOCAL_OLLAMA, false, { "mistral", "qwen3-coder:30b", "codellama" }, "mistral", "qwen3-coder:30b",
	  "chat" },
	/* Variants that were not taught to chat, and those that were. */
	{ LOCAL_OLLAMA, false, { "codellama:7b-code", "mistral" }, "mistral", "codellama:7b-code", "completions" },
	{ LOCAL_OLLAMA, false, { "codellama:7b-instruct" }, "codellama:7b-instruct", "codellama:7b-instruct",
	  "chat" },
	{ LOCAL_OLLAMA, false, { "codegemma:2b-code-q4_0", "gemma2" }, "gemma2", "codegemma:2b-code-q4_0",
	  "completions" },
	{ LOCAL_OLLAMA, false, { "starcoder2:3b", "phi3" }, "phi3", "starcoder2:3b", "completions" },
	{ LOCAL_OLLAMA, false, { "starcoder2:15b-instruct" }, "starcoder2:15b-instruct", "starcoder2:15b-instruct",
	  "chat" },
	{ LOCAL_OLLAMA, false, { "deepseek-coder:6.7b-base", "phi3" }, "phi3", "phi3", "chat" },
	/* Somebody's own of the same name may have another template. */
	{ LOCAL_OLLAMA, false, { "me/qwen2.5-coder:7b" }, "me/qwen2.5-coder:7b", "me/qwen2.5-coder:7b", "chat" },
	/* No writers. */
	{ LOCAL_OLLAMA, false, { "nomic-embed-text", "bge-m3", "all-minilm:33m", "llama3" }, "llama3", "llama3",
	  "chat" },
	{ LOCAL_OLLAMA, false, { "nomic-embed-text", "mxbai-embed-large" }, NULL, NULL, "chat" },
	{ LOCAL_OLLAMA, false, { "starcoder2:3b" }, NULL, NULL, "chat" },
	{ LOCAL_OLLAMA, false, { NULL }, NULL, NULL, "chat" },
	/* llama.cpp: the server says whether it fills in. */
	{ LOCAL_LLAMACPP, true, { "/m/qwen2.5-coder-1.5b-q8_0.gguf" }, "/m/qwen2.5-coder-1.5b-q8_0.gguf",
	  "/m/qwen2.5-coder-1.5b-q8_0.gguf", "llamacpp-infill" },
	{ LOCAL_LLAMACPP, true, { "starcoder2-base.gguf" }, "starcoder2-base.gguf", "starcoder2-base.gguf",
	  "llamacpp-infill" },
	{ LOCAL_LLAMACPP, false, { "qwen2.5-coder.gguf" }, "qwen2.5-coder.gguf", "qwen2.5-coder.gguf", "chat" },
	/* The names are Ollama's library's, and mean nothing elsewhere. */
	{ LOCAL_LM_STUDIO, false, { "text-embedding-nomic", "gemma", "qwen2.5-coder" }, "gemma", "qwen2.5-coder",
	  "chat" },
	{ LOCAL_OTHER, false, { "gpt-oss-20b" }, "gpt-oss-20b", "gpt-oss-20b", "chat" },
};

static struct local_server server_of(const struct choice_case *c)
{
	struct local_server server = { .kind = c->kind, .infill = c->infill, .address = "http://127.0.0.1:7" };

	server.models = xcalloc(MODELS, sizeof(*server.models));
	while (server.model_count < MODELS && c->models[server.model_count]) {
		server.models[server.model_count] = xstrdup(c->models[server.model_count]);
		server.model_count++;
	}
	return server;
}

static void test_chosen(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(choices); i++) {
		const struct choice_case *c = &choices[i];
		struct local_server server = server_of(c);
		struct local_choice choice = { .chat = NULL };
		bool ok = local_server_choose(&server, &choice);

		if (ok != (c->chat != NULL) ||
		    (ok && (strcmp(choice.chat, c->chat) || strcmp(choice.completion, c->completion) ||
			    strcmp(choice.api, c->api))))
			fail_msg("case %zu (%s): chat %s, completion %s, api %d", i, c->models[0] ? c->models[0] : "none",
				 choice.chat ? choice.chat : "none", choice.completion ? choice.completion : "none", choice.api);
		local_server_release(&server);
	}
}

/* The endpoint in force and the one that is said to be permanent are the same. */
static void test_endpoint(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(choices); i++) {
		struct local_server server = server_of(&choices[i]);
		struct config *config = config_defaults();
		struct config_local local;
		struct strbuf snippet;
		struct err err;

		strbuf_init(&snippet, KIB(8));
		local_server_snippet(&server, &snippet);
		assert_int_equal(snippet.len > 0, choices[i].chat != NULL);
		if (local_server_settings(&server, &local)) {
			const struct config_endpoint *e = &config->endpoints[0];

			assert_true(config_use_local(config, &local, &err));
			config_local_release(&local);
			assert_int_equal(config->endpoint_count, 1);
			assert_string_equal(e->base_url, "http://127.0.0.1:7");
			assert_string_equal(e->chat_model, choices[i].chat);
			assert_string_equal(e->completion_model, choices[i].completion);
			assert_string_equal(e->completion_api, choices[i].api);
			assert_int_equal(e->key.source, KEY_NONE);
			assert_false(plan_is_counted(e->plan));
			assert_non_null(strstr(snippet.data, e->chat_model));
			assert_non_null(strstr(snippet.data, e->name));
		} else {
			assert_null(choices[i].chat);
		}
		strbuf_release(&snippet);
		config_unref(config);
		local_server_release(&server);
	}
}

static void test_words(void **state)
{
	static const struct {
		const char *models[MODELS];
		const char *listed;
	} cases[] = {
		{ { "a" }, "the model a" },
		{ { "a", "b" }, "the models a and b" },
		{ { "a", "b", "c" }, "the models a, b and c" },
		{ { "a", "b", "c", "d" }, "the models a, b, c and d" },
		{ { "a", "b", "c", "d", "e" }, "the models a, b, c and 2 more" },
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct choice_case c = { .kind = LOCAL_LM_STUDIO };
		struct local_server server;

		memcpy(c.models, cases[i].models, sizeof(c.models));
		server = server_of(&c);
		local_server_list_models(&server, text, sizeof(text));
		assert_string_equal(text, cases[i].listed);
		local_server_describe(&server, text, sizeof(text));
		assert_string_equal(text, "LM Studio answers at 127.0.0.1:7");
		local_server_describe(&server, text, 20);
		assert_string_equal(text, "LM Studio answers a");
		local_server_list_models(&server, text, 8);
		assert_true(strlen(text) < 8);
		local_server_release(&server);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recognised),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_chosen),
		cmocka_unit_test(test_endpoint),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests_name("local_server", tests, NULL, NULL);
}
