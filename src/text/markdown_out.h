#ifndef EKE_TEXT_MARKDOWN_OUT_H
#define EKE_TEXT_MARKDOWN_OUT_H
/*
 * Styled words on lines of a terminal: what markdown.c writes with. A word waits until it has ended, since only then it
 * is known on which line it goes.
 */
#include <stdbool.h>
#include <stdint.h>

#include "eke/base/strbuf.h"
#include "eke/base/width.h"

enum {
	STYLE_BOLD = 1,
	STYLE_DIM = 2,
	STYLE_ITALIC = 4,
	STYLE_UNDERLINE = 8,
	STYLE_STRIKE = 16,
	STYLE_CODE = 32,
};

/* Words longer than this do not wait. */
#define MARKDOWN_WORD 1024

/* What stands in front of a line: blanks, and the bars of quotes. */
struct md_margin {
	unsigned width;
	uint64_t bars; /* a bit for each column that has one */
};

struct md_out {
	struct strbuf *to; /* of the caller; set for each call */
	unsigned width;    /* 0: no wrapping */
	bool breaks_words; /* those that are longer than a line; else the terminal does */
	struct md_margin hang; /* in front of what is wrapped */
	unsigned column;   /* of the line, without the word */
	unsigned rows;     /* that the line takes, but for the last */
	unsigned blanks;   /* between that and the word */
	bool begun;        /* the line has a word */
	bool open;         /* something was written since the last line end */
	struct strbuf word;
	unsigned word_width;
	struct width_cluster cluster; /* at the end of the word */
	unsigned style;       /* at the end of the word */
	unsigned shown_style; /* before it */
	uint32_t last;        /* character of the line; a blank at its beginning */
};

void md_out_init(struct md_out *o);
void md_out_release(struct md_out *o);
/* Adds a quote's bar and the blank behind it. */
void md_margin_add_bar(struct md_margin *margin);
/* Cut to what fits before a text of some width. */
struct md_margin md_out_fit(const struct md_out *o, struct md_margin margin);
/* A new line, and its margin. */
void md_out_line(struct md_out *o, struct md_margin margin);
/* The margin from column `from` on, which the line has reached. What is wrapped begins behind all of it. */
void md_out_margin(struct md_out *o, struct md_margin margin, unsigned from, unsigned style);
/* A character of a text that is wrapped. */
void md_out_text(struct md_out *o, uint32_t cp, unsigned style);
/* One that stands where it stands. */
void md_out_raw(struct md_out *o, uint32_t cp, unsigned style);
/* The line goes on in the next row, behind its margin. */
void md_out_break(struct md_out *o);
void md_out_end_line(struct md_out *o);
/* Columns of a line that was written so. */
unsigned md_out_measure(const char *line, size_t len);

#endif
