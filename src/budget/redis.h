#ifndef EKE_BUDGET_REDIS_H
#define EKE_BUDGET_REDIS_H
/*
 * One connection to a Redis or Valkey that is kept up: made, made again after pauses that grow, and with the ledger's
 * script (redis_script.lua) loaded, which is all that is ever called. Knows nothing of budgets. redis.c alone includes
 * hiredis (https://github.com/redis/hiredis, 0.14 or later; commands: https://redis.io/commands/).
 *
 * Callbacks come from the loop.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/attrs.h"
#include "eke/budget/redis_url.h"
#include "eke/io/loop.h"

struct redis;
struct redis_reply;

struct redis_events {
	void (*up)(void *ctx);
	/*
	 * Not (any more), with a reason for people. What was called and not answered is never answered. The next try comes
	 * by itself.
	 */
	void (*down)(void *ctx, const char *why);
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
/* It is of use: the next pause begins small again. */
void redis_worked(struct redis *redis);

/* Arguments of a call; all zero at first. */
struct redis_args {
	char **texts;
	size_t count, cap;
};
void redis_args_add(struct redis_args *args, const char *text);
void redis_args_add_int(struct redis_args *args, int64_t n);
/* Names of others in the script's lines: control characters become '?'. */
void redis_args_add_line(struct redis_args *args, const char *text);
/* A part of the last argument. */
void redis_args_append_line(struct redis_args *args, char before, const char *text);
void redis_args_release(struct redis_args *args);

typedef void redis_reply_fn(void *ctx, uint64_t tag, const struct redis_reply *reply);
/*
 * Calls the script while it is up; an answer that is an error ends the connection instead. False: too many calls
 * wait already.
 */
bool redis_call(struct redis *redis, const struct redis_args *args, redis_reply_fn *fn, void *ctx, uint64_t tag);

/* The answer is a list; borrowed for the callback. What is not there or of another type is 0 and "". */
size_t redis_reply_count(const struct redis_reply *reply);
int64_t redis_reply_int(const struct redis_reply *reply, size_t i);
const char *redis_reply_text(const struct redis_reply *reply, size_t i);

#endif
