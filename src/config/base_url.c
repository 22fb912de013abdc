/*
 * Base URLs. Strict where a key could go astray (scheme, user info, odd characters), lenient in what people
 * really write. Messages never repeat the text: it may hold a password.
 */
#include "eke/config/base_url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/base/url.h"

#define MAX_HOST 253

static bool refuse(struct err *err, const char *why)
{
	err_set(err, ERR_CONFIG, "%s", why);
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* --- characters and scheme --- */

static bool check_characters(const char *s, size_t len, struct err *err)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c <= ' ' || c == 0x7F)
			return refuse(err, "the base URL must not contain blanks or control characters");
		if (c >= 0x80)
			return refuse(err, "the base URL must be ASCII: write the host in its xn-- form, and other letters of "
				"the path as %XX");
		if (strchr("\"<>\\^`{|}", c))
			return refuse(err, "the base URL must not contain any of the characters \" < > \\ ^ ` { | }");
		if (c == '#')
			return refuse(err, "the base URL must not have a fragment: remove the # and what follows it");
	}
	return true;
}

/* "https:/host" and "http:8080": what was meant to be a scheme. */
static bool is_broken_scheme(const struct url_parts *p)
{
	return !p->scheme.s && p->port.s && (url_piece_is(p->host, "https") || url_piece_is(p->host, "http"));
}

static bool check_scheme(const struct url_parts *p, struct err *err)
{
	if (is_broken_scheme(p))
		return refuse(err, "the base URL must begin with https://");
	if (p->scheme.s && !url_piece_is(p->scheme, "https") && !url_piece_is(p->scheme, "http"))
		return refuse(err, "the base URL must begin with https://, or with http:// for a server on this machine or "
			"in a private network");
	if (p->user.s)
		return refuse(err, "the base URL must not contain a user name or password: put the key into the key setting");
	return true;
}

/* --- host and port --- */

static bool check_name(const char *host, struct err *err)
{
	size_t len = strlen(host);

	if (!len)
		return refuse(err, "the base URL has no host");
	if (len > MAX_HOST)
		return refuse(err, "the host of the base URL is too long");
	/* A key pasted into the wrong field would be looked up in the DNS, in clear. */
	if (!strncmp(host, "sk-", 3) && !strchr(host, '.'))
		return refuse(err, "the base URL looks like an API key: put the key into the key setting");
	if (host[0] == '.' || host[len - 1] == '.' || strstr(host, ".."))
		return refuse(err, "the host of the base URL has an empty part between its dots");
	for (const char *p = host; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-._", *p))
			return refuse(err, "the host of the base URL has characters that a host name cannot have");
	return true;
}

/* Appends the address in its shortest form. */
static bool take_ipv6(struct url_piece piece, struct strbuf *host, struct err *err)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr addr;

	if (piece.len >= sizeof(text))
		return refuse(err, "what stands between the brackets of the base URL is not an IPv6 address");
	memcpy(text, piece.s, piece.len);
	text[piece.len] = '\0';
	if (inet_pton(AF_INET6, text, &addr) != 1)
		return refuse(err, "what stands between the brackets of the base URL is not an IPv6 address");
	strbuf_adds(host, inet_ntop(AF_INET6, &addr, text, sizeof(text)));
	return true;
}

/* In lower case, without brackets and final dot. */
static bool take_host(const struct url_parts *p, struct strbuf *host, struct err *err)
{
	if (p->in_brackets)
		return take_ipv6(p->host, host, err);
	if (p->port.s && memchr(p->port.s, ':', p->port.len))
		return refuse(err, "write an IPv6 address in brackets: [::1]");
	for (size_t i = 0; i < p->host.len; i++)
		strbuf_addch(host, (char)tolower((unsigned char)p->host.s[i]));
	if (host->len > 1 && host->data[host->len - 1] == '.')
		strbuf_truncate(host, host->len - 1);
	return check_name(host->data, err);
}

/* *port is 0 if there is none. */
static bool take_port(struct url_piece piece, unsigned *port, struct err *err)
{
	*port = 0;
	if (!piece.s || url_port(piece, port))
		return true;
	for (size_t i = 0; i < piece.len; i++)
		if (!isdigit((unsigned char)piece.s[i]))
			return refuse(err, "the port of the base URL is not a number");
	return refuse(err, "the port of the base URL is not between 1 and 65535");
}

/* --- path --- */

static size_t without_slashes(const char *s, size_t len)
{
	while (len && s[len - 1] == '/')
		len--;
	return len;
}

