#ifndef EKE_BUDGET_REMOTE_SESSION_H
#define EKE_BUDGET_REMOTE_SESSION_H
/*
 * How the local ledger gets in step with the shared one, and stays so. For remote.c.
 */
#include <stdbool.h>

#include "redis.h"
#include "remote.h"

/* The connection is up, or gone: begins or ends a session. */
void session_begin(struct remote *remote);
void session_end(struct remote *remote);
/* CALL_WORDS of them. */
void session_begin_call(const struct remote *remote, const char *operation, struct redis_args *args);
/* Takes note of the clock; false, and the session is over, if this is not the ledger that we met, or none. */
bool session_check(struct remote *remote, const struct redis_reply *reply);
/* Has the events of an answer written into the local ledger. */
void session_take_events(struct remote *remote, const struct redis_reply *reply);
void session_fetch_events(struct remote *remote);
/* Of a work that the session needs: what others write cannot be kept. */
void session_give_up(struct budget *budget, void *ctx);

#endif
