#ifndef EKE_TEXT_MARKDOWN_TABLE_H
#define EKE_TEXT_MARKDOWN_TABLE_H
/*
 * Tables (GitHub's extension): rows are kept until the table ends, since only then it is known how wide its columns
 * are. Where the columns do not fit side by side, their texts are wrapped; where not even that is readable, each row
 * becomes a list of "name: text".
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/strbuf.h"
#include "markdown_out.h"

/* Bytes of a row. */
#define MARKDOWN_ROW 4096

struct md_table {
	struct strbuf rows; /* as they came, each with a line end */
	size_t count;
	struct md_margin margin;
	bool is_bare; /* no bars at the beginnings of its lines */
};

void md_table_init(struct md_table *table);
void md_table_release(struct md_table *table);
void md_table_begin(struct md_table *table, struct md_margin margin, bool is_bare);
void md_table_add(struct md_table *table, const char *row, size_t len);
/* It has as much as is kept. */
bool md_table_is_full(const struct md_table *table);
/* Writes it, from the beginning of a line, and empties it. Lines that are no table come as they stand. */
void md_table_draw(struct md_table *table, struct md_out *o, unsigned base);
/* Columns of a row. */
size_t md_table_columns(const char *row, size_t len);

#endif
