/*
 * Chunks and whole answers of every dialect, as endpoints send them, and the odd ones that providers.md 3.2 to
 * 3.5 lists.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/upstream/sse.h"
#include "eke/upstream/wire.h"

/*
 * A chunk in one line: "text|reasoning|model|finish|usage|flags", what is absent is empty; flags: a(nswer) e(rror)
 * w(hole).
 */
static char *describe(const struct wire_chunk *c)
{
	static const char *const finishes[] = { "", "stop", "length", "filter", "error" };
	char *usage = c->usage.present ? xasprintf("%d+%d=%d", (int)c->usage.prompt_tokens, (int)c->usage.completion_tokens,
						    (int)c->usage.total_tokens) : xstrdup("");
	struct strbuf text;
	struct strbuf reasoning;
	char *line;

	strbuf_init(&text, KIB(1));
	strbuf_init(&reasoning, KIB(1));
	strbuf_adds(&text, c->text ? c->text : "");
	strbuf_adds(&reasoning, c->reasoning ? c->reasoning : "");
	wire_parts_add(c->parts, &text, &reasoning);
	line = xasprintf("%s|%s|%s|%s|%s|%s%s%s", text.data, reasoning.data, c->model ? c->model : "", finishes[c->finish],
	  usage, c->is_answer ? "a" : "",
			       c->is_error ? "e" : "", c->is_whole ? "w" : "");

	strbuf_release(&text);
	strbuf_release(&reasoning);
	free(usage);
	return line;
}

#define CHUNK(delta, rest) "{\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\"," \
	"\"choices\":[{\"index\":0,\"delta\":" delta rest "}]}"

