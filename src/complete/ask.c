/*
 * A question's life: window and prompt are made from the place; when it is sent the call goes out, and what comes back
 * is post-processed and put into the cache, whole lines at first, all of it at the end.
 */
#include "ask.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/complete/excerpt.h"
#include "eke/complete/prompt.h"
#include "eke/post/candidates.h"
#include "eke/post/post.h"
#include "eke/upstream/call.h"

/* Room for an answer of so many lines of code; providers charge the room in advance (providers.md 1.4). */
#define TOKENS_PER_LINE 24
#define TOKENS_MAX 1024
/* Where requests are counted an answer may have so many times the lines, and tokens, of one that is shown at once. */
#define WRITE_ON 3

/* Places at which an answer is kept, its own one among them. */
#define SPOTS_MOST 8

struct spot {
	struct cache_key key;
	size_t from; /* the byte of the answer with which it goes on there */
	struct renames renames;
};

struct ask {
	uint64_t id;
	struct upstream *upstream;
	struct cache *cache;
	struct config *config; /* ref */
	struct ask_callbacks callbacks;
	struct place place;
	char *who;
	struct spot spots[SPOTS_MOST]; /* the first is its own place */
	size_t spot_count;
	struct excerpt excerpt; /* slices of place */
	unsigned mark;
	enum post_source source;
	bool insert_spaces;
	unsigned tab_size;
	bool counted;
	size_t wanted; /* candidates */
	struct endpoint *endpoint; /* ref */
	struct call_spec spec;     /* what will be asked; borrows from the next two, place and endpoint */
	struct prompt prompt;
	struct request_message messages[2];
	size_t raw_tokens; /* the prompt's, as guessed; 0: not known */
	bool sent;
	uint64_t call;
	struct strbuf raw;
	struct strbuf texts[CACHE_RANKS]; /* post-processed so far, by candidate */
};

static void ask_release(void *p)
{
	struct ask *ask = p;

	place_release(&ask->place);
	prompt_release(&ask->prompt);
	endpoint_unref(ask->endpoint);
	strbuf_release(&ask->raw);
	for (size_t i = 0; i < CACHE_RANKS; i++)
		strbuf_release(&ask->texts[i]);
	config_unref(ask->config);
	free(ask->who);
	free(ask);
}

/* The memory goes at the turn's end: its own callback may be on the stack. */
static void ask_end(struct ask *ask)
{
	call_cancel(ask->upstream, ask->call);
	loop_defer_free(upstream_loop(ask->upstream), ask, ask_release);
}

static void forget(struct ask *ask)
{
	for (unsigned rank = 0; rank < CACHE_RANKS; rank++)
		cache_forget_item(ask->cache, ask->id + rank);
}

void ask_cancel(struct ask *ask)
{
	forget(ask);
	ask_end(ask);
}

bool ask_has_item(const struct ask *ask, uint64_t item)
{
	return item >= ask->id && item < ask->id + CACHE_RANKS;
}

struct endpoint *ask_endpoint(const struct ask *ask)
{
	return ask->endpoint;
}

const char *ask_who(const struct ask *ask)
{
	return ask->who;
}

const struct cache_key *ask_key(const struct ask *ask)
{
	return &ask->spots[0].key;
}

int64_t ask_patience_ms(const struct ask *ask)
{
	return (int64_t)(endpoint_config(ask->endpoint)->first_byte_timeout * 1000);
}

bool ask_is_paid(const struct ask *ask)
{
	return ask->sent && ask->counted;
}

char *ask_who_of(const struct endpoint *endpoint)
{
	return xasprintf("%s/%s", endpoint_name(endpoint), endpoint_completion_model(endpoint));
}

/* --- the answer --- */

/*
 * Lines that are asked for. Where requests are scarce more than is shown at once: what is written beyond it is there
 * when the user gets to it.
 */
static size_t lines_of(const struct ask *ask)
{
	size_t lines = (size_t)ask->config->completion.max_lines;

	return ask->counted ? WRITE_ON * lines : lines;
}

