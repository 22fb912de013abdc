/*
 * Locations under every environment that an editor may start a server with, and reading files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eke/base/mem.h"
#include "eke/base/paths.h"

static const char *const variables[] = { "HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "EKE_CONFIG", "EKE_STATE_DIR" };

/* Values in the order of `variables`; NULL: not set. "~" in a result is the home of the password database. */
static const struct {
	const char *values[5];
	const char *config;
	const char *state;
} environments[] = {
	{ { "/h", NULL, NULL, NULL, NULL }, "/h/.config/eke/config.json", "/h/.local/state/eke" },
	{ { "/h", "", "", "", "" }, "/h/.config/eke/config.json", "/h/.local/state/eke" },
	{ { "/h", "/xc", "/xs", NULL, NULL }, "/xc/eke/config.json", "/xs/eke" },
	/* The specification: a relative path is invalid and ignored. */
	{ { "/h", "xc", "./xs", NULL, NULL }, "/h/.config/eke/config.json", "/h/.local/state/eke" },
	{ { "/h", "/xc", "/xs", "/e/c.json", "/e/s" }, "/e/c.json", "/e/s" },
	{ { "/h", NULL, NULL, "c.json", "s" }, "c.json", "s" },
	{ { "/h", NULL, NULL, "~/c.json", "~/s" }, "/h/c.json", "/h/s" },
	{ { NULL, NULL, NULL, "/e/c.json", NULL }, "/e/c.json", "~/.local/state/eke" },
	{ { NULL, "/xc", NULL, NULL, "/e/s" }, "/xc/eke/config.json", "/e/s" },
	{ { NULL, NULL, NULL, NULL, NULL }, "~/.config/eke/config.json", "~/.local/state/eke" },
	{ { "", NULL, NULL, NULL, NULL }, "~/.config/eke/config.json", "~/.local/state/eke" },
};

static void set_environment(const char *const values[5])
{
	for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
		if (values[i])
			setenv(variables[i], values[i], 1);
		else
			unsetenv(variables[i]);
	}
}

static const char *database_home(void)
{
	const struct passwd *pw = getpwuid(getuid());

	return pw && pw->pw_dir && *pw->pw_dir ? pw->pw_dir : NULL;
}

/* Checks and frees. */
static void expect_path(char *path, const char *wanted)
{
	const char *home = database_home();
	char *full = NULL;

	if (wanted[0] == '~')
		full = home ? xasprintf("%s%s", home, wanted + 1) : NULL;
	else
		full = xstrdup(wanted);
	if (full)
		assert_string_equal(path, full);
	else
		assert_null(path);
	free(full);
	free(path);
}

static void test_environments(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(environments); i++) {
		const char *home = environments[i].values[0];

		set_environment(environments[i].values);
		expect_path(path_config(), environments[i].config);
		expect_path(path_state(), environments[i].state);
		expect_path(path_home(), home && *home ? home : "~");
	}
}

static void test_expand(void **state)
{
	static const char *const with_home[] = { "/h", NULL, NULL, NULL, NULL };
	static const char *const without[] = { NULL, NULL, NULL, NULL, NULL };
	static const struct {
		const char *in;
		const char *out;
	} paths[] = {
		{ "~/x", "/h/x" }, { "~/", "/h/" }, { "~", "~" }, { "~user/x", "~user/x" }, { "/a/~/x", "/a/~/x" },
		{ "", "" },	   { "x", "x" },
	};

	(void)state;
	set_environment(with_home);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		char *path = path_expand(paths[i].in);

		assert_string_equal(path, paths[i].out);
		free(path);
	}
	set_environment(without);
	if (database_home())
		expect_path(path_expand("~/x"), "~/x");
}

