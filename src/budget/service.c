/*
 * Services. The host is cut out of baseUrl as the user wrote it: upstream/url.h, which makes sense of all of it, is
 * above this layer, and what is asked here is only whether two are the same. No objects.
 */
#include "eke/budget/service.h"

#include <stdio.h>
#include <string.h>

#include "eke/base/attrs.h"

static bool ends_with(const char *text, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && !memcmp(text + len - n, end, n);
}

static bool is_chatanywhere_host(const char *host)
{
	static const char *const domains[] = { "chatanywhere.tech", "chatanywhere.org", "chatanywhere.com.cn",
					       "chatanywhere.cn" };
	size_t len = strcspn(host, ":");

	for (size_t i = 0; i < ARRAY_LEN(domains); i++) {
		size_t n = strlen(domains[i]);

		if (ends_with(host, len, domains[i]) && (len == n || host[len - n - 1] == '.'))
			return true;
	}
	return false;
}

/* host[:port] of a base URL, in lower case, without the scheme's own port. */
static void host_of(const char *url, char *out, size_t size)
{
	const char *from = url + strspn(url, " \t");
	const char *scheme = strstr(from, "://");
	bool plain = scheme && scheme - from == 4;
	size_t len;

	if (scheme && scheme < from + strcspn(from, "/?#") + 1)
		from = scheme + 3;
	len = strcspn(from, "/?# \t");
	for (const char *at; (at = memchr(from, '@', len));) {
		len -= (size_t)(at + 1 - from);
		from = at + 1;
	}
	if (ends_with(from, len, plain ? ":80" : ":443"))
		len -= plain ? 3 : 4;
	if (len >= size)
		len = size - 1;
	for (size_t i = 0; i < len; i++)
		out[i] = (char)(from[i] >= 'A' && from[i] <= 'Z' ? from[i] + ('a' - 'A') : from[i]);
	out[len] = '\0';
}

void service_of(const struct config_endpoint *endpoint, char out[LIMIT_SERVICE])
{
	static const char builtin[] = "chatanywhere-";

	host_of(endpoint->base_url ? endpoint->base_url : "", out, LIMIT_SERVICE);
	if (is_chatanywhere_host(out) ||
	    (plan_builtin(endpoint->plan->name) && !strncmp(endpoint->plan->name, builtin, sizeof(builtin) - 1)))
		snprintf(out, LIMIT_SERVICE, "%s", SERVICE_CHATANYWHERE);
}

bool service_is_chatanywhere(const char *service)
{
	return !strcmp(service, SERVICE_CHATANYWHERE);
}

const char *service_time_zone(const char *service)
{
	return service_is_chatanywhere(service) ? "Asia/Shanghai" : "UTC";
}
