/*
 * Streams into objects and objects into streams: tools, several choices, usage, log probabilities, errors, answers that
 * break off, whatever the pieces are in which the bytes come.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "../../src/gateway/convert.h"

#define HEAD "\"id\":\"c1\",\"created\":7,\"model\":\"m\""
#define CHUNK(choices) "data: {\"object\":\"chat.completion.chunk\"," HEAD ",\"choices\":[" choices "]}\n\n"
#define DELTA(index, delta) "{\"index\":" #index ",\"delta\":" delta ",\"finish_reason\":null}"
#define FINISH(index, reason) "{\"index\":" #index ",\"delta\":{},\"finish_reason\":\"" reason "\"}"
#define ANSWER(choices) "{\"object\":\"chat.completion\"," HEAD ",\"choices\":[" choices "]}"
#define MESSAGE(index, message, reason) \
	"{\"index\":" #index ",\"message\":" message ",\"logprobs\":null,\"finish_reason\":\"" reason "\"}"
#define EVENT(choice) "data: {\"object\":\"chat.completion.chunk\"," HEAD ",\"choices\":[" choice "]}\n\n"
#define STEP(index, delta, reason) \
	"{\"index\":" #index ",\"delta\":" delta ",\"logprobs\":null,\"finish_reason\":" reason "}"
#define DONE "data: [DONE]\n\n"

static const struct {
	const char *name;
	bool stream, usage, legacy;
	const char *in;
	int status;
	const char *out;
} cases[] = {
	/* --- as it is --- */
	{ "an object for who wants one", false, false, false, " {\"a\":1}", 200, " {\"a\":1}" },
	{ "a stream for who wants one", true, false, false, ": x\n\ndata: {}\n\n", 200, ": x\n\ndata: {}\n\n" },
	/* --- a stream into an object --- */
	{ "text", false, false, false,
	  CHUNK(DELTA(0, "{\"role\":\"assistant\",\"content\":\"\"}")) CHUNK(DELTA(0, "{\"content\":\"a\"}"))
	  CHUNK(DELTA(0, "{\"content\":\"b\\n\"}")) CHUNK(FINISH(0, "stop")) DONE,
	  200, ANSWER(MESSAGE(0, "{\"role\":\"assistant\",\"content\":\"ab\\n\",\"refusal\":null}", "stop")) },
	{ "choices by their index", false, false, false,
	  CHUNK(DELTA(1, "{\"role\":\"assistant\",\"content\":\"B\"}")) CHUNK(DELTA(0, "{\"content\":\"A\"}"))
	  CHUNK(FINISH(0, "stop") "," FINISH(1, "length")) DONE,
	  200, ANSWER(MESSAGE(0, "{\"role\":\"assistant\",\"content\":\"A\",\"refusal\":null}", "stop") ","
		      MESSAGE(1, "{\"role\":\"assistant\",\"content\":\"B\",\"refusal\":null}", "length")) },
	{ "tool calls, of which one repeats its id and lacks its index", false, false, false,
	  CHUNK(DELTA(0, "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"index\":0,\"id\":\"a\","
	  "\"type\":\"function\","
			 "\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]}"))
	  CHUNK(DELTA(0, "{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"x\\\":\"}}]}"))
	  CHUNK(DELTA(0, "{\"tool_calls\":[{\"index\":0,\"id\":\"\",\"function\":{\"name\":\"\",\"arguments\":\"1}\"}}]}"))
	  CHUNK(DELTA(0, "{\"tool_calls\":[{\"id\":\"b\",\"type\":\"function\",\"function\":{\"name\":\"g\","
	  "\"arguments\":\"{\"}}]}"))
	  CHUNK(DELTA(0, "{\"tool_calls\":[{\"id\":\"b\",\"function\":{\"arguments\":\"}\"}}]}"))
	  CHUNK(FINISH(0, "tool_calls")) DONE,
	  200, ANSWER(MESSAGE(0, "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":["
			 "{\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"x\\\":1}\"}},"
			 "{\"id\":\"b\",\"type\":\"function\",\"function\":{\"name\":\"g\",\"arguments\":"
	  "\"{}\"}}],\"refusal\":null}", "tool_calls")) },
	{ "the older function call", false, false, false,
	  CHUNK(DELTA(0, "{\"function_call\":{\"name\":\"f\",\"arguments\":\"{\"}}"))
	  CHUNK(DELTA(0, "{\"function_call\":{\"arguments\":\"}\"}}")) CHUNK(FINISH(0, "function_call")) DONE,
	  200, ANSWER(MESSAGE(0, "{\"role\":\"assistant\",\"function_call\":{\"name\":\"f\","
	  "\"arguments\":\"{}\"},\"content\":null,\"refusal\":null}",
			 "function_call")) },
	{ "reasoning, refusal, usage of a last chunk without choices", false, false, false,
	  CHUNK(DELTA(0, "{\"reasoning_content\":\"so\",\"refusal\":null}")) CHUNK(DELTA(0, "{\"reasoning_content\":"
	  "\" so\"}"))
	  CHUNK(DELTA(0, "{\"refusal\":\"no\"}")) CHUNK(FINISH(0, "stop"))
	  "data: {\"choices\":[],\"usage\":{\"total_tokens\":3}}\n\n" DONE,
	  200, "{\"object\":\"chat.completion\"," HEAD ",\"choices\":["
	  MESSAGE(0, "{\"role\":\"assistant\",\"reasoning_content\":\"so so\",\"refusal\":\"no\",\"content\":null}", "stop")
	  "],\"usage\":{\"total_tokens\":3}}" },
	{ "log probabilities", false, false, false,
	  CHUNK("{\"index\":0,\"delta\":{\"content\":\"a\"},\"logprobs\":{\"content\":[{\"token\":\"a\",\"logprob\":"
	  "-1}],\"refusal\":null}}")
	  CHUNK("{\"index\":0,\"delta\":{\"content\":\"b\"},\"logprobs\":{\"content\":[{\"token\":\"b\",\"logprob\":"
	  "-0.5}]}}")
	  CHUNK("{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}") DONE,
	  200, ANSWER("{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"ab\",\"refusal\":null},"
	  "\"logprobs\":{\"content\":["
		      "{\"token\":\"a\",\"logprob\":-1},{\"token\":\"b\",\"logprob\":-0.5}],\"refusal\":null},"
	  "\"finish_reason\":\"stop\"}") },
	{ "the older completions", false, false, true,
	  "data: {\"object\":\"text_completion\"," HEAD ",\"choices\":[{\"index\":0,\"text\":\"a\",\"logprobs\":"
	  "null,\"finish_reason\":null}]}\n\n"
	  "data: {" HEAD ",\"choices\":[{\"index\":0,\"text\":\"b\",\"logprobs\":null,\"finish_reason\":"
	  "\"stop\"}]}\n\n" DONE,
	  200, "{\"object\":\"text_completion\"," HEAD ",\"choices\":[{\"index\":0,\"text\":\"ab\",\"logprobs\":null,"
	  "\"finish_reason\":\"stop\"}]}" },
	{ "cut off: what came", false, false, false, CHUNK(DELTA(0, "{\"content\":\"a\"}")), 200,
	  ANSWER(MESSAGE(0, "{\"role\":\"assistant\",\"content\":\"a\",\"refusal\":null}", "length")) },
	{ "an error after text: what came", false, false, false,
	  CHUNK(DELTA(0, "{\"content\":\"a\"}")) "data: {\"error\":{\"message\":\"x\"}}\n\n", 200,
	  ANSWER(MESSAGE(0, "{\"role\":\"assistant\",\"content\":\"a\",\"refusal\":null}", "length")) },
	{ "an error alone, with its status", false, false, false,
	  "data: {\"error\":{\"message\":\"x\",\"code\":429}}\n\n" DONE, 429, "{\"error\":{\"message\":\"x\","
	  "\"code\":429}}" },
	{ "an error line", false, false, false, "error: {\"message\":\"x\"}\n\n", 502, "{\"error\":{\"message\":\"x\"}}" },
	{ "nothing", false, false, false, DONE, 502,
	  "{\"error\":{\"message\":\"The endpoint sent a stream without an answer in it.\",\"type\":"
	  "\"upstream_error\",\"param\":null,"
	  "\"code\":\"no_answer\"}}" },
	{ "several in one event", false, false, false,
	  "data: [{" HEAD ",\"choices\":[{\"delta\":{\"content\":\"a\"}}]},{\"choices\":[{\"delta\":{\"content\":\"b\"},"
	  "\"finish_reason\":\"stop\"}]}]\n\n",
	  200, ANSWER(MESSAGE(0, "{\"role\":\"assistant\",\"content\":\"ab\",\"refusal\":null}", "stop")) },
	/* --- an object into a stream --- */
	{ "a text", true, false, false,
	  "\n{" HEAD ",\"object\":\"chat.completion\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
	  "\"content\":\"a\\nb\","
	  "\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"length\"}],\"usage\":{\"total_tokens\":3}}",
	  200, EVENT(STEP(0, "{\"role\":\"assistant\",\"content\":\"\"}", "null")) EVENT(STEP(0, "{\"content\":"
	  "\"a\\nb\"}", "null"))
	  EVENT(STEP(0, "{}", "\"length\"")) DONE },
	{ "tools and two choices", true, false, false,
	  "{" HEAD ",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":null,\"tool_calls\":"
	  "[{\"id\":\"a\","
	  "\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},\"finish_reason\":\"tool_calls\"},"
	  "{\"message\":{\"content\":\"B\"},\"finish_reason\":\"stop\"}]}",
	  200, EVENT(STEP(0, "{\"role\":\"assistant\"}", "null"))
	  EVENT(STEP(0, "{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":"
	  "\"f\",\"arguments\":\"{}\"}}]}",
		     "null"))
	  EVENT(STEP(0, "{}", "\"tool_calls\"")) EVENT(STEP(1, "{\"role\":\"assistant\",\"content\":\"\"}", "null"))
	  EVENT(STEP(1, "{\"content\":\"B\"}", "null")) EVENT(STEP(1, "{}", "\"stop\"")) DONE },
	{ "usage where it is wanted", true, true, true,
	  "{" HEAD ",\"choices\":[{\"index\":0,\"text\":\"a\",\"finish_reason\":\"stop\"}],\"usage\":"
	  "{\"total_tokens\":3}}", 200,
	  "data: {\"object\":\"text_completion\"," HEAD ",\"choices\":[{\"index\":0,\"text\":\"a\",\"logprobs\":"
	  "null,\"finish_reason\":\"stop\"}],\"usage\":null}\n\n"
	  "data: {\"object\":\"text_completion\"," HEAD ",\"choices\":[],\"usage\":{\"total_tokens\":3}}\n\n" DONE },
	{ "an error", true, false, false, "{\"error\":{\"message\":\"x\",\"code\":\"400 BAD\"}}", 400,
	  "data: {\"error\":{\"message\":\"x\",\"code\":\"400 BAD\"}}\n\n" },
	{ "half of it", true, false, false, "{\"choices\":[", 502,
	  "data: {\"error\":{\"message\":\"The endpoint's answer is not one of OpenAI's API.\",\"type\":\"upstream_error\","
	  "\"param\":null,\"code\":\"no_answer\"}}\n\n" },
	{ "a page", true, false, false, "<!doctype html>", 502,
	  "{\"error\":{\"message\":\"The endpoint answered with a web page; is its baseUrl right?\",\"type\":"
	  "\"upstream_error\","
	  "\"param\":null,\"code\":\"no_answer\"}}" },
};

static void check(size_t i, size_t piece)
{
	struct convert_wish wish = { !cases[i].legacy, cases[i].stream, cases[i].usage };
	struct convert *c = convert_new(&wish);
	size_t len = strlen(cases[i].in);
	struct strbuf out;
	int status;

	strbuf_init(&out, MIB(1));
	for (size_t at = 0; at < len; at += piece)
		convert_feed(c, cases[i].in + at, at + piece < len ? piece : len - at, &out);
	status = convert_end(c, &out);
	if (status != cases[i].status || strcmp(out.data, cases[i].out))
		fail_msg("%s, %zu bytes at a time: %d\n%s\ninstead of "
	  "%d\n%s", cases[i].name, piece, status, out.data, cases[i].status,
			 cases[i].out);
	strbuf_release(&out);
	convert_free(c);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		check(i, 1);
		check(i, 7);
		check(i, 100000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
	};

	return cmocka_run_group_tests_name("gateway_convert", tests, NULL, NULL);
}
