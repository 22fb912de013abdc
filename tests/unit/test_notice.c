/*
 * What is said of an answer that is not what was asked for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "eke/chat/notice.h"

#define WORDS "w\xC3\xB6 w\xC3\xB6 w\xC3\xB6"

static const struct {
	const char *text;
	const char *reasoning;
	enum call_finish finish;
	const char *trouble; /* NULL: none */
	const char *provider;
	const char *notice; /* NULL: nothing */
} cases[] = {
	{ "Yes.", "", CALL_STOP, NULL, "", NULL },
	{ " \n\tx", "", CALL_STOP, NULL, "", NULL },
	{ "Yes", "", CALL_TRUNCATED, "It broke (x).", "", "the answer was cut off here: It broke (x)" },
	{ "Yes", "", CALL_TRUNCATED, "It broke.", "no\nway. ", "the answer was cut off here: It broke. free says: no way" },
	{ "Yes", "", CALL_TRUNCATED, "It broke: no way.", "no way", "the answer was cut off here: It broke: no way" },
	{ "Yes", "", CALL_TRUNCATED, NULL, "", "the answer was cut off here: the response ended before the answer did" },
	{ "Yes", "", CALL_LENGTH, NULL, "", "the answer reached its maximum length" },
	{ "", "Hm", CALL_LENGTH, NULL, "", "the answer reached its maximum length before any text came" },
	{ "", "", CALL_FILTER, NULL, "", "the provider's content filter stopped the answer" },
	{ "", "", CALL_STOP, NULL, "", "the model sent no text: send the message again, or use another model" },
	{ " \r\n\t", "Hm", CALL_STOP, NULL, "",
	  "the model sent no text, only what it thought: send the message again, or use another model" },
};

static void test_notices(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err trouble = { .kind = ERR_UPSTREAM, .endpoint = "free" };
		struct call_answer answer = { .text = cases[i].text,
					      .text_len = strlen(cases[i].text),
					      .reasoning = cases[i].reasoning,
					      .reasoning_len = strlen(cases[i].reasoning),
					      .finish = cases[i].finish };
		struct strbuf out;

		if (cases[i].trouble) {
			memcpy(trouble.message, cases[i].trouble, strlen(cases[i].trouble));
			memcpy(trouble.provider_message, cases[i].provider, strlen(cases[i].provider));
			answer.trouble = &trouble;
		}
		strbuf_init(&out, KIB(8));
		assert_int_equal(notice_describe(&answer, &out), cases[i].notice != NULL);
		assert_string_equal(out.data, cases[i].notice ? cases[i].notice : "");
		strbuf_release(&out);
	}
}

static void test_short(void **state)
{
	struct err err = { .kind = ERR_UPSTREAM, .message = "It broke.", .provider_message = WORDS };
	char out[LIMIT_ERR_MESSAGE];

	(void)state;
	err_describe_short(&err, out, sizeof(out));
	assert_string_equal(out, "It broke. The provider says: " WORDS);
	for (size_t size = 4; size < 44; size++) {
		err_describe_short(&err, out, size);
		assert_true(strlen(out) < size);
		if (strcmp(out, "It broke. The provider says: " WORDS) != 0)
			assert_string_equal(out + strlen(out) - 3, "…");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_notices), cmocka_unit_test(test_short) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
