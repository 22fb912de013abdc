#ifndef EKE_OFFLINE_PREDICT_H
#define EKE_OFFLINE_PREDICT_H
/*
 * The next token, by vote of the candidates (match.h), with the probability that it is right: of 100 votes of
 * 0.8 some 80 are, on files like those that the weights were fitted to (model.h). Pure.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lines.h"

struct offline_context;
struct offline_pool;

/* TOKEN_EOL: the line ends here. TOKEN_STOP: nothing is known. */
#define TOKEN_EOL 0xFFFFFFFFu
#define TOKEN_STOP 0xFFFFFFFEu

#define FEATURES 28

/* What the best candidates are, each with its set of weights. */
enum offline_evidence {
	EVIDENCE_CONTEXT, /* lines that agree, and the cursor is between tokens */
	EVIDENCE_IN_WORD, /* lines that agree, and a part of the token is typed */
	EVIDENCE_WORD,    /* words alone */
	EVIDENCE_CHAIN,   /* lines that agree, behind a token that was predicted itself */
};
#define EVIDENCES 4

/* One token ahead. */
struct offline_step {
	uint32_t token;
	struct offline_blanks blanks; /* see struct offline_candidate */
	double probability;
	double features[FEATURES]; /* what the probability was made of */
	enum offline_evidence evidence;
	bool whole;   /* the best candidate's */
	uint32_t tokens; /* the best candidate's */
	uint32_t above;
	uint32_t supporters;
};

/* False: the pool is empty. */
bool offline_predict(const struct offline_context *context, const struct offline_pool *pool, struct offline_step *step);
/* Leaves those that said this token, one token further. */
void offline_pool_take(
	const struct offline_context *context, struct offline_pool *pool, const struct offline_step *step);

#endif
