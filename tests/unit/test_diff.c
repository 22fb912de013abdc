/*
 * What is staged, without the files that stay on this machine: the sections of git's output.
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
#include "eke/config/config.h"

#include "../../src/chat/diff.h"

#define FINE "diff --git a/a.c b/a.c\nindex 1..2 100644\n--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-x\n+y\n"
#define LINES "diff --git a/b.c b/b.c\n--- a/b.c\n+++ b/b.c\n@@ -1 +1 @@\n-+++ b/.env\n+rename to .env\n"

static void test_sections(void **state)
{
	static const struct {
		const char *text;
		const char *kept; /* of the text; NULL: all */
		size_t dropped;
	} cases[] = {
		{ "", NULL, 0 },
		{ FINE, NULL, 0 },
		{ FINE LINES, NULL, 0 },
		{ FINE "diff --git a/.env b/.env\nnew file mode 100644\n--- /dev/null\n+++ b/.env\n@@ -0,0 +1 @@\n+S=1\n" LINES,
		  FINE LINES, 1 },
		{ "diff --git a/.env b/.env\ndeleted file mode 100644\n--- a/.env\n+++ /dev/null\n@@ -1 +0,0 @@\n-S=1\n", "",
		  1 },
		/* Nothing but the first line names it. */
		{ "diff --git a/.env b/.env\nold mode 100644\nnew mode 100755\n", "", 1 },
		{ "diff --git a/server.pem b/server.pem\nnew file mode 100644\nindex 0..1\nBinary files differ\n" FINE, FINE,
			1 },
		{ "diff --git a/x y.pem b/x y.pem\nold mode 100644\nnew mode 100755\n", "", 1 },
		/* Renamed from it, and to it. */
		{ "diff --git a/.env b/env.txt\nsimilarity index 100%\nrename from .env\nrename to env.txt\n", "", 1 },
		{ "diff --git a/env.txt b/.env\nsimilarity index 100%\nrename from env.txt\nrename to .env\n", "", 1 },
		{ "diff --git a/.env b/env.txt\nsimilarity index 90%\ncopy from .env\ncopy to env.txt\n--- a/.env\n"
		  "+++ b/env.txt\n@@ -1 +1 @@\n-a\n+b\n", "", 1 },
		/* As git quotes odd names, and with the tab that it puts behind blanks. */
		{ "diff --git \"a/\\346\\227\\245.pem\" \"b/\\346\\227\\245.pem\"\n--- \"a/\\346\\227\\245.pem\"\n", "",
		  1 },
		{ "diff --git a/q\".pem b/q\".pem\nnew file mode 100644\n--- /dev/null\n+++ \"b/q\\\".pem\"\n", "", 1 },
		{ "diff --git a/x y.pem b/x y.pem\n--- a/x y.pem\t\n+++ b/x y.pem\t\n@@ -1 +1 @@\n-a\n+b\n", "", 1 },
		/* A rule of the user's; no line end at the end. */
		{ "diff --git a/own/x.c b/own/x.c\n--- a/own/x.c\n+++ b/own/x.c\n@@ -1 +1 @@\n-a\n+b", "", 1 },
		{ "warning: something\n" FINE, FINE, 0 },
	};
	char settings[] = "{\"privacy\":{\"ignore\":[\"own/\"]}}";
	struct workspace *ws = workspace_new(NULL);
	struct err err;
	struct config *config;

	(void)state;
	setenv("EKE_CONFIG", "/nonexistent/eke.json", 1);
	config = config_load(NULL, settings, NULL, NULL, &err);
	workspace_configure(ws, config, NULL, NULL);
	config_unref(config);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out;
		char **kept;
		size_t n = 0;

		strbuf_init(&out, KIB(16));
		diff_filter(ws, "/nonexistent/repository", cases[i].text, strlen(cases[i].text), &out, &kept);
		for (; kept[n]; n++) {
			assert_non_null(strstr(kept[n], "stays on this machine"));
			free(kept[n]);
		}
		free(kept);
		if (n != cases[i].dropped || strcmp(out.data, cases[i].kept ? cases[i].kept : cases[i].text))
			fail_msg("case %zu: %zu dropped, %s", i, n, out.data);
		strbuf_release(&out);
	}
	workspace_free(ws);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_sections) };

	return cmocka_run_group_tests_name("diff", tests, NULL, NULL);
}
