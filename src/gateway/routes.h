#ifndef EKE_GATEWAY_ROUTES_H
#define EKE_GATEWAY_ROUTES_H
/*
 * Who may ask the gateway, and for what; and the replies that are the gateway's own.
 */
#include "gateway_private.h"

/* Is it from a client, so that its body may come? ctx is the gateway. */
bool gateway_takes_body(void *ctx, struct gateway_request *request);
/* Takes a request; ctx is the gateway. */
void gateway_on_request(void *ctx, struct gateway_request *request);
/*
 * Replies with an error in OpenAI's form. `final`: asking again does not help, so the client's library is told not to.
 */
void gateway_fail(struct gateway_request *request, int status, const char *type, const char *code, const char *message,
	bool final);
/* One line in the log: no content. */
void gateway_log(const struct gateway_request *request, int status, const char *endpoint);

#endif
