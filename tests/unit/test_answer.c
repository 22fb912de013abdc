/*
 * Whole answers from bytes: each case fed at once, cut in two at every place, and byte by byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/log.h"
#include "eke/upstream/answer.h"

#define CHUNK(delta, finish)                                                                                       \
	"data: {\"choices\":[{\"index\":0,\"delta\":{" delta "},\"finish_reason\":" finish "}]}\n\n"
#define TEXT(text) CHUNK("\"content\":\"" text "\"", "null")
#define STOP CHUNK("", "\"stop\"")
#define MESSAGE(text, finish)                                                                                      \
	"data: {\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"" text \
	"\"},\"finish_reason\":" finish "}]}\n\n"
#define DONE "data: [DONE]\n\n"

static const struct {
	const char *name;
	const char *bytes;
	bool broken; /* the transfer did not end well */
	const char *text;
	const char *reasoning;
	enum wire_finish finish;
	enum err_kind error;
	bool usable;
	bool over;
} cases[] = {
	{ "a plain stream", TEXT("a") TEXT("b\\nc") STOP DONE, false, "ab\nc", "", WIRE_STOP, ERR_NONE, true, true },
	{ "no end mark", TEXT("a") STOP, false, "a", "", WIRE_STOP, ERR_NONE, true, false },
	{ "no reason", TEXT("a") DONE, false, "a", "", WIRE_OPEN, ERR_NONE, true, true },
	{ "no last blank line", TEXT("a") "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}", false,
		"a", "", WIRE_LENGTH, ERR_NONE, true, false },
	{ "broken after text", TEXT("a"), true, "a", "", WIRE_OPEN, ERR_NONE, true, false },
	{ "broken before text", ": ping\n\n", true, "", "", WIRE_OPEN, ERR_NONE, false, false },
	{ "what follows the end mark is noise", TEXT("a") STOP DONE TEXT("b"), false, "a", "", WIRE_STOP, ERR_NONE,
		true, true },
	{ "blanks around the end mark", TEXT("a") STOP "data:\t [DONE] \n\n", false, "a", "", WIRE_STOP, ERR_NONE, true,
		true },
	{ "an error after text keeps it", TEXT("a") "data: {\"error\":{\"message\":\"overloaded\",\"code\":503}}\n\n",
		false, "a", "", WIRE_OPEN, ERR_UPSTREAM, true, false },
	{ "an error before text", "data: {\"error\":{\"message\":\"m\",\"code\":\"429 TOO_MANY_REQUESTS\"}}\n\n" DONE,
		false, "", "", WIRE_OPEN, ERR_BUDGET, false, true },
	{ "an error field", "error: {\"code\":500,\"message\":\"m\"}\n\n", false, "", "", WIRE_OPEN, ERR_UPSTREAM,
		false, false },
	{ "the pseudo-error is none",
		TEXT("a") "data: {\"error\":{\"message\":\"\",\"code\":\"200 OK\"}}\n\n" STOP DONE, false, "a", "",
		WIRE_STOP, ERR_NONE, true, true },
	{ "a bad piece is dropped", TEXT("a") "data: {\"choices\":\n\n" TEXT("b") STOP, false, "ab", "", WIRE_STOP,
		ERR_NONE, true, false },
	{ "an array of chunks",
		"data: [{\"choices\":[{\"delta\":{\"content\":\"a\"}}]},{\"choices\":[{\"delta\":{\"content\":\"b\"},"
		"\"finish_reason\":\"stop\"}]}]\n\n",
		false, "ab", "", WIRE_STOP, ERR_NONE, true, false },
	{ "thinking in the text", TEXT("<th") TEXT("ink>hm</thi") TEXT("nk>\\n\\nyes") STOP, false, "yes", "hm",
		WIRE_STOP, ERR_NONE, true, false },
	{ "thinking beside the text", CHUNK("\"reasoning_content\":\"hm\",\"content\":null", "null") TEXT("yes") STOP,
		false, "yes", "hm", WIRE_STOP, ERR_NONE, true, false },
	{ "thinking without its opening tag", TEXT("hm ") TEXT("hm\\n</thi") TEXT("nk>\\n\\nyes") STOP, false, "yes",
	  "hm hm\n",
		WIRE_STOP, ERR_NONE, true, false },
	{ "content in parts", CHUNK("\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"h\"},"
		"{\"type\":\"text\",\"text\":\"m\"}]},{\"type\":\"text\",\"text\":\"a\"},\"b\","
		"{\"type\":\"reference\",\"reference_ids\":[1]},{\"type\":\"text\",\"text\":\"c\"}]", "null") TEXT("d") STOP,
		false, "abcd", "hm", WIRE_STOP, ERR_NONE, true, false },
	{ "a part alone", CHUNK("\"content\":{\"type\":\"text\",\"text\":{\"value\":\"a\"}}", "null") STOP, false, "a", "",
		WIRE_STOP, ERR_NONE, true, false },
	{ "messages, appended", MESSAGE("Hel", "null") MESSAGE("lo ", "null") MESSAGE("world", "\"stop\""), false,
		"Hello world", "", WIRE_STOP, ERR_NONE, true, false },
	{ "messages, appended, and all of it at the end", MESSAGE("a", "null") MESSAGE("b", "null") MESSAGE("ab",
	  "\"stop\""),
		false, "ab", "", WIRE_STOP, ERR_NONE, true, false },
	{ "messages, appended, that repeat", MESSAGE("ha", "null") MESSAGE("ha", "null") MESSAGE("!", "\"stop\""), false,
		"haha!", "", WIRE_STOP, ERR_NONE, true, false },
	{ "messages, cumulative", MESSAGE("", "null") MESSAGE("Hel", "null") MESSAGE("Hel", "null") MESSAGE("Hello", "null")
		MESSAGE("Hello", "\"stop\""), false, "Hello", "", WIRE_STOP, ERR_NONE, true, false },
	{ "a message behind deltas", TEXT("a") TEXT("b") MESSAGE("ab", "\"stop\""), false, "ab", "", WIRE_STOP, ERR_NONE,
	  true,
		false },
	{ "thinking that was cut", TEXT("<think>hm"), false, "", "hm", WIRE_OPEN, ERR_NONE, true, false },
	{ "a byte order mark", "\xEF\xBB\xBF" TEXT("a") STOP, false, "a", "", WIRE_STOP, ERR_NONE, true, false },
	{ "a whole object instead of a stream",
		"\n {\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"a\"},\"finish_reason\":\"stop\"}]}",
		false, "a", "", WIRE_STOP, ERR_NONE, true, false },
	{ "an error object instead of a stream", "{\"error\":\"model does not support insert\"}", false, "", "",
		WIRE_OPEN, ERR_UPSTREAM, false, false },
	{ "half an object", "{\"choices\":[{\"mess", false, "", "", WIRE_OPEN, ERR_PROTOCOL, false, false },
	{ "half an object of a broken transfer", "{\"choices\":[{\"mess", true, "", "", WIRE_OPEN, ERR_NONE, false,
		false },
	{ "a web page", "<html><head><title>Welcome</title></head></html>", false, "", "", WIRE_OPEN, ERR_UPSTREAM,
		false, false },
	{ "nothing", "", false, "", "", WIRE_OPEN, ERR_PROTOCOL, false, false },
	{ "an end and nothing before it", STOP DONE, false, "", "", WIRE_STOP, ERR_NONE, true, true },
	{ "chunks without text or end", CHUNK("\"role\":\"assistant\"", "null") DONE, false, "", "", WIRE_OPEN,
		ERR_PROTOCOL, false, true },
};

