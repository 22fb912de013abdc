#ifndef EKE_TESTS_BENCH_POST_SHAPE_H
#define EKE_TESTS_BENCH_POST_SHAPE_H
/*
 * How well formed a text is, without a parser for its language: brackets that have no partner and strings that do not
 * end. Made without what is measured (src/post, src/code). Exact for what brackets, strings and comments are in C and
 * the languages like it, JavaScript with its templates and regular expressions, Python, Ruby and shell but for
 * heredocs.
 */
#include <stdbool.h>
#include <stddef.h>

struct shape {
	size_t unclosed; /* openers without a closer */
	size_t stray;    /* closers without an opener, or of another kind */
	size_t strings;  /* that are open at the end of their line, or of the text */
};

/* The sum of its fields is 0 for a text that is balanced. */
struct shape shape_of(const char *text, size_t len, const char *language);

/* Whether brackets and strings of the language are as this has them. */
bool shape_is_known(const char *language);

static inline size_t shape_faults(const struct shape *s)
{
	return s->unclosed + s->stray + s->strings;
}

#endif
