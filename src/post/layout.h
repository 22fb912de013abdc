#ifndef EKE_POST_LAYOUT_H
#define EKE_POST_LAYOUT_H
/*
 * The indentation of an answer, as far as decisions about it need it. Pure.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/code/words.h"
#include "eke/post/context.h"

#define TAB_SPACES_MIN 2 /* blanks at a line's beginning that may stand for a tab */

/* The lines that decide. */
struct layout {
	struct line first; /* with text */
	size_t given; /* its blanks, in columns */
	bool more;
	struct line second; /* the next one with text that begins in code, and is no comment if there is such */
	bool only_comments; /* there is none: while the answer grows, the second is another one later */
	size_t columns; /* its indentation, in the document's measure */
	bool foreign; /* it is indented the other way than the document */
	bool mixed; /* some of its lines are not: both ways are meant, whatever comes */
	size_t space_unit; /* columns that the model's spaces stand for a level with, in a document with tabs */
};

size_t layout_leading_spaces(const char *s, size_t len);
/* The line is indented with spaces where the document has tabs, or the reverse, and the document is sure of that. */
bool layout_is_foreign(const struct post_context *c, const char *s, size_t len);
/* Indentation as it will be in the document. */
size_t layout_columns(const struct post_context *c, const struct layout *l, const char *s, size_t len);
size_t layout_guess_unit(const struct post_context *c, size_t spaces);
void layout_look(const struct post_context *c, const struct strbuf *t, struct layout *l);

#endif
