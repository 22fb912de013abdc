/*
 * A model request's life: excerpt and prompt are made from the cursor's context; when it is sent the call goes out.
 */
#include "model_request.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/complete/excerpt.h"
#include "eke/complete/prompt.h"
#include "eke/complete/prompt_forms.h"
#include "eke/post/post.h"
#include "eke/upstream/call.h"
#include "model_request_private.h"
#include "prompt_context.h"

/* Room for an answer of so many lines of code; providers charge the room in advance (providers.md 1.4). */
#define TOKENS_PER_LINE 24
#define TOKENS_MAX 1024

static void release_context(struct model_request *request)
{
	snippets_release(&request->snippets);
	free(request->extras);
	request->extras = NULL;
	strbuf_release(&request->fim_prefix);
}

static void request_release(void *p)
{
	struct model_request *request = p;

	cursor_context_release(&request->context);
	post_context_free(request->surroundings);
	prompt_release(&request->prompt);
	release_context(request);
	endpoint_unref(request->endpoint);
	strbuf_release(&request->raw);
	for (size_t i = 0; i < CACHE_RANKS; i++)
		strbuf_release(&request->texts[i]);
	config_unref(request->config);
	free(request->model_id);
	free(request->path);
	free(request);
}

void model_request_end(struct model_request *request)
{
	loop_undefer(upstream_loop(request->upstream), model_request_prepare_surroundings, request);
	call_cancel(request->upstream, request->call);
	loop_defer_free(upstream_loop(request->upstream), request, request_release);
}

void model_request_forget(struct model_request *request)
{
	for (unsigned rank = 0; rank < CACHE_RANKS; rank++)
		cache_forget_item(request->cache, request->id + rank);
}

void model_request_cancel(struct model_request *request)
{
	model_request_forget(request);
	model_request_end(request);
}

bool model_request_has_item(const struct model_request *request, uint64_t item)
{
	return item >= request->id && item < request->id + CACHE_RANKS;
}

struct endpoint *model_request_endpoint(const struct model_request *request)
{
	return request->endpoint;
}

const char *model_request_model_id(const struct model_request *request)
{
	return request->model_id;
}

const struct cache_key *model_request_key(const struct model_request *request)
{
	return &request->keys[0].key;
}

int64_t model_request_timeout_ms(const struct model_request *request)
{
	return (int64_t)(endpoint_config(request->endpoint)->first_byte_timeout * 1000);
}

bool model_request_is_paid(const struct model_request *request)
{
	return request->sent && request->counted;
}

char *model_request_model_id_of(const struct endpoint *endpoint)
{
	return xasprintf("%s/%s", endpoint_name(endpoint), endpoint_completion_model(endpoint));
}

const struct post_context *model_request_surroundings(
	const struct model_request *request, const struct cursor_context *context)
{
	const struct strbuf *before = &request->context.before;
	const struct strbuf *after = &request->context.after;

	if (before->len != context->before.len || after->len != context->after.len ||
		memcmp(before->data, context->before.data, before->len) != 0 ||
		memcmp(after->data, context->after.data, after->len) != 0)
		return NULL;
	return request->surroundings;
}

/* --- making it --- */

static int64_t max_tokens(const struct model_request *request, const char *model, size_t candidates)
{
	size_t most = request->counted ? MODEL_REQUEST_WRITE_ON * TOKENS_MAX : TOKENS_MAX;
	size_t tokens = model_request_lines(request) * TOKENS_PER_LINE;

	/* A limit would be used up by the reasoning. */
	if ((request_quirks_of_name(model) | upstream_quirks(request->upstream, request->endpoint, model)) &
	    QUIRK_COMPLETION_TOKENS)
		return 0;
	return (int64_t)((tokens < most ? tokens : most) * candidates);
}

/* What the plan's cap left of them. */
static void keep_excerpt(struct model_request *request, size_t prefix_len, size_t suffix_len)
{
	request->excerpt.prefix_cut |= prefix_len < request->excerpt.prefix_len;
	request->excerpt.prefix += request->excerpt.prefix_len - prefix_len;
	request->excerpt.prefix_len = prefix_len;
	request->excerpt.suffix_len = suffix_len;
}

static bool prepare_chat(struct model_request *request)
{
	struct request_spec *wire = &request->spec.request;
	struct prompt *prompt = &request->prompt;
	struct prompt_input in = {
		.path = request->path,
		.language = request->context.language,
		.prefix = request->excerpt.prefix,
		.prefix_len = request->excerpt.prefix_len,
		.suffix = request->excerpt.suffix,
		.suffix_len = request->excerpt.suffix_len,
		.max_lines = model_request_lines(request),
		.candidates = request->candidate_count,
		.write_on = request->counted,
		.from_start = !request->excerpt.prefix_cut,
		.repeats_line = prompt_model_repeats_line(wire->model),
		.insert_spaces = request->insert_spaces,
		.tab_size = request->tab_size,
		.max_tokens = prompt_context_cap(request->upstream, request->endpoint),
		.context = &request->snippets,
	};
	bool fits = prompt_build(&in, prompt);

	wire->message_count = prompt_messages(prompt, request->messages);
	request->tag_number = prompt->tag_number;
	request->raw_tokens = prompt->tokens;
	keep_excerpt(request, prompt->prefix_len, prompt->suffix_len);
	wire->messages = request->messages;
	wire->stop = prompt->stop;
	wire->stop_count = prompt->stop_count;
	return fits;
}

