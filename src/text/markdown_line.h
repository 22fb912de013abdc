#ifndef EKE_TEXT_MARKDOWN_LINE_H
#define EKE_TEXT_MARKDOWN_LINE_H
/*
 * What a line of Markdown is, as far as its beginning tells.
 */
#include <stdbool.h>
#include <stddef.h>

enum md_line {
	LINE_UNKNOWN, /* so far */
	LINE_BLANK,
	LINE_TEXT,
	LINE_HEADING,
	LINE_RULE,
	LINE_FENCE,
	LINE_QUOTE,
	LINE_ITEM,
	LINE_TABLE, /* a row with a bar at its beginning */
};

/* What the line before was: what this one makes of it. */
enum md_under {
	UNDER_UNKNOWN, /* so far */
	UNDER_NOTHING,
	UNDER_HEADING, /* "====" or "----": it was a heading */
	UNDER_TABLE,   /* "---|---": it was the head of a table */
};

/* Blanks at the beginning of s, as columns; *n gets their bytes. */
unsigned md_blanks(const char *s, size_t len, size_t *n);
/* Does s[0..len) hold nothing but c and blanks? How many of c. */
bool md_only(const char *s, size_t len, char c, size_t *count);
size_t md_run(const char *s, size_t len, char c);
/*
 * What the line is that begins with s, behind its blanks; `whole`: it ends there. *mark gets how many bytes its mark
 * has: of a heading, a quote, an item or a fence.
 */
enum md_line md_classify(const char *s, size_t len, bool whole, size_t *mark);
/* What the same line is below a line of text. */
enum md_under md_classify_under(const char *s, size_t len, bool whole);
/* Is it the line below the head of a table? How many columns that has. */
bool md_is_delimiter_row(const char *s, size_t len, size_t *columns);
/* "[ ] " or "[x] " at the beginning of an item. */
bool md_is_task(const char *s, size_t len);
bool md_may_be_task(const char *s, size_t len);

#endif
