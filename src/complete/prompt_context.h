#ifndef EKE_COMPLETE_PROMPT_CONTEXT_H
#define EKE_COMPLETE_PROMPT_CONTEXT_H
/*
 * What of the workspace goes along with a prompt, within what the configuration, the plan and the endpoint leave room
 * for. For the engine's own files.
 */
#include "eke/complete/excerpt.h"
#include "eke/config/config.h"
#include "eke/context/retriever.h"
#include "eke/upstream/upstream.h"
#include "cursor_context.h"

/* Borrowed for the call. */
struct prompt_context_spec {
	struct retriever *retriever;
	const struct config *config;
	const struct upstream *upstream;
	const struct endpoint *endpoint;
	const struct cursor_context *cursor;
	const struct excerpt *excerpt; /* of the cursor's context */
	size_t used; /* tokens that the prompt has without context, as prompt_build() guesses them */
	bool keep; /* as in struct retrieval */
};

/* snippets_release(). */
void prompt_context_choose(const struct prompt_context_spec *spec, struct snippets *out);

/*
 * The cap on a prompt to this endpoint, in tokens as prompt_build() guesses them for its completion model; 0: none.
 */
size_t prompt_context_cap(const struct upstream *upstream, const struct endpoint *endpoint);

#endif