static void check(struct answer *a, size_t i)
{
	const struct err *error;

	answer_end(a, !cases[i].broken, 1767225600);
	error = answer_error(a);
	assert_string_equal(answer_text(a)->data, cases[i].text);
	assert_string_equal(answer_reasoning(a)->data, cases[i].reasoning);
	assert_int_equal(answer_finish(a), cases[i].finish);
	assert_int_equal(error ? error->kind : ERR_NONE, cases[i].error);
	assert_int_equal(answer_is_usable(a), cases[i].usable);
	assert_int_equal(answer_is_over(a), cases[i].over);
	assert_false(answer_is_too_large(a));
	answer_free(a);
}

/* Feeds exact copies, so that the sanitizer sees a read beyond them. */
static void feed(struct answer *a, const char *bytes, size_t len)
{
	char *copy = test_malloc(len);

	memcpy(copy, bytes, len);
	answer_feed(a, copy, len, 1767225600);
	test_free(copy);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t len = strlen(cases[i].bytes);
		struct answer *bytewise = answer_new("e", false);

		print_message("# %s\n", cases[i].name);
		for (size_t cut = 0; cut <= len; cut++) {
			struct answer *a = answer_new("e", false);

			feed(a, cases[i].bytes, cut);
			feed(a, cases[i].bytes + cut, len - cut);
			check(a, i);
		}
		for (size_t at = 0; at < len; at++)
			feed(bytewise, cases[i].bytes + at, 1);
		check(bytewise, i);
	}
}

static void test_facts(void **state)
{
	static const char stream[] =
		"data: {\"model\":\"m-1\",\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"
		"data: {\"model\":\"other\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4,"
		"\"total_tokens\":7}}\n\n";
	struct answer *a = answer_new("e", false);

	(void)state;
	assert_null(answer_model(a));
	assert_int_equal(answer_kind(a), WIRE_BODY_UNKNOWN);
	answer_feed(a, stream, sizeof(stream) - 1, 1767225600);
	assert_int_equal(answer_kind(a), WIRE_BODY_SSE);
	assert_string_equal(answer_model(a), "m-1");
	assert_true(answer_usage(a).present);
	assert_int_equal(answer_usage(a).prompt_tokens, 3);
	assert_int_equal(answer_usage(a).completion_tokens, 4);
	assert_int_equal(answer_usage(a).total_tokens, 7);
	answer_free(a);
}

/* An answer without end: it is known to be too large, and memory stops growing. */
static void test_too_large(void **state)
{
	static const char piece[] = TEXT("0123456789012345678901234567890123456789012345678901234567890123456789");
	struct answer *a = answer_new("e", false);
	size_t fed = 0;

	(void)state;
	while (!answer_is_too_large(a) && fed < 16 * LIMIT_ANSWER) {
		answer_feed(a, piece, sizeof(piece) - 1, 1767225600);
		fed += sizeof(piece) - 1;
	}
	assert_true(answer_is_too_large(a));
	assert_true(answer_text(a)->len <= LIMIT_ANSWER);
	answer_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_too_large),
	};

	log_set_level(LOG_BROKEN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
