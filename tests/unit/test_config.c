/*
 * The configuration: defaults, the whole of the documented example, every field's errors with their lines, what an
 * editor may add, and what the environment makes. Files are anonymous ones, named by their descriptor.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/config/config.h"
#include "eke/config/print.h"

static const char *const variables[] = {
	"EKE_CONFIG", "EKE_BASE_URL", "EKE_API_KEY", "EKE_PLAN", "EKE_MODEL", "OPENAI_API_KEY", "OPENAI_BASE_URL",
	"OPENAI_API_BASE",
};

struct fixture {
	int fd;
	char path[64];
	struct strbuf warnings; /* a line each */
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->fd = memfd_create("config", MFD_CLOEXEC);
	snprintf(f->path, sizeof(f->path), "/proc/self/fd/%d", f->fd);
	strbuf_init(&f->warnings, MIB(1));
	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		unsetenv(variables[i]);
	setenv("EKE_CONFIG", "/nonexistent/config.json", 1);
	log_set_level(LOG_BROKEN);
	*state = f;
	return f->fd >= 0 ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	close(f->fd);
	strbuf_release(&f->warnings);
	free(f);
	return 0;
}

static void on_warning(void *ctx, const char *sentence)
{
	struct fixture *f = ctx;

	strbuf_addf(&f->warnings, "%s\n", sentence);
}

/* Loads the text as a file, and the settings on top. */
static struct config *load(struct fixture *f, const char *text, const char *settings, struct err *err)
{
	size_t len = strlen(text);

	assert_int_equal(ftruncate(f->fd, 0), 0);
	assert_int_equal(pwrite(f->fd, text, len, 0), (ssize_t)len);
	strbuf_reset(&f->warnings);
	return config_load(f->path, settings, on_warning, f, err);
}

static struct config *load_good(struct fixture *f, const char *text, const char *settings)
{
	struct err err = ERR_INIT;
	struct config *config = load(f, text, settings, &err);

	if (!config)
		fail_msg("%s", err.message);
	assert_int_equal(err.kind, ERR_NONE);
	return config;
}

/* Everything but endpoints and plans, in a line. */
static void summary(const struct config *c, struct strbuf *out)
{
	strbuf_reset(out);
	strbuf_addf(out, "exhausted=%d trigger=%d debounce=%d lines=%d candidates=%d reserve=%g offline=%d",
		    (int)c->when_exhausted, (int)c->completion.trigger, (int)c->completion.debounce_ms,
		    (int)c->completion.max_lines, (int)c->completion.candidates, c->completion.reserve,
		    c->completion.offline);
	strbuf_addf(out, " system=%s temperature=%g tokens=%d language=%s", c->chat.system ? c->chat.system : "-",
		    c->chat.temperature, (int)c->chat.max_tokens, c->chat.language ? c->chat.language : "-");
	strbuf_addf(out, " history=%d redis=%s level=%s ignore=", c->history, c->ledger_redis ? c->ledger_redis : "-",
		    c->log_level == CONFIG_LOG_LEVEL_UNSET ? "-" : log_level_names[c->log_level]);
	for (const char **p = c->ignore; *p; p++)
		strbuf_addf(out, "%s,", *p);
}

static void expect_summary(const struct config *c, const char *wanted)
{
	struct strbuf out;

	strbuf_init(&out, KIB(4));
	summary(c, &out);
	assert_string_equal(out.data, wanted);
	strbuf_release(&out);
}

#define DEFAULTS \
	"exhausted=0 trigger=0 debounce=-1 lines=24 candidates=1 reserve=0.34 offline=1 system=- temperature=-1 " \
	"tokens=0 language=- history=1 redis=- level=- ignore="

static void test_defaults(void **state)
{
	static const char *const texts[] = {
		"{}",
		"",
		" \n",
		"// nothing yet\n",
		"\xEF\xBB\xBF{}",
		"/* a comment */ { // another\n }",
		"{\"completion\":{},\"chat\":{},\"privacy\":{},\"ledger\":{},\"log\":{},\"endpoints\":[],\"plans\":{}}",
		"{\"$schema\":[{\"baseUrl\":\"https://x\"}],\"endpoints\":null,\"plans\":null,\"whenExhausted\":null,"
		"\"completion\":{\"trigger\":null,\"debounceMs\":null,\"maxLines\":null,\"languages\":null},"
		"\"chat\":null,\"privacy\":{\"ignore\":null}}",
	};
	struct fixture *f = *state;
	struct err err = ERR_INIT;
	struct config *c;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		c = load_good(f, texts[i], i % 2 ? "{}" : NULL);
		expect_summary(c, DEFAULTS);
		assert_false(c->gateway.any_model);
		assert_int_equal(c->gateway.cache_seconds, 0);
		assert_int_equal(c->gateway.origin_count, 0);
		assert_int_equal(c->endpoint_count, 0);
		assert_int_equal(c->plan_count, 0);
		assert_true(c->file_exists);
		assert_string_equal(c->path, f->path);
		assert_false(c->from_environment);
		assert_true(config_language_enabled(c, "c"));
		assert_string_equal(f->warnings.data, "");
		config_unref(c);
	}
	c = config_defaults();
	expect_summary(c, DEFAULTS);
	config_unref(c);
	/* No file where it would be: nothing is wrong. */
	c = config_load(NULL, NULL, NULL, NULL, &err);
	assert_non_null(c);
	expect_summary(c, DEFAULTS);
	assert_string_equal(c->path, "/nonexistent/config.json");
	assert_false(c->file_exists);
	config_unref(c);
	config_unref(NULL);
}

