#ifndef EKE_BUDGET_REDIS_URL_H
#define EKE_BUDGET_REDIS_URL_H
/*
 * The address of a shared ledger, `ledger.redis`:
 *
 *     redis://[[user]:password@]host[:6379][/db]            (the password of a server without users: ":password@")
 *     unix://[[user]:password@]/path/of/socket[?db=0]       (or redis+unix://)
 *
 * User name and password are percent-decoded. Either form may end in ?timeout=MILLISECONDS, for which a request waits
 * for the server's answer at most. rediss:// (TLS) is refused: hiredis of Debian 12 has no TLS. Pure.
 *
 * Facts: the schemes "redis" and "rediss" of the IANA registry of URI schemes (provisional), and redis-py's unix://.
 */
#include <stdbool.h>

#include "eke/base/err.h"
#include "eke/base/limits.h"

struct redis_url {
	char *host;     /* owned; without the brackets of an IPv6 address; NULL where there is a path */
	int port;
	char *path;     /* owned; of the socket, or NULL */
	char *user;     /* owned; NULL: none */
	char *password; /* owned; NULL: none */
	int db;
	int timeout_ms;
	char shown[LIMIT_REDIS_SHOWN]; /* for people: without user and password, cut to size */
};

/* False with ERR_CONFIG and a sentence, which never repeats the text: it may hold a password. */
bool redis_url_parse(const char *text, struct redis_url *out, struct err *err);
void redis_url_release(struct redis_url *url);

#endif
