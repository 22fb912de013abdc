/*
 * The form of what goes with a question.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"

#include "../../src/chat/attachment.h"

static void test_written(void **state)
{
	static const struct {
		struct attachment_spec spec; /* len is that of the text */
		const char *block;
	} cases[] = {
		{ { .name = "A", .text = "" }, "A:\n```\n```" },
		{ { .name = "A", .text = "x" }, "A:\n```\nx\n```" },
		{ { .name = "A", .text = "x\n", .language = "c" }, "A:\n```c\nx\n```" },
		{ { .name = "A", .text = "x\r\ny\rz\n", .first_line = 9 }, "A:\n```\n 9 | x\n10 | y\n11 | z\n```" },
		{ { .name = "A", .text = "\n\n", .first_line = 1 }, "A:\n```\n1 | \n2 | \n```" },
		{ { .name = "A", .text = "``` and ````\n" }, "A:\n`````\n``` and ````\n`````" },
		{ { .name = "A", .text = "<b>&amp;</b>" }, "A:\n```\n<b>&amp;</b>\n```" },
		{ { .name = "A", .text = "\xFFz" }, "A:\n```\n\xEF\xBF\xBDz\n```" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct attachment_spec spec = cases[i].spec;
		struct strbuf out;

		spec.len = strlen(spec.text);
		strbuf_init(&out, KIB(1));
		assert_true(attachment_write(&spec, &out));
		assert_string_equal(out.data, cases[i].block);
		strbuf_release(&out);
		strbuf_init(&out, strlen(cases[i].block) - 1);
		assert_false(attachment_write(&spec, &out));
		strbuf_release(&out);
	}
}

static void test_names(void **state)
{
	static const struct {
		const char *name;
		size_t max;
		const char *shown;
	} cases[] = { { "a.c", 9, "a.c" }, { "a\nb\x7F", 9, "a b " }, { "你好", 4, "你" }, { "", 4, "" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *name = attachment_name(cases[i].name, cases[i].max);

		assert_string_equal(name, cases[i].shown);
		free(name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_written), cmocka_unit_test(test_names) };

	return cmocka_run_group_tests_name("blocks", tests, NULL, NULL);
}
