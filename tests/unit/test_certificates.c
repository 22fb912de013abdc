/* upstream/certificates: the places of distributions, each made in a root of its own; what the environment names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above */
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eke/base/attrs.h"
#include "eke/base/mem.h"
#include "eke/upstream/certificates.h"

static char root[] = "/tmp/eke-certificates-XXXXXX";

static const char *const all[] = {
	"/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/certs/ca-bundle.crt", "/etc/ssl/certs/1a2b3c4d.0",
	"/etc/ssl/certs/README",              "/etc/ssl/cert.pem",            "/etc/ssl/ca-bundle.pem",
	"/etc/pki/tls/certs/ca-bundle.crt",   "/opt/own/bundle.pem",          "/opt/own/certs/00000000.0",
	"/etc/pki/tls/certs/deadbeef.12",     "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
};

/* A file with the folders above it. */
static void put(const char *path, const char *text)
{
	char *whole = xasprintf("%s%s", root, path);
	FILE *file;

	for (char *slash = whole + strlen(root) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		assert_true(!mkdir(whole, 0755) || errno == EEXIST);
	}
	file = fopen(whole, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	free(whole);
}

static int clear(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		char *whole = xasprintf("%s%s", root, all[i]);

		unlink(whole);
		free(whole);
	}
	return 0;
}

static void expect(const struct certificates_default *own, const char *file, const char *dir, bool found)
{
	char *whole_file = file ? xasprintf("%s%s", root, file) : NULL;
	char *whole_dir = dir ? xasprintf("%s%s", root, dir) : NULL;
	struct certificates got;

	assert_int_equal(certificates_of_system(root, own, &got), found);
	assert_int_equal(!got.file, !file);
	assert_int_equal(!got.dir, !dir);
	if (file)
		assert_string_equal(got.file, whole_file);
	if (dir)
		assert_string_equal(got.dir, whole_dir);
	certificates_release(&got);
	free(whole_file);
	free(whole_dir);
}

static const struct certificates_default portable = { NULL, NULL, true };

