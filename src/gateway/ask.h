#ifndef EKE_GATEWAY_ASK_H
#define EKE_GATEWAY_ASK_H
/*
 * What a request's body says that the gateway acts upon. Pure.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/err.h"

struct ask {
	char *model; /* owned; NULL: it names none, or "" or null */
	bool stream; /* an event stream is wanted */
	bool wants_usage; /* ... with usage at its end */
	bool is_repeatable; /* temperature 0: the same again has the same answer */
};

/*
 * Reads body[0..len). False if it is no request: no JSON object, a member that is not what it has to be, or two
 * models, of which the endpoint could take the one that is not charged. Then err has a sentence about that.
 */
bool ask_read(struct ask *ask, const char *body, size_t len, struct err *err);
void ask_release(struct ask *ask);

#endif