static struct post_input post_input_of(const struct ask *ask)
{
	return (struct post_input){
		.source = ask->source,
		.mark = ask->mark,
		.prefix = ask->excerpt.prefix,
		.prefix_len = ask->excerpt.prefix_len,
		.suffix = ask->excerpt.suffix,
		.suffix_len = ask->excerpt.suffix_len,
		.language = ask->place.language,
		.max_lines = lines_of(ask),
		.insert_spaces = ask->insert_spaces,
		.tab_size = ask->tab_size,
	};
}

size_t ask_first_useful(const struct ask *ask, const struct place *place, const char *text, size_t len)
{
	struct post_input in = post_input_of(ask);

	in.prefix = place->before.data;
	in.prefix_len = place->before.len;
	in.suffix = place->after.data;
	in.suffix_len = place->after.len;
	return post_first_useful(&in, text, len);
}

/* What of a candidate can be used at this stage; leaves it in ask->texts[rank]. */
static enum post_verdict post(struct ask *ask, const struct candidate *candidate, size_t rank, enum post_finish finish)
{
	struct post_input in = post_input_of(ask);

	in.answer = candidate->text;
	in.answer_len = candidate->len;
	in.finish = candidate->closed ? POST_STOP : finish;
	return post_process(&in, &ask->texts[rank]);
}

static void store_at(struct ask *ask, const struct spot *spot, size_t rank, bool complete)
{
	const struct strbuf *text = &ask->texts[rank];
	struct cache_answer answer = { .item = ask->id + rank,
				       .rank = (unsigned)rank,
				       .complete = complete,
				       .stored_ms = clock_mono_ms() };
	struct strbuf rest;

	strbuf_init(&rest, LIMIT_COMPLETION_TEXT);
	if (text->len > spot->from)
		renames_apply(&spot->renames, text->data + spot->from, text->len - spot->from, &rest);
	answer.text = rest.data;
	answer.len = rest.len;
	cache_put(ask->cache, &spot->key, &answer);
	if (complete)
		ask->callbacks.kept(ask->callbacks.ctx, &spot->key, &answer);
	strbuf_release(&rest);
}

static void store(struct ask *ask, size_t rank, bool complete)
{
	for (size_t i = 0; i < ask->spot_count; i++) {
		/* Where the typing left it and came back is inside the first candidate; nothing is known of the others. */
		if (!rank || !ask->spots[i].from)
			store_at(ask, &ask->spots[i], rank, complete);
	}
}

bool ask_goes_on_at(struct ask *ask, const struct cache_key *from, size_t at, const struct cache_key *to,
		    const struct renames *renames)
{
	const struct strbuf *text = &ask->texts[0];
	size_t i = 0;
	struct spot spot;

	while (i < ask->spot_count && !cache_key_equal(&ask->spots[i].key, from))
		i++;
	if (i == ask->spot_count)
		return false;
	spot = ask->spots[i];
	spot.key = *to;
	spot.from += renames_source(&spot.renames, text->data + spot.from, text->len - spot.from, at);
	if (spot.from >= text->len)
		return false;
	for (size_t k = 0; k < renames->count; k++)
		renames_add(&spot.renames, renames->pairs[k].from, strlen(renames->pairs[k].from), renames->pairs[k].to,
			    strlen(renames->pairs[k].to));
	/* Its own place stays; of the others the oldest makes room. */
	if (ask->spot_count == SPOTS_MOST) {
		memmove(ask->spots + 1, ask->spots + 2, (SPOTS_MOST - 2) * sizeof(spot));
		ask->spot_count--;
	}
	ask->spots[ask->spot_count++] = spot;
	store_at(ask, &spot, 0, false);
	return true;
}

/*
 * The model had its say and stopped: when all of it stands in the document, nobody needs to be asked again right there.
 */
