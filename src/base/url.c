/*
 * The one place that takes URLs apart: base URLs (config/base_url.c), addresses of shared ledgers (budget/redis_url.c),
 * and whatever a sentence shows of one.
 */
#include "eke/base/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

static struct url_piece piece(const char *from, const char *end)
{
	return (struct url_piece){ from, (size_t)(end - from) };
}

static const char *find_any(const char *from, const char *end, const char *set)
{
	while (from < end && (!*from || !strchr(set, *from)))
		from++;
	return from;
}

static enum url_fault split_address(struct url_parts *out)
{
	const char *from = out->address.s;
	const char *end = from + out->address.len;
	const char *host_end;

	out->in_brackets = from < end && *from == '[';
	if (out->in_brackets) {
		host_end = find_any(from, end, "]");
		if (host_end == end)
			return URL_OPEN_BRACKET;
		out->host = piece(from + 1, host_end);
		host_end++;
		if (host_end < end && *host_end != ':')
			return URL_AFTER_BRACKET;
	} else {
		host_end = find_any(from, end, ":");
		out->host = piece(from, host_end);
	}
	if (host_end < end)
		out->port = piece(host_end + 1, end);
	return URL_OK;
}

/* What follows the authority. */
static void split_rest(const char *from, const char *end, struct url_parts *out)
{
	const char *at = find_any(from, end, "?");

	out->path = piece(from, at);
	if (at < end)
		out->query = piece(at + 1, end);
}

enum url_fault url_split(const char *text, size_t len, struct url_parts *out)
{
	const char *end = text + len;
	const char *at = find_any(text, end, "/?");

	*out = (struct url_parts){ .scheme = { NULL, 0 } };
	if (at > text && at[-1] == ':' && end - at >= 2 && at[0] == '/' && at[1] == '/') {
		out->scheme = piece(text, at - 1);
		text = at + 2;
		at = find_any(text, end, "/?");
	}
	split_rest(at, end, out);
	out->address = piece(text, at);
	for (const char *p = at; p > text; p--) {
		if (p[-1] != '@')
			continue;
		out->user = piece(text, p - 1);
		out->address = piece(p, at);
		break;
	}
	return split_address(out);
}

bool url_port(struct url_piece port, unsigned *out)
{
	unsigned value = 0;

	for (size_t i = 0; i < port.len && value <= 65535; i++) {
		if (!isdigit((unsigned char)port.s[i]))
			return false;
		value = value * 10 + (unsigned)(port.s[i] - '0');
	}
	if (!value || value > 65535)
		return false;
	*out = value;
	return true;
}

bool url_piece_is(struct url_piece p, const char *text)
{
	return p.s && p.len == strlen(text) && !strncasecmp(p.s, text, p.len);
}

struct url_piece url_address(const char *url)
{
	struct url_parts parts;

	url_split(url, strlen(url), &parts);
	return parts.address;
}

bool host_is_under(const char *host, const char *domain)
{
	size_t host_len = strlen(host);
	size_t len = strlen(domain);

	if (host_len < len || strcasecmp(host + host_len - len, domain))
		return false;
	return host_len == len || host[host_len - len - 1] == '.';
}

bool host_is_loopback(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, host, &v6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&v6);
	return host_is_under(host, "localhost");
}

bool host_is_private(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, host, &v4) == 1) {
		uint32_t address = ntohl(v4.s_addr);

		return address >> 24 == 10 || address >> 20 == (172 << 4 | 1) || address >> 16 == (192 << 8 | 168);
	}
	if (inet_pton(AF_INET6, host, &v6) == 1)
		return (v6.s6_addr[0] & 0xFE) == 0xFC;
	return host_is_under(host, "local") || host_is_under(host, "lan");
}
