/*
 * A table is measured, then drawn. A cell's text is written by markdown_inline.c into a text of its own, as wide as its
 * column, whose lines go side by side with those of the other cells.
 */
#include "markdown_table.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/ascii.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/utf.h"
#include "markdown_inline.h"
#include "markdown_line.h"

#define MOST_BYTES KIB(64)
#define MOST_COLUMNS 32
/* Narrower columns are not readable. */
#define LEAST_WIDTH 8
#define BETWEEN 3

enum align { LEFT, RIGHT, CENTRE };

struct cell {
	const char *s;
	size_t len;
};

struct grid {
	size_t columns;
	size_t rows; /* the head is one */
	struct cell *cells;
	enum align aligns[MOST_COLUMNS];
	unsigned widths[MOST_COLUMNS];
};

void md_table_init(struct md_table *table)
{
	*table = (struct md_table){ .count = 0 };
	strbuf_init(&table->rows, 2 * MOST_BYTES);
}

void md_table_release(struct md_table *table)
{
	strbuf_release(&table->rows);
}

void md_table_begin(struct md_table *table, struct md_margin margin, bool is_bare)
{
	strbuf_reset(&table->rows);
	table->count = 0;
	table->margin = margin;
	table->is_bare = is_bare;
}

void md_table_add(struct md_table *table, const char *row, size_t len)
{
	strbuf_add(&table->rows, row, len);
	strbuf_addch(&table->rows, '\n');
	table->count++;
}

bool md_table_is_full(const struct md_table *table)
{
	return table->rows.len >= MOST_BYTES;
}

/* --- cells --- */

static void trim(struct cell *cell)
{
	while (cell->len && ascii_is_blank(cell->s[0])) {
		cell->s++;
		cell->len--;
	}
	while (cell->len && ascii_is_blank(cell->s[cell->len - 1]))
		cell->len--;
}

/* Cuts the next cell off the row; false: there is none. */
static bool next_cell(struct cell *row, struct cell *out)
{
	size_t n = 0;

	if (!row->len)
		return false;
	for (; n < row->len && row->s[n] != '|'; n++)
		n += row->s[n] == '\\' && n + 1 < row->len;
	*out = (struct cell){ row->s, n };
	row->s += n < row->len ? n + 1 : n;
	row->len -= n < row->len ? n + 1 : n;
	trim(out);
	return true;
}

static struct cell begin_row(const char *s, size_t len)
{
	struct cell row = { s, len };

	trim(&row);
	if (row.len && row.s[0] == '|') {
		row.s++;
		row.len--;
	}
	return row;
}

/* Columns beyond the last go into it: better than losing them. */
static void take_row(struct cell row, struct cell *cells, size_t columns)
{
	struct cell rest;

	for (size_t i = 0; i + 1 < columns; i++)
		if (!next_cell(&row, &cells[i]))
			return;
	rest = row;
	if (next_cell(&row, &cells[columns - 1]) && row.len) {
		cells[columns - 1] = rest;
		trim(&cells[columns - 1]);
		if (rest.s[rest.len - 1] == '|')
			cells[columns - 1].len--;
	}
}

size_t md_table_columns(const char *s, size_t len)
{
	struct cell row = begin_row(s, len);
	struct cell cell;
	size_t n = 0;

	while (next_cell(&row, &cell))
		n++;
	return n;
}

static void take_aligns(struct cell row, enum align *aligns)
{
	struct cell cell;

	while (next_cell(&row, &cell))
		*aligns++ = cell.s[cell.len - 1] != ':' ? LEFT : cell.s[0] == ':' ? CENTRE : RIGHT;
}

/* False: it is no table. */
static bool take_grid(const struct md_table *table, struct grid *grid)
{
	const char *head = table->rows.data;
	size_t head_len = strcspn(head, "\n");
	const char *line = head + head_len + 1;
	size_t len = table->count > 1 ? strcspn(line, "\n") : 0;
	size_t columns;

	if (table->count < 2 || !md_is_delimiter_row(line, len, &columns) || columns > MOST_COLUMNS ||
	    md_table_columns(head, head_len) != columns)
		return false;
	*grid = (struct grid){ .columns = columns, .rows = table->count - 1 };
	grid->cells = xcalloc(columns * grid->rows, sizeof(*grid->cells));
	take_aligns(begin_row(line, len), grid->aligns);
	take_row(begin_row(head, head_len), grid->cells, columns);
	for (size_t i = 1; i < grid->rows; i++) {
		line += len + 1;
		len = strcspn(line, "\n");
		take_row(begin_row(line, len), grid->cells + i * columns, columns);
	}
	return true;
}

