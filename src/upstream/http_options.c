/*
 * What libcurl is told of a transfer: the request, the proxy, time-outs, certificates.
 */
#include "http_private.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"

void http_find_certificates(struct http *http)
{
	const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
	bool told = info->age >= CURLVERSION_SEVENTH;
	struct certificates_default own = { told ? info->cainfo : NULL, told ? info->capath : NULL,
		info->ssl_version && strstr(info->ssl_version, "OpenSSL") };

	http->uncertified = !certificates_of_system("", &own, &http->certificates) && own.by_hash;
}

static void set_certificates(struct transfer *t, const char *ca_file)
{
	CURL *easy = t->easy;
	struct certificates named = { ca_file ? path_expand(ca_file) : NULL, NULL };
	const struct certificates *trusted = &t->http->certificates;

	t->certificates_named = ca_file || certificates_of_environment(&named);
	if (t->certificates_named)
		trusted = &named;
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	if (trusted->file || trusted->dir) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, trusted->file);
		curl_easy_setopt(easy, CURLOPT_CAPATH, trusted->dir);
	}
	certificates_release(&named);
}

static void set_request(struct transfer *t, const struct http_request *r)
{
	CURL *easy = t->easy;

	for (const char *const *h = r->headers; h && *h; h++)
		t->headers = curl_slist_append(t->headers, *h);
	/* No waiting for a go-ahead before a large body. */
	t->headers = curl_slist_append(t->headers, "Expect:");
	/* Never asked for, since it holds streams back, but taken where a server or a proxy compresses all the same. */
	t->headers = curl_slist_append(t->headers, "Accept-Encoding:");
	if (!t->http->undecoded)
		curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(easy, CURLOPT_URL, r->url);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->headers);
	if (r->body) {
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, t->body.data);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body.len);
	}
	if (!strcmp(r->method, "HEAD"))
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	else if (strcmp(r->method, r->body ? "POST" : "GET"))
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, r->method);
	/* Some relays refuse clients that do not look like a browser (providers.md 1.5). */
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "Mozilla/5.0 (compatible; eke/" EKE_VERSION ")");
	t->must_be_private = r->in_clear && !r->proxy;
	if ((r->loopback || r->in_clear) && !r->proxy)
		curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	if (r->proxy) {
		/* What the endpoint says goes before the environment, no_proxy too. */
		curl_easy_setopt(easy, CURLOPT_PROXY, r->proxy);
		curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	}
}

/* As libcurl makes them, but with another number. */
static curl_socket_t open_above(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	const struct http *http = ctx;
	int fd = socket(address->family, address->socktype, address->protocol);
	int above = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, http->least_fd);

	(void)purpose;
	if (above < 0)
		return fd < 0 ? CURL_SOCKET_BAD : fd;
	close(fd);
	return above;
}

static void set_behaviour(struct transfer *t, const struct http_request *r)
{
	CURL *easy = t->easy;

	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	/*
	 * Without TLS nothing tells before the first response that the server has no HTTP/2: waiting for that would make
	 * requests go one after the other.
	 */
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, strncasecmp(r->url, "https:", 6) ? 0L : 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	if (t->http->least_fd) {
		curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_above);
		curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, t->http);
	}
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, r->fresh ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)LIMIT_HTTP_READ);
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(r->connect_timeout * 1000));
}

void http_set_options(struct transfer *t, const struct http_request *request)
{
	set_behaviour(t, request);
	set_request(t, request);
	set_certificates(t, request->ca_file);
}
