/*
 * What comes back of a model request: post-processed and put into the cache, under each key that it is an answer for;
 * whole lines while it streams, all of it at the end.
 */
#include "model_request_private.h"

#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/log.h"
#include "eke/code/words.h"
#include "eke/post/candidates.h"

size_t model_request_lines(const struct model_request *request)
{
	size_t lines = (size_t)request->config->completion.max_lines;

	return request->counted ? MODEL_REQUEST_WRITE_ON * lines : lines;
}

static struct post_input post_input_of(const struct model_request *request)
{
	return (struct post_input){
		.source = request->source,
		.tag_number = request->tag_number,
		.prefix = request->excerpt.prefix,
		.prefix_len = request->excerpt.prefix_len,
		.suffix = request->excerpt.suffix,
		.suffix_len = request->excerpt.suffix_len,
		.language = request->context.language,
		.max_lines = model_request_lines(request),
		.insert_spaces = request->insert_spaces,
		.tab_size = request->tab_size,
		.project_style = request->project_style,
	};
}

void model_request_prepare_surroundings(void *ctx)
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
	model_request_prepare_surroundings(request);
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

void model_request_store(struct model_request *request, size_t rank, bool complete)
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
	if (request->key_count == MODEL_REQUEST_KEYS_MAX) {
		memmove(request->keys + 1, request->keys + 2, (MODEL_REQUEST_KEYS_MAX - 2) * sizeof(answer_key));
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
		request->raw.data, request->raw.len, request->tag_number, request->candidate_count, candidates);
	size_t rank = 0;

	for (size_t i = 0; i < count; i++) {
		enum post_verdict verdict = post(request, &candidates[i], rank, finish);

		log_debug("completion %llu: %s, %zu of %zu bytes", (unsigned long long)(request->id + rank),
			post_verdict_name(verdict), request->texts[rank].len, candidates[i].len);
		if (verdict == POST_INSERT && !is_known(request, rank))
			model_request_store(request, rank++, true);
	}
	/* Nothing to say here. */
	if (!rank)
		model_request_store(request, 0, true);
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

void model_request_on_delta(void *ctx, bool reasoning, const char *text, size_t len)
{
	struct model_request *request = ctx;
	struct candidate candidates[CANDIDATES_MAX];

	if (reasoning)
		return;
	strbuf_add(&request->raw, text, len);
	/* Only whole lines are taken from an open answer; and of its candidates the first, which is shown first. */
	if (!memchr(text, '\n', len) || talks_of_tags(&request->raw))
		return;
	candidates_split(request->raw.data, request->raw.len, request->tag_number, request->candidate_count, candidates);
	if (post(request, &candidates[0], 0, POST_OPEN) != POST_INSERT)
		return;
	model_request_store(request, 0, false);
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

void model_request_on_done(void *ctx, const struct call_answer *answer, const struct err *err)
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
		model_request_forget(request);
	else if (store_all(request, answer->finish == CALL_STOP ? POST_STOP : POST_CUT) && answer->finish == CALL_STOP)
		store_end(request);
	else if (is_no_answer(answer, &none))
		err = &none;
	request->callbacks.done(request->callbacks.ctx, request, err);
	model_request_end(request);
}
