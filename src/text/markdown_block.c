/*
 * Lines of Markdown, from the first character on. A line's first characters wait in `head` until it is known what the
 * line is (markdown_line.c); then the rest goes through as it comes, by way of markdown_inline.c or as it stands. Rows
 * of a table wait for its end (markdown_table.c).
 *
 * A line of text that turns out to be a heading, or the head of a table, by the line below it is on the screen already:
 * where it takes one row, that row is erased and written again.
 */
#include "markdown_private.h"

#include <string.h>

#include "eke/base/utf.h"
#include "markdown_line.h"

#define TAB 8
#define RULE_WIDTH 40
/* The row above the cursor, which is at the beginning of an empty one: up, and erase it (ECMA-48 8.3.22, 8.3.41). */
#define ERASE_ROW "\033[A\033[2K"

/* --- a line's content --- */

/* The margin as far as it is known. What waited for the end of the lines before comes first. */
void md_begin_line(struct markdown *m)
{
	if (!m->begun && m->table.count)
		md_table_draw(&m->table, &m->out, m->base);
	if (m->begun)
		md_out_margin(&m->out, m->margin, m->shown_margin, m->base);
	else
		md_out_line(&m->out, m->margin);
	m->begun = true;
	m->shown_margin = m->margin.width;
}

static void begin_text(struct markdown *m, unsigned style)
{
	md_begin_line(m);
	m->before = (struct md_before){ .last = ' ' };
	m->style = m->base | style;
	m->state = IN_TEXT;
}

/* Takes in what is held, as far as that is known. */
static void release_held(struct markdown *m, bool final)
{
	strbuf_consume(&m->held, md_inline(&m->out, &m->before, m->held.data, m->held.len, m->style, final));
}

void md_add_text(struct markdown *m, uint32_t cp)
{
	char bytes[4];
	size_t n = utf8_encode(cp, bytes);

	if (!m->held.len && !md_is_mark(&m->before, cp)) {
		md_inline(&m->out, &m->before, bytes, n, m->style, true);
		return;
	}
	strbuf_add(&m->held, bytes, n);
	if (md_may_tell(m->held.data, m->held.len))
		release_held(m, false);
}

void md_add_raw(struct markdown *m, uint32_t cp)
{
	do {
		md_out_raw(&m->out, cp == '\t' ? ' ' : cp, m->base);
		m->code_column++;
	} while (cp == '\t' && m->code_column % TAB);
}

static void add_all(struct markdown *m, const char *s, size_t len, void (*add)(struct markdown *m, uint32_t cp))
{
	for (size_t at = 0; at < len;) {
		uint32_t cp;

		at += utf8_decode(s + at, len - at, &cp);
		add(m, cp);
	}
}

/* The end of a text whose last backslash is one. */
static void end_text(struct markdown *m)
{
	release_held(m, true);
	if (m->held.len)
		md_out_text(&m->out, '\\', m->style);
	strbuf_reset(&m->held);
}

/* --- what a line is --- */

void md_start_line(struct markdown *m)
{
	m->state = AT_START;
	m->margin = (struct md_margin){ .width = 0 };
	m->shown_margin = 0;
	m->quotes = 0;
	m->begun = false;
	m->is_item = false;
	strbuf_reset(&m->head);
	strbuf_reset(&m->held);
	strbuf_reset(&m->line);
	m->out.width = m->width;
	md_out_line(&m->out, m->margin);
}

void md_end_line(struct markdown *m)
{
	md_out_end_line(&m->out);
	md_start_line(m);
}

static void write_rule(struct markdown *m)
{
	unsigned width = m->out.width && m->out.width < RULE_WIDTH ? m->out.width : RULE_WIDTH;

	md_begin_line(m);
	while (m->out.column < width)
		md_out_raw(&m->out, 0x2500, m->base | STYLE_DIM);
}

/* A bullet or a number; returns the bytes of the line that it was. */
static size_t write_item(struct markdown *m, const char *s, size_t len, size_t mark)
{
	size_t blanks;

	md_begin_line(m);
	if (mark == 1)
		md_out_raw(&m->out, 0x2022, m->base);
	else
		add_all(m, s, mark, md_add_raw);
	md_out_raw(&m->out, ' ', m->base);
	m->margin.width += (unsigned)mark + 1;
	m->shown_margin = m->margin.width;
	m->in_list = true;
	m->is_item = true;
	md_blanks(s + mark, len - mark, &blanks);
	return mark + (blanks ? 1 : 0);
}