static void test_beside(void **state)
{
	static const struct {
		const char *file;
		const char *path;
		const char *out;
	} paths[] = {
		{ "/a/b.json", "c", "/a/c" },	  { "/a/b.json", "../c/d", "/a/../c/d" }, { "/a/b.json", "/c", "/c" },
		{ "/a/b.json", "~/c", "~/c" },	  { "/a/b.json", "~c", "/a/~c" },	  { "b.json", "c", "c" },
		{ "../b.json", "./c", ".././c" }, { "/b.json", "c", "/c" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		char *path = path_beside(paths[i].file, paths[i].path);

		assert_string_equal(path, paths[i].out);
		free(path);
	}
}

static void test_basename(void **state)
{
	static const struct {
		const char *in;
		const char *out;
	} names[] = { { "/a/b.c", "b.c" }, { "b.c", "b.c" }, { "a/", "" }, { "/", "" }, { "", "" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_string_equal(path_basename(names[i].in), names[i].out);
}

struct directory {
	char path[32];
	char file[64];
};

static int make_directory(void **state)
{
	struct directory *d = xcalloc(1, sizeof(*d));

	snprintf(d->path, sizeof(d->path), "/tmp/test-paths-XXXXXX");
	*state = d;
	if (!mkdtemp(d->path))
		return -1;
	snprintf(d->file, sizeof(d->file), "%s/file", d->path);
	return 0;
}

static int remove_directory(void **state)
{
	struct directory *d = *state;

	unlink(d->file);
	rmdir(d->path);
	free(d);
	return 0;
}

static void write_file(const char *path, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(write(fd, &"0123456789"[i % 10], 1), 1);
	close(fd);
}

/* Sizes around the maximum and around the chunks in which it is read. */
static void test_read(void **state)
{
	static const struct {
		size_t size;
		size_t max;
		size_t room; /* of the buffer */
		bool ok;
	} reads[] = {
		{ 0, 0, 100, true },	     { 0, 100, 100, true },	    { 1, 0, 100, false },
		{ 100, 100, 1000, true },    { 101, 100, 1000, false },	    { 20000, 20000, 30000, true },
		{ 20001, 20000, 30000, false }, { 16384, 16384, 30000, true }, { 100, 1000, 50, false },
	};
	struct directory *d = *state;

	for (size_t i = 0; i < ARRAY_LEN(reads); i++) {
		struct err err = ERR_INIT;
		struct strbuf out;

		write_file(d->file, reads[i].size);
		strbuf_init(&out, reads[i].room + 4);
		strbuf_adds(&out, "kept");
		assert_int_equal(file_read(d->file, reads[i].max, &out, &err), reads[i].ok);
		assert_memory_equal(out.data, "kept", 4);
		assert_int_equal(out.len, 4 + (reads[i].ok ? reads[i].size : 0));
		assert_int_equal(err.kind, reads[i].ok ? ERR_NONE : ERR_CONFIG);
		if (!reads[i].ok) {
			assert_non_null(strstr(err.message, d->file));
			assert_non_null(strstr(err.message, "larger than"));
		} else if (reads[i].size) {
			assert_int_equal(out.data[4], '0');
			assert_int_equal(out.data[out.len - 1], '0' + (int)((reads[i].size - 1) % 10));
		}
		strbuf_release(&out);
	}
}

static void test_read_refusals(void **state)
{
	struct directory *d = *state;
	struct strbuf out;
	struct err err = ERR_INIT;

	strbuf_init(&out, 100);
	assert_false(file_read(d->file, 100, &out, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_non_null(strstr(err.message, d->file));
	assert_non_null(strstr(err.message, "No such file"));

	assert_false(file_read(d->path, 100, &out, &err));
	assert_non_null(strstr(err.message, "not a regular file"));

	/* Nobody writes to it: opening it must not wait. */
	assert_int_equal(mkfifo(d->file, 0600), 0);
	assert_false(file_read(d->file, 100, &out, &err));
	assert_non_null(strstr(err.message, "not a regular file"));

	assert_false(file_read("/dev/null", 100, &out, &err));
	assert_non_null(strstr(err.message, "not a regular file"));
	assert_int_equal(out.len, 0);
	strbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_environments),
		cmocka_unit_test(test_expand),
		cmocka_unit_test(test_basename), cmocka_unit_test(test_beside),
		cmocka_unit_test_setup_teardown(test_read, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(test_read_refusals, make_directory, remove_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
