#ifndef EKE_BUDGET_REDIS_H
#define EKE_BUDGET_REDIS_H
/*
 * One connection to a Redis or Valkey that is kept up: made, made again at once when it breaks and after growing pauses
 * when that fails, with the ledger's script (redis_script.lua) loaded, which is all that is ever called. Knows nothing
 * of budgets. redis.c and redis_reply.c alone include hiredis (https://github.com/redis/hiredis, 0.14 or later;
 * commands: https://redis.io/commands/).
 *
 * The server is not trusted: an answer that nobody asked for, that is too long or of a shape that the script never
 * answers ends the connection, with a reason.
 *
 * Callbacks come from the loop.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/attrs.h"
#include "eke/budget/redis_url.h"
#include "eke/io/loop.h"
#include "redis_args.h"

struct redis;
struct redis_reply;

struct redis_events {
	/* The script can be called. */
	void (*up)(void *ctx);
	/*
	 * It cannot be called any more, or not yet; `why` is a reason for people. Calls without an answer never get one.
	 * `again`: the next try is under way already; else it comes after a pause. By itself in both cases.
	 */
	void (*down)(void *ctx, const char *why, bool again);
};

/* False: eke was built without hiredis, and nothing below may be called. */
bool redis_is_built(void);
/* Not connected yet. The URL is borrowed for its life. */
MUST_USE struct redis *redis_new(struct loop *loop, const struct redis_url *url, const struct redis_events *events,
				 void *ctx);
/* What was called is still sent if the system takes it at once. */
void redis_free(struct redis *redis);
/* Connects now if it has never been tried. */
void redis_start(struct redis *redis);
/* It is of no use: ends the connection; `down` is called before this returns. */
void redis_fail(struct redis *redis, const char *why);
/* It is of use: when it breaks the next try is made at once. */
void redis_worked(struct redis *redis);

typedef void redis_reply_fn(void *ctx, uint64_t tag, const struct redis_reply *reply);
/*
 * Calls the script while it is up. A server that has forgotten the script is given it again; any other error ends the
 * connection instead of being an answer. False: too many calls wait already.
 */
bool redis_call(struct redis *redis, const struct redis_args *args, redis_reply_fn *fn, void *ctx, uint64_t tag);

/* The answer is a list; borrowed for the callback. What is not there or of another type is 0 and "". */
size_t redis_reply_count(const struct redis_reply *reply);
int64_t redis_reply_int(const struct redis_reply *reply, size_t i);
const char *redis_reply_text(const struct redis_reply *reply, size_t i);

#endif
