#ifndef EKE_UPSTREAM_REFUSALS_H
#define EKE_UPSTREAM_REFUSALS_H
/*
 * What an endpoint refused for good, so that requests that nobody asked for by hand do not repeat it with every
 * keystroke: a wrong key, an empty account, a model or a path that is not there. Also when a service that is overloaded
 * wants to be asked again. Per endpoint, for as long as the process has this configuration. Pure.
 */
#include <stdbool.h>
#include <stdint.h>

#include "eke/base/err.h"

#define REFUSALS_MAX 8

struct refusal {
	char *model; /* owned; NULL: all of them */
	struct err err;
	unsigned times; /* in a row */
	int64_t until;  /* Unix seconds; 0: until something changes */
};

struct refusals {
	struct refusal *list; /* owned; NULL until there was one */
	unsigned count;
};

void refusals_release(struct refusals *refusals);
/* A request for that model ended with err; `quota`: because the account is empty. True: it is noted from now on. */
bool refusals_note(struct refusals *refusals, const char *model, const struct err *err, bool quota);
/* That model answered: forgets its refusal. */
void refusals_end(struct refusals *refusals, const char *model);
/* Something changed, such as the key: forgets all of them. */
void refusals_end_all(struct refusals *refusals);
/* Why a request for that model would be refused again; NULL: it may not be. Borrowed. */
const struct err *refusals_find(const struct refusals *refusals, const char *model, int64_t now);

#endif
