/* text/ignore: the built-in rules, and gitignore's syntax; what must and what must not match, as tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above */
#include <cmocka.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/text/ignore.h"

static void test_secrets(void **state)
{
	static const struct {
		const char *path;
		const char *rule; /* NULL: not ignored */
	} cases[] = {
		{ "/p/.env", ".env" },
		{ "/p/.ENV", ".env" },
		{ "/p/.env.local", ".env.*" },
		{ "/p/prod.env", "*.env" },
		{ "/p/.env.example", NULL },
		{ "/p/.Env.Sample", NULL },
		{ "/p/.env.template", NULL },
		{ "/p/example.env", NULL },
		{ "/p/.env.example.local", ".env.*" },
		{ "/p/environment.py", NULL },
		{ "/p/env", NULL },
		{ "/p/server.key", "*.key" },
		{ "/p/cert.PEM", "*.pem" },
		{ "/p/key", NULL },
		{ "/p/monkey.c", NULL },
		{ "/p/keys/parser.c", NULL },
		{ "/home/user/.ssh/config", ".ssh/" },
		{ "/home/user/.ssh", NULL }, /* a file of that name is no directory */
		{ "/home/user/.gnupg/a/b", ".gnupg/" },
		{ "/p/id_rsa", "id_rsa*" },
		{ "/p/id_ed25519_work", "id_ed25519*" },
		{ "/p/id_rsa.pub", NULL },
		{ "/p/grid_rsa.c", NULL },
		{ "/home/user/.aws/credentials", "credentials" },
		{ "/home/user/.aws/config", ".aws/config" },
		{ "/p/src/credentials/store.go", NULL },
		{ "/p/credentials", "credentials" },
		{ "/home/user/.kube/config", ".kube/config" },
		{ "/p/kube/config", NULL },
		{ "/p/pkg/kubeconfig/load.go", NULL },
		{ "/home/user/.docker/config.json", ".docker/config.json" },
		{ "/p/config.json", NULL },
		{ "/p/settings.json", NULL },
		{ "/p/secrets.yml", "secrets.yml" },
		{ "/p/secrets.py", NULL },
		{ "/p/terraform.tfstate", "*.tfstate" },
		{ "/p/terraform.tfstate.backup", "*.tfstate.*" },
		{ "/p/service-account-prod.json", "service-account*.json" },
		{ "/p/token.c", NULL },
		{ "/home/user/.netrc", ".netrc" },
		{ "/home/user/.bash_history", ".*_history" },
		{ "/etc/shadow", "/etc/shadow*" },
		{ "/p/etc/shadow", NULL },
		{ "/home/user/.config/eke/config.json", ".config/eke/" },
		{ ".env", ".env" },
		{ "/p/./.env", ".env" },
		{ "/p//.env", ".env" },
		{ "/p/.env/", ".env" },
		{ "c:\\p\\.env", ".env" },
		{ "", NULL },
		{ "/", NULL },
		{ "/p/main.c", NULL },
	};
	struct ignore *ig = ignore_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *rule = NULL;
		bool ignored = ignore_match(ig, cases[i].path, &rule);

		if (ignored != (cases[i].rule != NULL))
			fail_msg("%s: %s", cases[i].path, ignored ? rule : "not ignored");
		if (ignored)
			assert_string_equal(rule, cases[i].rule);
	}
	ignore_free(ig);
}

static void test_uris(void **state)
{
	static const struct {
		const char *uri;
		bool ignored;
	} cases[] = {
		{ "file:///p/.env", true },
		{ "file:///p/%2eenv", true },
		{ "file:///c%3A/p/.env", true },
		{ "git:/p/.env?%7B%7D", true },
		{ "vscode-notebook-cell:/p/.env#W1", true },
		{ "untitled:/p/.env", true },
		{ "untitled:Untitled-1", false },
		{ "file:///p/x.c?.env", false },
		{ "file:///p/main.c", false },
	};
	struct ignore *ig = ignore_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (ignore_match_uri(ig, cases[i].uri, NULL) != cases[i].ignored)
			fail_msg("%s", cases[i].uri);
	}
	ignore_free(ig);
}

