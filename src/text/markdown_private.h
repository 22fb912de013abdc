#ifndef EKE_TEXT_MARKDOWN_PRIVATE_H
#define EKE_TEXT_MARKDOWN_PRIVATE_H
/*
 * The renderer's state, shared by markdown.c (characters), markdown_block.c (lines of text, lists, quotes, tables) and
 * markdown_fence.c (lines of code).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/text/markdown.h"
#include "markdown_inline.h"
#include "markdown_out.h"
#include "markdown_table.h"

/* A line's beginning that is still not known to be anything is text. */
#define MARKDOWN_HEAD 1024

enum md_state {
	AT_START, /* of a line, which may become anything */
	IN_TEXT,
	IN_HEADING, /* waits for its end: what closes it is not shown */
	IN_VERBATIM, /* indented code, or nothing more */
	IN_ROW, /* of a table: waits for its end */
	AT_CODE_START, /* of a line in a fence */
	IN_CODE,
};

struct markdown {
	struct md_out out;
	enum md_state state;
	unsigned base;  /* style of everything */
	unsigned width; /* as the caller said */
	char partial[4]; /* of a character */
	size_t partial_len;
	bool return_waits; /* a CR came: with an LF it is a line end */
	bool line_open;    /* characters came since the last line end */
	struct strbuf head; /* of the line; of a heading or a table's row all of it */
	struct strbuf held; /* from a mark on, whose partner may come */
	struct md_before before;
	/* The line. */
	struct md_margin margin;
	unsigned shown_margin; /* columns of it that are on the line, with bullets */
	bool begun;            /* some of it is: bars, blanks or a bullet */
	bool is_item;
	unsigned style;
	struct strbuf line; /* its text */
	/* The lines before. */
	bool in_list;
	bool blank_before; /* or indented code, or nothing */
	bool slash_waits;  /* the last one ends with a backslash, which is a line break unless the paragraph ends */
	struct {
		bool is_alone; /* of its paragraph, in one row */
		unsigned lines;
		struct md_margin margin;
		struct strbuf text;
	} above;
	struct md_table table;
	struct {
		char mark;
		size_t length;
		unsigned indent;
		unsigned quotes;
		struct md_margin margin;
	} fence;
	unsigned quotes; /* bars of the line */
	unsigned code_column; /* for tabs in code */
};

/* markdown_block.c */

/* The beginning of a line: nothing of it is known. */
void md_start_line(struct markdown *m);
void md_end_line(struct markdown *m);
/* The margin as far as it is known. What waited for the end of the lines before comes first. */
void md_begin_line(struct markdown *m);
/* Looks at what is there of the line. False if that does not say yet what it is; else `head` was taken in. */
bool md_decide(struct markdown *m, bool whole);
void md_add_text(struct markdown *m, uint32_t cp);
/* A character that stands where it stands. */
void md_add_raw(struct markdown *m, uint32_t cp);
/* The line in `head`, as it stands. */
void md_write_verbatim(struct markdown *m);
/* The line that was a heading, or a table's row: all of it is in `head`. */
void md_write_heading(struct markdown *m);
void md_end_row(struct markdown *m);
/* A line of text ended. */
void md_end_text_line(struct markdown *m);
/* The one before ended with a backslash; the paragraph goes on below it, or it ends there. */
void md_end_slash(struct markdown *m, bool goes_on);
void md_forget_above(struct markdown *m);

/* markdown_fence.c */
void md_open_fence(struct markdown *m, const char *s, size_t len, size_t mark);
/* As md_decide(), in a fence. */
bool md_decide_code(struct markdown *m, bool whole);

#endif
