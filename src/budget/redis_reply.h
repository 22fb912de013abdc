#ifndef EKE_BUDGET_REDIS_REPLY_H
#define EKE_BUDGET_REDIS_REPLY_H
/*
 * What redis.c tells hiredis of answers. How they are read stands in redis.h.
 */
struct redisReader;

/* An answer with more than LIMIT_REDIS_ELEMENTS elements, or with a list in a list, ends in REDIS_ERR_OOM. */
void redis_reply_bound(struct redisReader *reader);

#endif
