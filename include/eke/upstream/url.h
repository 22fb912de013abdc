#ifndef EKE_UPSTREAM_URL_H
#define EKE_UPSTREAM_URL_H
/*
 * Base URLs as people write them, made one (upstream.md 2, "What our side must therefore accept"). Pure.
 */
#include <stdbool.h>

#include "eke/base/err.h"
#include "eke/upstream/wire.h"

/* A normalised base: "https://host[:port]/path" without a slash at the end, and its parts. All strings are owned. */
struct base_url {
	char *base;   /* https://api.chatanywhere.tech/v1 */
	char *origin; /* https://api.chatanywhere.tech; the scheme's own port is left out */
	char *host;   /* lower case, without port, brackets and final dot */
	bool tls;
	bool loopback; /* localhost, *.localhost, 127.0.0.0/8, ::1 */
};

/*
 * Accepts a bare host, host/v1, host/v1/, a full …/chat/completions (or another known path of the API), with
 * or without scheme: without one it is https, or http for a loopback host. "/v1" is added only where the path
 * is empty, also when it is after the known path was taken off. Blanks around the text do not count. Refused
 * with ERR_CONFIG and a sentence: http to anything but loopback, other schemes, user:password in the URL,
 * query or fragment, blanks and control characters, anything but ASCII, an empty host, a bad port, more than
 * LIMIT_URL bytes. Sentences do not repeat the text, which may hold a secret. `out` is untouched on failure.
 */
MUST_USE bool base_url_parse(const char *text, struct base_url *out, struct err *err);
void base_url_release(struct base_url *url);
/* The full URL to POST to for a dialect, owned by the caller. */
char *base_url_for(const struct base_url *url, enum wire_api api);
/* GET {base}/models, owned by the caller. */
char *base_url_models(const struct base_url *url);
/* POST {base}/query/usage_details (upstream/usage.h), owned by the caller. */
char *base_url_usage(const struct base_url *url);
/* host is `domain` or ends with ".domain"; letters' case does not count. */
bool host_is_under(const char *host, const char *domain);

#endif
