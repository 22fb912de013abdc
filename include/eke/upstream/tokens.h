#ifndef EKE_UPSTREAM_TOKENS_H
#define EKE_UPSTREAM_TOKENS_H
/*
 * How many tokens a prompt has: a guess from the text alone, on the high side, and what endpoints say afterwards
 * (usage), from which the guess is corrected for each endpoint and model. Plans cap tokens of the prompt
 * (plan.max_prompt_tokens), and a request that is refused for its length may still be counted.
 *
 * Whoever sends a prompt keeps its raw estimate, compares tokens_of() of it with the cap, and hands the raw estimate
 * and the answer's usage to tokens_learn(). One thread, no clock, no I/O.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/upstream/dialect.h"

/*
 * Tokens that text takes in the vocabularies of OpenAI's models (cl100k, o200k), guessed on the high side. Measured
 * against them by tests/e2e/tokens.test.mjs. Grows with the text.
 */
size_t tokens_estimate(const char *text, size_t len);
/* Of a chat's messages, with what frames them (OpenAI cookbook, "Counting tokens for chat completions API calls"). */
size_t tokens_estimate_messages(const struct request_message *messages, size_t count);
/* What one message's frame takes; it is in tokens_estimate_messages(). */
#define TOKENS_PER_MESSAGE 4
/* What begins the answer; likewise. */
#define TOKENS_PER_PROMPT 3

/* Scales of LIMIT_TOKEN_SCALES pairs of endpoint and model; of more the one that was used longest ago is forgotten. */
struct token_scales;

struct token_scales *token_scales_new(void);
void token_scales_free(struct token_scales *scales);

/* The raw estimate as this model counts; as it is where nothing is known. Rounded up; 0 stays 0. */
size_t tokens_of(const struct token_scales *scales, const char *endpoint, const char *model, size_t raw);
/* The inverse: the largest raw estimate that counts as no more than `tokens`. */
size_t tokens_room(const struct token_scales *scales, const char *endpoint, const char *model, size_t tokens);
/*
 * Corrects the scale by the usage of an answer: `truth` is its usage.prompt_tokens. Prompts with fewer than
 * TOKENS_LEARN_MIN tokens by either count change nothing; a ratio beyond the scale's bounds counts as the bound.
 */
void tokens_learn(struct token_scales *scales, const char *endpoint, const char *model, size_t raw, int64_t truth);
/* The provider refused the prompt for its length: it has more than `cap` tokens, whatever the estimate says. */
void tokens_refused(struct token_scales *scales, const char *endpoint, const char *model, size_t raw, int64_t cap);

#define TOKENS_LEARN_MIN 200
#define TOKENS_SCALE_MIN 0.5
#define TOKENS_SCALE_MAX 1.5

#endif
