#ifndef EKE_UPSTREAM_CERTIFICATES_H
#define EKE_UPSTREAM_CERTIFICATES_H
/*
 * Which certificates are trusted, as paths. A libcurl of a distribution knows where that keeps them; one that is
 * part of a portable program does not, so the places of the common distributions are looked at.
 */
#include <stdbool.h>

/* A bundle in PEM, a directory with a file for each certificate, or both. NULL: none of that kind. */
struct certificates {
	char *file;
	char *dir;
};

/* What the TLS library has by itself; the paths may be NULL. */
struct certificates_default {
	const char *file;
	const char *dir;
	bool by_hash; /* it reads of a directory only the file that it needs, found by the certificate's hash (OpenSSL) */
};

/*
 * What the environment names: CURL_CA_BUNDLE or SSL_CERT_FILE, SSL_CERT_DIR; without these NIX_SSL_CERT_FILE, if it is
 * there (`nix-shell --pure` names one that never is). False: nothing.
 */
bool certificates_of_environment(struct certificates *out);
/*
 * What this system has; both NULL: let the TLS library use its own. False: nothing was found. `root` comes before
 * each path that is looked at: "" but in tests.
 */
bool certificates_of_system(const char *root, const struct certificates_default *own, struct certificates *out);
void certificates_release(struct certificates *certificates);

#endif
