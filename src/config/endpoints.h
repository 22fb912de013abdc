#ifndef EKE_CONFIG_ENDPOINTS_H
#define EKE_CONFIG_ENDPOINTS_H
/*
 * The parts of the configuration that only the user's own file and environment decide; for config.c.
 */
#include "eke/config/config.h"

/* "plans" and "endpoints" of the file. ERR_INVALID_PARAMS, the member's path first. */
bool config_decode_plans(struct config *config, const struct json *plans, struct err *err);
bool config_decode_endpoints(struct config *config, const struct json *endpoints, struct err *err);
/* The endpoint that the environment makes, if it does. */
bool config_endpoint_from_environment(struct config *config, struct err *err);
/* Calls warn for each field of an endpoint or plan that is not known. */
void config_warn_endpoints(const struct json *root, config_warn_fn *warn, void *warn_ctx);
/* "auto", "chat", … and back. */
const char *config_completion_api_name(enum completion_api api);

#endif
