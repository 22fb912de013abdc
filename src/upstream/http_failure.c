/*
 * What it means that a transfer failed: whether the request may have left, and a sentence that says what to do.
 */
#include "http_private.h"

#include <stdio.h>

#include "eke/base/secret.h"
#include "eke/base/url.h"

static bool is_tls_trouble(CURLcode code)
{
	return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_ISSUER_ERROR;
}

/*
 * libcurl would have sent it again, be it that it meets the same dead connection twice or fails to make another one: it
 * has left once, and nothing came back.
 */
static bool is_stale(const struct transfer *t, CURLcode code)
{
	return t->sent_again && code == CURLE_ABORTED_BY_CALLBACK && t->phase == PHASE_WAITING;
}

enum http_outcome http_classify(const struct transfer *t, CURLcode code)
{
	if (code == CURLE_OK)
		return HTTP_COMPLETE;
	if (t->phase == PHASE_CONNECTING)
		return HTTP_UNSENT;
	if (t->sent && !t->timed_out && !t->cancelled && is_stale(t, code))
		return HTTP_STALE;
	return t->timed_out ? HTTP_TIMED_OUT : HTTP_BROKEN;
}

/* The proxy refused to connect. */
static void describe_proxy(long status, const char *host, struct err *err)
{
	if (status == 407)
		err_set(err, ERR_NETWORK,
			"the proxy wants a user name and a password to reach %s: put them into the endpoint's proxy setting, or "
			"into https_proxy, as http://USER:PASSWORD@HOST:PORT",
			host);
	else
		err_set(err, ERR_NETWORK,
			"the proxy refused to connect to %s (status %ld): ask who runs it, or set the endpoint's proxy or no_proxy",
			host, status);
}

void http_describe(const struct transfer *t, CURLcode code, struct err *err)
{
	char detail[CURL_ERROR_SIZE];
	struct url_piece address;
	long connect_status = 0;
	char *url = NULL;
	char host[128];

	/* It repeats the proxy's host, which may be a key in the wrong place. */
	snprintf(detail, sizeof(detail), "%s", t->error[0] ? t->error : curl_easy_strerror(code));
	secret_mask(detail);
	curl_easy_getinfo(t->easy, CURLINFO_EFFECTIVE_URL, &url);
	curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &connect_status);
	address = url_address(url ? url : "");
	snprintf(host, sizeof(host), "%.*s", (int)address.len, address.s);
	if (t->astray[0])
		err_set(err, ERR_NETWORK,
			"%s is at %s, which is not in a private network, and eke sends nothing there unencrypted: use https://",
			host, t->astray);
	else if (t->overblown)
		err_set(err, ERR_PROTOCOL,
			"%s sent an answer that is compressed more than %d times, which is not an answer of this API", host,
			LIMIT_EXPANSION);
	else if (t->phase == PHASE_CONNECTING && connect_status >= 300)
		describe_proxy(connect_status, host, err);
	else if (is_tls_trouble(code) && t->http->uncertified && !t->certificates_named)
		err_set(err, ERR_NETWORK,
			"the certificate of %s could not be verified, as no certificates were found on this system: install its "
			"package ca-certificates, or name a bundle with SSL_CERT_FILE",
			host);
	else if (is_tls_trouble(code))
		err_set(err, ERR_NETWORK,
			"the certificate of %s could not be verified (%s): where a proxy inspects TLS, set caFile to its "
			"certificate",
			host, detail);
	else if (code == CURLE_OPERATION_TIMEDOUT && t->phase == PHASE_CONNECTING)
		err_set(err, ERR_TIMEOUT,
			"%s could not be reached in time (%s): check the network, a proxy, or timeouts.connect", host, detail);
	else if (code == CURLE_BAD_CONTENT_ENCODING)
		err_set(err, ERR_NETWORK,
			"%s names a Content-Encoding that its answer does not have (%s): try again; then the answer is read as it "
			"is",
			host, detail);
	else if (t->phase == PHASE_CONNECTING)
		err_set(err, ERR_NETWORK, "%s could not be reached (%s): check the address, the network and the proxy", host,
			detail);
	else if (t->timed_out)
		err_set(err, ERR_TIMEOUT,
			t->phase == PHASE_WAITING
				? "%s took the request but did not answer in time: try again, or raise timeouts.firstByte"
				: "%s stopped in the middle of its answer: try again, or raise timeouts.idle",
			host);
	else if (t->sent_again)
		err_set(err, ERR_NETWORK, "the connection to %s was closed at its end: try again", host);
	else
		err_set(err, ERR_NETWORK, "the connection to %s broke (%s): try again", host, detail);
}