/* A file that was asked for must be there. */
static void test_no_file(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_null(config_load("/nonexistent/asked.json", NULL, NULL, NULL, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_non_null(strstr(err.message, "/nonexistent/asked.json"));
	assert_null(config_load("/", NULL, NULL, NULL, &err));
	assert_non_null(strstr(err.message, "not a regular file"));
}

/* The example of the contract, to the letter but for what it leaves out by "…". */
static const char example[] =
	"{\n"
	"  \"$schema\": \"…\",\n"
	"  \"endpoints\": [                     // in order of preference\n"
	"    { \"name\": \"free\",\n"
	"      \"baseUrl\": \"https://api.chatanywhere.tech/v1\",       // bare host, host/v1, …: all accepted\n"
	"      \"fallbackUrls\": [\"https://api.chatanywhere.org/v1\"], // same service, same key, same budget\n"
	"      \"key\": { \"env\": \"CHATANYWHERE_KEY\" },                // or {\"command\": [\"pass\",\"show\",\"x\"]}\n"
	"      \"plan\": \"chatanywhere-free\",\n"
	"      \"models\": { \"chat\": \"gpt-4o-mini\", \"completion\": \"gpt-4o-mini\" },\n"
	"      \"completionApi\": \"chat\",       // chat | completions | mistral-fim | deepseek-fim | …\n"
	"      \"streamOptions\": true, \"headers\": {}, \"proxy\": null, \"caFile\": null,\n"
	"      \"timeouts\": { \"connect\": 10, \"firstByte\": 60, \"idle\": 60, \"total\": 3600 } }\n"
	"  ],\n"
	"  \"plans\": { \"mine\": { \"windows\": [ { \"scope\": \"machine\", \"models\": [\"*\"], \"limit\": 60, "
	"\"period\": \"1h\", \"kind\": \"sliding\" } ],\n"
	"                       \"maxPromptTokens\": 4096 } },\n"
	"  \"whenExhausted\": \"never\",          // never | ask | auto: may the next endpoint be used?\n"
	"  \"completion\": { \"trigger\": \"auto\", \"debounceMs\": \"adaptive\", \"maxLines\": 24, \"candidates\": 1, "
	"\"reserve\": 0.34, \"offline\": true,\n"
	"                  \"languages\": { \"markdown\": false } },\n"
	"  \"chat\": { \"system\": \"…\", \"temperature\": null, \"maxTokens\": null, \"language\": null, "
	"\"commands\": { \"name\": \"prompt with {selection}\" } },\n"
	"  \"privacy\": { \"ignore\": [\"*.pem\"], \"history\": true },\n"
	"  \"ledger\": { \"redis\": null },       // redis://host:6379/0 shares the ledger between machines\n"
	"  \"log\": { \"level\": \"info\" }\n"
	"}\n";

static void test_example(void **state)
{
	struct fixture *f = *state;
	struct config *c = load_good(f, example, NULL);
	const struct config_endpoint *e = config_endpoint_named(c, "free");

	assert_string_equal(f->warnings.data, "");
	expect_summary(c, "exhausted=0 trigger=0 debounce=-1 lines=24 candidates=1 reserve=0.34 offline=1 system=… "
			  "temperature=-1 tokens=0 language=- history=1 redis=- level=info ignore=*.pem,");
	assert_int_equal(c->endpoint_count, 1);
	assert_ptr_equal(e, &c->endpoints[0]);
	assert_null(config_endpoint_named(c, "Free"));
	assert_string_equal(e->base_url, "https://api.chatanywhere.tech/v1");
	assert_int_equal(e->url_count - 1, 1);
	assert_string_equal(e->fallback_urls[0], "https://api.chatanywhere.org/v1");
	assert_int_equal(e->key.source, KEY_ENV);
	assert_string_equal(e->key.value, "CHATANYWHERE_KEY");
	assert_ptr_equal(e->plan, plan_builtin("chatanywhere-free"));
	assert_string_equal(e->chat_model, "gpt-4o-mini");
	assert_string_equal(e->completion_model, "gpt-4o-mini");
	assert_string_equal(e->completion_api, "chat");
	assert_true(e->stream_options);
	assert_int_equal(e->header_count, 0);
	assert_null(e->proxy);
	assert_null(e->ca_file);
	assert_null(e->key_header);
	assert_false(e->allow_plain_http);
	assert_true(e->connect_timeout == 10 && e->first_byte_timeout == 60 && e->idle_timeout == 60 &&
		e->total_timeout == 3600);
	assert_int_equal(c->plan_count, 1);
	assert_string_equal(c->plans[0].name, "mine");
	assert_int_equal(c->plans[0].window_count, 1);
	assert_int_equal(c->plans[0].max_prompt_tokens, 4096);
	assert_false(config_language_enabled(c, "markdown"));
	assert_true(config_language_enabled(c, "c"));
	config_unref(c);
}

/* Every field, away from its default. */
static void test_all_fields(void **state)
{
	static const char text[] =
		"{\"endpoints\":[{\"name\":\"a\",\"baseUrl\":\"http://127.0.0.1:1\","
		"\"fallbackUrls\":[\"u1\",\"u2\",\"u3\",\"u4\"],"
		"\"key\":{\"command\":[\"pass\",\"show\",\"x\"]},\"plan\":\"mine\",\"models\":{\"completion\":\"m\"},"
		"\"completionApi\":\"llamacpp-infill\",\"streamOptions\":false,\"headers\":{\"X-A\":\"1\",\"X-B\":\"\"},"
		"\"allowPlainHttp\":true,\"keyHeader\":\"X-Key\","
		"\"proxy\":\"http://p\",\"caFile\":\"~/ca\","
		"\"timeouts\":{\"connect\":0.5,\"firstByte\":3600,\"idle\":0.01,\"total\":7}},"
		"{\"baseUrl\":\"b\",\"key\":{\"file\":\"~/k\"}},{\"name\":\"c\",\"baseUrl\":\"c\",\"key\":\"literal\"},"
		"{\"name\":\"d\",\"baseUrl\":\"https://API.ChatAnywhere.org\",\"key\":null}],"
		"\"plans\":{\"mine\":{\"windows\":[]},\"unlimited\":{\"windows\":[],\"maxPromptTokens\":7}},"
		"\"whenExhausted\":\"auto\",\"completion\":{\"trigger\":\"off\",\"debounceMs\":0,\"maxLines\":200,"
		"\"candidates\":3,\"reserve\":1,\"offline\":false},\"chat\":{\"system\":\"s\",\"temperature\":0,"
		"\"maxTokens\":5,\"language\":\"l\"},\"privacy\":{\"ignore\":[\"a\",\"!b\"],\"history\":false},"
		"\"gateway\":{\"anyModel\":true,\"cacheSeconds\":9,\"origins\":[\"https://a.example\",\"x-extension://b\"]},"
		"\"ledger\":{\"redis\":\"redis://h\"},\"sandbox\":\"off\",\"log\":{\"level\":\"io\"}}";
	struct fixture *f = *state;
	struct config *c = load_good(f, text, NULL);
	const struct config_endpoint *e = c->endpoints;

	expect_summary(c, "exhausted=2 trigger=2 debounce=0 lines=200 candidates=3 reserve=1 offline=0 system=s "
			  "temperature=0 tokens=5 language=l history=0 redis=redis://h level=io ignore=a,!b,");
	assert_int_equal(c->sandbox, SANDBOX_OFF);
	assert_true(c->gateway.any_model);
	assert_int_equal(c->gateway.cache_seconds, 9);
	assert_int_equal(c->gateway.origin_count, 2);
	assert_string_equal(c->gateway.origins[1], "x-extension://b");
	assert_int_equal(c->endpoint_count, 4);
	assert_int_equal(e[0].url_count - 1, 4);
	assert_string_equal(e[0].fallback_urls[3], "u4");
	assert_int_equal(e[0].key.source, KEY_COMMAND);
	assert_string_equal(e[0].key.command[0], "pass");
	assert_string_equal(e[0].key.command[2], "x");
	assert_null(e[0].key.command[3]);
	assert_ptr_equal(e[0].plan, &c->plans[0]);
	assert_null(e[0].chat_model);
	assert_string_equal(e[0].completion_model, "m");
	assert_string_equal(e[0].completion_api, "llamacpp-infill");
	assert_false(e[0].stream_options);
	assert_int_equal(e[0].header_count, 2);
	assert_string_equal(e[0].headers[0].name, "X-A");
	assert_string_equal(e[0].headers[1].value, "");
	assert_string_equal(e[0].proxy, "http://p");
	assert_string_equal(e[0].ca_file, "~/ca");
	assert_string_equal(e[0].key_header, "X-Key");
	assert_true(e[0].allow_plain_http);
	assert_true(e[0].connect_timeout == 0.5 && e[0].first_byte_timeout == 3600 && e[0].idle_timeout == 0.01 &&
		e[0].total_timeout == 7);
	assert_string_equal(e[1].name, "default");
	assert_int_equal(e[1].key.source, KEY_FILE);
	assert_string_equal(e[1].completion_api, "auto");
	/* The user's plan of a built-in name counts. */
	assert_int_equal(e[1].plan->max_prompt_tokens, 7);
	assert_int_equal(e[2].key.source, KEY_LITERAL);
	assert_string_equal(e[2].key.value, "literal");
	assert_int_equal(e[3].key.source, KEY_NONE);
	assert_string_equal(e[3].plan->name, "chatanywhere-free");
	config_unref(c);
}

/* --- errors --- */

#define E(members) "{\n\"endpoints\": [\n{\n\"baseUrl\": \"https://x\",\n" members "\n}\n]\n}"
#define W(members) "{\"plans\":{\"p\":\n{\"windows\":[\n{" members "}]}}}"
#define KEY_FORMS "must be {\"env\": \"NAME\"}, {\"file\": \"PATH\"} or {\"command\": [\"PROGRAM\", …]}"

static const struct {
	const char *text;
	const char *message; /* behind "FILE:" */
} errors[] = {
	/* no JSON: the line of the place */
	{ "{", "1: malformed JSON" },
	{ "{\n\"a\":1\n\"b\":2}", "3: malformed JSON" },
	{ "{\n\n\"a\": 01}", "3: malformed number in JSON at byte 8" },
	{ "{}\n\nx", "1: unexpected text behind" },
	{ "{\n// c\n\"a\": \"x\n}", "3: unescaped control character" },
	{ "{\n\n\"a", "3: malformed JSON: the string that begins at byte 3 does not end" },
	{ "{\n\"\xFF\":1}", "2: JSON text is not valid UTF-8" },
	{ "{\n\"a\":\"\\q\"}", "2: bad escape" },
	{ "[]", "1: the file must hold an object, not an array" },
	{ "\n\n5", "1: the file must hold an object, not a number" },
	{ "{} /* not ended", NULL },

	{ "{\n\"endpoints\":{}}", "2: endpoints must be an array, not an object" },
	{ "{\n\"plans\":[]}", "2: plans must be an object, not an array" },
	{ "{\"sandbox\":false}", "1: sandbox must be a string, not a boolean" },
	{ "{\"sandbox\":\"on\"}", "1: sandbox must be one of auto, off, not \"on\"" },
	{ "{\n\"whenExhausted\":true}", "2: whenExhausted must be a string, not a boolean" },
	{ "{\n\"whenExhausted\":\"Never\"}", "2: whenExhausted must be one of never, ask, auto, not \"Never\"" },

	{ "{\n\"completion\":5}", "2: completion must be an object, not this number" },
	{ "{\"completion\":{\n\"trigger\":\"on\"}}", "2: completion.trigger must be one of auto, manual, off, not \"on\"" },
	{ "{\"completion\":{\n\"trigger\":1}}", "2: completion.trigger must be a string" },
	{ "{\"completion\":{\n\"debounceMs\":-1}}",
	  "2: completion.debounceMs must be \"adaptive\" or a number of milliseconds from 0 to 10000" },
	{ "{\"completion\":{\n\"debounceMs\":10001}}", "2: completion.debounceMs must be" },
	{ "{\"completion\":{\n\"debounceMs\":\"fast\"}}", "2: completion.debounceMs must be" },
	{ "{\"completion\":{\n\"debounceMs\":1.5}}", "2: completion.debounceMs must be" },
	{ "{\"completion\":{\n\"maxLines\":0}}", "2: completion.maxLines must be a whole number from 1 to 200" },
	{ "{\"completion\":{\n\"maxLines\":201}}", "2: completion.maxLines must be a whole number from 1 to 200" },
	{ "{\"completion\":{\n\"maxLines\":\"9\"}}",
	  "2: completion.maxLines must be a whole number from 1 to 200, not a string" },
	{ "{\"completion\":{\n\"candidates\":0}}", "2: completion.candidates must be a whole number from 1 to 3" },
	{ "{\"completion\":{\n\"candidates\":4}}", "2: completion.candidates must be a whole number from 1 to 3" },
	{ "{\"completion\":{\n\"reserve\":1.01}}", "2: completion.reserve must be a number from 0 to 1" },
	{ "{\"completion\":{\n\"reserve\":-0.01}}", "2: completion.reserve must be a number from 0 to 1" },
	{ "{\"completion\":{\n\"offline\":\"yes\"}}", "2: completion.offline must be true or false, not a string" },
	{ "{\"completion\":{\n\"languages\":[]}}", "2: completion.languages must be an object, not an array" },
	{ "{\"completion\":{\"languages\":{\n\"a\":true,\n\"c\":1}}}", "3: completion.languages.c must be true or false" },

	{ "{\"chat\":{\n\"system\":[]}}", "2: chat.system must be a string, not an array" },
	{ "{\"chat\":{\n\"temperature\":2.1}}", "2: chat.temperature must be a number from 0 to 2" },
	{ "{\"chat\":{\n\"temperature\":-1}}", "2: chat.temperature must be a number from 0 to 2" },
	{ "{\"chat\":{\n\"maxTokens\":0}}", "2: chat.maxTokens must be a whole number from 1 to 10000000" },
	{ "{\"chat\":{\n\"language\":1}}", "2: chat.language must be a string" },
	{ "{\"chat\":{\n\"commands\":[]}}", "2: chat.commands must be an object" },
	{ "{\"privacy\":{\n\"ignore\":\"*.pem\"}}", "2: privacy.ignore must be an array, not a string" },
	{ "{\"privacy\":{\n\"ignore\":[\"a\",1]}}", "2: privacy.ignore must be a list of at most 512 strings" },
	{ "{\"privacy\":{\n\"history\":0}}", "2: privacy.history must be true or false" },
	{ "{\"gateway\":{\n\"anyModel\":1}}", "2: gateway.anyModel must be true or false" },
	{ "{\"gateway\":{\n\"cacheSeconds\":-1}}", "2: gateway.cacheSeconds must be a whole number from 0 to 86400" },
	{ "{\"gateway\":{\n\"origins\":[\"https://a/b\"]}}",
	  "2: gateway.origins must be a list of at most 16 origins such as \"https://page.example\"" },
	{ "{\"gateway\":{\n\"origins\":[\"*\"]}}",
	  "2: gateway.origins must be a list of at most 16 origins such as \"https://page.example\"" },
	{ "{\"ledger\":{\n\"redis\":{}}}", "2: ledger.redis must be a string, not an object" },
	{ "{\"log\":{\n\"level\":\"trace\"}}", "2: log.level must be one of broken, warn, info, debug, io, not \"trace\"" },

	{ "{\"endpoints\":[\n5]}", "2: endpoints[0] must be an object, not a number" },
	{ "{\"endpoints\":[\n{}]}", "2: endpoints[0].baseUrl is missing: it must be a string" },
	{ "{\"endpoints\":[{\"baseUrl\":\"a\"},\n{\"name\":\"b\",\n\"x\":1}]}",
	  "2: endpoints[1].baseUrl is missing: it must be a string" },
	{ "{\"endpoints\":[{\n\"baseUrl\":1}]}", "2: endpoints[0].baseUrl must be a string" },
	{ E("\"name\": 5"), "5: endpoints[0].name must be a string" },
	{ E("\"name\": \"\""), "5: endpoints[0].name must have 1 to 63 bytes" },
	{ E("\"name\": \"0123456789012345678901234567890123456789012345678901234567890123\""),
	  "5: endpoints[0].name must have 1 to 63 bytes" },
	{ "{\"endpoints\":[{\"baseUrl\":\"a\"},\n{\"baseUrl\":\"b\"}]}",
	  "2: endpoints[1].name must be different for each" },
	{ E("\"fallbackUrls\": \"u\""), "5: endpoints[0].fallbackUrls must be an array" },
	{ E("\"fallbackUrls\": [1]"), "5: endpoints[0].fallbackUrls must be a list of at most 4 strings" },
	{ E("\"fallbackUrls\": [\"a\",\"b\",\"c\",\"d\",\"e\"]"),
	  "5: endpoints[0].fallbackUrls must be a list of at most 4" },
	{ E("\"key\": 5"), "5: endpoints[0].key " KEY_FORMS },
	{ E("\"key\": []"), "5: endpoints[0].key " KEY_FORMS },
	{ E("\"key\": [\"a\"]"), "5: endpoints[0].key " KEY_FORMS },
	{ E("\"key\": {}"), "5: endpoints[0].key " KEY_FORMS },
	{ E("\"key\": {\"env\":\"\"}"), "5: endpoints[0].key " KEY_FORMS },
	{ E("\"key\": {\"env\":1}"), "5: endpoints[0].key " KEY_FORMS },
	{ E("\"key\": {\"value\":\"x\"}"), "5: endpoints[0].key " KEY_FORMS },
	{ E("\"key\": {\"env\":\"A\",\"file\":\"B\"}"), "5: endpoints[0].key " KEY_FORMS },
	{ E("\"key\": {\"command\":\"pass\"}"), "5: endpoints[0].key " KEY_FORMS },
	{ E("\"key\": {\"command\":[]}"), "5: endpoints[0].key.command must name a program" },
	{ E("\"key\": {\"command\":[\"\"]}"), "5: endpoints[0].key.command must name a program" },
	{ E("\"key\": {\"command\":[\"a\",1]}"), "5: endpoints[0].key.command must be a list of at most 32 strings" },
	{ E("\"plan\": \"none\""), "5: endpoints[0].plan: unknown plan \"none\", neither in \"plans\" nor built in" },
	{ E("\"models\": \"m\""), "5: endpoints[0].models must be an object" },
	{ E("\"models\": {\n\"chat\": 1}"), "6: endpoints[0].models.chat must be a string" },
	{ E("\"completionApi\": 1"), "5: endpoints[0].completionApi must be a string" },
	{ E("\"streamOptions\": 1"), "5: endpoints[0].streamOptions must be true or false" },
	{ E("\"headers\": []"), "5: endpoints[0].headers must be an object" },
	{ E("\"headers\": {\"X\":1}"), "5: endpoints[0].headers must map header names to strings" },
	{ E("\"headers\": {\"aUTHORIZATION\":\"x\"}"), "5: endpoints[0].headers must map" },
	{ E("\"headers\": {\"Host\":\"x\"}"), "5: endpoints[0].headers must map" },
	{ E("\"headers\": {\"\":\"x\"}"), "5: endpoints[0].headers must map" },
	{ E("\"headers\": {\"A: b\":\"x\"}"), "5: endpoints[0].headers must map" },
	{ E("\"headers\": {\"A\":\"x\\r\\nB: y\"}"), "5: endpoints[0].headers must map" },
	{ E("\"proxy\": 1"), "5: endpoints[0].proxy must be a string" },
	{ E("\"caFile\": []"), "5: endpoints[0].caFile must be a string" },
	{ E("\"allowPlainHttp\": 1"), "5: endpoints[0].allowPlainHttp must be" },
	{ E("\"keyHeader\": \"Host\""), "5: endpoints[0].keyHeader must be the name of a header" },
	{ E("\"keyHeader\": \"a b\""), "5: endpoints[0].keyHeader must be the name of a header" },
	{ E("\"timeouts\": {\n\"connect\": 0}"), "6: endpoints[0].timeouts.connect must be a number from 0.01 to 3600" },
	{ E("\"timeouts\": {\n\"firstByte\": 3601}"), "6: endpoints[0].timeouts.firstByte must be a number from 0.01" },
	{ E("\"timeouts\": {\n\"idle\": \"1m\"}"), "6: endpoints[0].timeouts.idle must be a number" },

	{ "{\"plans\":{\n\"p\":5}}", "2: plans.p must be an object, not a number" },
	{ "{\"plans\":{\n\"p\":{}}}", "2: plans.p.windows is missing: it must be an array" },
	{ "{\"plans\":{\"p\":{\"windows\":[],\n\"maxPromptTokens\":0}}}", "2: plans.p.maxPromptTokens must be a whole" },
	{ "{\"plans\":{\"p\":{\"windows\":[\n1]}}}", "2: plans.p.windows[0] must be an object, not a number" },
	{ W(""), "3: plans.p.windows[0].scope is missing" },
	{ W("\"scope\":\"ip\",\"limit\":1,\"period\":\"1h\""),
	  "3: plans.p.windows[0].scope must be one of machine, key, not \"ip\"" },
	{ W("\"scope\":\"key\",\"limit\":0,\"period\":\"1h\""),
	  "3: plans.p.windows[0].limit must be a whole number from 1" },
	{ W("\"scope\":\"key\",\"limit\":1,\"period\":\"soon\""), "3: plans.p.windows[0].period must be a time such as" },
	{ W("\"scope\":\"key\",\"limit\":1,\"period\":\"1h\",\"kind\":\"x\""), "3: plans.p.windows[0].kind must be" },
	{ W("\"scope\":\"key\",\"limit\":1,\"period\":\"1h\",\"models\":\"x\""), "3: plans.p.windows[0].models must be" },
	{ W("\"scope\":\"key\",\"limit\":1,\"period\":\"1h\",\"models\":[1]"),
	  "3: plans.p.windows[0].models must be a list" },
};

static void test_errors(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		struct err err = ERR_INIT;
		struct config *c = load(f, errors[i].text, NULL, &err);
		char wanted[256];

		if (!c != !!errors[i].message)
			fail_msg("%s: %s", errors[i].text, c ? "was taken" : err.message);
		if (c) {
			config_unref(c);
			continue;
		}
		assert_int_equal(err.kind, ERR_CONFIG);
		snprintf(wanted, sizeof(wanted), "%s:%s", f->path, errors[i].message);
		if (strncmp(err.message, wanted, strlen(wanted)))
			fail_msg("%s\n  gives %s\n  not   %s", errors[i].text, err.message, wanted);
	}
}

/* As many of everything as is allowed, and one more. */
static const struct {
	const char *before;
	const char *one; /* %d: its number */
	const char *after;
	int most;
	const char *message;
} limits[] = {
	{ "{\"endpoints\":[", "{\"baseUrl\":\"u\",\"name\":\"n%d\"}", "]}", LIMIT_ENDPOINTS, "at most 16 endpoints" },
	{ "{\"endpoints\":[{\"baseUrl\":\"u\",\"fallbackUrls\":[", "\"u%d\"", "]}]}", LIMIT_FALLBACK_URLS, "at most 4" },
	{ "{\"endpoints\":[{\"baseUrl\":\"u\",\"headers\":{", "\"X-%d\":\"\"", "}}]}", LIMIT_HEADERS, "at most 16" },
	{ "{\"endpoints\":[{\"baseUrl\":\"u\",\"key\":{\"command\":[", "\"a%d\"", "]}}]}", LIMIT_KEY_ARGS, "at most 32" },
	{ "{\"plans\":{", "\"p%d\":{\"windows\":[]}", "}}", LIMIT_PLANS, "at most 32" },
	{ "{\"plans\":{\"p\":{\"windows\":[", "{\"scope\":\"key\",\"limit\":1,\"period\":\"%ds\"}", "]}}}",
	  LIMIT_PLAN_WINDOWS, "at most 8" },
	{ "{\"privacy\":{\"ignore\":[", "\"p%d\"", "]}}", LIMIT_IGNORE_PATTERNS, "at most 512" },
};

static void repeat(struct strbuf *text, size_t i, int count)
{
	strbuf_reset(text);
	strbuf_adds(text, limits[i].before);
	for (int n = 1; n <= count; n++) {
		const char *number = strstr(limits[i].one, "%d");

		strbuf_adds(text, n > 1 ? "," : "");
		strbuf_add(text, limits[i].one, (size_t)(number - limits[i].one));
		strbuf_addf(text, "%d%s", n, number + 2);
	}
	strbuf_adds(text, limits[i].after);
}

static void test_limits(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;
	struct strbuf text;

	strbuf_init(&text, 2 * LIMIT_CONFIG_FILE);
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		repeat(&text, i, limits[i].most);
		config_unref(load_good(f, text.data, NULL));
		repeat(&text, i, limits[i].most + 1);
		assert_null(load(f, text.data, NULL, &err));
		if (!strstr(err.message, limits[i].message))
			fail_msg("%s", err.message);
	}
	/* The file itself. */
	strbuf_reset(&text);
	strbuf_adds(&text, "{}");
	while (text.len < LIMIT_CONFIG_FILE)
		strbuf_addch(&text, ' ');
	config_unref(load_good(f, text.data, NULL));
	strbuf_addch(&text, ' ');
	assert_null(load(f, text.data, NULL, &err));
	assert_non_null(strstr(err.message, "larger than 1048576 bytes"));
	strbuf_release(&text);
}

