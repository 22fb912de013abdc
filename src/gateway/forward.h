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
/*
 * Ends the request whose client has been gone for the longest; what it was sent for stays spent. False: there is none.
 * Of a struct gateway.
 */
bool gateway_forward_make_room(void *ctx);
void gateway_forward_free_all(struct gateway *gateway);

#endif