static void store_end(struct ask *ask)
{
	struct cache_place end = place_for_cache(&ask->place, ask->who);
	struct cache_answer nothing = { .item = ask->id, .complete = true, .stored_ms = clock_mono_ms() };
	struct cache_key key;

	if (!strbuf_add(&ask->place.before, ask->texts[0].data, ask->texts[0].len))
		return;
	end.prefix = ask->place.before.data;
	end.prefix_len = ask->place.before.len;
	cache_key_make(&end, &key);
	cache_put(ask->cache, &key, &nothing);
	ask->callbacks.kept(ask->callbacks.ctx, &key, &nothing);
}

/* Do the candidates before this one say the same? */
static bool is_known(const struct ask *ask, size_t rank)
{
	const struct strbuf *text = &ask->texts[rank];

	for (size_t i = 0; i < rank; i++)
		if (ask->texts[i].len == text->len && !memcmp(ask->texts[i].data, text->data, text->len))
			return true;
	return false;
}

/* All candidates of the whole answer. True if the best one may be inserted. */
static bool store_all(struct ask *ask, enum post_finish finish)
{
	struct candidate candidates[CANDIDATES_MAX];
	size_t count = candidates_split(ask->raw.data, ask->raw.len, ask->mark, ask->wanted, candidates);
	size_t rank = 0;

	for (size_t i = 0; i < count; i++) {
		enum post_verdict verdict = post(ask, &candidates[i], rank, finish);

		log_debug("completion %llu: %s, %zu of %zu bytes", (unsigned long long)(ask->id + rank),
			  post_verdict_name(verdict), ask->texts[rank].len, candidates[i].len);
		if (verdict == POST_INSERT && !is_known(ask, rank))
			store(ask, rank++, true);
	}
	/* Nothing to say here. */
	if (!rank)
		store(ask, 0, true);
	return rank > 0;
}

static void on_delta(void *ctx, bool reasoning, const char *text, size_t len)
{
	struct ask *ask = ctx;
	struct candidate candidates[CANDIDATES_MAX];

	if (reasoning)
		return;
	strbuf_add(&ask->raw, text, len);
	/* Only whole lines are taken from an open answer; and of its candidates the first, which is shown first. */
	if (!memchr(text, '\n', len))
		return;
	candidates_split(ask->raw.data, ask->raw.len, ask->mark, ask->wanted, candidates);
	if (post(ask, &candidates[0], 0, POST_OPEN) != POST_INSERT)
		return;
	store(ask, 0, false);
	ask->callbacks.grown(ask->callbacks.ctx, ask);
}

/* What the endpoint says of the prompt's length goes into the next estimate. */
static void learn(const struct ask *ask, const struct call_answer *answer, const struct err *err)
{
	struct token_scales *scales = upstream_token_scales(ask->upstream);
	const char *endpoint = endpoint_name(ask->endpoint);
	int64_t cap = endpoint_config(ask->endpoint)->plan->max_prompt_tokens;

	if (answer && answer->usage.present)
		tokens_learn(scales, endpoint, ask->spec.request.model, ask->raw_tokens, answer->usage.prompt_tokens);
	else if (err && err->kind == ERR_PROMPT_TOO_LONG && cap)
		tokens_refused(scales, endpoint, ask->spec.request.model, ask->raw_tokens, cap);
}

static void on_done(void *ctx, const struct call_answer *answer, const struct err *err)
{
	struct ask *ask = ctx;

	ask->call = 0;
	learn(ask, answer, err);
	if (!answer)
		forget(ask);
	else if (store_all(ask, answer->finish == CALL_STOP ? POST_STOP : POST_CUT) && answer->finish == CALL_STOP)
		store_end(ask);
	ask->callbacks.done(ask->callbacks.ctx, ask, err);
	ask_end(ask);
}

/* --- the question --- */

