#ifndef EKE_COMPLETE_DECIDE_H
#define EKE_COMPLETE_DECIDE_H
/*
 * What to do with a request for a completion. Only looks, but for the cache, which notes what is used, and where an
 * answer that is found again (realign_recent.h) is kept for the place: the doing is pending.c's. For the engine's own
 * files.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/complete/admission.h"
#include "eke/complete/cache.h"
#include "eke/complete/engine.h"
#include "eke/offline/suggest.h"
#include "cursor_context.h"

struct inflight;

enum decision_kind {
	DECISION_ANSWER,  /* hits[0..hit_count) hold it */
	DECISION_JOIN,    /* `inflight` will have it */
	DECISION_NOTHING, /* the model had nothing to say here */
	DECISION_OFFLINE, /* engine->offline_text holds what the open documents tell */
	DECISION_ASK,     /* after admission.delay_ms */
	DECISION_DECLINE, /* not worth a request */
	DECISION_NO_ENDPOINT,
};

struct decision {
	enum decision_kind kind;
	struct cache_hit hits[ENGINE_ITEMS]; /* borrowed from the cache until it changes */
	size_t hit_count;
	struct inflight *inflight;
	struct endpoint *endpoint;  /* for ASK: whom; borrowed until the configuration changes */
	struct admission admission; /* for ASK and DECLINE */
	struct offline_verdict offline; /* of the last look at it */
};

/* What the decision is about. */
struct decision_input {
	const struct cursor_context *context;
	bool automatic;
	/* The editor's indentation, as in struct engine_request. */
	bool insert_spaces;
	unsigned tab_size;
};

void engine_decide(struct engine *engine, const struct decision_input *in, struct decision *out);
/* Where a model request would go; NULL: nobody is configured. */
struct endpoint *engine_endpoint(struct engine *engine, bool automatic);
/* Asks the open documents alone; true with the text in engine->offline_text. */
bool engine_look_offline(struct engine *engine, const struct decision_input *in, enum offline_level level,
	struct offline_verdict *verdict);
/* The settings keep completions away: off, by hand only, not in this language. */
bool engine_is_off(const struct engine *engine, const struct cursor_context *context, bool automatic);

#endif