/* Appends the path with single slashes, none at the end, and without the known part of the API at its end. */
static void take_path(struct url_piece from, struct strbuf *out)
{
	/* Of two that end alike the longer one first. */
	static const char *const known[] = {
		"/chat/completions", "/fim/completions", "/completions", "/embeddings", "/models", "/infill",
	};
	struct strbuf path;

	strbuf_init(&path, LIMIT_URL);
	for (size_t i = 0; i < from.len; i++)
		if (from.s[i] != '/' || !path.len || path.data[path.len - 1] != '/')
			strbuf_addch(&path, from.s[i]);
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

/* What a server named without a scheme, or with http, is asked in clear. */
static bool may_be_plain(const char *host, bool allow_plain)
{
	return host_is_loopback(host) || (allow_plain && host_is_private(host));
}

static bool check_plain(const char *host, bool allow_plain, struct err *err)
{
	if (may_be_plain(host, allow_plain))
		return true;
	if (host_is_private(host))
		return refuse(err, "http:// would send the key and your text unencrypted; for a server in a network that you "
			"trust, set allowPlainHttp of this endpoint to true in your own configuration file, otherwise use "
			"https://");
	if (allow_plain)
		return refuse(err, "http:// would send the key and your text unencrypted; allowPlainHttp is for hosts in a "
				   "private network (10/8, 172.16/12, 192.168/16, fc00::/7, .local, .lan), others are reached "
				   "by https://");
	return refuse(err, "http:// would send the key and your text unencrypted; only a server on this machine may be "
			   "reached by it, others by https://");
}

static void assemble(const struct url_parts *p, const char *host, unsigned port, bool tls, struct base_url *out)
{
	struct strbuf url;
	bool is_ipv6 = strchr(host, ':');
	const char *scheme = tls ? "https://" : "http://";

	strbuf_init(&url, 2 * LIMIT_URL);
	strbuf_addf(&url, is_ipv6 ? "%s[%s]" : "%s%s", scheme, host);
	if (port && port != (tls ? 443 : 80))
		strbuf_addf(&url, ":%u", port);
	out->origin = xstrdup(url.data);
	out->address = out->origin + strlen(scheme);
	take_path(p->path, &url);
	out->base = strbuf_detach(&url, NULL);
	out->query = p->query.len ? xasprintf("?%.*s", (int)p->query.len, p->query.s) : xstrdup("");
	out->host = xstrdup(host);
	out->tls = tls;
	out->loopback = host_is_loopback(host);
	out->in_clear = !tls && !out->loopback;
}

/* Blanks around it were taken off. */
static bool split(const char *text, size_t len, struct url_parts *out, struct err *err)
{
	if (!len)
		return refuse(err, "the base URL is empty");
	if (len > LIMIT_URL)
		return refuse(err, "the base URL is too long");
	if (!check_characters(text, len, err))
		return false;
	switch (url_split(text, len, out)) {
	case URL_OPEN_BRACKET:
		return refuse(err, "the bracket of the base URL's IPv6 address is not closed");
	case URL_AFTER_BRACKET:
		return refuse(err, "only a port may follow the IPv6 address of the base URL");
	case URL_OK:
		break;
	}
	return check_scheme(out, err);
}

bool base_url_parse(const char *text, bool allow_plain, struct base_url *out, struct err *err)
{
	struct url_parts parts;
	struct strbuf host;
	size_t len = strlen(text);
	unsigned port;
	bool plain;
	bool ok;

	while (is_blank(*text)) {
		text++;
		len--;
	}
	while (len && is_blank(text[len - 1]))
		len--;
	if (!split(text, len, &parts, err))
		return false;
	strbuf_init(&host, LIMIT_URL);
	ok = take_host(&parts, &host, err) && take_port(parts.port, &port, err);
	plain = ok && (parts.scheme.s ? url_piece_is(parts.scheme, "http") : may_be_plain(host.data, allow_plain));
	if (plain)
		ok = check_plain(host.data, allow_plain, err);
	if (ok)
		assemble(&parts, host.data, port, !plain, out);
	strbuf_release(&host);
	return ok;
}

void base_url_release(struct base_url *url)
{
	if (!url)
		return;
	free(url->base);
	free(url->origin);
	free(url->query);
	free(url->host);
	*url = (struct base_url){ 0 };
}

char *base_url_join(const struct base_url *url, const char *path, bool at_origin)
{
	return xasprintf("%s%s%s", at_origin ? url->origin : url->base, path, url->query);
}
