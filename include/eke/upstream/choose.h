#ifndef EKE_UPSTREAM_CHOOSE_H
#define EKE_UPSTREAM_CHOOSE_H
/*
 * Which endpoint a request goes to that names none: the first, as long as its budget bears it; then, if
 * whenExhausted lets it, the next that has something to give. Never from one free key to another of the same
 * service: its limit counts the machine, and whoever dodges it is banned (providers.md 4.2 d).
 */
#include <stdint.h>

#include "eke/budget/budget.h"
#include "eke/upstream/upstream.h"

/* Which of an endpoint's models is meant. */
enum choose_for { CHOOSE_CHAT, CHOOSE_COMPLETION };

struct choice {
	/* NULL: none is configured. The first, if no other may be used: its refusal says why and until when. */
	struct endpoint *endpoint;
	/* Would serve, but the user wants to be asked first (whenExhausted "ask"); NULL: none. */
	struct endpoint *alternative;
};

void upstream_choose(struct upstream *upstream, enum choose_for purpose, enum budget_use use, double reserve,
	struct choice *out);
/* The user said yes: until then (Unix seconds) the next endpoint may be used without a question. */
void upstream_allow_next(struct upstream *upstream, int64_t until);

#endif
