#ifndef EKE_TESTS_BENCH_POST_CASE_H
#define EKE_TESTS_BENCH_POST_CASE_H
/*
 * One question to the post-processor, made as the engine makes it: windows around the cursor and the prompt's mark.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "eke/base/strbuf.h"
#include "eke/post/post.h"

struct post_case {
	/* Given; borrowed. */
	const char *before;
	size_t before_len;
	const char *after;
	size_t after_len;
	const char *path;
	const char *language; /* or NULL */
	bool insert_spaces;
	unsigned tab_size;
	/* Made by post_case_open(): windows and mark; answer and source are the caller's. */
	struct post_input input;
};

void post_case_open(struct post_case *c);
/* Shows a text line by line behind a margin, tabs as "→", at most `lines` of its first, or of its last if negative. */
void post_case_show(FILE *to, const char *label, const char *text, size_t len, int lines);
/*
 * True if both texts give the same document but for blanks at line ends, put between what stands in the cursor's line.
 */
bool post_case_same_but_blanks(const struct post_case *c, const char *a, size_t a_len, const char *b, size_t b_len);
/* How many lines of the truth the text begins with, blanks at line ends aside. */
size_t post_case_same_lines(const char *text, size_t len, const char *truth, size_t truth_len);

/* post_replaced() of a result; 0 of an empty one. */
size_t post_case_replaced(const struct post_input *in, const struct strbuf *out);
/* True if the document with `out`, in place of the closers that it replaces, is the one with `wanted` at the cursor. */
bool post_case_same(const struct post_input *in, const struct strbuf *out,
		    const char *wanted, size_t wanted_len);

#endif
