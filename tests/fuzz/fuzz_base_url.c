/*
 * Base URLs: what is accepted is clean, goes nowhere in clear but to this machine, and is its own normal form.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"
#include "eke/config/base_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void check_accepted(const struct base_url *url)
{
	struct err err = ERR_INIT;
	struct base_url again;
	size_t len = strlen(url->base);

	must(!strncmp(url->base, url->tls ? "https://" : "http://", url->tls ? 8 : 7));
	must(url->tls || url->loopback || url->in_clear);
	must(!*url->query || (url->query[0] == '?' && url->query[1] && !strchr(url->query, '#')));
	must(!strncmp(url->base, url->origin, strlen(url->origin)) && url->base[strlen(url->origin)] == '/');
	must(url->host[0] && strstr(url->origin, url->host));
	must(url->base[len - 1] != '/' && !strpbrk(url->base, "?#\\ \t\r\n\"<>"));
	must(!strchr(url->origin, '@'));
	for (size_t i = 0; i < len; i++)
		must(url->base[i] > ' ' && url->base[i] < 0x7F);
	must(!strcmp(url->address, strstr(url->origin, "://") + 3));
	must(base_url_parse(url->origin, url->in_clear, &again, &err));
	must(!strcmp(again.origin, url->origin) && !strcmp(again.host, url->host) && again.loopback == url->loopback);
	base_url_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size);
	struct base_url url;
	struct err err = ERR_INIT;

	for (int allow = 0; allow < 2; allow++) {
		if (base_url_parse(text, allow, &url, &err)) {
			must(allow || !url.in_clear);
			check_accepted(&url);
			base_url_release(&url);
		} else {
			must(err.kind == ERR_CONFIG && err.message[0]);
		}
	}
	free(text);
	return 0;
}
