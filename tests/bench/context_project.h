#ifndef EKE_TESTS_BENCH_CONTEXT_PROJECT_H
#define EKE_TESTS_BENCH_CONTEXT_PROJECT_H
/*
 * Real projects that this machine has, and places in them where a user could be typing: some lines are taken out of a
 * file, a cursor stands where they were, and some of the names in them are nowhere around it.
 */
#include <stdbool.h>
#include <stddef.h>

#include "trace_rng.h"

#define PROJECT_FILES 800
#define TRUTH_LINES 5
#define OPEN_FILES 6
#define NEEDED_MAX 64

struct project_file {
	char *path; /* absolute */
	const char *language;
	char *text; /* read by need */
	size_t len;
};

struct project {
	char *root;
	const char *group; /* a language, for the table */
	struct project_file *files;
	size_t count;
};

struct projects {
	struct project *items;
	size_t count;
};

void projects_find(struct projects *projects);
void projects_release(struct projects *projects);

/* A changed place in an open file. */
struct edit {
	size_t file; /* in open[]; OPEN_FILES: the current one */
	size_t start, end; /* bytes of its text */
};

#define EDITS 3

/* What the methods are shown. */
struct place {
	const struct project *project;
	const struct project_file *file;
	char *text; /* of the file without the lines that are to be written */
	size_t len;
	size_t cursor;
	char *truth; /* these lines */
	size_t truth_len;
	const struct project_file *open[OPEN_FILES];
	size_t open_count;
	struct edit edits[EDITS];
	size_t edit_count;
	/* The excerpt that is sent in any case. */
	size_t from, to;
	/* Names of the truth that the excerpt does not show, and the project has elsewhere. */
	char needed[NEEDED_MAX][80];
	size_t needed_count;
};

/* The length of the first `count` lines, with their ends; unlike lines_skip() of none, too. */
size_t project_lines(const char *text, size_t len, size_t count);

/* False if nothing is found in this project. */
bool place_draw(struct place *place, struct project *project, struct rng *rng);
void place_release(struct place *place);

#endif