/* --- measuring --- */

/* Writes a cell, in lines of at most `width` columns; 0: as long as they are. Each ends with a line end. */
static void write_cell(const struct cell *cell, unsigned width, unsigned style, struct strbuf *out)
{
	struct md_out o;

	strbuf_init(out, 64 * MARKDOWN_ROW);
	md_out_init(&o);
	o.to = out;
	o.width = width;
	o.breaks_words = width > 0;
	md_out_line(&o, (struct md_margin){ .width = 0 });
	if (cell->len)
		md_inline_all(&o, cell->s, cell->len, style);
	md_out_end_line(&o);
	md_out_release(&o);
}

static unsigned measure_cell(const struct cell *cell)
{
	struct strbuf text;
	unsigned widest = 0;

	write_cell(cell, 0, 0, &text);
	for (const char *line = text.data; *line; line += strcspn(line, "\n") + 1) {
		unsigned width = md_out_measure(line, strcspn(line, "\n"));

		widest = width > widest ? width : widest;
	}
	strbuf_release(&text);
	return widest;
}

static unsigned sum_widths(const struct grid *grid, unsigned most)
{
	unsigned sum = 0;

	for (size_t i = 0; i < grid->columns; i++)
		sum += grid->widths[i] < most ? grid->widths[i] : most;
	return sum;
}

/* Makes the widest columns narrower until all fit. False: they would be too narrow. */
static bool fit(struct grid *grid, unsigned room)
{
	unsigned gaps = (unsigned)(grid->columns - 1) * BETWEEN;
	unsigned most = 0;

	for (size_t i = 0; i < grid->columns; i++)
		most = grid->widths[i] > most ? grid->widths[i] : most;
	while (most >= LEAST_WIDTH && sum_widths(grid, most) + gaps > room)
		most--;
	if (sum_widths(grid, most) + gaps > room)
		return false;
	for (size_t i = 0; i < grid->columns; i++)
		grid->widths[i] = grid->widths[i] < most ? grid->widths[i] : most;
	return true;
}

static void measure(struct grid *grid)
{
	for (size_t i = 0; i < grid->columns * grid->rows; i++) {
		unsigned width = measure_cell(&grid->cells[i]);
		unsigned *widest = &grid->widths[i % grid->columns];

		*widest = width > *widest ? width : *widest;
	}
	for (size_t i = 0; i < grid->columns; i++)
		grid->widths[i] += !grid->widths[i];
}

/* --- drawing --- */

static void add_blanks(struct strbuf *out, unsigned n)
{
	while (n--)
		strbuf_addch(out, ' ');
}

/* One line of a cell, in the middle of a row or at its end. */
static void add_aligned(
	struct strbuf *out, const char *line, size_t len, unsigned width, enum align align, bool is_last)
{
	unsigned blanks = width - md_out_measure(line, len);
	unsigned before = align == LEFT ? 0 : align == RIGHT ? blanks : blanks / 2;

	add_blanks(out, before);
	strbuf_add(out, line, len);
	if (!is_last)
		add_blanks(out, blanks - before);
}

static void add_line(struct md_out *o, struct md_margin margin, const struct strbuf *line)
{
	size_t len = line->len;

	md_out_line(o, margin);
	while (len && line->data[len - 1] == ' ')
		len--;
	strbuf_add(o->to, line->data, len);
	md_out_end_line(o);
}

/* "────┼────" */
static void draw_rule(const struct grid *grid, struct md_out *o, struct md_margin margin)
{
	struct strbuf line;

	strbuf_init(&line, KIB(16));
	strbuf_adds(&line, "\033[0;2m");
	for (size_t i = 0; i < grid->columns; i++) {
		if (i)
			strbuf_adds(&line, "\xE2\x94\x80\xE2\x94\xBC\xE2\x94\x80");
		for (unsigned k = 0; k < grid->widths[i]; k++)
			strbuf_adds(&line, "\xE2\x94\x80");
	}
	strbuf_adds(&line, "\033[0m");
	add_line(o, margin, &line);
	strbuf_release(&line);
}

