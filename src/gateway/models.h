#ifndef EKE_GATEWAY_MODELS_H
#define EKE_GATEWAY_MODELS_H
/*
 * The models of all endpoints as one list.
 */
#include "gateway_private.h"

/* Answers the request. `id` is that of one model, or NULL for the list. */
void gateway_models(struct gateway *gateway, struct gateway_request *request, const char *id);
void gateway_models_free_all(struct gateway *gateway);

#endif