/* --- warnings --- */

#define LITERAL \
	"endpoints[0].key is written out in the file: better name an environment variable, a file or a command, " \
		"such as {\"env\": \"NAME\"}\n"

static const struct {
	const char *text;
	const char *settings;
	const char *warnings;
} warned[] = {
	{ "{}", "{}", "" },
	{ "{\"$schema\":\"x\"}", NULL, "" },
	{ "{\"foo\":1,\"Chat\":{}}", NULL, "foo is unknown and ignored\nChat is unknown and ignored\n" },
	{ "{\"completion\":{\"maxlines\":1},\"log\":{\"file\":\"x\"}}", NULL,
	  "completion.maxlines is unknown and ignored\nlog.file is unknown and ignored\n" },
	{ E("\"url\":1,\"models\":{\"edit\":\"x\"},\"timeouts\":{\"whole\":1}"), NULL,
	  "endpoints[0].url is unknown and ignored\nendpoints[0].models.edit is unknown and ignored\n"
	  "endpoints[0].timeouts.whole is unknown and ignored\n" },
	{ E("\"key\":\"sk-literal\""), NULL, LITERAL },
	{ "{\"plans\":{\"p\":{\"windows\":[{\"scope\":\"key\",\"limit\":1,\"period\":\"1h\",\"tz\":\"x\"}],\"max\":1}}}",
	  NULL,
	  "plans.p.max is unknown and ignored\nplans.p.windows[0].tz is unknown and ignored\n" },
	/* the names of languages and commands are the user's */
	{ "{\"completion\":{\"languages\":{\"klingon\":true}},\"chat\":{\"commands\":{\"x\":\"y\"}}}", NULL, "" },
	/* what decides where keys and text go is not the editor's to say */
	{ "{}",
	  "{\"endpoints\":[{\"baseUrl\":\"http://evil\"}],\"plans\":5,\"gateway\":{\"origins\":[\"http://evil\"]},"
	  "\"ledger\":{\"redis\":\"x\"},\"whenExhausted\":1}",
	  "the editor's setting endpoints is unknown and ignored\nthe editor's setting plans is unknown and "
	  "ignored\nthe editor's setting gateway is unknown and ignored\nthe editor's setting ledger is unknown and "
	  "ignored\nthe editor's setting whenExhausted is unknown "
	  "and ignored\n" },
	{ "{}", "{\"chat\":{\"sytem\":1}}", "the editor's setting chat.sytem is unknown and ignored\n" },
	{ "{}", "[{\"endpoints\":1}]", "" },
};

