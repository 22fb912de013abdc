#ifndef EKE_BASE_URL_H
#define EKE_BASE_URL_H
/*
 * URLs taken apart, and hosts. Nothing is decoded, copied or checked beyond what finding the parts takes: each caller
 * knows what it allows. "#" is a character like others: passwords have it, and no URL here has a fragment. Pure.
 * Source: RFC 3986, 3 "Syntax Components".
 */
#include <stdbool.h>
#include <stddef.h>

/* A part of the text, not terminated. `s` is NULL where the text has no such part; it may also be empty. */
struct url_piece {
	const char *s;
	size_t len;
};

struct url_parts {
	struct url_piece scheme;   /* before "://" */
	struct url_piece user;     /* before the last "@" of the authority: "user", "user:password" */
	struct url_piece address;  /* host and port as they are written; never NULL */
	struct url_piece host;     /* without brackets; never NULL */
	bool in_brackets;
	struct url_piece port;     /* behind the host's first ":"; may be anything */
	struct url_piece path;     /* with its first "/"; never NULL */
	struct url_piece query;    /* behind "?" */
};

enum url_fault {
	URL_OK,
	URL_OPEN_BRACKET,  /* "[" without "]" */
	URL_AFTER_BRACKET, /* something else than a port follows "]" */
};

/* The parts are borrowed from text. A text without "://" before its first "/" or "?" begins with its authority. */
enum url_fault url_split(const char *text, size_t len, struct url_parts *out);
/* false: not a number from 1 to 65535, in decimal digits alone. */
bool url_port(struct url_piece port, unsigned *out);
/* Equal but for the case of ASCII letters. */
bool url_piece_is(struct url_piece piece, const char *text);
/* The address of a URL, for sentences: "127.0.0.1:11434". */
struct url_piece url_address(const char *url);

/* host is `domain` or ends with ".domain"; the case of letters does not count. */
bool host_is_under(const char *host, const char *domain);
/*
 * localhost, *.localhost, 127.0.0.0/8 or ::1, without brackets. Only the usual four numbers make an IPv4 address: 127.1
 * is none.
 */
bool host_is_loopback(const char *host);
/*
 * Is it in a private network: an address of 10/8, 172.16/12 or 192.168/16 (RFC 1918) or fc00::/7 (RFC 4193), or a name
 * under .local (RFC 6762) or .lan?
 */
bool host_is_private(const char *host);

#endif
