#ifndef EKE_POST_ECHO_PRIVATE_H
#define EKE_POST_ECHO_PRIVATE_H
/*
 * What the files of echo.c share: echo.c takes off lines, echo_word.c what the cursor's line ends with, echo_block.c
 * the blocks around the cursor.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/code/words.h"
#include "eke/post/context.h"
#include "draft.h"

enum match { MATCH_NO, MATCH_PARTIAL, MATCH_FULL };

static inline bool is_blank_char(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/*
 * Compares without blanks. FULL: t begins with p, *end is where it ends in t. PARTIAL: p begins with
 * all of t, *end is how far in p.
 */
enum match echo_match(const char *p, size_t p_len, const char *t, size_t t_len, size_t *end);
/* Cuts the echo that ends at `end` off t. False if it does not end where it would have to. */
bool echo_cut(const struct post_context *c, struct strbuf *t, size_t end);

/* Takes one echo of the end of the cursor's line off; false: there is none. */
bool echo_drop_word(const struct post_context *c, struct strbuf *t);

/* Takes the blocks around the cursor off, headers and all; false: there are none. */
bool echo_drop_header(const struct post_context *c, struct draft *draft, bool wrapped);
/* Of a growing text: do all of its lines lead up to a repeated header, or is one there? */
bool echo_may_show_block(const struct post_context *c, const struct strbuf *t);
/* What is left begins with the line that the cursor is on: where that stands shows where the others belong. */
void echo_learn_shift(const struct post_context *c, struct draft *draft);
/* The first of the lines of t from `at` on that has text. */
size_t echo_skip_blank_lines(const struct strbuf *t, size_t at);

#endif
