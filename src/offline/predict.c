/*
 * The candidates vote for the next token, and how sure the vote is becomes a probability: by a logistic function of a
 * few features, whose weights were fitted to real files (model.h says how). Nothing lives longer than a call.
 */
#include "predict.h"

#include <math.h>
#include <string.h>

#include "match.h"
#include "model.h"

#define VOTES_MAX 64

struct vote {
	uint32_t token;
	struct offline_blanks blanks;
	double weight;
	uint32_t supporters;
	uint32_t tokens;
	uint32_t above;
	bool whole;
	bool same_doc;
	uint32_t places; /* that have the line, of the line that most have */
	bool repeats; /* all of them repeat one of the last lines */
};

static const struct offline_word *word_of(const struct offline *offline, uint32_t token)
{
	return token < TOKEN_STOP ? offline_token_word(offline, token) : NULL;
}

/* How much a word is in use around the cursor: 1 in the next line, less with distance, 0 if it is not. */
static double nearness(const struct offline *offline, const struct offline_word *word)
{
	if (!word || word->kind != TOKEN_WORD || word->stamp != offline->stamp)
		return 0;
	return 1 / (1 + 0.5 * log2(word->near));
}

/* A longer context outweighs any number of shorter ones but for a few tokens' difference. */
static double weight_of(const struct offline *offline, const struct offline_candidate *c, uint32_t token)
{
	const struct offline_word *word = word_of(offline, token);
	double order;

	if (c->line == LINE_NONE) {
		if (!word)
			return 0.01;
		if (word->stamp == offline->stamp)
			return 0.1 * nearness(offline, word) * sqrt(word->uses);
		return 0.005 * log2(1 + word->refs);
	}
	order = c->tokens < 8 ? c->tokens : 8;
	order += c->whole;
	order += 2.0 * (c->above < 4 ? c->above : 4);
	return exp2(1.2 * order) * (c->same_doc ? 3 : 1) * (c->same_language ? 1 : 0.2) *
	       (word && word->kind == TOKEN_WORD ? 0.5 + 3 * nearness(offline, word) : 1);
}

static bool same_blanks(struct offline_blanks a, struct offline_blanks b)
{
	return a.tabs == b.tabs && a.spaces == b.spaces;
}

static struct vote *vote_for(struct vote *votes, size_t *count, uint32_t token, struct offline_blanks blanks)
{
	for (size_t i = 0; i < *count; i++) {
		if (votes[i].token == token && same_blanks(votes[i].blanks, blanks))
			return &votes[i];
	}
	if (*count == VOTES_MAX)
		return NULL;
	votes[*count] = (struct vote){ .token = token, .blanks = blanks };
	return &votes[(*count)++];
}

static bool is_repeat(const struct offline_context *context, uint32_t line)
{
	for (size_t i = 0; i < context->above_count && i < 3; i++) {
		if (context->above[i] == line)
			return true;
	}
	return false;
}

static void cast(
	const struct offline_context *context, struct vote *vote, const struct offline_candidate *c, double weight)
{
	const struct offline_line *line = offline_line(&context->offline->lines, c->line);

	vote->weight += weight;
	if (!line)
		return;
	vote->repeats = (!vote->supporters || vote->repeats) && is_repeat(context, c->line);
	vote->supporters++;
	vote->same_doc = vote->same_doc || c->same_doc;
	if (line->refs > vote->places)
		vote->places = line->refs;
	vote->whole = vote->whole || c->whole;
	if (c->tokens > vote->tokens)
		vote->tokens = c->tokens;
	if (c->above > vote->above)
		vote->above = c->above;
}

/* Votes that weigh the same must not go by the order in which they were counted. */
static bool is_better(const struct offline *offline, const struct vote *a, const struct vote *b)
{
	const struct offline_word *x = word_of(offline, a->token);
	const struct offline_word *y = word_of(offline, b->token);
	int order;

	if (fabs(a->weight - b->weight) > 1e-9 * b->weight)
		return a->weight > b->weight;
	if (!x || !y)
		return x && !y;
	order = strcmp(x->text, y->text);
	if (order || a->token != b->token)
		return order ? order < 0 : a->token < b->token;
	return a->blanks.tabs < b->blanks.tabs || (a->blanks.tabs == b->blanks.tabs && a->blanks.spaces < b->blanks.spaces);
}

static double at_most(double value, double max)
{
	return value < max ? value : max;
}

/* Tokens of the lines above that agree: a closing brace is less of a context than a statement. */
static double tokens_above(const struct offline_context *context, uint32_t above)
{
	double tokens = 0;

	for (uint32_t i = 0; i < above; i++)
		tokens += offline_line(&context->offline->lines, context->above[i])->count;
	return tokens;
}

