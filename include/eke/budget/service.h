#ifndef EKE_BUDGET_SERVICE_H
#define EKE_BUDGET_SERVICE_H
/*
 * Which endpoints are one service to its provider, so that their requests share the machine's windows: same host,
 * whatever the key; and everything of chatanywhere, which has had several hosts (upstream.md 1.1). Pure.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/limits.h"
#include "eke/config/config.h"

#define SERVICE_CHATANYWHERE "chatanywhere"

/*
 * The service's name: "chatanywhere", else the host of baseUrl in lower case, with its port if that is not the
 * scheme's.
 */
void service_of(const struct config_endpoint *endpoint, char out[LIMIT_SERVICE]);
bool service_is_chatanywhere(const char *service);
/* The zone in which its days begin, where the plan does not say. */
const char *service_time_zone(const char *service);

#endif
