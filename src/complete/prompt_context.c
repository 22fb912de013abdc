/*
 * Room for context. Servers on this machine have small windows unless they are told otherwise (Ollama 4,096 tokens, the
 * oldest dropped without a word), so that without a cap of its plan a prompt to one of them stays below that.
 */
#include "prompt_context.h"

#include "eke/base/limits.h"
#include "eke/complete/prompt.h"
#include "eke/upstream/tokens.h"

/* With an answer of usual length it fits into 4,096. */
#define LOCAL_PROMPT_TOKENS 3584
/* What the estimate of single pieces may be wrong by, in all. */
#define ROOM_SHARE(room) ((room) / 16 * 15)

size_t prompt_context_cap(const struct upstream *upstream, const struct endpoint *endpoint)
{
	int64_t cap = endpoint_config(endpoint)->plan->max_prompt_tokens;
	size_t room;

	if (!cap)
		return 0;
	room = tokens_room(
		upstream_token_scales(upstream), endpoint_name(endpoint), endpoint_completion_model(endpoint), (size_t)cap);
	return room ? room : 1;
}

static size_t room_for(const struct prompt_context_spec *spec)
{
	const struct config_endpoint *settings = endpoint_config(spec->endpoint);
	size_t most = (size_t)spec->config->completion.context.max_tokens;
	size_t cap = prompt_context_cap(spec->upstream, spec->endpoint);
	size_t room;

	/* llama.cpp's server takes what it has room for. */
	if (!cap && settings->url_count && settings->urls[0].loopback &&
		!endpoint_completion_dialect(spec->endpoint)->takes_extras)
		cap = LOCAL_PROMPT_TOKENS;
	if (!cap)
		return most;
	room = cap > spec->used ? ROOM_SHARE(cap - spec->used) : 0;
	return room < most ? room : most;
}

static unsigned sources_of(const struct config_context *context)
{
	return (unsigned)context->imports << CONTEXT_SOURCE_IMPORTS | (unsigned)context->similar << CONTEXT_SOURCE_SIMILAR |
		(unsigned)context->edits << CONTEXT_SOURCE_EDITS | (unsigned)context->outline << CONTEXT_SOURCE_OUTLINE |
		(unsigned)context->notebook << CONTEXT_SOURCE_NOTEBOOK;
}

void prompt_context_choose(const struct prompt_context_spec *spec, struct snippets *out)
{
	const struct excerpt *excerpt = spec->excerpt;
	size_t offset = spec->cursor->offset;
	struct retrieval in = { .uri = spec->cursor->uri,
		.from = offset > excerpt->prefix_len ? offset - excerpt->prefix_len : 0,
		.to = offset + excerpt->suffix_len,
		.cursor = { excerpt->prefix, excerpt->prefix_len, excerpt->suffix, excerpt->suffix_len, false },
		.sources = sources_of(&spec->config->completion.context),
		.tokens = room_for(spec),
		.tokens_per_file = PROMPT_TOKENS_PER_SNIPPET,
		.keep = spec->keep };

	*out = (struct snippets){ .items = NULL };
	if (in.sources && in.tokens)
		retriever_choose(spec->retriever, &in, out);
}
