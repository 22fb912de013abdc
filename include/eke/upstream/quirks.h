#ifndef EKE_UPSTREAM_QUIRKS_H
#define EKE_UPSTREAM_QUIRKS_H
/*
 * What models were found not to take, and how they think aloud: learned from refusals and answers, per address and
 * model, and kept in models.db in the state directory for all eke processes. Names of models do not tell: services have
 * aliases, and relays take away or add what a model knows.
 *
 * The file is made when something is learned, and opened only where it is; where it cannot be used, what was learned
 * lasts as long as the process.
 */
#include "eke/base/attrs.h"

/* A set of these is an unsigned. The numbers stand in the file. */
enum quirk {
	QUIRK_COMPLETION_TOKENS = 1 << 0, /* max_completion_tokens instead of max_tokens */
	QUIRK_NO_LIMIT = 1 << 1,          /* neither of them */
	QUIRK_NO_TEMPERATURE = 1 << 2,
	QUIRK_NO_STOP = 1 << 3,
	QUIRK_NO_STREAM_OPTIONS = 1 << 4,
	QUIRK_NO_STREAM = 1 << 5,         /* only whole answers */
	QUIRK_STREAMS_ONLY = 1 << 7,      /* no whole answers */
	QUIRK_THINKS_INSIDE = 1 << 6,     /* answers begin in their reasoning without a tag (think.h) */
};

/*
 * OpenAI's reasoning models (o1, o3, o4-mini, gpt-5 and their kin): their limit counts the reasoning too. Source:
 * OpenAI API reference, "Reasoning models".
 */
#define QUIRKS_REASONING (QUIRK_COMPLETION_TOKENS | QUIRK_NO_TEMPERATURE | QUIRK_NO_STOP)

struct quirks;

RETURNS_NONNULL MUST_USE struct quirks *quirks_new(void);
void quirks_free(struct quirks *quirks);
/* What is known; `base` is the address of the service (struct base_url). */
unsigned quirks_of(struct quirks *quirks, const char *base, const char *model);
/* Adds `more` and takes away `less`. */
void quirks_learn(struct quirks *quirks, const char *base, const char *model, unsigned more, unsigned less);
/* What a sentence calls the parameters of the set: "max_tokens, stop". In static storage, until the next call. */
const char *quirks_names(unsigned set);

#endif