static void test_warnings(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(warned); i++) {
		struct config *c = load_good(f, warned[i].text, warned[i].settings);
		struct err err = ERR_INIT;

		assert_string_equal(f->warnings.data, warned[i].warnings);
		config_unref(c);
		/* Nobody listens. */
		c = config_load(f->path, warned[i].settings, NULL, NULL, &err);
		assert_non_null(c);
		assert_null(c->ledger_redis);
		assert_int_equal(c->when_exhausted, EXHAUSTED_NEVER);
		config_unref(c);
	}
}

/* --- the editor's settings --- */

static const struct {
	const char *file;
	const char *settings;
	const char *summary;
} merges[] = {
	{ "{}",
	  "{\"completion\":{\"trigger\":\"manual\",\"debounceMs\":5,\"maxLines\":2,\"candidates\":2,\"reserve\":0,"
	  "\"offline\":false},\"chat\":{\"system\":\"s\",\"temperature\":1,\"maxTokens\":9,\"language\":\"l\"},"
	  "\"privacy\":{\"ignore\":[\"x\"],\"history\":false},\"log\":{\"level\":\"debug\"}}",
	  "exhausted=0 trigger=1 debounce=5 lines=2 candidates=2 reserve=0 offline=0 system=s temperature=1 tokens=9 "
	  "language=l history=0 redis=- level=debug ignore=x," },
	/* what they do not say stays */
	{ "{\"completion\":{\"trigger\":\"off\",\"debounceMs\":7,\"maxLines\":3,\"candidates\":2,\"reserve\":0.5,"
	  "\"offline\":false},\"chat\":{\"system\":\"f\",\"temperature\":2,\"maxTokens\":8,\"language\":\"g\"},"
	  "\"privacy\":{\"ignore\":[\"a\"],\"history\":false},\"log\":{\"level\":\"warn\"},\"whenExhausted\":\"ask\","
	  "\"ledger\":{\"redis\":\"r\"}}",
	  "{\"completion\":{\"maxLines\":4},\"chat\":{\"language\":null},\"privacy\":{\"ignore\":[\"b\",\"c\"]}}",
	  "exhausted=1 trigger=2 debounce=7 lines=4 candidates=2 reserve=0.5 offline=0 system=f temperature=2 tokens=8 "
	  "language=g history=0 redis=r level=warn ignore=a,b,c," },
	{ "{\"completion\":{\"debounceMs\":7},\"privacy\":{\"ignore\":[\"!a\"]}}",
	  "{\"completion\":{\"debounceMs\":\"adaptive\"},\"privacy\":{\"ignore\":[\"!.env\",\"b\"]}}",
	  "exhausted=0 trigger=0 debounce=-1 lines=24 candidates=1 reserve=0.34 offline=1 system=- temperature=-1 "
	  "tokens=0 language=- history=1 redis=- level=- ignore=!a,b," },
	{ "{}", "null", DEFAULTS },
	{ "{}", "{}", DEFAULTS },
};

