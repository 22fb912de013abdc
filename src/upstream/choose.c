/*
 * The only state is until when the user allows the next endpoint, in struct upstream.
 */
#include "eke/upstream/choose.h"

#include <string.h>

#include "eke/base/clock.h"
#include "upstream_private.h"

/* Could a request go out now? */
static bool has_something(struct upstream *upstream, struct endpoint *endpoint, enum choose_for purpose,
			  enum budget_use use, double reserve)
{
	const char *model =
		purpose == CHOOSE_CHAT ? endpoint_chat_model(endpoint) : endpoint_completion_model(endpoint);
	struct budget_view view;

	upstream_look(upstream, endpoint, model, use, reserve, &view);
	switch (view.state) {
	case BUDGET_EXHAUSTED:
	case BUDGET_BLOCKED:
		return false;
	case BUDGET_OK:
	case BUDGET_LOW:
		return use == BUDGET_EXPLICIT || view.automatic > 0;
	case BUDGET_UNLIMITED:
		return true;
	}
	return true;
}

/* Do their requests count together, so that the one is exhausted when the other is? */
static bool count_together(const struct config_endpoint *a, const struct config_endpoint *b)
{
	if (!plan_is_counted(a->plan) || !plan_is_counted(b->plan))
		return false;
	return !strcmp(a->service, b->service) || !strcmp(a->plan->name, b->plan->name);
}

void upstream_choose(struct upstream *upstream, enum choose_for purpose, enum budget_use use, double reserve,
	struct choice *out)
{
	struct endpoint *first = upstream_at(upstream, 0);
	bool allowed = upstream->when_exhausted == EXHAUSTED_AUTO ||
		       (upstream->when_exhausted == EXHAUSTED_ASK && upstream->next_allowed_until > clock_wall_ms() / 1000);

	*out = (struct choice){ .endpoint = first };
	if (!first || upstream->when_exhausted == EXHAUSTED_NEVER || upstream->count == 1 ||
	    has_something(upstream, first, purpose, use, reserve))
		return;
	for (size_t i = 1; i < upstream->count; i++) {
		struct endpoint *next = upstream->endpoints[i];

		if (count_together(endpoint_config(first), endpoint_config(next)) ||
		    !has_something(upstream, next, purpose, use, reserve))
			continue;
		*(allowed ? &out->endpoint : &out->alternative) = next;
		return;
	}
}

void upstream_allow_next(struct upstream *upstream, int64_t until)
{
	upstream->next_allowed_until = until;
}
