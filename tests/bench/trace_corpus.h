#ifndef EKE_TESTS_BENCH_TRACE_CORPUS_H
#define EKE_TESTS_BENCH_TRACE_CORPUS_H
/*
 * Source files to type: of every language the first of a list that this machine has, from Debian's packages where
 * they are, else of this repository. Of each the beginning, without the licence above it.
 */
#include <stddef.h>

#include "trace_session.h"

#define TRACE_CORPUS_FILES 8
#define TRACE_CORPUS_BYTES 5000 /* of each, at most */

struct trace_corpus {
	struct trace_file files[TRACE_CORPUS_FILES];
	char *paths[TRACE_CORPUS_FILES]; /* owned */
	char *texts[TRACE_CORPUS_FILES]; /* owned */
	size_t count;
	size_t bytes;
};

/* At least one file: this repository's own are found from its root, the working directory. */
void trace_corpus_load(struct trace_corpus *corpus);
void trace_corpus_release(struct trace_corpus *corpus);
/* Makes a text one that can be typed: LF, no blanks at line ends, one LF at its end. In place; the new length. */
size_t trace_corpus_tidy(char *text, size_t len);
/* Where the text begins below the comment at its head. */
size_t trace_corpus_skip_head(const char *text, size_t len);

#endif
