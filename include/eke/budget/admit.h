#ifndef EKE_BUDGET_ADMIT_H
#define EKE_BUDGET_ADMIT_H
/*
 * May this request go out now? Cooldowns first, then every window that counts its model. Pure.
 */
#include <stdbool.h>
#include <stdint.h>

#include "eke/base/err.h"
#include "eke/budget/snapshot.h"

struct admit_request {
	const char *endpoint; /* name, for messages */
	const char *model;
	enum budget_use use;
	double reserve;
};

/* The worst that the cooldowns say about a request, and the cooldown that says it (NULL: none holds). */
enum cooldown_verdict admit_judge_cooldowns(const struct snapshot *snapshot, const char *model, enum budget_use use,
					    const struct cooldown **cooldown);
/* Does the cooldown concern requests to that model under the snapshot's plan? */
bool admit_cooldown_concerns(const struct snapshot *snapshot, const struct cooldown *cooldown, const char *model);

/* False: err is ERR_BUDGET with endpoint, retry_at, blocked_scope and a sentence that says when. */
bool admit(const struct snapshot *snapshot, const struct admit_request *request, struct err *err);

#endif
