#ifndef EKE_POST_CONTEXT_H
#define EKE_POST_CONTEXT_H
/*
 * What the stages of post-processing know about the place of the cursor, worked out once for an answer:
 * the windows with LF line ends, the cursor's line, what the document indents with, what is open at the
 * cursor and what is closed after it. And the few measures of lines that the stages share.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/strbuf.h"
#include "eke/code/syntax.h"
#include "eke/post/post.h"

/* Lines after the cursor that are compared with. */
#define POST_LINES_AFTER 64

/* A line of the document or of an answer, without its line end and without blanks at its end. */
struct post_line {
	size_t start;
	size_t len;
};

/* A closer after the cursor that closes something before it. */
struct post_closer {
	char closer;
	bool begins_line;
	size_t columns; /* indentation of its line */
};

struct post_context {
	const struct post_input *in;
	const struct syntax *syntax;
	size_t max_lines;
	struct strbuf prefix; /* LF line ends */
	struct strbuf suffix;
	bool crlf;

	const char *head; /* the cursor's line before it, in prefix */
	size_t head_len;
	bool head_blank;
	size_t rest_len; /* ... and after it: suffix[0..rest_len) */
	bool rest_blank;
	size_t rest_closers; /* closers in the rest of the line without an opener there */
	bool whole_lines;    /* only blanks before the cursor, text after it: lines are inserted above that text */

	bool tabs;      /* the document indents with tabs */
	size_t unit;    /* columns of one level; of a tab, if tabs */
	size_t columns; /* indentation of the cursor's line (of the cursor, if only blanks precede it) */

	struct syntax_state at;     /* at the cursor */
	struct syntax_stack open;   /* brackets open at the cursor; positions in prefix */
	bool in_comment;            /* the cursor's line is a comment, or the cursor is in one, or in a triple string */

	struct post_line
		after[POST_LINES_AFTER]; /* in suffix, lines with text, from the first below the cursor's; or, if only
						     blanks precede the cursor, from the cursor's own */
	size_t after_count;
	size_t after_columns; /* indentation of the first of them */
	struct post_closer closers[8];
	size_t closer_count;
};

void post_context_init(struct post_context *c, const struct post_input *in);
void post_context_release(struct post_context *c);

/*
 * True if the text before the cursor ends with an opening bracket and the rest of its line begins with
 * the closing one.
 */
bool post_between_brackets(const struct post_context *c);
/* The number of the first non-blank of s, len if there is none. */
size_t post_skip_blanks(const char *s, size_t len);
/* True if the language has brackets, statements and comments. */
bool post_is_code(const struct post_context *c);
/* True if the cursor stands in code proper: neither in prose nor in a comment or a string. */
bool post_in_code(const struct post_context *c);

/* Appends s with LF for CR LF and CR. */
void post_add_lf(struct strbuf *out, const char *s, size_t len);
/*
 * The line of s[0..len) that begins at `start`; returns where the next one begins, len + 1 after the
 * last.
 */
size_t post_line_at(const char *s, size_t len, size_t start, struct post_line *line);
bool post_blank(const char *s, size_t len);
/* Columns of the blanks that s begins with; *bytes, unless NULL: their number. */
size_t post_columns(const struct post_context *c, const char *s, size_t len, size_t *bytes);
/* Letters, digits and underscores, counting a character beyond ASCII as one. */
size_t post_word_chars(const char *s, size_t len);
/* A byte of a word: letter, digit, underscore, or any byte beyond ASCII. */
bool post_is_word(char c);
/*
 * True if the line of text (comments aside) ends with something that makes the next line a deeper one.
 */
bool post_opens_block(const struct post_context *c, const char *line, size_t len);
/* True if s begins with `word`, in any case of letters. */
bool post_starts(const char *s, size_t len, const char *word);
/* Adds blanks of `columns` in the document's manner. */
void post_add_indent(const struct post_context *c, struct strbuf *out, size_t columns);

#endif
