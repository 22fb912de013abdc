#ifndef EKE_UPSTREAM_CHOOSE_H
#define EKE_UPSTREAM_CHOOSE_H
/*
 * Chooses the endpoint of a request that names none: the first, as long as its budget allows the request; then, if
 * whenExhausted allows it, the next one whose budget does. Never another free key of the same service: the service
 * counts by machine, and bans machines that go round its limit (providers.md 4.2 d).
 */
#include <stdint.h>

#include "eke/budget/budget.h"
#include "eke/upstream/upstream.h"

/* Which of an endpoint's models is used. */
enum choose_for { CHOOSE_CHAT, CHOOSE_COMPLETION };

struct choice {
	/* NULL: none is configured. The first, if no other may be used: its refusal says why and until when. */
	struct endpoint *endpoint;
	/* Could be used, but the user is to be asked first (whenExhausted "ask"); NULL: none. */
	struct endpoint *alternative;
};

void upstream_choose(struct upstream *upstream, enum choose_for purpose, enum budget_use use, double reserve,
	struct choice *out);
/* The user said yes: the next endpoint may be used without asking until then (Unix seconds). */
void upstream_allow_next(struct upstream *upstream, int64_t until);

#endif