static void test_merge(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(merges); i++) {
		struct config *c = load_good(f, merges[i].file, merges[i].settings);

		expect_summary(c, merges[i].summary);
		config_unref(c);
	}
}

static const struct {
	const char *settings;
	const char *message;
} bad_settings[] = {
	{ "{\"completion\":{\"maxLines\":0}}",
	  "the editor's eke settings: completion.maxLines must be a whole number from 1 to 200" },
	{ "{\"log\":{\"level\":5}}", "the editor's eke settings: log.level must be a string, not this number" },
	{ "{\"completion\":{\"languages\":{\"c\":null}}}",
	  "the editor's eke settings: completion.languages.c must be true or false" },
	{ "{", "the editor's eke settings: malformed JSON at byte 0" },
	{ "", "the editor's eke settings: malformed JSON at byte 0" },
};

static void test_bad_settings(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(bad_settings); i++) {
		struct err err = ERR_INIT;

		assert_null(load(f, "{}", bad_settings[i].settings, &err));
		assert_int_equal(err.kind, ERR_CONFIG);
		assert_string_equal(err.message, bad_settings[i].message);
	}
}

/* --- languages --- */

static const struct {
	const char *file;
	const char *settings;
	const char *language;
	bool enabled;
} languages[] = {
	{ "{}", NULL, "c", true },
	{ "{\"c\":false}", NULL, "c", false },
	{ "{\"c\":false}", NULL, "C", true },
	{ "{\"c\":false}", NULL, "cpp", true },
	{ "{\"*\":false}", NULL, "c", false },
	{ "{\"*\":false,\"c\":true}", NULL, "c", true },
	{ "{\"*\":true,\"c\":false}", NULL, "c", false },
	/* the editor's word counts more, a language's more than the star */
	{ "{\"c\":false}", "{\"c\":true}", "c", true },
	{ "{\"c\":true}", "{\"*\":false}", "c", true },
	{ "{\"*\":true}", "{\"*\":false}", "c", false },
	{ "{\"*\":false}", "{\"d\":true}", "c", false },
	{ "{\"*\":false}", "{\"c\":true}", "c", true },
	{ "{}", "{}", "", true },
};

