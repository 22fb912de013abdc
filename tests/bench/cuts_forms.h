#ifndef EKE_TESTS_BENCH_CUTS_FORMS_H
#define EKE_TESTS_BENCH_CUTS_FORMS_H
/*
 * The ways in which models give the true text: as asked for, and with the habits that are known of them.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/strbuf.h"
#include "trace_rng.h"

enum form {
	FORM_TAGGED,     /* exactly as prompt_build() asks for it */
	FORM_FIM,        /* bare, of a fill-in-the-middle endpoint */
	FORM_FENCED,     /* in a Markdown fence with an info string, without tags */
	FORM_SENTENCE,   /* the same with a sentence before it, or around it, in one of several languages */
	FORM_LINE_ECHO,  /* in tags, with what stands before the cursor in its line repeated before it */
	FORM_BLOCK_ECHO, /* in tags, with the enclosing block repeated from its header on */
	FORM_RUN_ON,     /* in tags, running on into what follows the cursor, by one to four lines */
	FORM_COUNT
};

#define NO_BLOCK ((size_t)-1)

/* One cut as the engine sees it. All borrowed. */
struct situation {
	const char *prefix;
	size_t prefix_len;
	const char *suffix;
	size_t suffix_len;
	const char *truth;
	size_t truth_len;
	const char *language;
	size_t block; /* where in prefix the enclosing block's header begins; NO_BLOCK: not known, or not in it */
	unsigned tag_number;
};

const char *form_name(enum form form);
/*
 * Replaces what answer holds. False if the form makes no sense here: there is nothing to repeat, or a text of which
 * nobody could say where the repetition begins.
 */
bool form_answer(enum form form, const struct situation *at, struct rng *rng, struct strbuf *answer);
/*
 * Makes a wrong text of the truth: one of its lines is left out, or its end; this by the model, or because the answer
 * broke off. False if only blanks are left.
 */
bool form_mangle(const struct situation *at, struct rng *rng, struct strbuf *text, bool *broken_off);

#endif
