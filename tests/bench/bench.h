#ifndef EKE_TESTS_BENCH_BENCH_H
#define EKE_TESTS_BENCH_BENCH_H
/*
 * What the benchmarks share: clocks, medians, and the line in which a figure is handed to tests/bench/run, which
 * makes the table. A figure is a line of fields separated by tabs:
 *
 *     figure KEY WHAT UNIT MEASURED BASELINE-NAME BASELINE GOAL-KIND GOAL
 *
 * BASELINE-NAME "-": there is none. A line "note TEXT" goes under the table, any other line is shown as it is.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* What the goal limits. */
enum goal {
	GOAL_NONE,
	GOAL_MAX,   /* the measured figure, from above */
	GOAL_MIN,   /* the measured figure, from below */
	GOAL_RATIO, /* measured / baseline, from above */
};

struct figure {
	const char *key;
	const char *what;
	const char *unit;
	double measured;
	const char *baseline_name; /* NULL: none */
	double baseline;
	enum goal kind;
	double goal;
};

static inline void figure_tell(const struct figure *f)
{
	static const char *const kinds[] = { "none", "max", "min", "ratio" };

	printf("figure\t%s\t%s\t%s\t%.9g\t%s\t%.9g\t%s\t%.9g\n", f->key, f->what, f->unit, f->measured,
	       f->baseline_name ? f->baseline_name : "-", f->baseline, kinds[f->kind], f->goal);
	fflush(stdout);
}

/* Nanoseconds of the clock that all processes of a machine share. */
static inline int64_t bench_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline int bench_compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts the values. */
static inline double bench_median(double *values, size_t count)
{
	qsort(values, count, sizeof(values[0]), bench_compare);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* A benchmark that cannot run at all: a sentence, and exit code 1. */
#define bench_die(...) \
	do { \
		fprintf(stderr, "bench: " __VA_ARGS__); \
		fputc('\n', stderr); \
		exit(1); \
	} while (0)

#endif
