/*
 * The server's answers: bounded before hiredis makes room for them, and read.
 */
#include "redis_reply.h"

#include "eke/base/limits.h"
#include "redis.h"

#ifdef HAVE_HIREDIS

#include <hiredis/hiredis.h>

#if HIREDIS_MAJOR >= 1
typedef size_t array_size;
#else
typedef int array_size;
#endif

static redisReplyObjectFunctions bounded;
static void *(*create_any_array)(const redisReadTask *, array_size);

/* The script answers a list of numbers and texts, never lists within it. NULL is taken for a lack of memory. */
static void *create_array(const redisReadTask *task, array_size count)
{
	if (task->parent || count > LIMIT_REDIS_ELEMENTS)
		return NULL;
	return create_any_array(task, count);
}

void redis_reply_bound(struct redisReader *reader)
{
	bounded = *reader->fn;
	create_any_array = reader->fn->createArray;
	bounded.createArray = create_array;
	reader->fn = &bounded;
}

/* A struct redis_reply is hiredis's redisReply. */
static const redisReply *element(const struct redis_reply *list, size_t i)
{
	const redisReply *reply = (const void *)list;

	return reply->type == REDIS_REPLY_ARRAY && i < reply->elements ? reply->element[i] : NULL;
}

size_t redis_reply_count(const struct redis_reply *list)
{
	const redisReply *reply = (const void *)list;

	return reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
}

int64_t redis_reply_int(const struct redis_reply *list, size_t i)
{
	const redisReply *e = element(list, i);

	return e && e->type == REDIS_REPLY_INTEGER ? e->integer : 0;
}

const char *redis_reply_text(const struct redis_reply *list, size_t i)
{
	const redisReply *e = element(list, i);

	return e && e->type == REDIS_REPLY_STRING && e->str ? e->str : "";
}

#endif
