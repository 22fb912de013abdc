#ifndef EKE_TESTS_BENCH_TRACE_TYPIST_H
#define EKE_TESTS_BENCH_TRACE_TYPIST_H
/*
 * Who types a file: key by key, from its first character to its last, with the mistakes that fingers make and mend,
 * and with second thoughts: some words come out differently at first and some lines are forgotten, and later the
 * typist goes back there, mends it and returns.
 *
 * The *plan* is the text that the typist has in mind, all of it: the file, but for what will only occur to the typist
 * later. At any time the document is the plan up to `at`, then what is astray (mistyped, or a word that has to go; it
 * is taken back before anything else), then the plan from `gap_end` on, as far as it was typed before. What will be
 * typed at `at` is the plan from there to gap_end.
 *
 * Enter brings the next line's indentation along, as editors do. Lines must end with LF and without blanks.
 * Deterministic by its seed; what it types does not depend on anything else, unless suggestions are accepted.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/strbuf.h"

struct typist;

struct typist_settings {
	uint64_t seed;
	int64_t steady_ms; /* between keys; 0: human rhythm */
	double pace;       /* of that, trace_rhythm.h */
	bool mistakes;
	bool second_thoughts;
};

enum typist_action {
	TYPIST_INSERT,
	TYPIST_DELETE,
	TYPIST_MOVE, /* of the cursor alone */
};

struct typist_step {
	enum typist_action action;
	size_t at;        /* in the document; where the cursor goes, for TYPIST_MOVE */
	size_t removed;   /* bytes */
	const char *text; /* borrowed until the next step */
	size_t len;
};

/* The text is copied. */
struct typist *typist_new(const char *text, size_t len, const struct typist_settings *settings);
void typist_free(struct typist *typist);
/* All is typed. */
bool typist_is_done(const struct typist *typist);
/* Milliseconds until the next step. Draws them: once a step. */
int64_t typist_pause(struct typist *typist);
/* What the typist does next; there is something as long as not all is typed. */
void typist_next(struct typist *typist, struct typist_step *step);
/* So many bytes of what would be typed next came otherwise. */
void typist_accept(struct typist *typist, size_t bytes);

const struct strbuf *typist_plan(const struct typist *typist);
size_t typist_at(const struct typist *typist);
size_t typist_gap_end(const struct typist *typist);
bool typist_is_astray(const struct typist *typist);

#endif