static int64_t max_tokens(const struct ask *ask, const char *model, size_t candidates)
{
	size_t most = ask->counted ? WRITE_ON * TOKENS_MAX : TOKENS_MAX;
	size_t tokens = lines_of(ask) * TOKENS_PER_LINE;

	/* A limit would be used up by the reasoning. */
	if (request_model_reasons(model))
		return 0;
	return (int64_t)((tokens < most ? tokens : most) * candidates);
}

/* Of the plan's cap, in tokens as prompt_build() guesses them; 0: no cap. */
static size_t prompt_room(const struct ask *ask)
{
	int64_t cap = endpoint_config(ask->endpoint)->plan->max_prompt_tokens;
	size_t room;

	if (!cap)
		return 0;
	room = tokens_room(upstream_token_scales(ask->upstream), endpoint_name(ask->endpoint), ask->spec.request.model,
			   (size_t)cap);
	return room ? room : 1;
}

/* What the plan's cap left of them. */
static void keep_excerpt(struct ask *ask, size_t prefix_len, size_t suffix_len)
{
	ask->excerpt.prefix += ask->excerpt.prefix_len - prefix_len;
	ask->excerpt.prefix_len = prefix_len;
	ask->excerpt.suffix_len = suffix_len;
}

static bool prepare_chat(struct ask *ask)
{
	struct request_spec *request = &ask->spec.request;
	struct prompt *prompt = &ask->prompt;
	char *path = place_short_path(&ask->place);
	struct prompt_input in = {
		.path = path,
		.language = ask->place.language,
		.prefix = ask->excerpt.prefix,
		.prefix_len = ask->excerpt.prefix_len,
		.suffix = ask->excerpt.suffix,
		.suffix_len = ask->excerpt.suffix_len,
		.max_lines = lines_of(ask),
		.candidates = ask->wanted,
		.write_on = ask->counted,
		.insert_spaces = ask->insert_spaces,
		.tab_size = ask->tab_size,
		.max_tokens = prompt_room(ask),
	};
	bool fits = prompt_build(&in, prompt);

	ask->messages[0] = (struct request_message){ "system", prompt->system.data, prompt->system.len };
	ask->messages[1] = (struct request_message){ "user", prompt->user.data, prompt->user.len };
	ask->mark = prompt->mark;
	ask->raw_tokens = prompt->tokens;
	keep_excerpt(ask, prompt->prefix_len, prompt->suffix_len);
	request->messages = ask->messages;
	request->message_count = ARRAY_LEN(ask->messages);
	request->stop = prompt->stop;
	request->stop_count = prompt->stop_count;
	free(path);
	return fits;
}

static bool prepare_fim(struct ask *ask)
{
	struct request_spec *request = &ask->spec.request;
	struct prompt_input in = {
		.prefix = ask->excerpt.prefix,
		.prefix_len = ask->excerpt.prefix_len,
		.suffix = ask->excerpt.suffix,
		.suffix_len = ask->excerpt.suffix_len,
		.max_tokens = prompt_room(ask),
	};
	bool fits = prompt_cut_excerpt(&in, &ask->raw_tokens);

	keep_excerpt(ask, in.prefix_len, in.suffix_len);
	request->prefix = ask->excerpt.prefix;
	request->prefix_len = ask->excerpt.prefix_len;
	request->suffix = ask->excerpt.suffix;
	request->suffix_len = ask->excerpt.suffix_len;
	return fits;
}

/*
 * Under which keys the answer is kept at first. One for an empty line holds for the next one, too: Enter before it only
 * moves it down, and models do not say whether there is to be an empty line before what they write.
 */