static void put_extras(struct model_request *request)
{
	struct request_spec *wire = &request->spec.request;

	free(request->extras);
	request->extras = xcalloc(request->snippets.count + 1, sizeof(*request->extras));
	for (size_t i = 0; i < request->snippets.count; i++) {
		const struct snippet *s = &request->snippets.items[i];

		request->extras[i] = (struct request_extra){ .filename = s->path, .text = s->text, .len = s->len };
		request->raw_tokens += s->tokens + PROMPT_TOKENS_PER_SNIPPET;
	}
	wire->extras = request->extras;
	wire->extra_count = request->snippets.count;
}

/* Before the prefix, as much as fits there: comments take more than what they hold. */
static void put_before(struct model_request *request, size_t cap)
{
	enum prompt_form form = prompt_form_of(request->spec.request.model);
	struct snippets some = request->snippets;
	size_t tokens;

	do {
		strbuf_reset(&request->fim_prefix);
		prompt_form_write(form, &some, request->path, request->context.language, &request->fim_prefix);
		tokens = prompt_tokens(request->fim_prefix.data, request->fim_prefix.len);
		some.count /= 2;
	} while (cap && request->fim_prefix.len && request->raw_tokens + tokens > cap);
	request->raw_tokens += tokens;
	strbuf_add(&request->fim_prefix, request->excerpt.prefix, request->excerpt.prefix_len);
	request->spec.request.prefix = request->fim_prefix.data;
	request->spec.request.prefix_len = request->fim_prefix.len;
}

static bool prepare_fim(struct model_request *request)
{
	struct request_spec *wire = &request->spec.request;
	struct prompt_input in = {
		.prefix = request->excerpt.prefix,
		.prefix_len = request->excerpt.prefix_len,
		.suffix = request->excerpt.suffix,
		.suffix_len = request->excerpt.suffix_len,
		.max_tokens = prompt_context_cap(request->upstream, request->endpoint),
	};
	bool fits = prompt_cut_excerpt(&in, &request->raw_tokens);

	keep_excerpt(request, in.prefix_len, in.suffix_len);
	wire->path = request->path;
	wire->prefix = request->excerpt.prefix;
	wire->prefix_len = request->excerpt.prefix_len;
	wire->suffix = request->excerpt.suffix;
	wire->suffix_len = request->excerpt.suffix_len;
	if (fits && request->snippets.count && wire->dialect->takes_extras)
		put_extras(request);
	else if (fits && request->snippets.count)
		put_before(request, in.max_tokens);
	return fits;
}

/*
 * Under which keys the answer is kept at first. One for an empty line holds for the next one, too: Enter before it only
 * moves it down, and models do not say whether there is to be an empty line before what they write.
 */
static void init_keys(struct model_request *request)
{
	struct cache_context cache_context = cursor_context_for_cache(&request->context, request->model_id);
	struct strbuf before;
	size_t blanks = 0;

	cache_key_make(&cache_context, &request->keys[request->key_count++].key);
	while (
		blanks < cache_context.prefix_len && strchr(" \t", cache_context.prefix[cache_context.prefix_len - blanks - 1]))
		blanks++;
	if (blanks == cache_context.prefix_len || cache_context.prefix[cache_context.prefix_len - blanks - 1] != '\n' ||
		(cache_context.suffix_len && !strchr("\r\n", cache_context.suffix[0])))
		return;
	strbuf_init(&before, cache_context.prefix_len + 2);
	strbuf_add(&before, cache_context.prefix, cache_context.prefix_len - blanks);
	strbuf_adds(&before, before.len > 1 && before.data[before.len - 2] == '\r' ? "\r\n" : "\n");
	strbuf_add(&before, cache_context.prefix + cache_context.prefix_len - blanks, blanks);
	cache_context.prefix = before.data;
	cache_context.prefix_len = before.len;
	cache_key_make(&cache_context, &request->keys[request->key_count++].key);
	strbuf_release(&before);
}

