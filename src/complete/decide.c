/*
 * The order of the steps (src/README.md, "Where a keystroke goes"): known, on its way, worth a request. Nothing is sent
 * here, so that completion/explain can use it; only an answer that is found to continue here gets another cache key.
 */
#include "decide.h"

#include <stdlib.h>

#include "eke/base/clock.h"
#include "eke/upstream/choose.h"
#include "engine_private.h"
#include "inflight.h"
#include "realign_recent.h"

/* What automatic requests may spend at this endpoint. */
static struct admission_budget budget_facts(struct engine *engine, struct endpoint *endpoint)
{
	struct budget_view view;
	int64_t now = clock_wall_ms();

	upstream_look(engine->upstream, endpoint, endpoint_completion_model(endpoint), BUDGET_AUTOMATIC,
		      engine->config->completion.reserve, &view);
	return (struct admission_budget){
		.counted = view.counted,
		.tokens = view.pace.tokens,
		.burst = view.pace.burst,
		.level = view.pace.level,
		.wait_ms = view.pace.next_at_ms > now ? view.pace.next_at_ms - now : 0,
	};
}

static void admit(
	struct engine *engine, const struct cursor_context *context, struct endpoint *endpoint, struct admission *out)
{
	const struct doc_feedback *doc = feedback_of_doc(engine->feedback, context->uri);
	struct admission_input in = {
		.context = { .before = context->before.data,
			.before_len = context->before.len,
			.after = context->after.data,
			.after_len = context->after.len,
			.language = context->language },
		.history = { .rejected = doc->rejected,
			.requests_on_line = doc_feedback_requests_on(doc, context->line),
			.astray = doc_feedback_is_astray(doc, context->offset, context->before.data, context->before.len),
			.inflight = inflight_any_automatic(engine, context->uri),
			.gap_ms = feedback_gap_ms(engine->feedback) },
		.budget = budget_facts(engine, endpoint),
		.debounce_ms = engine->config->completion.debounce_ms == DEBOUNCE_ADAPTIVE
			? ADMISSION_ADAPTIVE
			: engine->config->completion.debounce_ms,
	};

	admission_decide(&in, out);
}

/* Looks into the cache; true if that settles it. */
static bool look_up(struct engine *engine, const struct cursor_context *context, const struct endpoint *endpoint,
	bool automatic, struct decision *out)
{
	char *model_id = model_request_model_id_of(endpoint);
	struct cache_context cache_context = cursor_context_for_cache(context, model_id);
	int64_t now = clock_mono_ms();
	struct cache_hit hit;
	enum cache_status status = cache_find(engine->cache, &cache_context, now, &hit);
	bool settled = false;

	if (status == CACHE_MISS && realign_recent(engine, context, &cache_context))
		status = cache_find(engine->cache, &cache_context, now, &hit);
	if (status == CACHE_HIT)
		out->hit_count = cache_find_all(engine->cache, &cache_context, now, out->hits, ENGINE_ITEMS);
	free(model_id);
	switch (status) {
	case CACHE_MISS:
		break;
	case CACHE_NOTHING:
		/* It holds for automatic requests; who asks by hand gets another try. */
		settled = automatic;
		out->kind = DECISION_NOTHING;
		break;
	case CACHE_HIT:
		settled = hit.complete;
		out->kind = DECISION_ANSWER;
		if (settled)
			break;
		/* fall through */
	case CACHE_INCOMPLETE:
		out->inflight = inflight_find(engine, hit.item);
		settled = out->inflight != NULL;
		out->kind = DECISION_JOIN;
		break;
	}
	return settled;
}

bool engine_look_offline(struct engine *engine, const struct decision_input *in, enum offline_level level,
	struct offline_verdict *verdict)
{
	struct offline_request request = {
		.uri = in->context->uri,
		.language = in->context->language,
		.line = in->context->line,
		.before = in->context->before.data,
		.before_len = in->context->before.len,
		.after = in->context->after.data,
		.after_len = in->context->after.len,
		.max_lines = (size_t)engine->config->completion.max_lines,
		.level = level,
		.insert_spaces = in->insert_spaces,
		.tab_size = in->tab_size,
	};

	return engine->offline && offline_complete(engine->offline, &request, &engine->offline_text, verdict);
}

/* Nothing better can be had: what is likely will do. */
static void fall_back(struct engine *engine, const struct decision_input *in, struct decision *out)
{
	if (in->automatic && engine_look_offline(engine, in, OFFLINE_LIKELY, &out->offline))
		out->kind = DECISION_OFFLINE;
}

struct endpoint *engine_endpoint(struct engine *engine, bool automatic)
{
	struct choice choice;

	upstream_choose(engine->upstream, CHOOSE_COMPLETION, automatic ? BUDGET_AUTOMATIC : BUDGET_EXPLICIT,
			engine->config->completion.reserve, &choice);
	return choice.endpoint;
}

/* What any of the endpoints said before, up to the one in use: another may have been in its place then. */
static bool look_up_all(struct engine *engine, const struct decision_input *in, const struct endpoint *last,
			struct decision *out)
{
	struct endpoint *endpoint;

	for (size_t i = 0; (endpoint = upstream_at(engine->upstream, i)); i++) {
		if (look_up(engine, in->context, endpoint, in->automatic, out))
			return true;
		if (endpoint == last)
			break;
	}
	return false;
}

void engine_decide(struct engine *engine, const struct decision_input *in, struct decision *out)
{
	*out = (struct decision){ .kind = DECISION_NO_ENDPOINT };
	out->endpoint = engine_endpoint(engine, in->automatic);
	if (!out->endpoint) {
		fall_back(engine, in, out);
		return;
	}
	if (look_up_all(engine, in, out->endpoint, out))
		return;
	out->kind = DECISION_ASK;
	if (!in->automatic)
		return;
	/* What is sure costs no request. */
	if (engine_look_offline(engine, in, OFFLINE_SURE, &out->offline)) {
		out->kind = DECISION_OFFLINE;
		return;
	}
	admit(engine, in->context, out->endpoint, &out->admission);
	if (out->admission.admitted)
		return;
	out->kind = DECISION_DECLINE;
	fall_back(engine, in, out);
}

bool engine_is_off(const struct engine *engine, const struct cursor_context *context, bool automatic)
{
	const struct config_completion *c = &engine->config->completion;

	if (c->trigger == TRIGGER_OFF)
		return true;
	return automatic && (c->trigger == TRIGGER_MANUAL || !config_language_enabled(engine->config, context->language));
}