static void take_spots(struct ask *ask)
{
	struct cache_place where = place_for_cache(&ask->place, ask->who);
	struct strbuf before;
	size_t blanks = 0;

	cache_key_make(&where, &ask->spots[ask->spot_count++].key);
	while (blanks < where.prefix_len && strchr(" \t", where.prefix[where.prefix_len - blanks - 1]))
		blanks++;
	if (blanks == where.prefix_len || where.prefix[where.prefix_len - blanks - 1] != '\n' ||
	    (where.suffix_len && !strchr("\r\n", where.suffix[0])))
		return;
	strbuf_init(&before, where.prefix_len + 2);
	strbuf_add(&before, where.prefix, where.prefix_len - blanks);
	strbuf_adds(&before, before.len > 1 && before.data[before.len - 2] == '\r' ? "\r\n" : "\n");
	strbuf_add(&before, where.prefix + where.prefix_len - blanks, blanks);
	where.prefix = before.data;
	where.prefix_len = before.len;
	cache_key_make(&where, &ask->spots[ask->spot_count++].key);
	strbuf_release(&before);
}

static struct ask *ask_new(const struct ask_wanted *wanted, const struct ask_callbacks *callbacks)
{
	struct ask *ask = xcalloc(1, sizeof(*ask));
	struct excerpt_input in;

	ask->id = wanted->id;
	ask->upstream = wanted->upstream;
	ask->cache = wanted->cache;
	ask->config = config_ref(wanted->config);
	ask->callbacks = *callbacks;
	ask->who = ask_who_of(wanted->endpoint);
	ask->endpoint = endpoint_ref(wanted->endpoint);
	ask->counted = plan_is_counted(endpoint_config(wanted->endpoint)->plan);
	ask->insert_spaces = wanted->insert_spaces;
	ask->tab_size = wanted->tab_size;
	place_copy(&ask->place, wanted->place);
	in = (struct excerpt_input){ .before = ask->place.before.data,
		.before_len = ask->place.before.len,
		.after = ask->place.after.data,
		.after_len = ask->place.after.len };
	excerpt_choose(&in, &ask->excerpt);
	take_spots(ask);
	prompt_init(&ask->prompt);
	strbuf_init(&ask->raw, LIMIT_COMPLETION);
	for (size_t i = 0; i < CACHE_RANKS; i++)
		strbuf_init(&ask->texts[i], LIMIT_COMPLETION_TEXT);
	return ask;
}

struct ask *ask_start(const struct ask_wanted *wanted, const struct ask_callbacks *callbacks, struct err *err)
{
	const struct config_endpoint *settings = endpoint_config(wanted->endpoint);
	const char *model = endpoint_completion_model(wanted->endpoint);
	const struct dialect *dialect = endpoint_completion_dialect(wanted->endpoint);
	bool by_chat = !dialect->fills_in;
	/* The fill-in-the-middle APIs would take a request for each. */
	size_t candidates = by_chat ? (size_t)wanted->config->completion.candidates : 1;
	struct ask *ask = ask_new(wanted, callbacks);

	ask->spec = (struct call_spec){
		.endpoint = ask->endpoint,
		.purpose = wanted->automatic ? CALL_COMPLETION_AUTOMATIC : CALL_COMPLETION_EXPLICIT,
		.reserve = wanted->config->completion.reserve,
		.request = { .dialect = dialect,
			     .model = model,
			     .max_tokens = max_tokens(ask, model, candidates),
			     .temperature = 0,
			     .stream = true,
			     .stream_options = settings->stream_options },
	};
	ask->wanted = candidates;
	ask->source = by_chat ? POST_CHAT : POST_FIM;
	if (!(by_chat ? prepare_chat : prepare_fim)(ask)) {
		err_set(err, ERR_PROMPT_TOO_LONG, "the plan %s allows prompts of %lld tokens, too few for any completion",
			settings->plan->name, (long long)settings->plan->max_prompt_tokens);
		ask_end(ask);
		return NULL;
	}
	/* From now on others can join. */
	store(ask, 0, false);
	return ask;
}

void ask_send(struct ask *ask)
{
	struct call_callbacks callbacks = { .delta = on_delta, .done = on_done, .ctx = ask };

	ask->sent = true;
	ask->call = call_start(ask->upstream, &ask->spec, &callbacks);
	/* It is in the call's body. */
	prompt_release(&ask->prompt);
	prompt_init(&ask->prompt);
}
