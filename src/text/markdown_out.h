#ifndef EKE_TEXT_MARKDOWN_OUT_H
#define EKE_TEXT_MARKDOWN_OUT_H
/*
 * Styled words on lines of a terminal: what markdown.c writes with. A word waits until it has ended, since only then it
 * is known on which line it goes.
 */
#include <stdbool.h>
#include <stdint.h>

#include "eke/base/strbuf.h"

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

struct md_out {
	struct strbuf *to; /* of the caller; set for each call */
	unsigned width;    /* 0: no wrapping */
	unsigned quote;    /* bars in front of the line, two columns each */
	unsigned hang;     /* blanks in front of what is wrapped */
	unsigned column;   /* of the line, without the word */
	unsigned blanks;   /* between that and the word */
	bool begun;        /* the line has a word */
	bool open;         /* something was written since the last line end */
	struct strbuf word;
	unsigned word_width;
	unsigned style;       /* at the end of the word */
	unsigned shown_style; /* before it */
	uint32_t last;        /* character of the line; a blank at its beginning */
};

void md_out_init(struct md_out *o);
void md_out_release(struct md_out *o);
/* Bars and blanks of a new line; `hang` is for its continuation. */
void md_out_line(struct md_out *o, unsigned quote, unsigned indent, unsigned hang);
/* A character of a text that is wrapped. */
void md_out_text(struct md_out *o, uint32_t cp, unsigned style);
/* One that stands where it stands. */
void md_out_raw(struct md_out *o, uint32_t cp, unsigned style);
void md_out_end_line(struct md_out *o);

#endif
