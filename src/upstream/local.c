/*
 * Each address has a probe: an endpoint of a configuration made for it, and the fetch under way. The caller frees the
 * search, which ends the fetches of its probes.
 */
#include "eke/upstream/local.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "fetch.h"

/* The ports are those of the servers' own defaults. */
#define DEFAULTS "http://127.0.0.1:11434,http://127.0.0.1:8080,http://127.0.0.1:1234"
#define VARIABLE "EKE_LOCAL_SERVERS"

struct probe {
	struct local_search *search;
	struct endpoint *endpoint; /* ref */
	uint64_t fetch;            /* 0: none under way */
	bool found;
	struct local_server server;
};

struct local_search {
	struct upstream *upstream;
	struct timer *timer;
	struct probe probes[LIMIT_LOCAL_SERVERS];
	size_t count;
	size_t left;
	loop_fn *fn; /* NULL: it was called */
	void *ctx;
};

static const char *addresses(void)
{
	const char *value = getenv(VARIABLE);

	return value ? value : DEFAULTS;
}

bool local_search_is_wanted(void)
{
	return addresses()[strspn(addresses(), " ,")] != '\0';
}

/* --- its end --- */

static void search_over(void *ctx)
{
	struct local_search *s = ctx;
	loop_fn *fn = s->fn;

	s->fn = NULL;
	timer_stop(s->timer);
	for (size_t i = 0; i < s->count; i++) {
		fetch_cancel(s->upstream, s->probes[i].fetch);
		s->probes[i].fetch = 0;
	}
	if (fn)
		fn(s->ctx);
}

static void probe_over(struct probe *p)
{
	p->fetch = 0;
	if (!--p->search->left)
		search_over(p->search);
}

/* --- what is fetched --- */

/* The probe belongs to the search: nothing to release. */
static void keep(void *own)
{
	(void)own;
}

static bool infill_decode(void *own, const struct json *value)
{
	(void)own;
	(void)value;
	return true;
}

/* The body is not a valid request. A server whose model fills in the middle says so (400); others say 501 first. */
static void infill_told(void *own, const struct err *err)
{
	struct probe *p = own;

	p->server.infill = !err || err->http_status == 400;
	probe_over(p);
}

static const struct fetch_kind infill_kind = {
	.what = "its ability to fill in",
	.path = "/infill",
	.at_origin = true,
	.body = "{}",
	.decode = infill_decode,
	.told = infill_told,
	.release = keep,
};

static bool models_decode(void *own, const struct json *value)
{
	struct probe *p = own;

	return local_server_decode(&p->server, value);
}

static void models_told(void *own, const struct err *err)
{
	struct probe *p = own;

	p->found = !err;
	if (p->found && p->server.kind == LOCAL_LLAMACPP)
		p->fetch = fetch_start(p->search->upstream, p->endpoint, &infill_kind, p);
	else
		probe_over(p);
}

static const struct fetch_kind models_kind = {
	.what = "its models",
	.path = "/models",
	.decode = models_decode,
	.told = models_told,
	.release = keep,
};

/* --- the beginning --- */

/* Ignores an address that is not one of this machine. */
static void add_probe(struct local_search *s, const char *text, size_t len)
{
	struct probe *p = &s->probes[s->count];
	struct config *config = config_defaults();
	struct config_local local = { .name = xstrdup("local"), .base_url = xstrndup(text, len) };
	struct err err;

	if (config_use_local(config, &local, &err)) {
		config->endpoints[0].connect_timeout = config->endpoints[0].first_byte_timeout = LOCAL_SEARCH_MS / 1000.0;
		p->endpoint = endpoint_new(upstream_loop(s->upstream), config, &config->endpoints[0], VARIABLE, &err);
	}
	if (p->endpoint && endpoint_url(p->endpoint)->loopback && len < sizeof(p->server.address)) {
		memcpy(p->server.address, text, len);
		p->search = s;
		p->fetch = fetch_start(s->upstream, p->endpoint, &models_kind, p);
		s->count++;
	} else {
		log_warn("%s: %.*s is not an address of this machine and is ignored", VARIABLE, (int)len, text);
		endpoint_unref(p->endpoint);
		p->endpoint = NULL;
	}
	config_local_release(&local);
	config_unref(config);
}

struct local_search *local_search_start(struct upstream *upstream, loop_fn *fn, void *ctx)
{
	struct local_search *s = xcalloc(1, sizeof(*s));
	const char *at = addresses();

	s->upstream = upstream;
	s->fn = fn;
	s->ctx = ctx;
	s->timer = timer_new(upstream_loop(upstream), search_over, s);
	while (*at && s->count < LIMIT_LOCAL_SERVERS) {
		size_t skip = strspn(at, " ,");
		size_t len = strcspn(at + skip, " ,");

		if (len)
			add_probe(s, at + skip, len);
		at += skip + len;
	}
	s->left = s->count;
	timer_start(s->timer, s->count ? LOCAL_SEARCH_MS : 0);
	return s;
}

const struct local_server *local_search_at(const struct local_search *search, size_t index)
{
	for (size_t i = 0; i < search->count; i++)
		if (search->probes[i].found && !index--)
			return &search->probes[i].server;
	return NULL;
}

const struct local_server *local_search_usable(const struct local_search *search)
{
	const struct local_server *server;
	struct local_choice choice;

	for (size_t i = 0; (server = local_search_at(search, i)); i++)
		if (local_server_choose(server, &choice))
			return server;
	return NULL;
}

static void search_release(void *p)
{
	struct local_search *s = p;

	for (size_t i = 0; i < s->count; i++)
		local_server_release(&s->probes[i].server);
	free(s);
}

void local_search_free(struct local_search *s)
{
	if (!s)
		return;
	s->fn = NULL;
	search_over(s);
	for (size_t i = 0; i < s->count; i++)
		endpoint_unref(s->probes[i].endpoint);
	timer_free(s->timer);
	/* One of its callbacks may be on the stack. */
	loop_defer_free(upstream_loop(s->upstream), s, search_release);
}
