#ifndef EKE_CONFIG_ENDPOINTS_H
#define EKE_CONFIG_ENDPOINTS_H
/*
 * The parts of the configuration that only the user's own file and environment decide; for config.c.
 */
#include "eke/base/decode.h"
#include "eke/config/config.h"

/* "plans" and "endpoints" of the file. ERR_INVALID_PARAMS, the member's path first. */
bool config_decode_plans(struct config *config, const struct json *plans, struct err *err);
bool config_decode_endpoints(struct config *config, const struct json *endpoints, struct err *err);
/* The endpoint that the environment makes, if it does. */
bool config_endpoint_from_environment(struct config *config, struct err *err);
/*
 * Calls warn for each member of tree, and of the objects in it that the table names, that is not known. `prefix`
 * is what the member's name is put behind: "", "endpoints[0].".
 */
void config_warn_unknown(const struct json *tree, const struct decode_field *table, const char *prefix,
	config_warn_fn *warn, void *warn_ctx);
/* The same for the lists under "endpoints" and "plans", which are valid; and for keys written out. */
void config_warn_endpoints(const struct json *endpoints, config_warn_fn *warn, void *warn_ctx);
/* Proxies that are not used, since they would read a key in clear. */
void config_warn_proxies(const struct config *config, config_warn_fn *warn, void *warn_ctx);
void config_warn_plans(const struct json *plans, config_warn_fn *warn, void *warn_ctx);

#endif
