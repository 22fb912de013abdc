#ifndef EKE_UPSTREAM_LIMIT_TERMS_H
#define EKE_UPSTREAM_LIMIT_TERMS_H
/*
 * The words in which endpoints speak of limits, in English and Chinese, as a list of terms. Pure. For stated_limit.c,
 * which knows what they mean together.
 */
#include <stddef.h>
#include <stdint.h>

#define SECONDS_A_DAY 86400
#define TERMS_MAX 400

enum term_kind {
	TERM_OTHER,
	TERM_NUMBER,
	TERM_UNIT, /* hour: `number` is its seconds */
	TERM_SPAN, /* "daily": per and unit in one */
	TERM_RATE, /* RPM: requests, per and unit in one */
	TERM_COUNT, /* what is counted is requests */
	TERM_TOKENS, /* ... or something else */
	TERM_PER,
	TERM_PER_WEAK, /* "in", "a", "/": per, if a number of requests stands before */
	TERM_WITHIN, /* 内, behind a time */
	TERM_LIMIT,
	TERM_USED, /* the next number is no limit */
	TERM_STOP, /* a sentence ends */
};

struct term {
	enum term_kind kind;
	int64_t number;
};

struct terms {
	struct term at[TERMS_MAX + 1]; /* closed by a TERM_STOP */
	size_t count;
};

/*
 * The first TERMS_MAX terms of a text. A number is a whole one that stands for itself: those inside of names (gpt-4o),
 * clocks (00:00), fractions and ids are TERM_OTHER.
 */
void limit_terms_find(struct terms *terms, const char *text);

#endif
