#ifndef EKE_CODE_INDENT_H
#define EKE_CODE_INDENT_H
/*
 * What a document indents with, learned from the text around the cursor: what it shows goes before what the
 * editor is set to. Pure.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/code/syntax.h"

#define INDENT_DEFAULT_SIZE 4

/* Votes of lines. Zeroed before the first call of indent_learn(). */
struct indent {
	size_t tabs; /* lines that begin with tabs alone */
	size_t aligned; /* lines that begin with tabs and go on with blanks */
	size_t spaces; /* lines that begin with two blanks or more */
	size_t step; /* the fewest of these, 0: none seen */
};

/* Adds the lines of a text that begin in code, as far as the text itself says. */
void indent_learn(struct indent *indent, const struct syntax *syntax, const char *text, size_t len);
/* By tabs? `insert_spaces`, the editor's word, counts where no line says anything. */
bool indent_is_tabs(const struct indent *indent, bool insert_spaces);
/* By both, as in GNU's style: tabs are eight columns wide, and neither is wrong. */
bool indent_is_mixed(const struct indent *indent);
/* Columns of one level; tab_size is the editor's, 0: unknown. */
size_t indent_unit(const struct indent *indent, bool insert_spaces, unsigned tab_size);

#endif
