#ifndef EKE_TESTS_BENCH_SIM_MODEL_H
#define EKE_TESTS_BENCH_SIM_MODEL_H
/*
 * A model that knows what the typist is about to write, and is right in a given share of its answers. Pure but for
 * what it is told to know; the same question has the same answer always, whoever asks.
 *
 * An answer is the text from the cursor to the end of the statement or block, as eke's prompt asks for it (or beyond,
 * if the question says so), within the number of lines asked for and before what stands after the cursor already. A
 * wrong answer has another name of the same document in place of one of the cursor's line (of the next line that has
 * one, if the cursor's has none left), and goes on as if nothing were wrong. Whether it will be wrong is drawn anew
 * for every line, and again in the same line once the wrong place has been typed as it ought to be: each of these
 * answers is right with the given probability, and asking again at the next key helps no one.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/strbuf.h"

/* Lines of an answer, where the question does not say. */
#define SIM_MODEL_LINES 24
#define SIM_MODEL_NO_FAULT SIZE_MAX

struct sim_model {
	uint64_t seed;
	double right;     /* share of the answers, 0 to 1 */
	size_t lines;     /* if not 0: answers have so many lines with text, whatever blocks there are */
	const char *text; /* what the typist has in mind, all of the document; borrowed */
	size_t len;
	size_t at, gap_end; /* where the typist is in it, and where what stands after the cursor begins */
	/* Names of the text: where each begins, by their first letters. Owned. */
	struct sim_name *names;
	size_t name_count;
};

/* A question, taken out of a prompt. Borrowed. */
struct sim_question {
	const char *prefix;
	size_t prefix_len;
	const char *suffix;
	size_t suffix_len;
	size_t max_lines; /* 0: SIM_MODEL_LINES */
	bool go_on;       /* beyond the block, to the last line that was asked for */
};

void sim_model_init(struct sim_model *model, uint64_t seed, double right, size_t lines);
void sim_model_release(struct sim_model *model);
/* The typist changed the plan. The text is borrowed until the next call. */
void sim_model_know(struct sim_model *model, const char *text, size_t len);

/* Where an answer from `at` ends, at the latest at `limit`; `at` itself if nothing is missing there. */
size_t sim_model_end(const struct sim_model *model, size_t at, size_t limit, size_t max_lines, bool go_on);
/* Where the name begins that an answer from `at` would get wrong, or SIM_MODEL_NO_FAULT. */
size_t sim_model_fault(const struct sim_model *model, size_t at);
/* Asked there, would the first line of the answer be right? */
bool sim_model_is_right(const struct sim_model *model, size_t at, size_t limit);
/*
 * Where in the text the cursor of a question stands, and where what it shows after the cursor begins; false if it is
 * of another text, as when the typist has mistyped.
 */
bool sim_model_find(const struct sim_model *model, const struct sim_question *q, size_t *at, size_t *limit);
/*
 * Appends the answer. Of a question about another text it takes the last place that it knows and goes on from
 * there, as models do, which is no use to anybody.
 */
void sim_model_answer(const struct sim_model *model, const struct sim_question *q, struct strbuf *out);

#endif
