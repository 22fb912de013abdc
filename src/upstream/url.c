/*
 * Base URLs. Strict where a key could go astray (scheme, user info, odd characters), lenient in what people
 * really write. Messages never repeat the text: it may hold a password.
 */
#include "eke/upstream/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"

#define MAX_HOST 253

/* A text in pieces, none terminated. */
struct parts {
	bool has_scheme;
	bool tls;
	const char *authority;
	size_t authority_len;
	const char *path;
	size_t path_len;
};

static bool refuse(struct err *err, const char *why)
{
	err_set(err, ERR_CONFIG, "%s", why);
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* --- splitting --- */

static bool check_characters(const char *s, size_t len, struct err *err)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c <= ' ' || c == 0x7F)
			return refuse(err, "a base URL has no blanks or control characters");
		if (c >= 0x80)
			return refuse(err, "a base URL is written in ASCII (a host in its xn-- form, a path with %XX)");
		if (strchr("\"<>\\^`{|}", c))
			return refuse(err, "a base URL has none of the characters \" < > \\ ^ ` { | }");
		if (c == '?' || c == '#')
			return refuse(err, "a base URL ends with its path: leave out what begins with ? or #");
	}
	return true;
}

static bool split(const char *s, size_t len, struct parts *out, struct err *err)
{
	const char *colon = memmem(s, len, "://", 3);
	const char *slash = memchr(s, '/', len);
	size_t scheme_len = colon ? (size_t)(colon - s) : 0;

	/* "https:/host", and "host/a://b", which has none. */
	if ((len >= 6 && !strncasecmp(s, "https:", 6) && !colon) || (len >= 5 && !strncasecmp(s, "http:", 5) && !colon))
		return refuse(err, "a base URL begins with https://");
	if (colon && slash > colon) {
		out->has_scheme = true;
		out->tls = scheme_len == 5 && !strncasecmp(s, "https", 5);
		if (!out->tls && !(scheme_len == 4 && !strncasecmp(s, "http", 4)))
			return refuse(err, "a base URL begins with https://, or with http:// for a server on this machine");
		s += scheme_len + 3;
		len -= scheme_len + 3;
		slash = memchr(s, '/', len);
	}
	out->authority = s;
	out->authority_len = slash ? (size_t)(slash - s) : len;
	out->path = s + out->authority_len;
	out->path_len = len - out->authority_len;
	if (memchr(out->authority, '@', out->authority_len))
		return refuse(err, "a base URL has no user name or password; the key belongs into the key setting");
	return true;
}

/* --- host and port --- */

/* The bytes of an IPv4 address in its usual form; inet_pton takes no other (127.1, octal, one number). */
static bool is_loopback_host(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, host, &v6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&v6);
	return host_is_under(host, "localhost");
}

static bool check_name(const char *host, struct err *err)
{
	size_t len = strlen(host);

	if (!len)
		return refuse(err, "the base URL has no host");
	if (len > MAX_HOST)
		return refuse(err, "the host of the base URL is too long");
	/* A key pasted into the wrong field would be looked up in the DNS, in clear. */
	if (!strncmp(host, "sk-", 3) && !strchr(host, '.'))
		return refuse(err, "the base URL looks like an API key; that belongs into the key setting");
	if (host[0] == '.' || host[len - 1] == '.' || strstr(host, ".."))
		return refuse(err, "the host of the base URL has an empty part between its dots");
	for (const char *p = host; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-._", *p))
			return refuse(err, "the host of the base URL has characters that no host has");
	return true;
}

/* Takes "[address]" to the address in its shortest form. */
static bool take_ipv6(const char *s, size_t len, struct strbuf *host, struct err *err)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr addr;

	if (len >= sizeof(text))
		return refuse(err, "the base URL has no valid IPv6 address between its brackets");
	memcpy(text, s, len);
	text[len] = '\0';
	if (inet_pton(AF_INET6, text, &addr) != 1)
		return refuse(err, "the base URL has no valid IPv6 address between its brackets");
	strbuf_adds(host, inet_ntop(AF_INET6, &addr, text, sizeof(text)));
	return true;
}

static bool take_port(const char *s, size_t len, unsigned *port, struct err *err)
{
	unsigned value = 0;

	for (size_t i = 0; i < len && value <= 65535; i++) {
		if (!isdigit((unsigned char)s[i]))
			return refuse(err, "the port of the base URL is not a number");
		value = value * 10 + (unsigned)(s[i] - '0');
	}
	if (!value || value > 65535)
		return refuse(err, "the port of the base URL is not between 1 and 65535");
	*port = value;
	return true;
}

