#ifndef EKE_TESTS_BENCH_TRACE_RHYTHM_H
#define EKE_TESTS_BENCH_TRACE_RHYTHM_H
/*
 * When a typist strikes the next key. Pauses are log-normal, as measured of people (Dhakal, Feit, Kristensson,
 * Oulasvirta: "Observations on Typing from 136 Million Keystrokes", CHI 2018: medians of 100 to 250 ms between
 * keys, longer before words); words that fingers know come in bursts; before a block one thinks. Deterministic by
 * its seed.
 */
#include <stdint.h>

#include "trace_rng.h"

/* What the key is; of several the last that applies. */
enum rhythm_key {
	RHYTHM_WITHIN,     /* inside a word, or a blank after one */
	RHYTHM_WORD,       /* the first letter of a word */
	RHYTHM_MARK,       /* punctuation */
	RHYTHM_ENTER,
	RHYTHM_LINE,       /* the first of a line */
	RHYTHM_BLOCK,      /* the first of a block */
	RHYTHM_NOTICE,     /* the first backspace: the mistake has been seen */
	RHYTHM_BACKSPACE,  /* the others */
	RHYTHM_MOVE,       /* to another place in the text, and the first key there */
	RHYTHM_KEYS
};

struct rhythm {
	struct rng rng;
	int64_t steady_ms; /* every pause; 0: as people do */
	double pace;       /* what pauses are multiplied with */
	double burst;      /* what pauses are multiplied with until the word ends */
};

/* pace 1: fast, 105 ms between the letters of a word; RHYTHM_AVERAGE: as most people. Thinking is not affected. */
#define RHYTHM_AVERAGE 1.4
void rhythm_init(struct rhythm *rhythm, uint64_t seed, int64_t steady_ms, double pace);
/* Milliseconds, at least 20. */
int64_t rhythm_pause(struct rhythm *rhythm, enum rhythm_key key);

#endif