static void test_languages(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(languages); i++) {
		char file[128];
		char settings[128];
		struct config *c;

		snprintf(file, sizeof(file), "{\"completion\":{\"languages\":%s}}", languages[i].file);
		if (languages[i].settings)
			snprintf(settings, sizeof(settings), "{\"completion\":{\"languages\":%s}}", languages[i].settings);
		c = load_good(f, file, languages[i].settings ? settings : NULL);
		assert_int_equal(config_language_enabled(c, languages[i].language), languages[i].enabled);
		config_unref(c);
	}
}

/* --- the environment --- */

static const struct {
	/* In the order of `variables`, without EKE_CONFIG; NULL: not set. */
	const char *values[7];
	const char *endpoint; /* "base key plan model"; "": none; NULL: an error */
} environments[] = {
	/* EKE_BASE_URL, EKE_API_KEY, EKE_PLAN, EKE_MODEL, OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_API_BASE */
	{ { NULL, NULL, NULL, NULL, NULL, NULL, NULL }, "" },
	{ { "", "", "", "", "", "", "" }, "" },
	{ { "https://a/v1", NULL, NULL, NULL, NULL, NULL, NULL }, "https://a/v1 - unlimited -" },
	{ { "https://a/v1", "k", NULL, NULL, NULL, NULL, NULL }, "https://a/v1 EKE_API_KEY unlimited -" },
	{ { "https://a/v1", "", NULL, "", NULL, NULL, NULL }, "https://a/v1 - unlimited -" },
	{ { "https://api.chatanywhere.tech", "k", NULL, NULL, NULL, NULL, NULL },
	  "https://api.chatanywhere.tech EKE_API_KEY chatanywhere-free -" },
	{ { "https://api.chatanywhere.tech", "k", "unlimited", "m", NULL, NULL, NULL },
	  "https://api.chatanywhere.tech EKE_API_KEY unlimited m" },
	{ { "https://a", "k", "chatanywhere-free-daily", NULL, NULL, NULL, NULL },
	  "https://a EKE_API_KEY chatanywhere-free-daily -" },
	/* never one's key to the other's address */
	{ { "https://a", NULL, NULL, NULL, "o", "https://o", NULL }, "https://a - unlimited -" },
	{ { "https://a", "k", NULL, NULL, "o", "https://o", NULL }, "https://a EKE_API_KEY unlimited -" },
	{ { NULL, "k", NULL, NULL, NULL, NULL, NULL }, NULL },
	{ { NULL, "k", NULL, NULL, "o", "https://o", NULL }, NULL },
	{ { NULL, NULL, NULL, NULL, "o", NULL, NULL }, "https://api.openai.com/v1 OPENAI_API_KEY unlimited -" },
	{ { NULL, NULL, NULL, NULL, "o", "https://o", NULL }, "https://o OPENAI_API_KEY unlimited -" },
	{ { NULL, NULL, NULL, NULL, "o", NULL, "https://b" }, "https://b OPENAI_API_KEY unlimited -" },
	{ { NULL, NULL, NULL, NULL, "o", "https://o", "https://b" }, "https://o OPENAI_API_KEY unlimited -" },
	{ { NULL, NULL, NULL, NULL, NULL, "https://o", NULL }, "https://o - unlimited -" },
	{ { NULL, NULL, NULL, "m", "o", "https://api.chatanywhere.org/v1", NULL },
	  "https://api.chatanywhere.org/v1 OPENAI_API_KEY chatanywhere-free m" },
	{ { "https://a", "k", "no-such-plan", NULL, NULL, NULL, NULL }, NULL },
};

