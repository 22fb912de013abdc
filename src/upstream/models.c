/*
 * The model list: a kind of fetch (fetch.h).
 */
#include "eke/upstream/models.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/printable.h"
#include "eke/upstream/wire.h"
#include "fetch.h"

struct models_fetch {
	models_fn *fn;
	void *ctx;
	char **ids;
	size_t count;
};

static void models_release(void *own)
{
	struct models_fetch *m = own;

	for (size_t i = 0; i < m->count; i++)
		free(m->ids[i]);
	free(m->ids);
	free(m);
}

static void add_id(void *ctx, const char *id)
{
	struct models_fetch *m = ctx;
	struct strbuf name;

	/* Names go to terminals. */
	strbuf_init(&name, LIMIT_SSE_EVENT);
	printable_add_stripped(&name, id, strlen(id));
	m->ids = xreallocarray(m->ids, m->count + 1, sizeof(*m->ids));
	m->ids[m->count++] = strbuf_detach(&name, NULL);
}

static bool models_decode(void *own, const struct json *value)
{
	return wire_models_decode(value, add_id, own);
}

static void models_told(void *own, const struct err *err)
{
	struct models_fetch *m = own;

	m->fn(m->ctx, err ? NULL : (const char *const *)m->ids, m->count, err);
}

static const struct fetch_kind models_kind = {
	.what = "its models",
	.path = "/models",
	.decode = models_decode,
	.told = models_told,
	.release = models_release,
};

uint64_t models_start(struct upstream *upstream, struct endpoint *endpoint, models_fn *fn, void *ctx)
{
	struct models_fetch *m = xcalloc(1, sizeof(*m));

	m->fn = fn;
	m->ctx = ctx;
	return fetch_start(upstream, endpoint, &models_kind, m);
}

void models_cancel(struct upstream *upstream, uint64_t id)
{
	fetch_cancel(upstream, id);
}
