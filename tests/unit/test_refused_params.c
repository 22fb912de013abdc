/*
 * Which parameters a refusal is about.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <stdbool.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/mem.h"
#include "eke/upstream/quirks.h"
#include "eke/upstream/refused_params.h"

#define ERROR(message, more) "{\"error\":{\"message\":\"" message "\"" more "}}"
#define FASTAPI(param) "{\"detail\":[{\"type\":\"extra_forbidden\",\"loc\":[\"body\",\"" param "\"]," \
	"\"msg\":\"Extra inputs are not permitted\"}]}"
#define NO_CAN (QUIRK_NO_TEMPERATURE | QUIRK_NO_STOP)

static const struct {
	int status;
	const char *body;
	unsigned quirks;
} cases[] = {
	/* OpenAI, also without "param" (relays) */
	{ 400, ERROR("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' "
		"instead.", ",\"param\":\"max_tokens\",\"code\":\"unsupported_parameter\""), QUIRKS_REASONING },
	{ 400, ERROR("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' "
		"instead.", ""), QUIRKS_REASONING },
	{ 400, ERROR("Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is "
		"supported.", ",\"param\":\"temperature\",\"code\":\"unsupported_value\""), NO_CAN },
	{ 400, ERROR("Unsupported parameter: 'stop' is not supported with this model.", ",\"param\":\"stop\""),
	  QUIRK_NO_STOP },
	{ 400, ERROR("Your organization must be verified to stream this model.", ",\"param\":\"stream\""),
	  QUIRK_NO_STREAM },
	{ 400, ERROR("max_tokens is too large: 100000. This model supports at most 4096 completion tokens.",
		",\"param\":\"max_tokens\""), QUIRK_NO_LIMIT },
	/* chatanywhere's search models */
	{ 400, ERROR("Model incompatible request arguments supplied: temperature, top_p", ""), NO_CAN },
	{ 400, ERROR("Unrecognized request argument supplied: stream_options", ""), QUIRK_NO_STREAM_OPTIONS },
	/* xAI, Groq, Anthropic's compatible endpoint */
	{ 400, "{\"code\":\"invalid-argument\",\"error\":\"Argument not supported on this model: stop\"}", QUIRK_NO_STOP },
	{ 400, ERROR("property 'stream_options' is unsupported", ""), QUIRK_NO_STREAM_OPTIONS },
	{ 400, ERROR("`temperature` is deprecated for this model.", ""), NO_CAN },
	/* vLLM, Mistral */
	{ 422, FASTAPI("stream_options"), QUIRK_NO_STREAM_OPTIONS },
	{ 400, FASTAPI("max_tokens"), QUIRK_NO_LIMIT },
	{ 422, "{\"object\":\"error\",\"message\":{\"detail\":[{\"type\":\"extra_forbidden\",\"loc\":[\"body\","
		"\"stream_options\"],\"msg\":\"Extra inputs are not permitted\"}]}}", QUIRK_NO_STREAM_OPTIONS },
	{ 400, ERROR("模型不支持参数 temperature", ""), NO_CAN },
	/* Inside a stream the words are all there is. */
	{ 200, "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
	  QUIRKS_REASONING },
	/* Something else */
	{ 400, ERROR("temperature must be at most 1", ",\"param\":\"temperature\""), 0 },
	{ 400, ERROR("The model may not stop here; images are not supported.", ""), 0 },
	{ 400, ERROR("This model does not support tools; see the stream of changes.", ""), 0 },
	{ 400, ERROR("Unknown parameter: 'nonstop'.", ""), 0 },
	{ 400, ERROR("max_tokens_to_sample is unknown", ""), 0 },
	{ 400, ERROR("model not supported", ",\"param\":\"model\""), 0 },
	{ 401, ERROR("Unsupported parameter: 'stop'", ",\"param\":\"stop\""), 0 },
	{ 400, "<html><title>Unsupported parameter stop</title></html>", 0 },
	{ 400, "", 0 },
};

/* In a block of just its size, so that a look behind it is seen. free(). */
static char *body_of(const char *text, size_t *len)
{
	char *copy;

	*len = strlen(text);
	copy = xmalloc(*len ? *len : 1);
	memcpy(copy, text, *len);
	return copy;
}

static void test_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t len;
		char *copy = body_of(cases[i].body, &len);
		unsigned found = refused_params(cases[i].status, copy, len);

		if (found != cases[i].quirks)
			print_message("%s\n -> %#x\n", cases[i].body, found);
		assert_int_equal(found, cases[i].quirks);
		free(copy);
	}
}

static const struct {
	int status;
	const char *body;
	bool says;
} whole[] = {
	/* DashScope's QwQ and Qwen3 with thoughts, 2025 */
	{ 400, ERROR("This model only support stream mode, please enable the stream parameter to access the model.", ""),
	  true },
	{ 400, ERROR("parameter.enable_thinking must be set to false for non-streaming calls", ""), true },
	{ 400, ERROR("Streaming is required for this model", ""), true },
	{ 422, ERROR("Input should be true", ",\"param\":\"stream\""), true },
	{ 400, ERROR("该模型仅支持流式输出", ""), true },
	{ 400, ERROR("Upstream error: the upstream provider only says no", ""), false },
	{ 400, ERROR("This model does not support tools; see the stream of changes.", ""), false },
	{ 400, ERROR("You must set messages.", ""), false },
	{ 401, ERROR("This model only supports stream mode", ""), false },
	{ 400, "<html><title>stream mode only</title></html>", false },
	{ 400, "", false },
};

static void test_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(whole); i++) {
		size_t len;
		char *copy = body_of(whole[i].body, &len);
		bool says = refused_whole_answer(whole[i].status, copy, len);

		if (says != whole[i].says)
			print_message("%s\n -> %d\n", whole[i].body, says);
		assert_int_equal(says, whole[i].says);
		free(copy);
	}
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(quirks_names(0), "");
	assert_string_equal(quirks_names(QUIRKS_REASONING), "max_tokens, temperature, stop");
	assert_string_equal(quirks_names(QUIRK_NO_STREAM | QUIRK_NO_STREAM_OPTIONS), "stream_options, stream");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("refused_params", tests, NULL, NULL);
}