static const struct {
	const char *in;
	const char *out;
} cases[] = {
	/* OpenAI's chunks */
	{ CHUNK("{\"role\":\"assistant\",\"content\":\"\"}", ",\"logprobs\":null,\"finish_reason\":null"), "||m|||a" },
	{ CHUNK("{\"content\":\"Hi\"}", ",\"finish_reason\":null"), "Hi||m|||a" },
	{ CHUNK("{\"role\":\"assistant\",\"content\":\"Hi\",\"tool_calls\":[{\"index\":0}],\"function_call\":{}}", ""),
	  "Hi||m|||a" },
	{ CHUNK("{}", ",\"finish_reason\":\"stop\""), "||m|stop||a" },
	{ CHUNK("{\"content\":null}", ""), "||m|||a" },
	{ CHUNK("null", ",\"finish_reason\":\"length\""), "||m|length||a" },
	{ CHUNK("{\"content\":\"a\"}", ",\"finish_reason\":\"content_filter\""), "a||m|filter||a" },
	{ CHUNK("{}", ",\"finish_reason\":\"tool_calls\""), "||m|stop||a" },
	{ CHUNK("{}", ",\"finish_reason\":\"\""), "||m|||a" },
	{ CHUNK("{}", ",\"finish_reason\":\"whatever\""), "||m|stop||a" },
	{ CHUNK("{}", ",\"finish_reason\":\"MAX_TOKENS\""), "||m|length||a" },
	{ CHUNK("{}", ",\"finish_reason\":\"error\""), "||m|error||a" },
	{ CHUNK("{}", ",\"finish_reason\":\"insufficient_system_resource\""), "||m|error||a" },
	{ CHUNK("{}", ",\"finish_reason\":7"), "||m|||a" },
	{ CHUNK("{\"content\":null,\"refusal\":\"No.\"}", ""), "No.||m|||a" },
	{ CHUNK("{\"content\":\"a\",\"refusal\":null}", ""), "a||m|||a" },
	{ CHUNK("{\"content\":7}", ""), "||m|||a" },
	{ "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}],\"usage\":null,\"obfuscation\":\"Ab12\","
	  "\"service_tier\":\"x\"}", "a|||||a" },
	/* usage */
	{ "{\"model\":\"m\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4,\"total_tokens\":7}}",
	  "||m||3+4=7|a" },
	{ "{\"choices\":[],\"usage\":{\"prompt_tokens\":3,"
	  "\"completion_tokens\":4,\"prompt_tokens_details\":{\"cached_tokens\":0}}}", "||||3+4=7|a" },
	{ "{\"choices\":[],\"usage\":{\"prompt_tokens\":0,\"completion_tokens\":0,\"total_tokens\":0}}", "|||||a" },
	{ "{\"choices\":[],\"usage\":{}}", "|||||a" },
	{ "{\"choices\":[],\"usage\":[1]}", "|||||a" },
	{ "{\"choices\":[],\"usage\":{\"prompt_tokens\":-5,\"completion_tokens\":\"4\",\"total_tokens\":2.5}}", "|||||a" },
	{ "{\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4,\"total_tokens\":7}}", "||||3+4=7|a" },
	{ "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\",\"usage\":{\"prompt_tokens\":1,"
	  "\"completion_tokens\":2}}]}", "|||stop|1+2=3|a" },
	/* no choices, or not the first */
	{ "{\"id\":\"chatcmpl-x\",\"choices\":[],\"created\":1,\"model\":\"gpt-3.5-turbo-0125\","
	  "\"object\":\"chat.completion.chunk\"}", "||gpt-3.5-turbo-0125|||a" },
	{ "{\"choices\":[],\"model\":\"\",\"prompt_filter_results\":[{\"prompt_index\":0}]}", "|||||a" },
	{ "{\"choices\":null}", "|||||a" },
	{ "{\"choices\":{}}", "|||||" },
	{ "{\"choices\":[null,7,{\"delta\":{\"content\":\"a\"}}]}", "a|||||a" },
	{ "{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"b\"},\"finish_reason\":\"stop\"}]}", "|||||a" },
	{ "{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"b\"}},{\"index\":0,\"delta\":{\"content\":\"a\"}}]}",
	  "a|||||a" },
	{ "{\"choices\":[{\"index\":null,\"delta\":{\"content\":\"a\"}}]}", "a|||||a" },
	/* reasoning */
	{ CHUNK("{\"content\":null,\"reasoning_content\":\"why\"}", ""), "|why|m|||a" },
	{ CHUNK("{\"content\":\"\",\"reasoning\":\"why\"}", ""), "|why|m|||a" },
	{ CHUNK("{\"reasoning\":\"why\",\"reasoning_content\":\"why\"}", ""), "|why|m|||a" },
	{ CHUNK("{\"reasoning_content\":\"\",\"reasoning\":\"why\"}", ""), "|why|m|||a" },
	{ CHUNK("{\"reasoning_content\":null,\"content\":\"a\"}", ""), "a||m|||a" },
	{ CHUNK("{\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"why\"}]}]}", ""),
	  "|why|m|||a" },
	{ CHUNK("{\"content\":[{\"type\":\"thinking\",\"thinking\":\"why\"},{\"type\":\"text\",\"text\":\"so\"}]}", ""),
	  "so|why|m|||a" },
	{ CHUNK("{\"content\":[]}", ""), "||m|||a" },
	/* whole answers */
	{ "{\"object\":\"chat.completion\",\"model\":\"m\",\"choices\":[{\"index\":0,"
	  "\"message\":{\"role\":\"assistant\",\"content\":\"Hi\",\"reasoning_content\":\"why\"},"
	  "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2,\"total_tokens\":3}}",
		"Hi|why|m|stop|1+2=3|aw" },
	{ "{\"choices\":[{\"message\":{\"content\":null}}]}", "|||||aw" },
	{ "{\"choices\":[{\"message\":{\"content\":\"all\"},\"delta\":{\"content\":\"a\"}}]}", "a|||||a" },
	{ "{\"choices\":[{\"message\":{\"content\":\"all\"},\"delta\":null}]}", "all|||||aw" },
	/* completions */
	{ "{\"object\":\"text_completion\",\"model\":\"m\",\"choices\":[{\"text\":\"Hi\",\"index\":0,\"logprobs\":null,"
	  "\"finish_reason\":null}]}", "Hi||m|||a" },
	{ "{\"choices\":[{\"text\":\"\",\"index\":0,\"finish_reason\":\"length\"}]}", "|||length||a" },
	{ "{\"choices\":[{\"text\":null,\"finish_reason\":\"stop\"}]}", "|||stop||a" },
	/* Mistral FIM is chat-shaped */
	{ "{\"model\":\"codestral\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},"
	  "\"finish_reason\":\"model_length\"}]}", "x||codestral|length||a" },
	/* llama.cpp's own */
	{ "{\"index\":0,\"content\":\"Hi\",\"tokens\":[],\"stop\":false,\"id_slot\":-1,"
	  "\"tokens_predicted\":1,\"tokens_evaluated\":9}", "Hi|||||a" },
	{ "{\"content\":\"\",\"stop\":true,\"model\":\"m\",\"stop_type\":\"eos\","
	  "\"tokens_predicted\":4,\"tokens_evaluated\":9,\"truncated\":true}", "||m|stop|9+4=13|a" },
	{ "{\"content\":\"\",\"stop\":true,\"stop_type\":\"limit\"}", "|||length||a" },
	{ "{\"content\":\"x\",\"stop\":true,\"stopped_eos\":false,\"stopped_limit\":true}", "x|||length||a" },
	{ "{\"content\":\"x\",\"stop\":true,\"stopped_limit\":false}", "x|||stop||a" },
	{ "{\"content\":\"x\"}", "x|||||a" },
	{ "{\"content\":\"x\",\"choices\":[{\"delta\":{\"content\":\"a\"}}]}", "a|||||a" },
	{ "{\"content\":null}", "|||||" },
	/* errors */
	{ "{\"error\":{\"message\":\"boom\",\"type\":\"server_error\",\"param\":null,\"code\":null}}", "|||||e" },
	{ "{\"error\":{\"message\":\"\",\"type\":\"chatanywhere_error\",\"param\":null,\"code\":\"200 OK\"}}", "|||||" },
	{ "{\"error\":{\"message\":\"\",\"code\":200}}", "|||||" },
	{ "{\"error\":{\"message\":\"boom\",\"code\":\"200 OK\"}}", "|||||e" },
	{ "{\"error\":{\"message\":\"\",\"code\":\"500 X\"}}", "|||||e" },
	{ "{\"error\":{\"code\":\"200 OK\"},\"choices\":[{\"delta\":{\"content\":\"a\"}}]}", "a|||||a" },
	{ "{\"error\":\"model 'x' not found\"}", "|||||e" },
	{ "{\"error\":null,\"choices\":[]}", "|||||a" },
	{ "{\"error\":\"\",\"choices\":[]}", "|||||a" },
	{ "{\"error\":{},\"choices\":[]}", "|||||a" },
	{ "{\"error\":false,\"choices\":[]}", "|||||a" },
	{ "{\"error\":true}", "|||||e" },
	{ "{\"error\":[\"a\"]}", "|||||e" },
	{ "{\"error\":{\"code\":502,\"message\":\"boom\"},\"choices\":[{\"delta\":{\"content\":\"a\"},"
	  "\"finish_reason\":\"error\"}]}", "a|||error||ae" },
	{ "[{\"error\":{\"message\":\"boom\"}}]", "|||||e" },
	{ "{\"detail\":\"Not Found\"}", "|||||e" },
	{ "{\"detail\":[{\"msg\":\"field required\"}]}", "|||||e" },
	{ "{\"detail\":null}", "|||||" },
	{ "{\"detail\":[]}", "|||||" },
	{ "{\"object\":\"error\",\"message\":\"boom\",\"code\":404}", "|||||e" },
	{ "{\"code\":1113,\"msg\":\"boom\"}", "|||||e" },
	{ "{\"errors\":[{\"message\":\"boom\"}]}", "|||||e" },
	{ "{\"errors\":[],\"choices\":[]}", "|||||a" },
	{ "{\"choices\":[],\"message\":\"fine\",\"msg\":\"fine\",\"detail\":\"fine\"}", "|||||a" },
	{ "{\"message\":{\"content\":\"a\"}}", "|||||" },
	{ "{\"usage\":{\"prompt_tokens\":3},\"error\":\"boom\"}", "||||3+0=3|e" },
	/* nothing of ours */
	{ "{}", "|||||" },
	{ "{\"\":1}", "|||||" },
	{ "[]", "|||||" },
	{ "[[]]", "|||||" },
	{ "null", "|||||" },
	{ "\"[DONE]\"", "|||||" },
	{ "7", "|||||" },
	{ "{\"type\":\"ping\"}", "|||||" },
};

