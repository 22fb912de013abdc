#ifndef EKE_TESTS_BENCH_CUTS_REPORT_H
#define EKE_TESTS_BENCH_CUTS_REPORT_H
/*
 * What bench_cuts counts, as tables for people and as figures with goals.
 */
#include <stddef.h>

#include "cuts_corpus.h"
#include "cuts_forms.h"
#include "cuts_make.h"

struct tally {
	size_t count;
	size_t exact;
	size_t blanks; /* of these only but for blanks at line ends */
};

struct cuts_results {
	struct tally tallies[CORPUS_GROUPS][CUT_KINDS][FORM_COUNT];
	struct tally kept[CORPUS_GROUPS]; /* lines of perfect continuations at a file's end */
	size_t cuts[CORPUS_GROUPS];
	size_t opened;     /* answers given line by line */
	size_t violations; /* ... in which something was taken back */
	size_t mangled;    /* answers that are no longer right */
	size_t worse;      /* ... that made a document with more faults than they have themselves */
	double *times;     /* milliseconds for an answer of 100 lines; sorted by the report */
	size_t timed;
};

/* The first table is of one form. */
void cuts_report_tables(const struct cuts_results *results, enum form form);
void cuts_report_figures(const struct cuts_results *results);

#endif