static struct model_request *request_alloc(
	const struct model_request_params *params, const struct model_request_callbacks *callbacks)
{
	struct model_request *request = xcalloc(1, sizeof(*request));
	struct excerpt_input in;

	request->id = params->id;
	request->upstream = params->upstream;
	request->cache = params->cache;
	request->config = config_ref(params->config);
	request->callbacks = *callbacks;
	request->model_id = model_request_model_id_of(params->endpoint);
	request->path = xstrdup(params->path);
	request->endpoint = endpoint_ref(params->endpoint);
	request->counted = plan_is_counted(endpoint_config(params->endpoint)->plan);
	request->insert_spaces = params->insert_spaces;
	request->tab_size = params->tab_size;
	request->project_style = params->project_style;
	cursor_context_copy(&request->context, params->context);
	in = (struct excerpt_input){ .before = request->context.before.data,
		.before_len = request->context.before.len,
		.after = request->context.after.data,
		.after_len = request->context.after.len };
	excerpt_choose(&in, &request->excerpt);
	init_keys(request);
	prompt_init(&request->prompt);
	strbuf_init(&request->fim_prefix, LIMIT_PROMPT);
	request->retriever = params->retriever;
	strbuf_init(&request->raw, LIMIT_COMPLETION);
	for (size_t i = 0; i < CACHE_RANKS; i++)
		strbuf_init(&request->texts[i], LIMIT_COMPLETION_TEXT);
	return request;
}

static bool prepare(struct model_request *request)
{
	return request->source == POST_CHAT ? prepare_chat(request) : prepare_fim(request);
}

static void add_context(struct model_request *request, bool keep)
{
	struct prompt_context_spec spec = { .retriever = request->retriever,
		.config = request->config,
		.upstream = request->upstream,
		.endpoint = request->endpoint,
		.cursor = &request->context,
		.excerpt = &request->excerpt,
		.used = request->raw_tokens,
		.keep = keep };

	if (!request->retriever)
		return;
	prompt_context_choose(&spec, &request->snippets);
	log_debug("completion %llu: %zu tokens of context from %zu places", (unsigned long long)request->id,
		request->snippets.tokens, request->snippets.count);
	/* It was possible without. */
	if (request->snippets.count)
		prepare(request);
}

void model_request_add_context(struct model_request *request)
{
	add_context(request, true);
}

/* Without an entry in the cache. */
static struct model_request *request_make(
	const struct model_request_params *params, const struct model_request_callbacks *callbacks, struct err *err)
{
	const struct config_endpoint *settings = endpoint_config(params->endpoint);
	const char *model = endpoint_completion_model(params->endpoint);
	const struct dialect *dialect = endpoint_completion_dialect(params->endpoint);
	bool by_chat = !dialect->fills_in;
	/* The fill-in-the-middle APIs would take a request for each. */
	size_t candidates = by_chat ? (size_t)params->config->completion.candidates : 1;
	struct model_request *request = request_alloc(params, callbacks);

	request->spec = (struct call_spec){
		.endpoint = request->endpoint,
		.purpose = params->automatic ? CALL_COMPLETION_AUTOMATIC : CALL_COMPLETION_EXPLICIT,
		.reserve = params->config->completion.reserve,
		.request = { .dialect = dialect,
			.model = model,
			.max_tokens = max_tokens(request, model, candidates),
			.temperature = 0,
			.stream = true,
			.stream_options = settings->stream_options },
	};
	request->candidate_count = candidates;
	request->source = by_chat ? POST_CHAT : POST_FIM;
	if (!prepare(request)) {
		err_set(err, ERR_PROMPT_TOO_LONG, "the plan %s allows prompts of %lld tokens, too few for any completion",
			settings->plan->name, (long long)settings->plan->max_prompt_tokens);
		model_request_end(request);
		return NULL;
	}
	return request;
}

struct model_request *model_request_new(
	const struct model_request_params *params, const struct model_request_callbacks *callbacks, struct err *err)
{
	struct model_request *request = request_make(params, callbacks, err);

	/* From now on others can join. */
	if (request)
		model_request_store(request, 0, false);
	return request;
}

void model_request_preview(const struct model_request_params *params, struct snippets *context, size_t *tokens)
{
	struct model_request_callbacks none = { .ctx = NULL };
	struct err err;
	struct model_request *request = request_make(params, &none, &err);

	*context = (struct snippets){ .items = NULL };
	*tokens = 0;
	if (!request)
		return;
	add_context(request, false);
	*tokens = request->raw_tokens;
	*context = request->snippets;
	request->snippets = (struct snippets){ .items = NULL };
	model_request_end(request);
}

void model_request_send(struct model_request *request)
{
	struct call_callbacks callbacks = {
		.delta = model_request_on_delta, .done = model_request_on_done, .ctx = request
	};

	request->sent = true;
	request->call = call_start(request->upstream, &request->spec, &callbacks);
	/* It is in the call's body. */
	prompt_release(&request->prompt);
	prompt_init(&request->prompt);
	release_context(request);
	strbuf_init(&request->fim_prefix, LIMIT_PROMPT);
	/* While the model thinks, not when the first line is there. */
	loop_defer_last(upstream_loop(request->upstream), model_request_prepare_surroundings, request);
}