/* One list of patterns, one path. Every result here is what "git check-ignore" says where `dir` is set. */
static void test_syntax(void **state)
{
	static const struct {
		const char *dir;
		const char *patterns[4];
		const char *path;
		bool ignored;
	} cases[] = {
		/* a name: anywhere, files and directories */
		{ "/r", { "foo" }, "/r/foo", true },
		{ "/r", { "foo" }, "/r/a/foo/b", true },
		{ "/r", { "foo" }, "/r/foobar", false },
		{ "/r", { "foo" }, "/elsewhere/foo", false },
		{ "/r", { "foo" }, "/rr/foo", false },
		{ "/r", { "r" }, "/r/x", false },
		{ "/r", { "Foo" }, "/r/foo", false },
		/* a slash at the end: directories */
		{ "/r", { "foo/" }, "/r/foo", false },
		{ "/r", { "foo/" }, "/r/a/foo/b", true },
		/* a slash elsewhere: anchored */
		{ "/r", { "/foo" }, "/r/foo", true },
		{ "/r", { "/foo" }, "/r/a/foo", false },
		{ "/r", { "a/foo" }, "/r/a/foo", true },
		{ "/r", { "a/foo" }, "/r/b/a/foo", false },
		{ "/r", { "a/foo/" }, "/r/a/foo/x", true },
		/* wildcards stay inside a component */
		{ "/r", { "*.c" }, "/r/a/b.c", true },
		{ "/r", { "*.c" }, "/r/a/b.cc", false },
		{ "/r", { "a/*.c" }, "/r/a/b.c", true },
		{ "/r", { "a/*.c" }, "/r/a/x/b.c", false },
		{ "/r", { "a?c" }, "/r/abc", true },
		{ "/r", { "a?c" }, "/r/a\xE6\xBC\xA2" "c", true },
		{ "/r", { "a?c" }, "/r/a/c", false },
		{ "/r", { "a*b*c" }, "/r/aXbXbc", true },
		{ "/r", { "a*b*c" }, "/r/aXbXb", false },
		{ "/r", { "*" }, "/r/x", true },
		/* two stars */
		{ "/r", { "**/foo" }, "/r/foo", true },
		{ "/r", { "**/foo" }, "/r/a/b/foo", true },
		{ "/r", { "a/**/b" }, "/r/a/b", true },
		{ "/r", { "a/**/b" }, "/r/a/x/y/b", true },
		{ "/r", { "a/**/b" }, "/r/x/a/b", false },
		{ "/r", { "a/**" }, "/r/a/b/c", true },
		{ "/r", { "a/**" }, "/r/a", false },
		{ "/r", { "a/***" }, "/r/a/b/c", true },
		{ "/r", { "a**c" }, "/r/abc", true },
		{ "/r", { "x/a**c" }, "/r/x/a/c", false },
		/* classes */
		{ "/r", { "[ab]x" }, "/r/bx", true },
		{ "/r", { "[!ab]x" }, "/r/bx", false },
		{ "/r", { "[^ab]x" }, "/r/cx", true },
		{ "/r", { "[a-c]x" }, "/r/bx", true },
		{ "/r", { "[]-]x" }, "/r/]x", true },
		{ "/r", { "[]-]x" }, "/r/-x", true },
		{ "/r", { "[a-]x" }, "/r/-x", true },
		{ "/r", { "[\\]]x" }, "/r/]x", true },
		{ "/r", { "[[:digit:]x]y" }, "/r/7y", true },
		{ "/r", { "[[:digit:]x]y" }, "/r/xy", true },
		{ "/r", { "[![:digit:]]y" }, "/r/7y", false },
		{ "/r", { "[\xE6\xBC\xA2]y" }, "/r/\xE6\xBC\xA2y", true },
		/* escapes, comments, blanks */
		{ "/r", { "\\!x" }, "/r/!x", true },
		{ "/r", { "\\#x" }, "/r/#x", true },
		{ "/r", { "#x" }, "/r/#x", false },
		{ "/r", { "x\\*" }, "/r/x*", true },
		{ "/r", { "x\\*" }, "/r/xy", false },
		{ "/r", { "x  " }, "/r/x", true },
		{ "/r", { "x\\ " }, "/r/x ", true },
		{ "/r", { "", "x" }, "/r/x", true },
		/* the last match wins; but not inside an ignored directory */
		{ "/r", { "*.c", "!b.c" }, "/r/b.c", false },
		{ "/r", { "*.c", "!b.c", "b.*" }, "/r/b.c", true },
		{ "/r", { "!b.c", "*.c" }, "/r/b.c", true },
		{ "/r", { "a/", "!a/b.c" }, "/r/a/b.c", true },
		{ "/r", { "a/*", "!a/b.c" }, "/r/a/b.c", false },
		/* without a directory */
		{ NULL, { "gen/x.c" }, "/r/src/gen/x.c", true },
		{ NULL, { "gen/" }, "/r/src/gen/x.c", true },
		{ NULL, { "/r/gen" }, "/r/gen/x.c", true },
		{ NULL, { "/gen" }, "/r/gen/x.c", false },
		{ NULL, { "!.env" }, "/r/.env", false }, /* the user may */
		{ "/", { "/r/x" }, "/r/x", true },
		{ "/r/", { "x" }, "/r/x", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ignore *ig = ignore_new();
		struct err err = ERR_INIT;

		for (size_t k = 0; k < ARRAY_LEN(cases[i].patterns) && cases[i].patterns[k]; k++)
			assert_true(ignore_add(ig, IGNORE_USER, cases[i].dir, cases[i].patterns[k], &err));
		if (ignore_match(ig, cases[i].path, NULL) != cases[i].ignored)
			fail_msg("%s … and %s", cases[i].patterns[0], cases[i].path);
		ignore_free(ig);
	}
}

static void test_workspace_cannot_open_secrets(void **state)
{
	struct ignore *ig = ignore_new();
	struct err err = ERR_INIT;
	const char *rule = NULL;

	(void)state;
	assert_true(ignore_add(ig, IGNORE_USER, NULL, "private/", &err));
	assert_true(ignore_add(ig, IGNORE_WORKSPACE, "/r", "*.gen", &err));
	assert_true(ignore_add(ig, IGNORE_WORKSPACE, "/r", "!*", &err));
	assert_true(ignore_add(ig, IGNORE_WORKSPACE, "/r/sub", "*.gen", &err));
	assert_true(ignore_match(ig, "/r/.env", NULL));
	assert_true(ignore_match(ig, "/r/private/x", NULL));
	assert_false(ignore_match(ig, "/r/x.gen", NULL));
	assert_true(ignore_match(ig, "/r/sub/x.gen", &rule)); /* the inner directory has the last word */
	assert_string_equal(rule, "*.gen");
	ignore_free(ig);
}

static void test_refused(void **state)
{
	static const struct {
		const char *pattern;
		const char *why;
	} cases[] = {
		{ "a[", "closing" },       { "[]", "closing" },        { "[!", "closing" },  { "[a/b]", "closing" },
		{ "[a-", "closing" },      { "[[:alpha:]", "closing" }, { "x\\", "escape" }, { "a\\/b", "escape" },
		{ "/", "nothing" },        { "!", "nothing" },         { "//", "nothing" },  { "!/", "nothing" },
	};
	struct ignore *ig = ignore_new();
	struct err err = ERR_INIT;
	char *pattern = xmalloc(LIMIT_IGNORE_PATTERN + 2);
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_false(ignore_add(ig, IGNORE_USER, NULL, cases[i].pattern, &err));
		assert_int_equal(err.kind, ERR_CONFIG);
		assert_non_null(strstr(err.message, cases[i].why));
	}
	memset(pattern, 'x', LIMIT_IGNORE_PATTERN + 1);
	pattern[LIMIT_IGNORE_PATTERN + 1] = '\0';
	assert_false(ignore_add(ig, IGNORE_USER, NULL, pattern, &err));
	assert_true(ignore_add(ig, IGNORE_USER, NULL, pattern + 1, &err));
	while (n < LIMIT_IGNORE_RULES && ignore_add(ig, IGNORE_WORKSPACE, "/r", "x", &err))
		n++;
	assert_true(n < LIMIT_IGNORE_RULES);
	assert_non_null(strstr(err.message, "too many"));
	free(pattern);
	ignore_free(ig);
}

