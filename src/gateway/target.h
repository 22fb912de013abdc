#ifndef EKE_GATEWAY_TARGET_H
#define EKE_GATEWAY_TARGET_H
/*
 * Which endpoint a request goes to, which model it asks for there, and in which form its body leaves.
 */
#include "ask.h"
#include "gateway_private.h"

/* Lists of models are good for so long. */
#define TARGET_CATALOGUE_MS 600000

struct target {
	struct endpoint *endpoint; /* borrowed; NULL: none is configured */
	const char *model; /* borrowed from the request or the endpoint */
};

/* Do the endpoints' lists of models decide it, and are not known yet (catalogue.h)? */
bool target_wants_catalogue(const struct gateway *gateway, const char *model);
void target_choose(struct gateway *gateway, enum gateway_route route, const char *model, struct target *out);
/*
 * Appends the body for that target: the client's, byte for byte, but for the model's name, and for what the endpoint is
 * known not to take (`learned`: bits of learned.h). False: it cannot be, because a member's name is written with
 * escapes.
 */
bool target_body(const struct target *target, const struct ask *ask, enum gateway_route route, unsigned learned,
	const char *body, size_t len, struct strbuf *out);

#endif
