#ifndef EKE_TESTS_BENCH_CUTS_CORPUS_H
#define EKE_TESTS_BENCH_CUTS_CORPUS_H
/*
 * The text files that this machine has: what Debian's packages installed below /usr, the repository with its
 * node_modules, and what tests/bench/corpus fetched. Nothing is made up for the measure. Files are sorted by path, so
 * that a seed finds the same ones again as long as the same packages are installed.
 */
#include <stdbool.h>
#include <stddef.h>

#include "trace_rng.h"

struct corpus_file {
	char *path;
	const char *language; /* LSP language id; borrowed from the table of text/language.h */
};

/* The languages of the table; the last group holds all others that eke has a name for. */
#define CORPUS_GROUPS 17

struct corpus {
	struct corpus_file *files; /* sorted by group, then path */
	size_t count;
	size_t begin[CORPUS_GROUPS + 1]; /* of each group in files */
	size_t *packages;                /* where in files those of a directory begin, of each group; and the end */
	size_t first[CORPUS_GROUPS + 1]; /* of each group in packages */
};

/* Name of a group: a language id, or "other". */
const char *corpus_group_name(size_t group);
/* True if files of this language are in the group. */
bool corpus_group_has(size_t group, const char *language);
/* `only`: a language id, or NULL for all. */
void corpus_find(struct corpus *corpus, const char *only);
void corpus_release(struct corpus *corpus);

/*
 * One of the group, which has some. Half of them are of a directory drawn first: packages with thousands of files that
 * are much alike do not count for more than all others together.
 */
const struct corpus_file *corpus_pick(const struct corpus *corpus, size_t group, struct rng *rng);

/* A file's text, free() it; NULL if it is no source that a person edits: too long, not UTF-8, or minified. */
char *corpus_read(const struct corpus_file *file, size_t *len);

#endif