static void write_heading_text(struct markdown *m, const char *s, size_t len, bool first_level)
{
	begin_text(m, first_level ? STYLE_BOLD | STYLE_UNDERLINE : STYLE_BOLD);
	add_all(m, s, len, md_add_text);
	end_text(m);
}

/* The line that was a heading, all of it. */
void md_write_heading(struct markdown *m)
{
	const char *s = m->head.data;
	size_t len = m->head.len;
	size_t level = md_run(s, len, '#');
	size_t from = level;
	size_t end = len;

	while (end > level && (s[end - 1] == ' ' || s[end - 1] == '\t'))
		end--;
	len = end;
	while (end > level && s[end - 1] == '#')
		end--;
	/* Closing marks stand apart. */
	if (end == level || s[end - 1] == ' ')
		len = end;
	while (from < len && (s[from] == ' ' || s[from] == '\t'))
		from++;
	write_heading_text(m, s + from, len - from, level == 1);
}

/* The line's beginning is as it stands. */
void md_write_verbatim(struct markdown *m)
{
	md_begin_line(m);
	m->state = IN_VERBATIM;
	m->code_column = 0;
	add_all(m, m->head.data, m->head.len, md_add_raw);
}

static void write_box(struct markdown *m, bool is_done)
{
	md_begin_line(m);
	md_out_raw(&m->out, is_done ? 0x2611 : 0x2610, m->base);
	md_out_raw(&m->out, ' ', m->base);
	m->margin.width += 2;
	m->shown_margin += 2;
}

/* The text in `head`, which may begin with an item's box. False: more must come first. */
static bool start_text(struct markdown *m, bool whole)
{
	const char *s = m->head.data;
	size_t len = m->head.len;

	if (m->is_item && !whole && md_may_be_task(s, len))
		return false;
	if (m->is_item && md_is_task(s, len)) {
		write_box(m, s[1] != ' ');
		s += 4;
		len -= 4;
	}
	begin_text(m, 0);
	strbuf_add(&m->line, s, len);
	add_all(m, s, len, md_add_text);
	return true;
}

/* --- the line above --- */

static bool is_margin(struct md_margin a, struct md_margin b)
{
	return a.width == b.width && a.bars == b.bars;
}

void md_forget_above(struct markdown *m)
{
	m->above.is_alone = false;
	m->above.lines = 0;
}

/* The line of text ended. */
static void remember_above(struct markdown *m)
{
	bool goes_on = m->above.lines && is_margin(m->margin, m->above.margin);

	m->above.lines = goes_on ? m->above.lines + 1 : 1;
	m->above.is_alone = m->above.lines == 1 && m->out.width && !m->out.rows && !m->is_item && !m->line.full;
	m->above.margin = m->margin;
	strbuf_reset(&m->above.text);
	strbuf_add(&m->above.text, m->line.data, m->line.len);
}

/* Takes the line above off the screen, to be written as what it is. */
static void take_above(struct markdown *m)
{
	strbuf_adds(m->out.to, ERASE_ROW);
	m->margin = m->above.margin;
	m->above.is_alone = false;
}

/* Does the line make something else of the one above? *more: what comes next tells. */
static bool goes_under(struct markdown *m, unsigned indent, size_t blanks, bool whole, bool *more)
{
	const char *s = m->head.data + blanks;
	size_t len = m->head.len - blanks;
	size_t columns;

	*more = false;
	if (!m->above.is_alone || m->is_item || !len || m->margin.bars != m->above.margin.bars ||
	    m->margin.width + indent > m->above.margin.width + 3)
		return false;
	switch (md_classify_under(s, len, whole)) {
	case UNDER_UNKNOWN:
		*more = m->head.len < MARKDOWN_HEAD;
		return false;
	case UNDER_NOTHING:
		return false;
	case UNDER_HEADING:
		take_above(m);
		write_heading_text(m, m->above.text.data, m->above.text.len, s[0] == '=');
		m->state = IN_VERBATIM;
		return true;
	case UNDER_TABLE:
		md_is_delimiter_row(s, len, &columns);
		if (md_table_columns(m->above.text.data, m->above.text.len) != columns)
			return false;
		take_above(m);
		md_table_begin(&m->table, m->margin, true);
		md_table_add(&m->table, m->above.text.data, m->above.text.len);
		m->state = IN_ROW;
		return true;
	}
	return false;
}