static void fill_features(const struct offline_context *context, const struct vote *best, double rest, double heaviest,
	size_t rivals, struct offline_step *step)
{
	const struct offline *offline = context->offline;
	const struct offline_word *word = word_of(offline, best->token);
	bool is_word = word && word->kind == TOKEN_WORD;
	bool spaced = context->partial_len && context->partial[0] == ' ';
	double typed = (double)(context->partial_len - spaced);
	double left = is_word ? at_most((double)word->len - typed, 16) : 0;
	bool near = is_word && word->stamp == offline->stamp;
	const struct offline_word *previous = context->head.count &&
			token_word(context->head.tokens[context->head.count - 1]) != WORD_NONE
		? word_of(offline, context->head.tokens[context->head.count - 1])
		: NULL;
	double *f = step->features;

	memset(f, 0, sizeof(step->features));
	f[0] = 1;
	f[1] = log((best->weight + 0.2 * heaviest) / (rest + 0.2 * heaviest));
	f[2] = at_most(typed, 8);
	f[3] = left;
	f[4] = context->prose;
	f[5] = near;
	f[6] = near ? log2(word->near) : 0;
	f[7] = near ? at_most(log2(word->uses), 6) : 0;
	f[8] = is_word && typed > 0 && left == 0;
	f[9] = typed == 1;
	f[10] = is_word ? at_most(log2(word->refs), 8) : 0;
	f[11] = at_most(log2((double)rivals), 6);
	if (step->evidence == EVIDENCE_WORD) {
		f[12] = context->head.count == 0;
		f[13] = left == 1;
		return;
	}
	f[12] = at_most(best->tokens, 8);
	f[13] = best->whole;
	f[14] = at_most(best->above, 5);
	f[15] = best->above > 0;
	f[16] = at_most(log2(1 + best->supporters), 6);
	f[17] = best->same_doc;
	f[18] = at_most(log2(best->places), 6);
	f[19] = is_word;
	f[20] = best->token == TOKEN_EOL;
	f[21] = best->whole && context->head.count > 0 ? at_most((double)context->head.count, 6) : 0;
	f[22] = best->repeats;
	f[23] = best->tokens == 1;
	f[24] = log2(1 + (best->whole ? best->tokens + tokens_above(context, best->above) : best->tokens));
	f[25] = best->above ? at_most(log2(offline_line(&offline->lines, context->above[0])->refs), 8) : 0;
	f[26] = previous ? at_most(log2(previous->refs), 10) : 0;
	f[27] = best->above > 0 && best->supporters > 1;
}

bool offline_predict(const struct offline_context *context, const struct offline_pool *pool, struct offline_step *step)
{
	struct vote votes[VOTES_MAX] = { { .token = 0 } };
	size_t count = 0;
	double sum = 0;
	double heaviest = 0;
	const struct vote *best = NULL;
	const double *weights;
	double z = 0;

	for (size_t i = 0; i < pool->count; i++) {
		const struct offline_candidate *c = &pool->list[i];
		uint32_t token = offline_candidate_next(context->offline, c);
		double weight = weight_of(context->offline, c, token);
		struct vote *vote = vote_for(votes, &count, token, c->blanks);

		sum += weight;
		if (weight > heaviest)
			heaviest = weight;
		if (vote)
			cast(context, vote, c, weight);
	}
	for (size_t i = 0; i < count; i++) {
		if (!best || is_better(context->offline, &votes[i], best))
			best = &votes[i];
	}
	if (!best)
		return false;
	*step = (struct offline_step){ .token = best->token,
		.blanks = best->blanks,
		.evidence = !best->supporters ? EVIDENCE_WORD
			: context->chained        ? EVIDENCE_CHAIN
			: context->partial_len    ? EVIDENCE_IN_WORD
									  : EVIDENCE_CONTEXT,
		.whole = best->whole,
		.tokens = best->tokens,
		.above = best->above,
		.supporters = best->supporters };
	fill_features(context, best, sum - best->weight, heaviest, count, step);
	weights = offline_weights[step->evidence];
	for (size_t i = 0; i < FEATURES; i++)
		z += weights[i] * step->features[i];
	step->probability = 1 / (1 + exp(-z));
	return true;
}

void offline_pool_take(
	const struct offline_context *context, struct offline_pool *pool, const struct offline_step *step)
{
	size_t kept = 0;

	for (size_t i = 0; i < pool->count; i++) {
		struct offline_candidate c = pool->list[i];

		if (offline_candidate_next(context->offline, &c) != step->token || !same_blanks(c.blanks, step->blanks))
			continue;
		if (c.line == LINE_NONE) {
			c.done = true;
		} else {
			c.at++;
			c.tokens++;
			c.blanks = (struct offline_blanks){ 0, 0 };
		}
		pool->list[kept++] = c;
	}
	pool->count = kept;
}
