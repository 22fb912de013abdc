/*
 * Files that a prompt mentions: each word with what it could mean.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
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

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_all) };

	return cmocka_run_group_tests_name("mentions", tests, NULL, NULL);
}
