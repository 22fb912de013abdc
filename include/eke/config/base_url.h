#ifndef EKE_CONFIG_BASE_URL_H
#define EKE_CONFIG_BASE_URL_H
/*
 * Base URLs as people write them, brought into one form. Pure.
 */
#include <stdbool.h>

#include "eke/base/err.h"

/* "https://host[:port]/path" without a slash at the end, and its parts. All strings are owned. */
struct base_url {
	char *base;          /* https://api.chatanywhere.tech/v1 */
	char *origin;        /* https://api.chatanywhere.tech; the scheme's own port is left out */
	const char *address; /* the origin without its scheme: host[:port]; points into `origin` */
	char *query;         /* "?api-version=2024-10-21", which goes behind every path; or "". May hold a secret */
	char *host;          /* lower case, without port, brackets and final dot */
	bool tls;
	bool loopback; /* see host_is_loopback() */
	bool in_clear; /* plain http to a host in a private network, as the user allowed */
};

/*
 * Accepts a bare host, host/v1, host/v1/, a full …/chat/completions (or another known path of the API), with
 * or without scheme: without one it is https, or http for a loopback host. "/v1" is added only where the path
 * is empty, also when it is after the known path was taken off. Blanks around the text do not count. Refused
 * with ERR_CONFIG and a sentence: http to anything but loopback, or with `allow_plain` also a private network
 * (host_is_private(); such a host without scheme is http then), other schemes, user:password in the URL, a fragment,
 * blanks and control characters, anything but ASCII, an empty host, a bad port, more than
 * LIMIT_URL bytes. Sentences do not repeat the text, which may hold a secret. `out` is untouched on failure.
 */
MUST_USE bool base_url_parse(const char *text, bool allow_plain, struct base_url *out, struct err *err);
void base_url_release(struct base_url *url);
/* The full URL of a path of the API, "/models", at the host or else behind the base, and the query; free(). */
char *base_url_join(const struct base_url *url, const char *path, bool at_origin);

#endif
