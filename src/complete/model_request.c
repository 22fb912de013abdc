/*
 * A model request's life: excerpt and prompt are made from the cursor's context; when it is sent the call goes out, and
 * what comes back is post-processed and put into the cache: whole lines while it streams, all of it at the end.
 */
#include "model_request.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/code/words.h"
#include "eke/complete/excerpt.h"
#include "eke/complete/prompt.h"
#include "eke/complete/prompt_forms.h"
#include "eke/post/candidates.h"
#include "eke/post/post.h"
#include "eke/upstream/call.h"
#include "prompt_context.h"

/* Room for an answer of so many lines of code; providers charge the room in advance (providers.md 1.4). */
#define TOKENS_PER_LINE 24
#define TOKENS_MAX 1024
/* Where requests are counted an answer may have so many times the lines, and tokens, of one that is shown at once. */
#define WRITE_ON 3

/* Cache keys under which one answer is stored, its own among them. */
#define KEYS_MAX 8

struct answer_key {
	struct cache_key key;
	size_t from; /* the byte of the answer with which it goes on there */
	struct symbol_renames renames;
};

struct model_request {
	uint64_t id;
	struct upstream *upstream;
	struct cache *cache;
	struct config *config; /* ref */
	struct model_request_callbacks callbacks;
	struct cursor_context context;
	char *model_id;
	char *path; /* as the prompt shows it */
	struct answer_key keys[KEYS_MAX]; /* the first is for `context` */
	size_t key_count;
	struct excerpt excerpt; /* slices of context */
	struct post_context *surroundings; /* of excerpt; NULL until it is sent */
	unsigned mark;
	enum post_source source;
	bool insert_spaces;
	unsigned tab_size;
	bool project_style;
	bool counted;
	size_t candidate_count; /* candidates */
	struct endpoint *endpoint; /* ref */
	struct call_spec spec; /* borrows from the next two, context and endpoint */
	struct prompt prompt;
	struct retriever *retriever; /* or NULL */
	struct snippets snippets;    /* what goes along from elsewhere */
	struct request_extra *extras; /* these, for llama.cpp */
	struct strbuf fim_prefix;    /* these, before the prefix */
	struct request_message messages[PROMPT_MESSAGES];
	size_t raw_tokens; /* the prompt's, as guessed; 0: not known */
	bool sent;
	uint64_t call;
	struct strbuf raw;
	struct strbuf texts[CACHE_RANKS]; /* post-processed so far, by candidate */
};

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

static void prepare_surroundings(void *ctx);

/* The memory goes at the turn's end: its own callback may be on the stack. */
static void request_end(struct model_request *request)
{
	loop_undefer(upstream_loop(request->upstream), prepare_surroundings, request);
	call_cancel(request->upstream, request->call);
	loop_defer_free(upstream_loop(request->upstream), request, request_release);
}

static void forget(struct model_request *request)
{
	for (unsigned rank = 0; rank < CACHE_RANKS; rank++)
		cache_forget_item(request->cache, request->id + rank);
}