/* Host in lower case without brackets or a final dot; *port is 0 if there is none. */
static bool take_authority(const struct parts *p, struct strbuf *host, unsigned *port, struct err *err)
{
	const char *s = p->authority;
	const char *end = s + p->authority_len;
	const char *host_end;

	if (s < end && *s == '[') {
		host_end = memchr(s, ']', (size_t)(end - s));
		if (!host_end)
			return refuse(err, "the bracket of the base URL's IPv6 address is not closed");
		if (!take_ipv6(s + 1, (size_t)(host_end - s - 1), host, err))
			return false;
		host_end++;
	} else {
		host_end = memchr(s, ':', (size_t)(end - s));
		if (!host_end)
			host_end = end;
		else if (memchr(host_end + 1, ':', (size_t)(end - host_end - 1)))
			return refuse(err, "an IPv6 address in a base URL stands in brackets, [::1]");
		for (const char *c = s; c < host_end; c++)
			strbuf_addch(host, (char)tolower((unsigned char)*c));
		if (host->len > 1 && host->data[host->len - 1] == '.')
			strbuf_truncate(host, host->len - 1);
		if (!check_name(host->data, err))
			return false;
	}
	if (host_end == end)
		return true;
	if (*host_end != ':')
		return refuse(err, "only a port may follow the IPv6 address of the base URL");
	return take_port(host_end + 1, (size_t)(end - host_end - 1), port, err);
}

/* --- path --- */

static size_t without_slashes(const char *s, size_t len)
{
	while (len && s[len - 1] == '/')
		len--;
	return len;
}

/* Appends the path with single slashes, none at the end, and without the known part of the API at its end. */
static void take_path(const struct parts *p, struct strbuf *out)
{
	/* Of two that end alike the longer one first. */
	static const char *const known[] = {
		"/chat/completions", "/fim/completions", "/completions", "/embeddings", "/models", "/infill",
	};
	struct strbuf path;

	strbuf_init(&path, LIMIT_URL);
	for (size_t i = 0; i < p->path_len; i++)
		if (p->path[i] != '/' || !path.len || path.data[path.len - 1] != '/')
			strbuf_addch(&path, p->path[i]);
	strbuf_truncate(&path, without_slashes(path.data, path.len));
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		size_t n = strlen(known[i]);

		if (path.len >= n && !memcmp(path.data + path.len - n, known[i], n)) {
			strbuf_truncate(&path, path.len - n);
			break;
		}
	}
	strbuf_add(out, path.data, path.len);
	if (!path.len)
		strbuf_adds(out, "/v1");
	strbuf_release(&path);
}

/* --- the whole --- */

static void assemble(const struct parts *p, const char *host, unsigned port, bool tls, struct base_url *out)
{
	struct strbuf url;
	bool is_ipv6 = strchr(host, ':');

	strbuf_init(&url, 2 * LIMIT_URL);
	strbuf_addf(&url, is_ipv6 ? "%s[%s]" : "%s%s", tls ? "https://" : "http://", host);
	if (port && port != (tls ? 443 : 80))
		strbuf_addf(&url, ":%u", port);
	out->origin = xstrdup(url.data);
	take_path(p, &url);
	out->base = strbuf_detach(&url, NULL);
	out->host = xstrdup(host);
	out->tls = tls;
	out->loopback = is_loopback_host(host);
}

bool base_url_parse(const char *text, struct base_url *out, struct err *err)
{
	struct parts parts = { 0 };
	struct strbuf host;
	size_t len = strlen(text);
	unsigned port = 0;
	bool ok;

	while (is_blank(*text)) {
		text++;
		len--;
	}
	while (len && is_blank(text[len - 1]))
		len--;
	if (!len)
		return refuse(err, "the base URL is empty");
	if (len > LIMIT_URL)
		return refuse(err, "the base URL is too long");
	if (!check_characters(text, len, err) || !split(text, len, &parts, err))
		return false;
	strbuf_init(&host, LIMIT_URL);
	ok = take_authority(&parts, &host, &port, err);
	if (ok && parts.has_scheme && !parts.tls && !is_loopback_host(host.data))
		ok = refuse(err, "http:// would send the key and your text in clear; only a server on this machine may be "
				 "reached by it, others by https://");
	if (ok)
		assemble(&parts, host.data, port, parts.has_scheme ? parts.tls : !is_loopback_host(host.data), out);
	strbuf_release(&host);
	return ok;
}

void base_url_release(struct base_url *url)
{
	if (!url)
		return;
	free(url->base);
	free(url->origin);
	free(url->host);
	*url = (struct base_url){ 0 };
}

char *base_url_for(const struct base_url *url, enum wire_api api)
{
	switch (api) {
	case WIRE_CHAT:
		return xasprintf("%s/chat/completions", url->base);
	case WIRE_COMPLETIONS:
		return xasprintf("%s/completions", url->base);
	case WIRE_MISTRAL_FIM:
		return xasprintf("%s/fim/completions", url->base);
	case WIRE_DEEPSEEK_FIM:
		return xasprintf("%s/beta/completions", url->origin);
	case WIRE_LLAMACPP_INFILL:
		return xasprintf("%s/infill", url->origin);
	}
	return NULL;
}

char *base_url_models(const struct base_url *url)
{
	return xasprintf("%s/models", url->base);
}

char *base_url_usage(const struct base_url *url)
{
	return xasprintf("%s/query/usage_details", url->base);
}

bool host_is_under(const char *host, const char *domain)
{
	size_t host_len = strlen(host);
	size_t len = strlen(domain);

	if (host_len < len || strcasecmp(host + host_len - len, domain))
		return false;
	return host_len == len || host[host_len - len - 1] == '.';
}