static void test_distributions(void **state)
{
	static const struct {
		const char *has[4];
		const char *file, *dir;
	} cases[] = {
		/* Debian, Arch, Alpine with its package ca-certificates */
		{ { "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/certs/1a2b3c4d.0" }, NULL, "/etc/ssl/certs" },
		/* Alpine with ca-certificates-bundle alone */
		{ { "/etc/ssl/cert.pem" }, "/etc/ssl/cert.pem", NULL },
		/* Fedora until 42, and since */
		{ { "/etc/pki/tls/certs/ca-bundle.crt" }, "/etc/pki/tls/certs/ca-bundle.crt", NULL },
		{ { "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/pki/tls/certs/deadbeef.12" }, NULL,
		  "/etc/pki/tls/certs" },
		{ { "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem" },
		  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", NULL },
		/* NixOS */
		{ { "/etc/ssl/certs/ca-bundle.crt" }, "/etc/ssl/certs/ca-bundle.crt", NULL },
		{ { "/etc/ssl/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt" },
		  "/etc/ssl/certs/ca-certificates.crt", NULL },
		/* openSUSE */
		{ { "/etc/ssl/ca-bundle.pem" }, "/etc/ssl/ca-bundle.pem", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (size_t n = 0; cases[i].has[n]; n++)
			put(cases[i].has[n], "PEM");
		expect(&portable, cases[i].file, cases[i].dir, true);
		clear(NULL);
	}
}

static void test_nothing(void **state)
{
	(void)state;
	expect(&portable, NULL, NULL, false);
	put("/etc/ssl/certs/README", "a directory without certificates");
	put("/etc/ssl/cert.pem", "");
	expect(&portable, NULL, NULL, false);
}

/* A distribution's own library keeps its places; only its directory is named, where that saves reading a bundle. */
static void test_own(void **state)
{
	static const struct certificates_default own = { "/opt/own/bundle.pem", "/opt/own/certs", true };
	static const struct certificates_default other = { "/opt/own/bundle.pem", "/opt/own/certs", false };

	(void)state;
	put("/etc/ssl/certs/1a2b3c4d.0", "PEM");
	put("/opt/own/bundle.pem", "PEM");
	expect(&own, NULL, NULL, true);
	put("/opt/own/certs/00000000.0", "PEM");
	expect(&own, NULL, "/opt/own/certs", true);
	expect(&other, NULL, NULL, true);
}

/* Fedora's package brings links by hash, and what they lead to is extracted later. */
static void test_dangling(void **state)
{
	char *link = xasprintf("%s/etc/pki/tls/certs/deadbeef.12", root);

	(void)state;
	put("/etc/pki/tls/certs/ca-bundle.crt", "PEM");
	assert_int_equal(symlink("../../ca-trust/extracted/pem/tls-ca-bundle.pem", link), 0);
	expect(&portable, "/etc/pki/tls/certs/ca-bundle.crt", NULL, true);
	put("/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "PEM");
	expect(&portable, NULL, "/etc/pki/tls/certs", true);
	free(link);
}

/* Without OpenSSL's names by hash a directory is nothing to look into. */
static void test_not_by_hash(void **state)
{
	static const struct certificates_default other = { NULL, NULL, false };

	(void)state;
	put("/etc/ssl/certs/1a2b3c4d.0", "PEM");
	put("/etc/ssl/certs/ca-certificates.crt", "PEM");
	expect(&other, "/etc/ssl/certs/ca-certificates.crt", NULL, true);
}

static void set(const char *name, const char *value)
{
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

static void test_environment(void **state)
{
	char *there = xasprintf("%s/opt/own/bundle.pem", root);
	const struct {
		const char *curl, *ssl, *dir, *nix;
		const char *want_file, *want_dir;
	} cases[] = {
		{ .want_file = NULL },
		{ .curl = "", .ssl = "", .dir = "", .nix = "" },
		{ .curl = "/a", .ssl = "/b", .nix = there, .want_file = "/a" },
		{ .ssl = "/b", .dir = "/d", .nix = there, .want_file = "/b", .want_dir = "/d" },
		{ .dir = "/d", .nix = there, .want_dir = "/d" },
		{ .nix = there, .want_file = there },
		{ .nix = "/no-cert-file.crt" },
	};

	(void)state;
	put("/opt/own/bundle.pem", "PEM");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct certificates got;

		set("CURL_CA_BUNDLE", cases[i].curl);
		set("SSL_CERT_FILE", cases[i].ssl);
		set("SSL_CERT_DIR", cases[i].dir);
		set("NIX_SSL_CERT_FILE", cases[i].nix);
		assert_int_equal(certificates_of_environment(&got), cases[i].want_file || cases[i].want_dir);
		assert_string_equal(got.file ? got.file : "-", cases[i].want_file ? cases[i].want_file : "-");
		assert_string_equal(got.dir ? got.dir : "-", cases[i].want_dir ? cases[i].want_dir : "-");
		certificates_release(&got);
	}
	free(there);
}

static int make_root(void **state)
{
	(void)state;
	return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
	static const char *const folders[] = { "/etc/ssl/certs", "/etc/ssl", "/etc/pki/tls/certs", "/etc/pki/tls",
					       "/etc/pki/ca-trust/extracted/pem", "/etc/pki/ca-trust/extracted",
					       "/etc/pki/ca-trust", "/etc/pki", "/etc", "/opt/own/certs", "/opt/own", "/opt", "" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		char *whole = xasprintf("%s%s", root, folders[i]);

		rmdir(whole);
		free(whole);
	}
	return access(root, F_OK) ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_distributions, clear), cmocka_unit_test_teardown(test_nothing, clear),
		cmocka_unit_test_teardown(test_own, clear),           cmocka_unit_test_teardown(test_not_by_hash, clear),
		cmocka_unit_test_teardown(test_dangling, clear),
		cmocka_unit_test_teardown(test_environment, clear),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
