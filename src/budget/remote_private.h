#ifndef EKE_BUDGET_REMOTE_PRIVATE_H
#define EKE_BUDGET_REMOTE_PRIVATE_H
/*
 * The body of the shared ledger, for remote.c, remote_admission.c and remote_session.c.
 */
#include "budget_private.h"
#include "redis.h"
#include "remote.h"
#include "replica.h"

/* The words that each call begins with. */
#define CALL_WORDS 4

/* The answer's elements (redis_ledger.lua), and where the events begin. */
enum { A_VERDICT, A_NOW, A_SEQ, A_MORE, A_WAIT, A_WINDOW, A_SPARES, A_SPARES_UNTIL, A_EVENTS };

struct remote {
	struct budget *budget; /* borrowed */
	struct redis_url url;
	struct redis *redis;
	enum remote_state state;
	uint64_t session; /* counts connections and their ends */
	bool told_away; /* the log has it that it is away … */
	bool told_ready; /* … or that it is there */
	bool lost; /* it was found to know less than it did … */
	bool late; /* … or not to answer in time; until the connection has ended for that */
	bool in_doubt; /* by its last word: struct remote_denial */
	char notice[LIMIT_ERR_MESSAGE];

	char salt[SHARED_SALT_SIZE];
	struct replica_identity identity;
	int64_t offset; /* the shared clock less ours, ms */
	bool pushing;
	bool looking;
	unsigned pages; /* of events, of this session */
	int64_t looked_ms; /* loop_now_ms() */
	struct remote_spares granted; /* by the last answer to an admission */
	struct timer *idle;  /* while there may be spares */
	struct timer *meets; /* while the two get in step */

	struct waiting *waiting;
	struct sync *syncs;
};

/* For remote_session.c: the two are in step. */
void remote_become_ready(struct remote *remote);

#endif
