/*
 * Addresses of shared ledgers. Strict: what is not understood is refused, because a slip here would be a ledger that
 * somebody believes to be shared. The strings of a struct redis_url are its own.
 */
#include "eke/budget/redis_url.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"
#include "eke/base/url.h"

#define DEFAULT_PORT 6379
/* redis.conf allows more databases than anybody has. */
#define MOST_DB 99999
/* On a local network an answer takes a millisecond. */
#define DEFAULT_TIMEOUT_MS 300
#define LONGEST_TIMEOUT_MS 60000
/* sun_path of Linux, with its NUL. */
#define MAX_PATH 107
#define MAX_HOST 253

#define NO_SOCKET_PATH "ledger.redis: unix:// is followed by the absolute path of a socket: unix:///run/redis.sock"

static bool refuse(struct err *err, const char *why)
{
	err_set(err, ERR_CONFIG, "%s", why);
	return false;
}

/* A number of decimal digits alone, at most `most`. */
static bool number(struct url_piece p, int most, int *out)
{
	long n = 0;

	for (size_t i = 0; i < p.len; i++) {
		if (!isdigit((unsigned char)p.s[i]))
			return false;
		n = 10 * n + (p.s[i] - '0');
		if (n > most)
			return false;
	}
	*out = (int)n;
	return p.len > 0;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* NULL: no percent encoding, or one of a NUL. */
static char *decode(struct url_piece p)
{
	char *out = xmalloc(p.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < p.len; i++) {
		int high, low;

		if (p.s[i] != '%') {
			out[n++] = p.s[i];
			continue;
		}
		high = i + 2 < p.len ? hex(p.s[i + 1]) : -1;
		low = high < 0 ? -1 : hex(p.s[i + 2]);
		if (low < 0 || !(high * 16 + low)) {
			free(out);
			return NULL;
		}
		out[n++] = (char)(high * 16 + low);
		i += 2;
	}
	out[n] = '\0';
	return out;
}

/* "user:password", ":password", "user" */
static bool take_user(struct url_piece p, struct redis_url *out, struct err *err)
{
	const char *colon = memchr(p.s, ':', p.len);
	size_t user_len = colon ? (size_t)(colon - p.s) : p.len;

	if (!colon)
		return refuse(err, "ledger.redis names a user but no password: write redis://user:password@host");
	if (user_len)
		out->user = decode((struct url_piece){ p.s, user_len });
	out->password = decode((struct url_piece){ colon + 1, p.len - user_len - 1 });
	if (!out->password || (user_len && !out->user))
		return refuse(err, "ledger.redis: in a user name or password, write % as %25, @ as %40, / as %2F");
	if (!out->password[0])
		return refuse(err, "ledger.redis has an empty password: leave out the @ and what stands before it");
	return true;
}

static bool take_query(struct url_piece p, struct redis_url *out, struct err *err)
{
	while (p.len) {
		const char *end = memchr(p.s, '&', p.len);
		struct url_piece one = { p.s, end ? (size_t)(end - p.s) : p.len };
		const char *sign = memchr(one.s, '=', one.len);
		struct url_piece name = { one.s, sign ? (size_t)(sign - one.s) : one.len };
		struct url_piece value = { one.s + name.len, one.len - name.len };
		int *into;
		int most;

		if (sign) {
			value.s++;
			value.len--;
		}
		into = url_piece_is(name, "db") && out->path ? &out->db :
		       url_piece_is(name, "timeout")	     ? &out->timeout_ms :
							       NULL;
		most = into == &out->db ? MOST_DB : LONGEST_TIMEOUT_MS;
		if (!into)
			return refuse(err, "ledger.redis: after the ?, only timeout=MILLISECONDS is allowed, and db=NUMBER for a "
				"unix socket");
		if (!number(value, most, into))
			return refuse(err, "ledger.redis: a value after the ? is not a number, or is too large");
		p.s += one.len;
		p.len -= one.len;
		if (p.len) {
			p.s++;
			p.len--;
		}
	}
	if (!out->timeout_ms)
		return refuse(err, "ledger.redis: timeout must be at least 1 millisecond");
	return true;
}

static bool take_path(struct url_piece p, struct redis_url *out, struct err *err)
{
	if (!p.len || p.s[0] != '/')
		return refuse(err, NO_SOCKET_PATH);
	out->path = decode(p);
	if (!out->path)
		return refuse(err, "ledger.redis: in the path of the socket, write % as %25");
	if (strlen(out->path) > MAX_PATH)
		return refuse(err, "ledger.redis: the path of the socket must have at most 107 bytes");
	return true;
}

static bool is_host(struct url_piece host, bool bracketed)
{
	for (size_t i = 0; i < host.len; i++) {
		unsigned char c = (unsigned char)host.s[i];

		if (bracketed ? !isxdigit(c) && !strchr(":.", c) : !isalnum(c) && !strchr("-._", c))
			return false;
	}
	return host.len && host.len <= MAX_HOST;
}

static bool take_host(const struct url_parts *p, struct redis_url *out, struct err *err)
{
	unsigned port = DEFAULT_PORT;

	if (!is_host(p->host, p->in_brackets))
		return refuse(err, "ledger.redis has no host, or its host has characters that a host name cannot have");
	if (p->port.s && !url_port(p->port, &port))
		return refuse(err, "ledger.redis: the port after the host must be a number from 1 to 65535");
	out->port = (int)port;
	out->host = xstrndup(p->host.s, p->host.len);
	return true;
}

static bool take_db(struct url_piece p, struct redis_url *out, struct err *err)
{
	if (p.len <= 1)
		return true;
	if (!number((struct url_piece){ p.s + 1, p.len - 1 }, MOST_DB, &out->db))
		return refuse(err, "ledger.redis: what follows the host must be /NUMBER, the number of the database");
	return true;
}

static void show(struct redis_url *url)
{
	bool v6 = url->host && strchr(url->host, ':');

	if (url->path)
		snprintf(url->shown, sizeof(url->shown), "unix://%s", url->path);
	else
		snprintf(url->shown, sizeof(url->shown), "redis://%s%s%s:%d/%d", v6 ? "[" : "", url->host, v6 ? "]" : "",
			 url->port, url->db);
}

static bool take_parts(const struct url_parts *p, bool is_socket, struct redis_url *out, struct err *err)
{
	if (p->user.s && !take_user(p->user, out, err))
		return false;
	if (is_socket) {
		if (p->address.len)
			return refuse(err, NO_SOCKET_PATH);
		return take_path(p->path, out, err) && take_query(p->query, out, err);
	}
	return take_host(p, out, err) && take_db(p->path, out, err) && take_query(p->query, out, err);
}

bool redis_url_parse(const char *text, struct redis_url *out, struct err *err)
{
	struct redis_url url = { .port = DEFAULT_PORT, .timeout_ms = DEFAULT_TIMEOUT_MS };
	struct url_parts parts;
	enum url_fault fault = url_split(text, strlen(text), &parts);
	bool is_socket = url_piece_is(parts.scheme, "unix") || url_piece_is(parts.scheme, "redis+unix");

	if (strlen(text) > LIMIT_REDIS_URL)
		return refuse(err, "ledger.redis is too long");
	for (const char *p = text; *p; p++)
		if (*p <= ' ' || *p == 0x7F)
			return refuse(err, "ledger.redis must not contain blanks, control characters or letters that are not "
				"ASCII");
	if (url_piece_is(parts.scheme, "rediss"))
		return refuse(err, "ledger.redis: rediss:// (TLS) is not supported: use a tunnel (stunnel, ssh -L), and give "
			"its local end as redis://");
	if (!is_socket && !url_piece_is(parts.scheme, "redis"))
		return refuse(err, "ledger.redis must begin with redis://, or with unix:// and the path of a socket");
	if (fault == URL_OPEN_BRACKET)
		return refuse(err, "ledger.redis: the address has a [ without a ]");
	if (fault == URL_AFTER_BRACKET)
		return refuse(err, "ledger.redis: the port after the host must be a number from 1 to 65535");
	if (!take_parts(&parts, is_socket, &url, err)) {
		redis_url_release(&url);
		return false;
	}
	show(&url);
	*out = url;
	return true;
}

void redis_url_release(struct redis_url *url)
{
	free(url->host);
	free(url->path);
	free(url->user);
	free(url->password);
	url->host = url->path = url->user = url->password = NULL;
}