/* --- rows of tables --- */

static bool is_of_table(const struct markdown *m)
{
	return m->table.count && is_margin(m->table.margin, m->margin);
}

static void start_row(struct markdown *m)
{
	if (!is_of_table(m)) {
		if (m->table.count)
			md_table_draw(&m->table, &m->out, m->base);
		md_table_begin(&m->table, m->margin, false);
	}
	m->state = IN_ROW;
}

void md_end_row(struct markdown *m)
{
	/* A line without a bar is below the table. */
	if (m->table.is_bare && !memchr(m->head.data, '|', m->head.len)) {
		start_text(m, true);
		end_text(m);
		md_end_line(m);
		return;
	}
	md_table_add(&m->table, m->head.data, m->head.len);
	if (m->begun)
		md_end_line(m);
	else
		md_start_line(m);
	if (md_table_is_full(&m->table))
		md_table_draw(&m->table, &m->out, m->base);
}

/* --- lines that are no code --- */

/* Looks at what is there of the line. False if that does not say yet what it is; else `head` was taken in. */
bool md_decide(struct markdown *m, bool whole)
{
	for (;;) {
		size_t blanks;
		size_t mark = 0;
		unsigned indent = md_blanks(m->head.data, m->head.len, &blanks);
		enum md_line line = md_classify(m->head.data + blanks, m->head.len - blanks, whole, &mark);
		bool more;

		if (goes_under(m, indent, blanks, whole, &more))
			return true;
		if (more || (line == LINE_UNKNOWN && m->head.len < MARKDOWN_HEAD))
			return false;
		if (indent >= 4 && m->blank_before && !m->in_list && !m->is_item && line != LINE_BLANK && line != LINE_FENCE) {
			md_write_verbatim(m);
			return true;
		}
		if (line != LINE_BLANK && !m->is_item) {
			m->margin.width += indent;
			m->in_list &= indent > 0 || line == LINE_ITEM;
			m->blank_before = false;
		}
		strbuf_consume(&m->head, blanks);
		if (line != LINE_TEXT && line != LINE_UNKNOWN && line != LINE_QUOTE)
			md_forget_above(m);
		switch (line) {
		case LINE_BLANK:
			begin_text(m, 0);
			m->blank_before = !m->in_list;
			return true;
		case LINE_UNKNOWN:
		case LINE_TEXT:
			if (m->table.is_bare && is_of_table(m) && !m->is_item) {
				m->state = IN_ROW;
				return true;
			}
			return start_text(m, whole);
		case LINE_HEADING:
			m->state = IN_HEADING;
			return true;
		case LINE_RULE:
			write_rule(m);
			m->state = IN_VERBATIM;
			return true;
		case LINE_TABLE:
			start_row(m);
			return true;
		case LINE_FENCE:
			md_open_fence(m, m->head.data, m->head.len, mark);
			return true;
		case LINE_QUOTE:
			md_margin_add_bar(&m->margin);
			m->quotes++;
			strbuf_consume(&m->head, m->head.len > 1 && m->head.data[1] == ' ' ? 2 : 1);
			break;
		case LINE_ITEM:
			strbuf_consume(&m->head, write_item(m, m->head.data, m->head.len, mark));
			break;
		}
	}
}

/* --- the end of a line of text --- */

void md_end_text_line(struct markdown *m)
{
	bool is_text = m->line.len > 0;

	release_held(m, true);
	m->slash_waits = m->held.len > 0;
	if (m->slash_waits)
		return;
	md_out_end_line(&m->out);
	if (is_text)
		remember_above(m);
	md_start_line(m);
}

/* The paragraph goes on below a backslash, or it ends there. */
void md_end_slash(struct markdown *m, bool goes_on)
{
	m->slash_waits = false;
	if (!goes_on)
		md_out_text(&m->out, '\\', m->style);
	md_end_line(m);
	m->above.lines++;
	m->above.is_alone = false;
}

