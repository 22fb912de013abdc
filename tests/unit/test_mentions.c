/*
 * Files that a prompt mentions: each word with what it could mean.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "eke/base/strbuf.h"

#include "../../src/chat/mentions.h"

/* "name|name:first-last; next word" */
static void test_all(void **state)
{
	static const struct {
		const char *prompt;
		const char *meant;
	} cases[] = {
		{ "", "" },
		{ "nothing here", "" },
		{ "@", "" },
		{ "@ a", "" },
		{ "@a.c", "a.c" },
		{ "look at @a.c and @b/c.d", "a.c; b/c.d" },
		{ "@a.c.", "a.c.|a.c" },
		{ "(@a.c)", "a.c)|a.c" },
		{ "@a.c:10", "a.c:10|a.c:10-10" },
		{ "@a.c:10-20,", "a.c:10-20,|a.c:10-20|a.c:10-20" },
		{ "@a.c#L3", "a.c#L3|a.c:3-3" },
		{ "@a.c#L3-L5", "a.c#L3-L5|a.c:3-5" },
		{ "@a.c#L3-5", "a.c#L3-5|a.c:3-5" },
		{ "@a.c:20-10", "a.c:20-10" },
		{ "@a.c:0", "a.c:0" },
		{ "@a.c:1234567890", "a.c:1234567890" },
		{ "@./a.c", "a.c" },
		{ "@././/b//./a.c", "b/a.c" },
		{ "@. @./. @./", "" },
		{ "@.//../a.c", "" },
		{ "@\"a b.c\"", "a b.c" },
		{ "@\"a b.c\":7.", "a b.c:7-7|a b.c" },
		{ "@\"open", "\"open" },
		{ "me@example.org", "" },
		{ "@/etc/passwd @../x @a/../b @a/..", "" },
		{ "@..a/b..", "..a/b..|..a/b" },
		{ "x @a@b", "a@b" },
		{ "`@a.c`", "a.c`|a.c" },
		{ "@你好.c", "你好.c" },
		{ "@/a,@b.c", "b.c" },
		{ "@a/../b,@c.d", "c.d" },
		{ "@a/..,@c/..", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct mention m = { .end = cases[i].prompt };
		struct strbuf got;

		strbuf_init(&got, KIB(4));
		while (mention_next(&m)) {
			strbuf_adds(&got, got.len ? "; " : "");
			for (size_t j = 0; j < m.count; j++) {
				strbuf_addf(&got, "%s%s", j ? "|" : "", m.names[j].path);
				if (m.names[j].first)
					strbuf_addf(&got, ":%d-%d", (int)m.names[j].first, (int)m.names[j].last);
			}
			mention_release(&m);
		}
		if (strcmp(got.data, cases[i].meant))
			fail_msg("%s: %s", cases[i].prompt, got.data);
		strbuf_release(&got);
	}
}

/*
 * A prompt as large as one may be, in which nearly each character could begin a name. Reading the rest of the text for
 * each would take hours.
 */
static void test_large(void **state)
{
	static const char *const units[] = { "@\"", "\"@/", "\"@a/", "@,", "(@", "\"@.", "@\"a " };
	static const char *const ends[] = { "", "/../x", "........", "11111111", "\"" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		struct strbuf prompt;

		strbuf_init(&prompt, LIMIT_CHAT_PROMPT);
		for (size_t n = 0; n < LIMIT_CHAT_PROMPT / strlen(units[i]) - 1000000; n++)
			strbuf_adds(&prompt, units[i]);
		for (size_t j = 0; j < ARRAY_LEN(ends); j++)
			for (size_t n = 0; n < 50000; n++)
				strbuf_adds(&prompt, ends[j]);
		strbuf_adds(&prompt, " and @src/a.c:3-5");
		{
			struct mention m = { .end = prompt.data };
			char last[64] = "";

			while (mention_next(&m)) {
				snprintf(last, sizeof(last), "%s", m.names[m.count - 1].path);
				mention_release(&m);
			}
			assert_string_equal(last, "src/a.c");
		}
		strbuf_release(&prompt);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_all), cmocka_unit_test(test_large) };

	return cmocka_run_group_tests_name("mentions", tests, NULL, NULL);
}
