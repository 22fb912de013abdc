/*
 * Addresses of shared ledgers: what is accepted is within its limits, and what is shown of it is accepted again and has
 * no password.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"
#include "eke/budget/redis_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void check_accepted(const struct redis_url *url)
{
	struct err err = ERR_INIT;
	struct redis_url again;

	must(!url->host != !url->path);
	must(!url->user || url->password);
	must(!url->password || url->password[0]);
	must(url->port > 0 && url->port < 65536 && url->db >= 0 && url->timeout_ms > 0);
	if (url->path) {
		must(url->path[0] == '/' && strlen(url->path) <= 107);
		return;
	}
	must(redis_url_parse(url->shown, &again, &err));
	must(!strcmp(again.host, url->host) && again.port == url->port && again.db == url->db && !again.password);
	must(!strcmp(again.shown, url->shown));
	redis_url_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size);
	struct redis_url url;
	struct err err = ERR_INIT;

	if (redis_url_parse(text, &url, &err)) {
		check_accepted(&url);
		redis_url_release(&url);
	} else {
		must(err.kind == ERR_CONFIG && err.message[0]);
	}
	free(text);
	return 0;
}