static void set_environment(const char *const values[7])
{
	for (size_t i = 0; i < 7; i++) {
		if (values[i])
			setenv(variables[i + 1], values[i], 1);
		else
			unsetenv(variables[i + 1]);
	}
}

static void test_environment(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(environments); i++) {
		struct err err = ERR_INIT;
		struct config *c;
		char got[256] = "";

		set_environment(environments[i].values);
		c = load(f, "{}", NULL, &err);
		if (!c != !environments[i].endpoint)
			fail_msg("environment %zu: %s", i, err.message);
		if (!c) {
			assert_int_equal(err.kind, ERR_CONFIG);
			assert_non_null(strstr(err.message, "EKE_"));
			continue;
		}
		if (c->endpoint_count) {
			const struct config_endpoint *e = c->endpoints;

			assert_true(c->from_environment);
			assert_string_equal(e->name, "environment");
			assert_true(e->stream_options && e->connect_timeout == 10);
			snprintf(got, sizeof(got), "%s %s %s %s", e->base_url, e->key.source == KEY_ENV ? e->key.value : "-",
				 e->plan->name, e->chat_model ? e->chat_model : "-");
		}
		assert_string_equal(got, environments[i].endpoint);
		config_unref(c);
	}
	/* Where the file names an endpoint, the environment makes none, and its mistakes do not matter. */
	for (size_t i = 0; i < ARRAY_LEN(environments); i++) {
		struct config *c;

		set_environment(environments[i].values);
		c = load_good(f, example, NULL);
		assert_int_equal(c->endpoint_count, 1);
		assert_string_equal(c->endpoints[0].name, "free");
		assert_false(c->from_environment);
		config_unref(c);
	}
}

