/*
 * Services. The name goes into the ledger's file, so what it is made of must not change between versions.
 */
#include "eke/config/service.h"

#include <stdio.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/url.h"

bool service_is_chatanywhere_host(const char *host)
{
	static const char *const domains[] = {
		"chatanywhere.tech", "chatanywhere.org", "chatanywhere.com.cn", "chatanywhere.cn",
	};

	for (size_t i = 0; i < ARRAY_LEN(domains); i++)
		if (host_is_under(host, domains[i]))
			return true;
	return false;
}

static bool is_their_plan(const struct plan *plan)
{
	static const char prefix[] = "chatanywhere-";

	return plan_builtin(plan->name) && !strncmp(plan->name, prefix, sizeof(prefix) - 1);
}

void service_of(const struct base_url *url, const struct plan *plan, char out[LIMIT_SERVICE])
{
	bool theirs = service_is_chatanywhere_host(url->host) || is_their_plan(plan);

	snprintf(out, LIMIT_SERVICE, "%s", theirs ? SERVICE_CHATANYWHERE : url->address);
}

bool service_is_chatanywhere(const char *service)
{
	return !strcmp(service, SERVICE_CHATANYWHERE);
}

const char *service_default_plan(const struct base_url *url)
{
	return service_is_chatanywhere_host(url->host) ? "chatanywhere-free" : "unlimited";
}

const char *service_time_zone(const char *service)
{
	if (service_is_chatanywhere(service))
		return "Asia/Shanghai";
	/* Gemini's requests per day are counted anew at midnight Pacific time, as its page on rate limits says. */
	return host_is_under(service, "googleapis.com") ? "America/Los_Angeles" : "UTC";
}
