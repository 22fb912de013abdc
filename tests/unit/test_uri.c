/* text/uri: tables of spellings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/text/uri.h"

static void assert_string_or_null(const char *got, const char *want)
{
	if (want) {
		assert_non_null(got);
		assert_string_equal(got, want);
	} else {
		assert_null(got);
	}
}

static void test_to_path(void **state)
{
	static const struct {
		const char *uri;
		const char *path; /* uri_to_path */
		const char *part; /* uri_path_part */
	} cases[] = {
		{ "file:///home/user/x.c", "/home/user/x.c", "/home/user/x.c" },
		{ "file:/home/user/x.c", "/home/user/x.c", "/home/user/x.c" },
		{ "FILE://LocalHost/x", "/x", "/x" },
		{ "file:///a%20b/%E6%BC%A2.c", "/a b/\xE6\xBC\xA2.c", "/a b/\xE6\xBC\xA2.c" },
		{ "file:///a b/\xE6\xBC\xA2.c", "/a b/\xE6\xBC\xA2.c", "/a b/\xE6\xBC\xA2.c" },
		{ "file:///%E9", "/\xE9", "/\xE9" }, /* Latin-1 file names exist */
		{ "file:///c%3A/x%5Cy", "c:/x\\y", "c:/x\\y" },
		{ "file:///C:/x", "C:/x", "C:/x" },
		{ "file:///C:", "C:", "C:" },
		{ "file:///cc:/x", "/cc:/x", "/cc:/x" },
		{ "file://server/share/x", "//server/share/x", "/share/x" },
		{ "file:///100%/50%2", "/100%/50%2", "/100%/50%2" },
		{ "file:///x%23y?q#f", "/x#y", "/x#y" },
		{ "file:///x%00y", NULL, "/x?y" },
		{ "file:x", NULL, "x" },
		{ "file:", NULL, "" },
		{ "", NULL, "" },
		{ "/plain/path", NULL, "/plain/path" },
		{ "c:\\x", NULL, "c:\\x" },
		{ "untitled:Untitled-1", NULL, "Untitled-1" },
		{ "untitled:/home/user/.env", NULL, "/home/user/.env" },
		{ "vscode-notebook-cell:/x/y.ipynb#W0sZmlsZQ%3D%3D", NULL, "/x/y.ipynb" },
		{ "git:/x/.env?{\"path\":\"/x/.env\",\"ref\":\"\"}", NULL, "/x/.env" },
		{ "vscode-remote://ssh-remote%2Bhost/x/id_rsa", NULL, "/x/id_rsa" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *path = uri_to_path(cases[i].uri);
		char *part = uri_path_part(cases[i].uri);

		assert_string_or_null(path, cases[i].path);
		assert_string_equal(part, cases[i].part);
		free(path);
		free(part);
	}
}

static void test_from_path(void **state)
{
	static const struct {
		const char *path;
		const char *uri;
	} cases[] = {
		{ "/home/user/x.c", "file:///home/user/x.c" },
		{ "/", "file:///" },
		{ "/a b#c?d%e", "file:///a%20b%23c%3Fd%25e" },
		{ "/\xE6\xBC\xA2", "file:///%E6%BC%A2" },
		{ "/back\\slash", "file:///back%5Cslash" },
		{ "C:\\a\\b c", "file:///C%3A/a/b%20c" },
		{ "c:/a", "file:///c%3A/a" },
		{ "//server/share", "file://server/share" },
		{ "relative", NULL },
		{ "", NULL },
		{ "c:relative", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *uri = uri_from_path(cases[i].path);

		assert_string_or_null(uri, cases[i].uri);
		free(uri);
	}
}

/* Every spelling in a row has the row's key; keys are their own keys. */
static void test_keys(void **state)
{
	static const struct {
		const char *key;
		const char *spellings[6];
	} cases[] = {
		{ "file:///home/user/x.c",
		  { "file:///home/user/x.c", "file:/home/user/x.c", "FILE://localhost/home/user/x.c",
		    "file:///home/user/%78.c" } },
		{ "file:///c%3A/x", { "file:///c%3A/x", "file:///C:/x", "file:///c%3a/x", "file:///C%3A/x", "file:/c:/x",
		    "file:///%43:/x" } },
		{ "file:///a%28b%29%2B%20c", { "file:///a(b)+ c", "file:///a%28b%29%2b%20c", "file:///a(b)%2B%20c" } },
		{ "file:///%E6%BC%A2", { "file:///%e6%bc%a2", "file:///\xE6\xBC\xA2" } },
		{ "file:///a%2Fb", { "file:///a%2fb" } },
		{ "file:///100%25", { "file:///100%", "file:///100%25" } },
		{ "file:///x%23y", { "file:///x%23y" } },
		{ "file://server/x", { "file://server/x" } },
		{ "untitled:Untitled-1", { "untitled:Untitled-1", "UNTITLED:Untitled%2D1" } },
		{ "vscode-notebook-cell:/x.ipynb#W0%3D", { "vscode-notebook-cell:/x.ipynb#W0%3d" } },
		{ "", { "" } },
	};
	char *key;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (size_t k = 0; k < ARRAY_LEN(cases[i].spellings) && cases[i].spellings[k]; k++) {
			key = uri_key(cases[i].spellings[k]);
			assert_string_or_null(key, cases[i].key);
			free(key);
		}
		key = uri_key(cases[i].key);
		assert_string_or_null(key, cases[i].key);
		free(key);
	}
}

static void test_key_is_bounded(void **state)
{
	char *uri = xmalloc(LIMIT_URI + 2);
	char *key;

	(void)state;
	memset(uri, '(', LIMIT_URI + 1);
	uri[LIMIT_URI + 1] = '\0';
	assert_null(uri_key(uri));
	uri[LIMIT_URI] = '\0';
	key = uri_key(uri);
	assert_non_null(key);
	assert_int_equal(strlen(key), 3 * LIMIT_URI);
	free(key);
	free(uri);
}

static void test_extension(void **state)
{
	static const char *const cases[][2] = {
		{ "/x/y.c", "c" }, { "y.tar.gz", "gz" }, { ".bashrc", "" }, { "/x.d/Makefile", "" }, { "x.", "" }, { "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(path_extension(cases[i][0]), cases[i][1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_to_path),       cmocka_unit_test(test_from_path), cmocka_unit_test(test_keys),
		cmocka_unit_test(test_key_is_bounded), cmocka_unit_test(test_extension),
	};

	return cmocka_run_group_tests_name("text/uri", tests, NULL, NULL);
}
