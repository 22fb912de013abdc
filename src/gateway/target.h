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
	bool is_ours; /* it is the endpoint's own, and not what the client named */
};

/* Do the endpoints' lists of models decide it, and are not known yet (catalogue.h)? */
bool target_wants_catalogue(const struct gateway *gateway, const char *model);
void target_choose(struct gateway *gateway, enum gateway_route route, const char *model, struct target *out);
/*
 * Appends the body for that target: the client's, byte for byte, but for the model's name, and for the form of the
 * answer that the model is known not to give (`quirks` of quirks.h). What else a client says is its own affair; but
 * where we chose the model, its limit has the name that the model knows, and a temperature is left out if it takes
 * none: *changed has these quirks. False: it cannot be, because a member is there twice, or its name is written with
 * escapes.
 */
bool target_body(const struct target *target, const struct ask *ask, enum gateway_route route, unsigned quirks,
	const char *body, size_t len, struct strbuf *out, unsigned *changed);

#endif