/* A plan of the file for the endpoint of the environment. */
static void test_environment_plan(void **state)
{
	struct fixture *f = *state;
	struct config *c;

	setenv("EKE_BASE_URL", "https://a", 1);
	setenv("EKE_PLAN", "mine", 1);
	c = load_good(f, "{\"plans\":{\"mine\":{\"windows\":[],\"maxPromptTokens\":5}}}", NULL);
	assert_ptr_equal(c->endpoints[0].plan, &c->plans[0]);
	config_unref(c);
}

/* --- for people --- */

static const struct {
	const char *text;
	const char *settings;
} prints[] = {
	{ "{}", NULL },
	{ example, NULL },
	{ example, "{\"completion\":{\"languages\":{\"markdown\":true,\"c\":false}},\"log\":{\"level\":\"io\"}}" },
	{ "{\"endpoints\":[{\"baseUrl\":\"u\",\"key\":\"SECRET\",\"headers\":{\"X-Api-Key\":\"SECRET\"},"
	  "\"proxy\":\"http://u:SECRET@p\"},{\"name\":\"b\",\"baseUrl\":\"v\",\"key\":{\"command\":[\"pass\",\"SECRET\"]}},"
	  "{\"name\":\"c\",\"baseUrl\":\"w\",\"key\":{\"file\":\"~/k\"},\"caFile\":\"/ca\",\"models\":{\"chat\":\"m\"}}]}",
	  NULL },
	{ "{\"plans\":{\"p\":{\"windows\":[{\"scope\":\"key\",\"limit\":5,\"period\":\"90m\",\"kind\":\"calendar\","
	  "\"timeZone\":\"Asia/Shanghai\",\"models\":[\"a*\",\"b\"]}]}},\"whenExhausted\":\"ask\","
	  "\"completion\":{\"trigger\":\"manual\",\"debounceMs\":50,\"reserve\":0.1},"
	  "\"chat\":{\"system\":\"\\\"quoted\\\", [a] {b}: c\",\"temperature\":0.7,\"maxTokens\":9,\"language\":\"中文\"},"
	  "\"privacy\":{\"ignore\":[\"\\\\\",\"{,}\"],\"history\":false}}",
	  NULL },
};

/* What is printed is a configuration: loaded again it is the same, and has nothing that is not known. */
static void test_print(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(prints); i++) {
		struct config *c = load_good(f, prints[i].text, prints[i].settings);
		struct strbuf once;
		struct strbuf twice;

		strbuf_init(&once, MIB(1));
		strbuf_init(&twice, MIB(1));
		config_print(c, &once);
		assert_false(once.full);
		assert_null(strstr(once.data, "SECRET"));
		config_unref(c);
		c = load_good(f, once.data, NULL);
		assert_null(strstr(f->warnings.data, "unknown"));
		config_print(c, &twice);
		assert_string_equal(twice.data, once.data);
		config_unref(c);
		strbuf_release(&once);
		strbuf_release(&twice);
	}
}

static void test_print_layout(void **state)
{
	struct fixture *f = *state;
	struct config *c = load_good(f, "{}", NULL);
	struct strbuf out;

	strbuf_init(&out, MIB(1));
	config_print(c, &out);
	assert_non_null(strstr(out.data, "{\n  \"endpoints\": [],\n  \"plans\": {},\n  \"whenExhausted\": \"never\",\n"
					 "  \"completion\": {\n    \"trigger\": \"auto\",\n    \"debounceMs\": \"adaptive\",\n"));
	assert_string_equal(out.data + out.len - 3, "\n}\n");
	strbuf_release(&out);
	config_unref(c);
}

static void test_references(void **state)
{
	struct fixture *f = *state;
	struct config *c = load_good(f, example, NULL);

	assert_ptr_equal(config_ref(c), c);
	config_unref(c);
	assert_string_equal(c->endpoints[0].name, "free");
	config_unref(c);
}

#define CONFIG_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONFIG_TEST(test_defaults),
		CONFIG_TEST(test_no_file),
		CONFIG_TEST(test_example),
		CONFIG_TEST(test_all_fields),
		CONFIG_TEST(test_errors),
		CONFIG_TEST(test_limits),
		CONFIG_TEST(test_warnings),
		CONFIG_TEST(test_merge),
		CONFIG_TEST(test_bad_settings),
		CONFIG_TEST(test_languages),
		CONFIG_TEST(test_environment),
		CONFIG_TEST(test_environment_plan),
		CONFIG_TEST(test_print),
		CONFIG_TEST(test_print_layout),
		CONFIG_TEST(test_references),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
