#ifndef EKE_GATEWAY_FORWARD_H
#define EKE_GATEWAY_FORWARD_H
/*
 * A request that goes on to an endpoint, and the response that comes back.
 */
#include "gateway_private.h"

/* Takes the request; its reply comes later. */
void gateway_forward(struct gateway *gateway, struct gateway_request *request, enum gateway_route route);
/* The program is to end: who waits for the budget is told to ask again later. */
void gateway_forward_stop_waiting(struct gateway *gateway);
void gateway_forward_free_all(struct gateway *gateway);

#endif