/* What makes matchers that backtrack take years. */
static void test_hard_patterns(void **state)
{
	struct ignore *ig = ignore_new();
	struct err err = ERR_INIT;
	char *path = xmalloc(LIMIT_URI + 1);
	char pattern[LIMIT_IGNORE_PATTERN + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(pattern) - 1; i++)
		pattern[i] = i % 2 ? 'a' : '*';
	pattern[sizeof(pattern) - 1] = '\0';
	pattern[sizeof(pattern) - 2] = 'b';
	assert_true(ignore_add(ig, IGNORE_USER, NULL, pattern, &err));
	for (size_t i = 0; i < sizeof(pattern) - 1; i++)
		pattern[i] = "**/a/"[i % 5];
	pattern[sizeof(pattern) - 2] = 'b';
	assert_true(ignore_add(ig, IGNORE_USER, NULL, pattern, &err));
	memset(path, 'a', LIMIT_URI);
	path[255] = '\0';
	assert_false(ignore_match(ig, path, NULL));
	for (size_t i = 1; i < 255; i += 2)
		path[i] = '/';
	assert_false(ignore_match(ig, path, NULL));
	free(path);
	ignore_free(ig);
}

/* As many rules as there may be, each as slow as it can be: the answer comes in time, and keeps the file here. */
static void test_bounded(void **state)
{
	static const char *const patterns[][2] = {
		{ "*[a-b][[:alpha:]c-de-fg-h]*[a-bc-de-f]*[!x-z]*[a-b]*[c-de-fg-hi-jk-l]*[a]b", "" },
		{ "**/a*/**/a*/**/a*/**/a*/**/b", "/**/" },
		{ "a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", "" },
		{ "**/*a*/**/*a*/**/[a-z]*[b-c]", "/" },
		{ "/a/*/a/**/a/*/a/**/*[a-zA-Z0-9_]*[!a-z]", "" },
	};

	(void)state;
	for (size_t p = 0; p < ARRAY_LEN(patterns); p++) {
		struct ignore *ig = ignore_new();
		struct err err = ERR_INIT;
		struct ignore_hit hit;
		struct timespec before;
		struct timespec after;
		char path[4000];
		char pattern[200];
		size_t n = 0;

		do
			snprintf(pattern, sizeof(pattern), "%s%zu%s", patterns[p][0], n++, patterns[p][1]);
		while (ignore_add(ig, IGNORE_WORKSPACE, "/a", pattern, &err));
		assert_true(n > 7000);
		memset(path, 'a', sizeof(path) - 1);
		path[sizeof(path) - 1] = '\0';
		for (size_t i = 0; i < sizeof(path) - 1; i += i < 1000 ? 2 : 250)
			path[i] = '/';
		clock_gettime(CLOCK_MONOTONIC, &before);
		assert_true(ignore_find(ig, path, &hit));
		clock_gettime(CLOCK_MONOTONIC, &after);
		assert_true(hit.gave_up);
		/* Some milliseconds; it was minutes. */
		assert_true(after.tv_sec - before.tv_sec < 2);
		/* What is short is judged in time. */
		assert_false(ignore_match(ig, "/a/b.c", NULL));
		ignore_free(ig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_secrets), cmocka_unit_test(test_uris),    cmocka_unit_test(test_syntax),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_hard_patterns),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_workspace_cannot_open_secrets),
	};

	ignore_free(NULL);
	return cmocka_run_group_tests_name("text/ignore", tests, NULL, NULL);
}
