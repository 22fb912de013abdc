/*
 * Stands in for redis.c where eke is built without hiredis: the ledger is this machine's alone.
 */
#include "redis.h"

#ifndef HAVE_HIREDIS

bool redis_is_built(void)
{
	return false;
}

struct redis *redis_new(struct loop *loop, const struct redis_url *url, const struct redis_events *events, void *ctx)
{
	(void)loop, (void)url, (void)events, (void)ctx;
	return NULL;
}

void redis_free(struct redis *redis)
{
	(void)redis;
}

void redis_start(struct redis *redis)
{
	(void)redis;
}

void redis_fail(struct redis *redis, const char *why)
{
	(void)redis, (void)why;
}

void redis_worked(struct redis *redis)
{
	(void)redis;
}

bool redis_call(struct redis *redis, const struct redis_args *args, redis_reply_fn *fn, void *ctx, uint64_t tag)
{
	(void)redis, (void)args, (void)fn, (void)ctx, (void)tag;
	return false;
}

size_t redis_reply_count(const struct redis_reply *reply)
{
	(void)reply;
	return 0;
}

int64_t redis_reply_int(const struct redis_reply *reply, size_t i)
{
	(void)reply, (void)i;
	return 0;
}

const char *redis_reply_text(const struct redis_reply *reply, size_t i)
{
	(void)reply, (void)i;
	return "";
}

#endif