/* Takes the first line off; an empty one where there is none. */
static size_t take_line(const char **text)
{
	size_t len = strcspn(*text, "\n");

	*text += len + ((*text)[len] == '\n');
	return len;
}

static void draw_row(const struct grid *grid, size_t row, struct md_out *o, struct md_margin margin, unsigned style)
{
	struct strbuf texts[MOST_COLUMNS];
	const char *next[MOST_COLUMNS];
	struct strbuf line;
	bool more = true;

	for (size_t i = 0; i < grid->columns; i++) {
		write_cell(&grid->cells[row * grid->columns + i], grid->widths[i], style, &texts[i]);
		next[i] = texts[i].data;
	}
	strbuf_init(&line, 64 * MARKDOWN_ROW);
	while (more) {
		more = false;
		strbuf_reset(&line);
		for (size_t i = 0; i < grid->columns; i++) {
			const char *text = next[i];
			size_t len = take_line(&next[i]);

			if (i)
				strbuf_adds(&line, " \033[0;2m\xE2\x94\x82\033[0m ");
			add_aligned(&line, text, len, grid->widths[i], grid->aligns[i], i + 1 == grid->columns);
			more |= *next[i] != '\0';
		}
		add_line(o, margin, &line);
	}
	strbuf_release(&line);
	for (size_t i = 0; i < grid->columns; i++)
		strbuf_release(&texts[i]);
}

static bool is_wrapped(const struct grid *grid)
{
	bool wrapped = false;

	for (size_t i = grid->columns; i < grid->columns * grid->rows && !wrapped; i++) {
		struct strbuf text;

		write_cell(&grid->cells[i], grid->widths[i % grid->columns], 0, &text);
		wrapped = strchr(text.data, '\n')[1] != '\0';
		strbuf_release(&text);
	}
	return wrapped;
}

static void draw_grid(const struct grid *grid, struct md_out *o, struct md_margin margin, unsigned base)
{
	bool rules = is_wrapped(grid);

	for (size_t i = 0; i < grid->rows; i++) {
		draw_row(grid, i, o, margin, i ? base : base | STYLE_BOLD);
		if (!i || (rules && i + 1 < grid->rows))
			draw_rule(grid, o, margin);
	}
}

/* Each row below the other, its cells with the names of their columns. */
static void draw_list(const struct grid *grid, struct md_out *o, struct md_margin margin, unsigned base)
{
	for (size_t i = grid->columns; i < grid->columns * grid->rows; i++) {
		const struct cell *cell = &grid->cells[i];
		const struct cell *name = &grid->cells[i % grid->columns];
		struct md_margin hang = margin;

		if (i > grid->columns && i % grid->columns == 0)
			md_out_end_line(o);
		if (!cell->len)
			continue;
		hang.width += 2;
		md_out_line(o, margin);
		o->hang = md_out_fit(o, hang);
		if (name->len) {
			md_inline_all(o, name->s, name->len, base | STYLE_BOLD);
			md_out_text(o, ':', base | STYLE_BOLD);
			md_out_text(o, ' ', base);
		}
		md_inline_all(o, cell->s, cell->len, base);
		md_out_end_line(o);
	}
}

static void draw_lines(const struct md_table *table, struct md_out *o, unsigned base)
{
	for (const char *line = table->rows.data; *line; line += strcspn(line, "\n") + 1) {
		size_t len = strcspn(line, "\n");

		md_out_line(o, table->margin);
		for (size_t at = 0; at < len;) {
			uint32_t cp;

			at += utf8_decode(line + at, len - at, &cp);
			md_out_raw(o, cp == '\t' ? ' ' : cp, base);
		}
		md_out_end_line(o);
	}
}

void md_table_draw(struct md_table *table, struct md_out *o, unsigned base)
{
	unsigned margin = md_out_fit(o, table->margin).width;
	struct grid grid;

	if (take_grid(table, &grid)) {
		measure(&grid);
		if (!o->width || fit(&grid, o->width - margin))
			draw_grid(&grid, o, table->margin, base);
		else
			draw_list(&grid, o, table->margin, base);
		free(grid.cells);
	} else {
		draw_lines(table, o, base);
	}
	strbuf_reset(&table->rows);
	table->count = 0;
}
