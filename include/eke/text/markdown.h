#ifndef EKE_TEXT_MARKDOWN_H
#define EKE_TEXT_MARKDOWN_H
/*
 * Markdown made readable on a terminal, as it comes. Pure: text in, text with the terminal's marks out.
 *
 * Headings, emphasis and code spans become styles, lists get bullets and hang, quotes a bar, links their address behind
 * them; fenced code is indented below its language; tables are drawn, with their cells wrapped where they must be.
 * Character references become characters. Lines stay lines, and are wrapped between words (and between wide characters)
 * where they are too long, but for code.
 *
 * A mark is shown as a style or not at all until it is known that it is none: what stands behind it waits, at most
 * to the end of its line or MARKDOWN_REACH bytes. A word waits for its end, a table for the line below it. A line that
 * the next one makes a heading ("====") or a table's head is taken off the screen and written again, if it takes one
 * row. However the text is cut into pieces, the output is the same. Control characters (base/printable.h) of the text
 * come out as U+FFFD, but for line ends and tabs.
 *
 * A library would have to be given the whole text: cmark and md4c parse documents, and this is shown as it comes.
 *
 * Facts: CommonMark 0.31 and GitHub's extensions of it (strikethrough, task lists, tables), as far as models use them;
 * ECMA-48 8.3.117 (SGR) for the styles.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/strbuf.h"

/* How far a mark's partner is looked for, bytes. */
#define MARKDOWN_REACH 1024

struct markdown;

/* `dim`: all of it is faint, for what a model thinks. */
struct markdown *markdown_new(bool dim);
void markdown_free(struct markdown *m);
/* Columns of the terminal, for lines that begin from now on; 0, or fewer than 20: nothing is wrapped. */
void markdown_set_width(struct markdown *m, unsigned width);
/* Appends to out what is known now. */
void markdown_feed(struct markdown *m, const char *text, size_t len, struct strbuf *out);
/*
 * The text has ended, wherever that is. What waited comes out, styles end, and so does the last line. May be fed again
 * after this: the next text begins a line.
 */
void markdown_end(struct markdown *m, struct strbuf *out);

#endif
