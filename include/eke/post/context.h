#ifndef EKE_POST_CONTEXT_H
#define EKE_POST_CONTEXT_H
/*
 * What post-processing knows about the cursor's surroundings, worked out once for an answer: the two excerpts with LF
 * line ends, the cursor's line, what the document indents with, what is open at the cursor and what is closed after it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/strbuf.h"
#include "eke/code/syntax.h"
#include "eke/code/words.h"
#include "eke/post/post.h"

/* Lines after the cursor that are compared with. */
#define POST_LINES_AFTER 64
#define POST_CLOSERS 32

/* A closing bracket after the cursor that has no opener there. */
struct post_closer {
	char closer;
	bool begins_line;
	bool on_line; /* it stands on the cursor's line */
	size_t pos; /* in suffix */
	size_t columns; /* indentation of its line */
	size_t opener; /* the bracket that it closes, in `open`; SIZE_MAX: one above the excerpt */
	bool pinned; /* its line is indented as that bracket's is: it closes no other */
};

/* In the order of the steps that set it (post_context_init()): each needs what stands above it, and nothing below. */
struct post_context {
	const struct post_input *in; /* while there is an answer to process */
	const struct syntax *syntax;
	struct strbuf prefix; /* LF line ends */
	struct strbuf suffix;
	bool crlf;

	/* The cursor's line, and the one above. */
	const char *head; /* the cursor's line before it, in prefix */
	size_t head_len;
	bool head_blank;
	size_t rest_len; /* ... and after it: suffix[0..rest_len) */
	bool rest_blank;
	bool whole_lines; /* only blanks before the cursor, text after it: lines are inserted above that text */
	struct line above; /* in prefix: the last line with text above the cursor's; len 0: none */
	bool head_opens; /* it begins a block, as the next */
	bool above_opens;

	/* How lines are indented. */
	bool tabs; /* the document indents with tabs */
	bool sure; /* ... and its lines, or its language, say so */
	size_t unit; /* columns of one level; of a tab, if tabs */
	size_t tab; /* columns of a tab */
	size_t columns; /* indentation of the cursor's line (of the cursor, if only blanks precede it) */

	/* What is open at the cursor. */
	struct syntax_state at; /* at the cursor */
	bool in_comment; /* the cursor's line is a comment, or the cursor is in one, or in a string over lines */
	struct syntax_stack open; /* brackets; positions in prefix */
	size_t open_columns[SYNTAX_DEPTH_MAX]; /* indentation of their lines */
	bool closers_inside; /* closing brackets are indented as what is inside of them */
	size_t base; /* indentation of the statement that the cursor's line ends: it may have begun on a line above */
	size_t above_columns; /* the same of the line above */

	/* What stands after it. */
	struct post_closer closers[POST_CLOSERS]; /* in the order of the text */
	size_t closer_count;
	struct line after[POST_LINES_AFTER]; /* in suffix, lines with text, from the first below the cursor's; or, if
						only blanks precede the cursor, from the cursor's own */
	size_t after_count;
	size_t after_columns; /* indentation of the first of them */
};

void post_context_init(struct post_context *c, const struct post_input *in);
void post_context_release(struct post_context *c);
/*
 * The closers after the cursor as they are when the first `replaced` bytes there are gone. `out` borrows everything
 * from c, is good for balance_of() alone and needs no release.
 */
void post_context_narrow(struct post_context *out, const struct post_context *c, size_t replaced);

/*
 * True if the text before the cursor ends with an opening bracket and the rest of its line begins with
 * the closing one.
 */
bool post_between_brackets(const struct post_context *c);
/* True if the language has brackets, statements and comments. */
bool post_is_code(const struct post_context *c);
/* True if the cursor stands in code proper: neither in prose nor in a comment or a string. */
bool post_in_code(const struct post_context *c);

/* The line stands somewhere before the cursor. */
bool post_has_before(const struct post_context *c, const char *line, size_t len);
/* Appends s with LF for CR LF and CR. */
void post_add_lf(struct strbuf *out, const char *s, size_t len);
/* Columns of the blanks that s begins with; *bytes, unless NULL: their number. */
size_t post_columns(const struct post_context *c, const char *s, size_t len, size_t *bytes);
/* Adds blanks of `columns` in the document's manner. */
void post_add_indent(const struct post_context *c, struct strbuf *out, size_t columns);
/* Where the line of text that pos is in begins. */
size_t post_line_start(const char *s, size_t pos);

#endif
