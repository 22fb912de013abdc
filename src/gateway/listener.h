#ifndef EKE_GATEWAY_LISTENER_H
#define EKE_GATEWAY_LISTENER_H
/*
 * Where the gateway listens: a TCP address, a Unix socket, or a socket that systemd opened (sd_listen_fds(3)).
 */
#include <stdbool.h>

#include "eke/base/err.h"

struct listener_address {
	char host[64]; /* of TCP: an IP address; "" if it is a Unix socket */
	unsigned port; /* 0: any free one */
	char unix_path[108];
};

struct listener {
	int fd; /* bound, listening, not blocking */
	bool is_unix;
	bool is_loopback; /* of TCP */
	char address[160]; /* "127.0.0.1:8484", "[::1]:8484", or the path */
	char *unlink_path; /* a socket that we made; owned; NULL: none */
};

/* From "ADDRESS:PORT", "unix:PATH" or a path. False: it is none of these. */
bool listener_parse(const char *text, struct listener_address *out);
/* Is it an address that only this machine reaches? */
bool listener_is_local(const struct listener_address *address);
/* Does systemd hand over a socket? It is then in *out. On failure ERR_CONFIG, and true all the same. */
bool listener_inherit(struct listener *out, struct err *err);
/* False with ERR_CONFIG. A Unix socket is for its owner alone; one that nobody listens at any more is replaced. */
bool listener_open(const struct listener_address *address, struct listener *out, struct err *err);
/* Closes it, if it still has the descriptor, and removes its path. */
void listener_release(struct listener *listener);

#endif
