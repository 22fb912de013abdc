/*
 * Folders, and which files may leave: the ignore files from the folder down, as they are when they are asked about.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "eke/base/attrs.h"
#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/text/workspace.h"
#include "state_dir.h"

static struct workspace *ws;
static char root[64];
static int64_t now;

static void later(void)
{
	now += 1000;
	clock_set_for_test(now, now);
}

static void write_file(const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", root, name);
	FILE *f;

	for (char *slash = strchr(path + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	f = fopen(path, "we");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	free(path);
}

static int setup(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/eke-workspace-XXXXXX");
	assert_non_null(mkdtemp(root));
	ws = workspace_new(NULL);
	now = 1000000;
	later();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	workspace_free(ws);
	remove_tree(root);
	clock_unset_for_test();
	return 0;
}

/* What the refusal says of a file of the root; "": it may leave. */
static const char *refusal(const char *name)
{
	static struct err err;
	char *path = xasprintf("%s/%s", root, name);
	bool ok = workspace_may_send_path(ws, path, &err);

	free(path);
	assert_true(ok || err.kind == ERR_IGNORED);
	return ok ? "" : err.message;
}

static bool may(const char *name)
{
	return !*refusal(name);
}

static void test_files(void **state)
{
	(void)state;
	write_file(".gitignore", "\xEF\xBB\xBF*.log\r\n# a comment\n!keep.log\nbuild/\n[\n/top.c\n!.env\n");
	write_file("sub/.gitignore", "only.c\n!a.log\n");
	write_file("sub/.ekeignore", "mine.c\n");
	assert_true(may("a.log"));
	assert_true(workspace_add_folder(ws, root));
	assert_false(may("a.log"));
	assert_true(may("keep.log"));
	assert_false(may("build/x.c"));
	assert_false(may("top.c"));
	assert_true(may("sub/top.c"));
	assert_true(may("only.c"));
	assert_false(may("sub/only.c"));
	assert_false(may("sub/deep/only.c"));
	assert_false(may("sub/mine.c"));
	/* A nearer file takes a rule of the workspace back, but none of eke's own. */
	assert_true(may("sub/a.log"));
	assert_false(may(".env"));
	assert_non_null(strstr(refusal("sub/only.c"), "/sub/.gitignore"));
	assert_string_equal(refusal(".env"),
			    ".env stays on this machine: the built-in rule \".env\" for files that hold secrets");
}

static void test_changes(void **state)
{
	(void)state;
	workspace_add_folder(ws, root);
	assert_true(may("a.c"));
	write_file(".ekeignore", "a.c\n");
	/* Within a second the former answer holds. */
	later();
	assert_false(may("a.c"));
	write_file(".ekeignore", "bb.c\n");
	later();
	assert_true(may("a.c"));
	assert_false(may("bb.c"));
	workspace_remove_folder(ws, root);
	assert_true(may("bb.c"));
}

/* What a hostile repository can have there: it takes no time, and a file that cannot be judged stays. */
static void test_hostile(void **state)
{
	struct timespec before;
	struct timespec after;
	struct strbuf text;
	struct strbuf path;

	(void)state;
	strbuf_init(&text, MIB(1));
	strbuf_init(&path, KIB(4));
	clock_gettime(CLOCK_MONOTONIC, &before);
	/* Half a million lines, of which few are taken; and as many that are wrong. */
	while (strbuf_adds(&text, "b\n"))
		continue;
	write_file("many/.gitignore", text.data);
	strbuf_reset(&text);
	while (strbuf_adds(&text, "[\n"))
		continue;
	write_file("wrong/.gitignore", text.data);
	strbuf_reset(&text);
	for (int i = 0; i < 8000; i++)
		strbuf_addf(&text, "**/a*/**/[a-z]*[b-d]*[!x]%d/\n", i);
	write_file("slow/.gitignore", text.data);
	workspace_add_folder(ws, root);
	assert_true(may("many/a.c"));
	assert_false(may("many/b"));
	later();
	workspace_remove_folder(ws, root);
	workspace_add_folder(ws, root);
	assert_true(may("wrong/a.c"));
	workspace_remove_folder(ws, root);
	workspace_add_folder(ws, root);
	strbuf_adds(&path, "slow");
	for (int i = 0; i < 200; i++)
		strbuf_adds(&path, "/aaaaaaaaa");
	assert_non_null(strstr(refusal(path.data), "too many or too complicated"));
	/* The verdict is kept: this is no more work. */
	for (int i = 0; i < 100; i++) {
		later();
		assert_false(may(path.data));
	}
	assert_true(may("slow/b.c"));
	for (int i = 0; i < 100; i++)
		strbuf_adds(&path, "/a");
	assert_non_null(strstr(refusal(path.data), "nested too deep"));
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true(after.tv_sec - before.tv_sec < 10);
	/* With another file there is another verdict. */
	write_file("slow/.gitignore", "c.c\n");
	later();
	strbuf_truncate(&path, strlen("slow") + 2000);
	assert_true(may(path.data));
	strbuf_release(&text);
	strbuf_release(&path);
}

static void test_links(void **state)
{
	char *from = xasprintf("%s/innocent.txt", root);
	char *to = xasprintf("%s/.env", root);

	(void)state;
	write_file(".env", "SECRET=1\n");
	assert_int_equal(symlink(to, from), 0);
	assert_false(may("innocent.txt"));
	free(from);
	free(to);
}

static void test_folders(void **state)
{
	static const struct {
		const char *folder;
		bool added;
	} cases[] = {
		{ "/one", true },    { "file:///one/two/", true }, { "/one/", true },  { "one", false },
		{ "git:/x", false }, { "", false },                { "file:///one", true },
	};
	static const struct {
		const char *uri;
		const char *shown;
	} shown[] = {
		{ "file:///one/a.c", "a.c" },      { "file:///one/two/b%20c.c", "b c.c" }, { "file:///onetwo/x.c",
			"/onetwo/x.c" },
		{ "untitled:New-1", "New-1" }, { "file:///one", "/one" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(workspace_add_folder(ws, cases[i].folder), cases[i].added);
	assert_string_equal(workspace_folder(ws, 0), "/one");
	assert_string_equal(workspace_folder(ws, 1), "/one/two");
	assert_null(workspace_folder(ws, 2));
	assert_string_equal(workspace_folder_of(ws, "/one/two/x"), "/one/two");
	assert_string_equal(workspace_folder_of(ws, "/one/x"), "/one");
	assert_null(workspace_folder_of(ws, "/one"));
	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		char *got = workspace_show(ws, shown[i].uri);

		assert_string_equal(got, shown[i].shown);
		free(got);
		/* What leaves the machine never says where the user keeps a file. */
		got = workspace_show_outside(ws, shown[i].uri);
		assert_string_equal(got, shown[i].shown[0] == '/' ? strrchr(shown[i].shown, '/') + 1 : shown[i].shown);
		free(got);
	}
	workspace_remove_folder(ws, "file:///one/");
	workspace_remove_folder(ws, "/unknown");
	assert_string_equal(workspace_folder(ws, 0), "/one/two");
	assert_null(workspace_folder(ws, 1));
}

static void test_many_directories(void **state)
{
	char name[64];

	(void)state;
	workspace_add_folder(ws, root);
	write_file(".gitignore", "x.c\n");
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "d%d/x.c", i);
		assert_false(may(name));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_links, setup, teardown),
		cmocka_unit_test_setup_teardown(test_folders, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_directories, setup, teardown),
	};

	return cmocka_run_group_tests_name("workspace", tests, NULL, NULL);
}