static char *decode_text(struct json_pool *pool, const char *text, size_t len)
{
	struct err err = ERR_INIT;
	struct wire_chunk chunk;
	char *copy = xstrndup(text, len);
	const struct json *value = json_parse(pool, copy, len, JSON_LENIENT, &err);
	char *line;

	assert_non_null(value);
	wire_decode(value, &chunk);
	line = describe(&chunk);
	free(copy);
	json_pool_reset(pool);
	return line;
}

static void test_decode(void **state)
{
	struct json_pool *pool = json_pool_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *line = decode_text(pool, cases[i].in, strlen(cases[i].in));

		if (strcmp(line, cases[i].out))
			print_message("%s\n", cases[i].in);
		assert_string_equal(line, cases[i].out);
		free(line);
	}
	json_pool_free(pool);
}

static void test_decode_nothing(void **state)
{
	struct wire_chunk chunk = { .text = "x", .is_error = true };

	(void)state;
	wire_decode(NULL, &chunk);
	assert_null(chunk.text);
	assert_false(chunk.is_error || chunk.is_answer);
}

/*
 * A whole stream through the event parser: the texts of all chunks, "E" for an error, "." for [DONE], "!" for an
 * error line.
 */
struct stream {
	struct strbuf out;
	struct json_pool *pool;
};

