#ifndef EKE_CONFIG_SERVICE_H
#define EKE_CONFIG_SERVICE_H
/*
 * Which endpoints are one service to its provider, so that their requests share the machine's limits: those of one
 * host and port, whatever the key; and all of chatanywhere, which has several hosts. Pure.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/limits.h"
#include "eke/config/base_url.h"
#include "eke/config/plan.h"

#define SERVICE_CHATANYWHERE "chatanywhere"

/* Is it one of chatanywhere's hosts? They are listed here and nowhere else. */
bool service_is_chatanywhere_host(const char *host);
/*
 * The service's name: "chatanywhere" for its hosts and for whoever has one of the built-in plans of it (a relay),
 * else the address, cut to size.
 */
void service_of(const struct base_url *url, const struct plan *plan, char out[LIMIT_SERVICE]);
bool service_is_chatanywhere(const char *service);
/* The name of the plan of an endpoint whose configuration names none. */
const char *service_default_plan(const struct base_url *url);
/* The zone in which its days begin, where the plan does not say. */
const char *service_time_zone(const char *service);

#endif
