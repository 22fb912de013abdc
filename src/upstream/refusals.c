/*
 * A short list of refusals. The struct is the endpoint's.
 */
#include "eke/upstream/refusals.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"

/* What may have been this request's own fault counts when it has come so often in a row. */
#define DOUBTFUL_TIMES 3

static void drop(struct refusals *r, unsigned i)
{
	free(r->list[i].model);
	r->list[i] = r->list[--r->count];
}

void refusals_end_all(struct refusals *r)
{
	while (r->count)
		drop(r, 0);
}

void refusals_release(struct refusals *r)
{
	refusals_end_all(r);
	free(r->list);
	r->list = NULL;
}

static bool concerns(const struct refusal *refusal, const char *model)
{
	return !refusal->model || !strcmp(refusal->model, model);
}

void refusals_end(struct refusals *r, const char *model)
{
	for (unsigned i = r->count; i-- > 0;)
		if (concerns(&r->list[i], model))
			drop(r, i);
}

enum weight { NOTHING, DOUBTFUL, FOR_GOOD };

static enum weight weigh(const struct err *err, bool quota)
{
	if (quota || err->kind == ERR_AUTH)
		return FOR_GOOD;
	if (err->kind == ERR_PROMPT_TOO_LONG || err->kind == ERR_BUDGET || err->kind == ERR_TIMEOUT)
		return NOTHING;
	switch (err->http_status) {
	case 402:
	case 403:
	case 404:
	case 410:
		return FOR_GOOD;
	case 409:
	case 425:
		return NOTHING;
	default:
		break;
	}
	if (err->http_status >= 500)
		return err->retry_at ? FOR_GOOD : NOTHING;
	return err->http_status >= 300 ? DOUBTFUL : NOTHING;
}

static struct refusal *entry_of(struct refusals *r, const char *model)
{
	for (unsigned i = 0; i < r->count; i++)
		if (model ? r->list[i].model && !strcmp(r->list[i].model, model) : !r->list[i].model)
			return &r->list[i];
	if (r->count == REFUSALS_MAX)
		drop(r, 0);
	if (!r->list)
		r->list = xcalloc(REFUSALS_MAX, sizeof(*r->list));
	r->list[r->count] = (struct refusal){ .model = model ? xstrdup(model) : NULL };
	return &r->list[r->count++];
}

bool refusals_note(struct refusals *r, const char *model, const struct err *err, bool quota)
{
	enum weight weight = weigh(err, quota);
	struct refusal *refusal;

	if (weight == NOTHING)
		return false;
	/* The key and the account are those of all models. */
	refusal = entry_of(r, quota || err->kind == ERR_AUTH || err->http_status == 402 ? NULL : model);
	refusal->err = *err;
	refusal->until = err->http_status >= 500 ? err->retry_at : 0;
	refusal->times = weight == FOR_GOOD ? DOUBTFUL_TIMES : refusal->times + 1;
	return refusal->times >= DOUBTFUL_TIMES;
}

const struct err *refusals_find(const struct refusals *r, const char *model, int64_t now)
{
	for (unsigned i = 0; i < r->count; i++) {
		const struct refusal *refusal = &r->list[i];

		if (concerns(refusal, model) && refusal->times >= DOUBTFUL_TIMES && (!refusal->until || now < refusal->until))
			return &refusal->err;
	}
	return NULL;
}