static bool on_event(void *ctx, struct sse_event *event)
{
	struct stream *s = ctx;
	struct err err = ERR_INIT;
	struct wire_chunk chunk;

	if (event->len >= 6 && !memcmp(event->data, "[DONE]", 6)) {
		strbuf_addch(&s->out, '.');
		return true;
	}
	wire_decode(json_parse(s->pool, event->data, event->len, JSON_LENIENT, &err), &chunk);
	if (event->is_error_field)
		strbuf_addch(&s->out, '!');
	if (chunk.is_error)
		strbuf_addch(&s->out, 'E');
	if (chunk.reasoning && *chunk.reasoning)
		strbuf_addf(&s->out, "<%s>", chunk.reasoning);
	if (chunk.text)
		strbuf_adds(&s->out, chunk.text);
	if (chunk.finish != WIRE_OPEN)
		strbuf_addch(&s->out, '$');
	json_pool_reset(s->pool);
	return true;
}

#define D(text) "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" text "\"}}]}"
#define END "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}"

static const struct {
	const char *name;
	const char *in;
	const char *out;
} streams[] = {
	{ "chatanywhere with an empty choice list and its pseudo error",
	  "data: {\"choices\":[]}\n\ndata: " D("H\xC3\xA4") "\n\ndata: {\"error\":{\"message\":\"\","
		"\"type\":\"chatanywhere_error\",\"param\":null,"
	  "\"code\":\"200 OK\"}}\n\ndata: " D("\\ud83d\\ude00") "\n\ndata: " END "\n\ndata: [DONE]\n\n",
		"H\xC3\xA4\xF0\x9F\x98\x80$." },
	{ "vLLM breaks off", "data: " D("a") "\n\ndata: {\"error\":{\"object\":\"error\","
	  "\"message\":\"x\",\"code\":400}}\n\ndata: [DONE]\n\n", "aE." },
	{ "DeepSeek waits, reasons, and answers",
	  ": keep-alive\n\n: keep-alive\n\ndata: {\"choices\":[{\"delta\":{\"content\":null,"
		"\"reasoning_content\":\"w\"}}]}\n\ndata: " D("a") "\n\ndata: " END
	  "\n\ndata: [DONE]\n\n", "<w>a$." },
	{ "llama.cpp's infill", "data: {\"content\":\"a\",\"stop\":false}\n\ndata: {\"content\":\"\",\"stop\":true}\n\n",
	  "a$" },
	{ "old llama.cpp fails", "data: {\"content\":\"a\",\"stop\":false}\n\nerror: {\"code\":500,"
	  "\"message\":\"x\"}\n\n", "a!E" },
	{ "no end at all", "data:" D("a") "\r\n\r\ndata:" D("b"), "ab" },
	{ "one-api cuts a line", "data: " D("a") "\n\ndata: {\"choices\":[{\"del\ndata: [DONE]\n\n", "a" },
	{ "lone surrogate", "data: " D("\\ud83d") "\n\n", "\xEF\xBF\xBD" },
};

static void run_stream(size_t i, size_t first, size_t rest)
{
	const char *in = streams[i].in;
	size_t len = strlen(in);
	size_t n = first;
	struct stream s = { .pool = json_pool_new() };
	struct sse *sse = sse_new(on_event, &s);

	strbuf_init(&s.out, KIB(4));
	for (size_t at = 0; at < len;) {
		assert_true(sse_feed(sse, in + at, n));
		at += n;
		n = rest < len - at ? rest : len - at;
	}
	sse_end(sse);
	if (strcmp(s.out.data, streams[i].out))
		print_message("%s, cut at %zu\n", streams[i].name, first);
	assert_string_equal(s.out.data, streams[i].out);
	sse_free(sse);
	strbuf_release(&s.out);
	json_pool_free(s.pool);
}

static void test_streams(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
		size_t len = strlen(streams[i].in);

		run_stream(i, 1, 1);
		for (size_t cut = 1; cut <= len; cut++)
			run_stream(i, cut, len);
	}
}