void model_request_cancel(struct model_request *request)
{
	forget(request);
	request_end(request);
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

/* --- the answer --- */

/*
 * Lines that are asked for. Where requests are scarce more than is shown at once: what is written beyond it is there
 * when the user gets to it.
 */
static size_t lines_of(const struct model_request *request)
{
	size_t lines = (size_t)request->config->completion.max_lines;

	return request->counted ? WRITE_ON * lines : lines;
}

static struct post_input post_input_of(const struct model_request *request)
{
	return (struct post_input){
		.source = request->source,
		.mark = request->mark,
		.prefix = request->excerpt.prefix,
		.prefix_len = request->excerpt.prefix_len,
		.suffix = request->excerpt.suffix,
		.suffix_len = request->excerpt.suffix_len,
		.language = request->context.language,
		.max_lines = lines_of(request),
		.insert_spaces = request->insert_spaces,
		.tab_size = request->tab_size,
		.project_style = request->project_style,
	};
}

static void prepare_surroundings(void *ctx)
{
	struct model_request *request = ctx;
	struct post_input in = post_input_of(request);

	if (!request->surroundings)
		request->surroundings = post_context_new(&in);
}

/* What of a candidate can be used at this stage; leaves it in request->texts[rank]. */
static enum post_verdict post(
	struct model_request *request, const struct candidate *candidate, size_t rank, enum post_finish finish)
{
	struct post_input in = post_input_of(request);

	in.answer = candidate->text;
	in.answer_len = candidate->len;
	in.finish = candidate->closed ? POST_STOP : finish;
	prepare_surroundings(request);
	return post_process_at(request->surroundings, &in, &request->texts[rank]);
}

static void store_at(struct model_request *request, const struct answer_key *answer_key, size_t rank, bool complete)
{
	const struct strbuf *text = &request->texts[rank];
	struct cache_answer answer = {
		.item = request->id + rank, .rank = (unsigned)rank, .complete = complete, .stored_ms = clock_mono_ms()
	};
	struct strbuf rest;

	strbuf_init(&rest, LIMIT_COMPLETION_TEXT);
	if (text->len > answer_key->from)
		symbol_renames_apply(&answer_key->renames, text->data + answer_key->from, text->len - answer_key->from, &rest);
	answer.text = rest.data;
	answer.len = rest.len;
	cache_put(request->cache, &answer_key->key, &answer);
	if (complete)
		request->callbacks.kept(request->callbacks.ctx, &answer_key->key, &answer);
	strbuf_release(&rest);
}

static void store(struct model_request *request, size_t rank, bool complete)
{
	for (size_t i = 0; i < request->key_count; i++) {
		/* Where the typing left it and came back is inside the first candidate; nothing is known of the others. */
		if (!rank || !request->keys[i].from)
			store_at(request, &request->keys[i], rank, complete);
	}
}

bool model_request_add_key(struct model_request *request, const struct cache_key *from, size_t at,
	const struct cache_key *to, const struct symbol_renames *renames)
{
	const struct strbuf *text = &request->texts[0];
	size_t i = 0;
	struct answer_key answer_key;

	while (i < request->key_count && !cache_key_equal(&request->keys[i].key, from))
		i++;
	if (i == request->key_count)
		return false;
	answer_key = request->keys[i];
	answer_key.key = *to;
	answer_key.from += symbol_renames_source(
		&answer_key.renames, text->data + answer_key.from, text->len - answer_key.from, at);
	if (answer_key.from >= text->len)
		return false;
	for (size_t k = 0; k < renames->count; k++)
		symbol_renames_add(&answer_key.renames, renames->pairs[k].from, strlen(renames->pairs[k].from),
			renames->pairs[k].to, strlen(renames->pairs[k].to));
	/* Its own key stays; of the others the oldest makes room. */
	if (request->key_count == KEYS_MAX) {
		memmove(request->keys + 1, request->keys + 2, (KEYS_MAX - 2) * sizeof(answer_key));
		request->key_count--;
	}
	request->keys[request->key_count++] = answer_key;
	store_at(request, &answer_key, 0, false);
	return true;
}

/*
 * The model had its say and stopped: when all of it stands in the document, nobody needs to be asked again right there.
 */
static void store_end(struct model_request *request)
{
	struct cache_context end = cursor_context_for_cache(&request->context, request->model_id);
	struct cache_answer nothing = { .item = request->id, .complete = true, .stored_ms = clock_mono_ms() };
	struct cache_key key;
	struct strbuf before;

	strbuf_init(&before, LIMIT_DOCUMENT);
	strbuf_add(&before, request->context.before.data, request->context.before.len);
	strbuf_add(&before, request->texts[0].data, request->texts[0].len);
	end.prefix = before.data;
	end.prefix_len = before.len;
	cache_key_make(&end, &key);
	cache_put(request->cache, &key, &nothing);
	request->callbacks.kept(request->callbacks.ctx, &key, &nothing);
	strbuf_release(&before);
}

/* Do the candidates before this one say the same? */
static bool is_known(const struct model_request *request, size_t rank)
{
	const struct strbuf *text = &request->texts[rank];

	for (size_t i = 0; i < rank; i++)
		if (request->texts[i].len == text->len && !memcmp(request->texts[i].data, text->data, text->len))
			return true;
	return false;
}

/* All candidates of the whole answer. True if the best one may be inserted. */
static bool store_all(struct model_request *request, enum post_finish finish)
{
	struct candidate candidates[CANDIDATES_MAX];
	size_t count = candidates_split(
		request->raw.data, request->raw.len, request->mark, request->candidate_count, candidates);
	size_t rank = 0;

	for (size_t i = 0; i < count; i++) {
		enum post_verdict verdict = post(request, &candidates[i], rank, finish);

		log_debug("completion %llu: %s, %zu of %zu bytes", (unsigned long long)(request->id + rank),
			post_verdict_name(verdict), request->texts[rank].len, candidates[i].len);
		if (verdict == POST_INSERT && !is_known(request, rank))
			store(request, rank++, true);
	}
	/* Nothing to say here. */
	if (!rank)
		store(request, 0, true);
	return rank > 0;
}

/* A tag amid a sentence: the model talks about it, perhaps thinking aloud, which only the whole answer tells. */
static bool talks_of_tags(const struct strbuf *raw)
{
	const char *tag = strstr(raw->data, "<completion");

	for (const char *p = tag; p && p > raw->data && p[-1] != '\n'; p--)
		if (p[-1] != ' ' && p[-1] != '\t')
			return true;
	return false;
}

static void on_delta(void *ctx, bool reasoning, const char *text, size_t len)
{
	struct model_request *request = ctx;
	struct candidate candidates[CANDIDATES_MAX];

	if (reasoning)
		return;
	strbuf_add(&request->raw, text, len);
	/* Only whole lines are taken from an open answer; and of its candidates the first, which is shown first. */
	if (!memchr(text, '\n', len) || talks_of_tags(&request->raw))
		return;
	candidates_split(request->raw.data, request->raw.len, request->mark, request->candidate_count, candidates);
	if (post(request, &candidates[0], 0, POST_OPEN) != POST_INSERT)
		return;
	store(request, 0, false);
	request->callbacks.grown(request->callbacks.ctx, request);
}

/* What the endpoint says of the prompt's length goes into the next estimate. */
static void learn(const struct model_request *request, const struct call_answer *answer, const struct err *err)
{
	struct token_scales *scales = upstream_token_scales(request->upstream);
	const char *endpoint = endpoint_name(request->endpoint);
	int64_t cap = endpoint_config(request->endpoint)->plan->max_prompt_tokens;

	if (answer && answer->usage.present)
		tokens_learn(scales, endpoint, request->spec.request.model, request->raw_tokens, answer->usage.prompt_tokens);
	else if (err && err->kind == ERR_PROMPT_TOO_LONG && cap)
		tokens_refused(scales, endpoint, request->spec.request.model, request->raw_tokens, cap);
}

/* Thoughts alone, or calls of tools. Who has nothing to add sends empty tags, or nothing. */
static bool is_no_answer(const struct call_answer *answer, struct err *err)
{
	if (!is_all_blank(answer->text, answer->text_len) || !(answer->reasoning_len || answer->calls_tool))
		return false;
	err_set(err, ERR_UPSTREAM, "%.200s sent no text, only %s: use another model for completions (models.completion)",
		answer->model, answer->calls_tool ? "a call of a tool" : "what it thought");
	return true;
}

static void on_done(void *ctx, const struct call_answer *answer, const struct err *err)
{
	struct model_request *request = ctx;
	struct err none;

	request->call = 0;
	learn(request, answer, err);
	if (answer) {
		strbuf_reset(&request->raw);
		strbuf_add(&request->raw, answer->text, answer->text_len);
	}
	if (!answer)
		forget(request);
	else if (store_all(request, answer->finish == CALL_STOP ? POST_STOP : POST_CUT) && answer->finish == CALL_STOP)
		store_end(request);
	else if (is_no_answer(answer, &none))
		err = &none;
	request->callbacks.done(request->callbacks.ctx, request, err);
	request_end(request);
}

/* --- the request --- */

static int64_t max_tokens(const struct model_request *request, const char *model, size_t candidates)
{
	size_t most = request->counted ? WRITE_ON * TOKENS_MAX : TOKENS_MAX;
	size_t tokens = lines_of(request) * TOKENS_PER_LINE;

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
		.max_lines = lines_of(request),
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
	request->mark = prompt->mark;
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
		request_end(request);
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
		store(request, 0, false);
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
	request_end(request);
}


void model_request_send(struct model_request *request)
{
	struct call_callbacks callbacks = { .delta = on_delta, .done = on_done, .ctx = request };

	request->sent = true;
	request->call = call_start(request->upstream, &request->spec, &callbacks);
	/* It is in the call's body. */
	prompt_release(&request->prompt);
	prompt_init(&request->prompt);
	release_context(request);
	strbuf_init(&request->fim_prefix, LIMIT_PROMPT);
	/* While the model thinks, not when the first line is there. */
	loop_defer_last(upstream_loop(request->upstream), prepare_surroundings, request);
}
