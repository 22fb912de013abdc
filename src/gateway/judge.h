#ifndef EKE_GATEWAY_JUDGE_H
#define EKE_GATEWAY_JUDGE_H
/*
 * Is what came with a status of 200 an answer? Endpoints say errors there, too, and captive portals send their page:
 * clients ask again, and each time would count. Only read along, where requests are counted; what the client gets does
 * not depend on it. Pure.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/err.h"
#include "eke/upstream/stated_limit.h"

struct judge;

/* `name` is the endpoint's, for messages; borrowed. */
struct judge *judge_new(const char *name, bool is_embeddings);
void judge_free(struct judge *judge);
/* `now` is Unix seconds. */
void judge_feed(struct judge *judge, const char *bytes, size_t len, int64_t now);
/* All of the response has come. False: it is none; then err says what it is, and *stated which limit it states. */
bool judge_end(struct judge *judge, int64_t now, struct err *err, struct stated_limit *stated);

#endif