static const struct {
	const char *in;
	enum wire_body body;
} bodies[] = {
	{ "", WIRE_BODY_UNKNOWN },
	{ " \r\n\t", WIRE_BODY_UNKNOWN },
	{ "\xEF", WIRE_BODY_UNKNOWN },
	{ "\xEF\xBB\xBF \n", WIRE_BODY_UNKNOWN },
	{ "{", WIRE_BODY_JSON },
	{ "\n\n  {\"a\":1}", WIRE_BODY_JSON },
	{ "[{", WIRE_BODY_JSON },
	{ "\xEF\xBB\xBF{", WIRE_BODY_JSON },
	{ "<html>", WIRE_BODY_HTML },
	{ "\r\n<!DOCTYPE html>", WIRE_BODY_HTML },
	{ "data: {", WIRE_BODY_SSE },
	{ ": keep-alive", WIRE_BODY_SSE },
	{ "\xEF\xBB\xBF" "data:", WIRE_BODY_SSE },
	{ "\xEF\xBBx", WIRE_BODY_SSE },
	{ "limit to use gpt-3.5-turbo", WIRE_BODY_SSE },
	{ "\x01", WIRE_BODY_SSE },
};

static void test_sniff(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		assert_int_equal(wire_sniff(bodies[i].in, strlen(bodies[i].in)), bodies[i].body);
	assert_int_equal(wire_sniff(NULL, 0), WIRE_BODY_UNKNOWN);
	assert_int_equal(wire_sniff("\0{", 2), WIRE_BODY_SSE);
}

static void add_id(void *ctx, const char *id)
{
	struct strbuf *ids = ctx;

	strbuf_addf(ids, "%s;", id);
}

static void test_models(void **state)
{
	static const struct {
		const char *in;
		const char *ids; /* NULL: refused */
	} lists[] = {
		{ "{\"object\":\"list\",\"data\":[{\"id\":\"a\",\"object\":\"model\"},{\"id\":\"b\"}]}", "a;b;" },
		{ "{\"models\":[{\"name\":\"llama3:8b\",\"model\":\"x\"},{\"model\":\"y\"}]}", "llama3:8b;y;" },
		{ "[{\"id\":\"a\"},\"b\",{\"id\":\"\"},{\"id\":7},null,{}]", "a;b;" },
		{ "{\"data\":null,\"models\":[{\"id\":\"a\"}]}", "a;" },
		{ "{\"data\":[]}", "" },
		{ "{\"data\":{\"id\":\"a\"}}", NULL },
		{ "{\"error\":\"x\"}", NULL },
		{ "\"a\"", NULL },
	};
	struct json_pool *pool = json_pool_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct err err = ERR_INIT;
		struct strbuf ids;
		char *copy = xstrdup(lists[i].in);

		strbuf_init(&ids, KIB(1));
		assert_int_equal(wire_models_decode(json_parse(pool, copy, strlen(copy), JSON_LENIENT, &err), add_id, &ids),
				 lists[i].ids != NULL);
		assert_string_equal(ids.data, lists[i].ids ? lists[i].ids : "");
		strbuf_release(&ids);
		free(copy);
		json_pool_reset(pool);
	}
	json_pool_free(pool);
}

static void count_id(void *ctx, const char *id)
{
	*(size_t *)ctx += strlen(id);
}

static void test_models_limit(void **state)
{
	struct json_pool *pool = json_pool_new();
	struct err err = ERR_INIT;
	struct strbuf text;
	size_t n = 0;

	(void)state;
	strbuf_init(&text, MIB(1));
	strbuf_adds(&text, "[\"a\"");
	for (size_t i = 0; i < LIMIT_MODELS + 10; i++)
		strbuf_adds(&text, ",\"a\"");
	strbuf_adds(&text, "]");
	assert_true(wire_models_decode(json_parse(pool, text.data, text.len, JSON_LENIENT, &err), count_id, &n));
	assert_int_equal(n, LIMIT_MODELS);
	strbuf_release(&text);
	json_pool_free(pool);
}

static void test_code_number(void **state)
{
	static const struct {
		const char *in;
		int64_t n;
	} codes[] = {
		{ "\"429 TOO_MANY_REQUESTS\"", 429 }, { "429", 429 }, { "\"429\"", 429 }, { "\" 503\"", 503 }, { "null", 0 },
		{ "\"rate_limit_exceeded\"", 0 }, { "\"\"", 0 }, { "true", 0 }, { "4.5", 0 }, { "\"200 OK\"", 200 },
		{ "\"99999999999999999999\"", INT64_MAX },
	};
	struct json_pool *pool = json_pool_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		struct err err = ERR_INIT;
		char *copy = xstrdup(codes[i].in);

		assert_int_equal(wire_code_number(json_parse(pool, copy, strlen(copy), JSON_LENIENT, &err)), codes[i].n);
		free(copy);
	}
	assert_int_equal(wire_code_number(NULL), 0);
	json_pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_decode_nothing),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_sniff),
		cmocka_unit_test(test_models),
		cmocka_unit_test(test_models_limit),
		cmocka_unit_test(test_code_number),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
