/* The places where systems keep the certificates that they trust. */
#include "eke/upstream/certificates.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "eke/base/attrs.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"

/* Go's crypto/x509/root_linux.go and root_bsd.go have the same; the first that is there. */
static const char *const files[] = {
	"/etc/ssl/certs/ca-certificates.crt",                /* Debian, Ubuntu, Arch, Gentoo, NixOS */
	"/etc/pki/tls/certs/ca-bundle.crt",                  /* Fedora, RHEL */
	"/etc/ssl/certs/ca-bundle.crt",                      /* NixOS */
	"/etc/ssl/ca-bundle.pem",                            /* openSUSE */
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* Fedora, RHEL: what the others are links to */
	"/etc/pki/tls/cacert.pem",                           /* OpenELEC */
	"/etc/ssl/cert.pem",                                 /* Alpine, macOS */
};

static const char *const dirs[] = {
	"/etc/ssl/certs",     /* Debian, Ubuntu, Arch, Alpine, openSUSE */
	"/etc/pki/tls/certs", /* Fedora since 43 */
};

static const char *env(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static bool is_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && st.st_size > 0;
}

bool certificates_of_environment(struct certificates *out)
{
	const char *file = env("CURL_CA_BUNDLE") ? env("CURL_CA_BUNDLE") : env("SSL_CERT_FILE");
	const char *dir = env("SSL_CERT_DIR");
	const char *nix = env("NIX_SSL_CERT_FILE");

	*out = (struct certificates){ file ? path_expand(file) : NULL, dir ? path_expand(dir) : NULL };
	if (!file && !dir && nix && is_file(nix))
		out->file = xstrdup(nix);
	return out->file || out->dir;
}

static bool is_hash_name(const char *name)
{
	return strspn(name, "0123456789abcdef") == 8 && name[8] == '.' && strspn(name + 9, "0123456789") > 0;
}

/* Links to certificates that were not extracted yet, as Fedora's package brings them, are of no use. */
static bool is_hashed(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	struct stat st;
	bool found = false;

	if (!dir)
		return false;
	while (!found && (entry = readdir(dir)))
		found = is_hash_name(entry->d_name) && !fstatat(dirfd(dir), entry->d_name, &st, 0) && S_ISREG(st.st_mode);
	closedir(dir);
	return found;
}

/* root and path as one text, if that is something there; else NULL. */
static char *look(const char *root, const char *path, bool (*is_there)(const char *))
{
	char *whole = path ? xasprintf("%s%s", root, path) : NULL;

	if (whole && is_there(whole))
		return whole;
	free(whole);
	return NULL;
}

/*
 * A directory by hashes lets OpenSSL read the one certificate that it needs; a bundle has some 140, which take
 * milliseconds and megabytes.
 */
bool certificates_of_system(const char *root, const struct certificates_default *own, struct certificates *out)
{
	char *file;

	*out = (struct certificates){ NULL, NULL };
	if (own->by_hash)
		out->dir = look(root, own->dir, is_hashed);
	if (out->dir)
		return true;
	file = look(root, own->file, is_file);
	free(file);
	if (file)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(dirs) && own->by_hash && !out->dir; i++)
		out->dir = look(root, dirs[i], is_hashed);
	for (size_t i = 0; i < ARRAY_LEN(files) && !out->dir && !out->file; i++)
		out->file = look(root, files[i], is_file);
	return out->dir || out->file;
}

void certificates_release(struct certificates *certificates)
{
	free(certificates->file);
	free(certificates->dir);
}
