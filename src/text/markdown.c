/*
 * Lines of Markdown: what each of them is, and how it begins. A line's first characters wait in `head` until that is
 * known; then the rest goes through as it comes, by way of markdown_inline.c or as it stands. Everything is done a
 * character at a time, so that the output cannot depend on how the text was cut.
 *
 * struct markdown lives as long as its answer is being printed.
 */
#include "eke/text/markdown.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/ascii.h"
#include "eke/base/mem.h"
#include "eke/base/printable.h"
#include "eke/base/utf.h"
#include "markdown_inline.h"
#include "markdown_out.h"

/* A line's beginning that is still not known to be anything is text. */
#define MAX_HEAD 1024
#define MIN_WIDTH 20
#define TAB 8
/* Blanks before code. */
#define CODE_INDENT 4
#define RULE_WIDTH 40

enum state {
	AT_START, /* of a line, which may become anything */
	IN_TEXT,
	IN_HEADING, /* waits for its end: what closes it is not shown */
	IN_VERBATIM, /* a table's row, or indented code */
	AT_CODE_START, /* of a line in a fence */
	IN_CODE,
};

struct markdown {
	struct md_out out;
	enum state state;
	unsigned base;  /* style of everything */
	unsigned width; /* as the caller said */
	char partial[4]; /* of a character */
	size_t partial_len;
	bool return_waits; /* a CR came: with an LF it is a line end */
	bool line_open;    /* characters came since the last line end */
	struct strbuf head; /* of the line; of a heading all of it */
	struct strbuf held; /* from a mark on, whose partner may come */
	struct md_before before;
	/* The line. */
	unsigned quote;
	unsigned indent;
	bool begun; /* bars, blanks or a bullet are on it */
	unsigned style;
	/* The lines before. */
	bool in_list;
	bool blank_before; /* or indented code, or nothing */
	struct {
		char mark;
		size_t length;
		unsigned indent;
		unsigned quote;
	} fence;
	unsigned code_column; /* for tabs in code */
};

struct markdown *markdown_new(bool dim)
{
	struct markdown *m = xcalloc(1, sizeof(*m));

	md_out_init(&m->out);
	strbuf_init(&m->head, 4 * MAX_HEAD);
	strbuf_init(&m->held, 4 * MARKDOWN_REACH);
	m->base = dim ? STYLE_DIM : 0;
	m->blank_before = true;
	return m;
}

void markdown_free(struct markdown *m)
{
	if (!m)
		return;
	md_out_release(&m->out);
	strbuf_release(&m->head);
	strbuf_release(&m->held);
	free(m);
}

void markdown_set_width(struct markdown *m, unsigned width)
{
	m->width = width < MIN_WIDTH ? 0 : width;
}

/* --- a line's content --- */

static void begin_line(struct markdown *m, unsigned hang)
{
	if (m->begun)
		m->out.hang = hang < m->out.width / 2 || !m->out.width ? hang : m->out.width / 2;
	else
		md_out_line(&m->out, m->quote, m->indent, hang);
	m->begun = true;
}

static void begin_text(struct markdown *m, unsigned style)
{
	begin_line(m, m->indent);
	m->before = (struct md_before){ .last = ' ' };
	m->style = m->base | style;
	m->state = IN_TEXT;
}

/* Takes in what is held, as far as that is known. */
static void release_held(struct markdown *m, bool final)
{
	strbuf_consume(&m->held, md_inline(&m->out, &m->before, m->held.data, m->held.len, m->style, final));
}

/* Could the last character have decided what a mark is? It ends a run of marks, or a link, or the waiting. */
static bool may_tell(const struct strbuf *held)
{
	char last = held->data[held->len - 1];
	char before = held->len > 1 ? held->data[held->len - 2] : '\0';

	return last == ')' || (before && strchr("\\`*_~[]!", before)) || held->len >= MARKDOWN_REACH;
}

static void add_text(struct markdown *m, uint32_t cp)
{
	char bytes[4];
	size_t n = utf8_encode(cp, bytes);

	if (!m->held.len && !md_is_mark(&m->before, cp)) {
		md_inline(&m->out, &m->before, bytes, n, m->style, true);
		return;
	}
	strbuf_add(&m->held, bytes, n);
	if (may_tell(&m->held))
		release_held(m, false);
}

static void add_raw(struct markdown *m, uint32_t cp)
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

static void put_ascii(struct markdown *m, const char *s, size_t len, unsigned style)
{
	for (size_t i = 0; i < len; i++)
		md_out_raw(&m->out, (unsigned char)s[i], style);
}

/* --- what a line is --- */

/* Blanks at the beginning of s, as columns; *n gets their bytes. */
static unsigned measure_blanks(const char *s, size_t len, size_t *n)
{
	unsigned columns = 0;
	size_t at = 0;

	for (; at < len && (s[at] == ' ' || s[at] == '\t'); at++)
		columns += s[at] == '\t' ? 4 - columns % 4 : 1;
	*n = at;
	return columns;
}

/* Does s[0..len) hold nothing but c and blanks? How many of c. */
static bool only(const char *s, size_t len, char c, size_t *count)
{
	*count = 0;
	for (size_t i = 0; i < len; i++) {
		if (s[i] != c && s[i] != ' ' && s[i] != '\t')
			return false;
		*count += s[i] == c;
	}
	return true;
}

static size_t run_of(const char *s, size_t len, char c)
{
	size_t n = 0;

	while (n < len && s[n] == c)
		n++;
	return n;
}

enum line {
	LINE_UNKNOWN, /* so far */
	LINE_BLANK,
	LINE_TEXT,
	LINE_HEADING,
	LINE_RULE,
	LINE_FENCE,
	LINE_QUOTE,
	LINE_ITEM,
	LINE_TABLE,
};

/*
 * What the line is that begins with s, behind its blanks; `whole`: it ends there. *mark gets how many bytes its mark
 * has: of a heading, a quote, an item or a fence.
 */
static enum line classify(const char *s, size_t len, bool whole, size_t *mark)
{
	enum line later = whole ? LINE_TEXT : LINE_UNKNOWN;
	size_t count;
	size_t n;

	if (!len)
		return whole ? LINE_BLANK : LINE_UNKNOWN;
	n = run_of(s, len, s[0]);
	switch (s[0]) {
	case '#':
		*mark = n;
		if (n == len)
			return n <= 6 ? later : LINE_TEXT;
		return n <= 6 && (s[n] == ' ' || s[n] == '\t') ? LINE_HEADING : LINE_TEXT;
	case '`':
	case '~':
		*mark = n;
		/* What follows backquotes on their line must not have one, else they are a code span's. */
		if (n < 3 || (s[0] == '`' && memchr(s + n, '`', len - n)))
			return n < 3 && n == len ? later : LINE_TEXT;
		return whole ? LINE_FENCE : LINE_UNKNOWN;
	case '>':
		/* The blank behind it is the mark's. */
		return len == 1 && !whole ? LINE_UNKNOWN : LINE_QUOTE;
	case '|':
		return LINE_TABLE;
	case '_':
	case '*':
	case '-':
		*mark = 1;
		if (only(s, len, s[0], &count))
			return whole && count >= 3 ? LINE_RULE : whole && len == 1 && s[0] != '_' ? LINE_ITEM : later;
		return s[0] != '_' && n == 1 && (s[1] == ' ' || s[1] == '\t') ? LINE_ITEM : LINE_TEXT;
	case '+':
		*mark = 1;
		if (len == 1)
			return later;
		return s[1] == ' ' || s[1] == '\t' ? LINE_ITEM : LINE_TEXT;
	}
	for (n = 0; n < len && n < 9 && ascii_is_digit(s[n]); n++)
		continue;
	*mark = n + 1;
	if (!n)
		return LINE_TEXT;
	if (n == len || (n + 1 == len && (s[n] == '.' || s[n] == ')')))
		return later;
	return (s[n] == '.' || s[n] == ')') && (s[n + 1] == ' ' || s[n + 1] == '\t') ? LINE_ITEM : LINE_TEXT;
}

static void start_line(struct markdown *m)
{
	m->state = AT_START;
	m->quote = 0;
	m->indent = 0;
	m->begun = false;
	strbuf_reset(&m->head);
	strbuf_reset(&m->held);
	m->out.width = m->width;
	md_out_line(&m->out, 0, 0, 0);
}

static void end_line(struct markdown *m)
{
	md_out_end_line(&m->out);
	start_line(m);
}

static void write_rule(struct markdown *m)
{
	unsigned width = m->out.width && m->out.width < RULE_WIDTH ? m->out.width : RULE_WIDTH;

	begin_line(m, m->indent);
	while (m->out.column < width)
		md_out_raw(&m->out, 0x2500, m->base | STYLE_DIM);
}

/* "[ ] " or "[x] " at the beginning of an item. */
static bool is_task(const char *s, size_t len)
{
	return len >= 4 && s[0] == '[' && (s[1] == ' ' || s[1] == 'x' || s[1] == 'X') && s[2] == ']' && s[3] == ' ';
}

static bool may_be_task(const char *s, size_t len)
{
	static const char pattern[] = "[x] ";
	size_t i = 0;

	while (i < len && i < 4 && (i == 1 ? s[1] == ' ' || s[1] == 'x' || s[1] == 'X' : s[i] == pattern[i]))
		i++;
	return i == len && len < 4;
}

/* A bullet or a number; returns the bytes of the line that it was. */
static size_t write_item(struct markdown *m, const char *s, size_t len, size_t mark)
{
	size_t blanks;

	begin_line(m, m->indent);
	if (mark == 1)
		md_out_raw(&m->out, 0x2022, m->base);
	else
		put_ascii(m, s, mark, m->base);
	md_out_raw(&m->out, ' ', m->base);
	m->indent += (unsigned)mark + 1;
	m->in_list = true;
	measure_blanks(s + mark, len - mark, &blanks);
	return mark + (blanks ? 1 : 0);
}

/* The line that was a heading, all of it. */
static void write_heading(struct markdown *m)
{
	const char *s = m->head.data;
	size_t len = m->head.len;
	size_t level = run_of(s, len, '#');
	size_t end = len;

	while (end > level && (s[end - 1] == ' ' || s[end - 1] == '\t'))
		end--;
	len = end;
	while (end > level && s[end - 1] == '#')
		end--;
	/* Closing marks stand apart. */
	if (end == level || s[end - 1] == ' ')
		len = end;
	for (; level < len && (s[level] == ' ' || s[level] == '\t');)
		level++;
	begin_text(m, run_of(s, len, '#') == 1 ? STYLE_BOLD | STYLE_UNDERLINE : STYLE_BOLD);
	add_all(m, s + level, len - level, add_text);
	release_held(m, true);
}

static void open_fence(struct markdown *m, const char *s, size_t len, size_t mark)
{
	size_t blanks;

	m->fence.mark = s[0];
	m->fence.length = mark;
	m->fence.indent = m->indent;
	m->fence.quote = m->quote;
	measure_blanks(s + mark, len - mark, &blanks);
	s += mark + blanks;
	len -= mark + blanks;
	if (m->begun)
		md_out_end_line(&m->out);
	if (len) {
		md_out_line(&m->out, m->quote, m->indent + CODE_INDENT, 0);
		for (size_t at = 0; at < len;) {
			uint32_t cp;

			at += utf8_decode(s + at, len - at, &cp);
			md_out_raw(&m->out, cp == '\t' ? ' ' : cp, m->base | STYLE_DIM);
		}
		md_out_end_line(&m->out);
	}
	start_line(m);
	m->state = AT_CODE_START;
}

/* From `skip` on, the line's beginning is as it stands. */
static void write_verbatim(struct markdown *m, size_t skip)
{
	begin_line(m, 0);
	m->state = IN_VERBATIM;
	m->code_column = 0;
	add_all(m, m->head.data + skip, m->head.len - skip, add_raw);
}

/* A quote in an item has its bar behind the bullet. */
static void open_quote(struct markdown *m)
{
	if (!m->begun) {
		m->quote++;
		return;
	}
	md_out_raw(&m->out, 0x2502, m->base | STYLE_DIM);
	md_out_raw(&m->out, ' ', m->base);
	m->indent += 2;
}

/* The text in `head`, which may begin with an item's box. False: more must come first. */
static bool start_text(struct markdown *m, bool whole)
{
	const char *s = m->head.data;
	size_t len = m->head.len;

	if (m->begun && !whole && may_be_task(s, len))
		return false;
	if (m->begun && is_task(s, len)) {
		md_out_raw(&m->out, s[1] == ' ' ? 0x2610 : 0x2611, m->base);
		md_out_raw(&m->out, ' ', m->base);
		m->indent += 2;
		s += 4;
		len -= 4;
	}
	begin_text(m, 0);
	add_all(m, s, len, add_text);
	return true;
}

/* Looks at what is there of the line. False if that does not say yet what it is; else `head` was taken in. */
static bool decide(struct markdown *m, bool whole)
{
	for (;;) {
		size_t blanks;
		size_t mark = 0;
		unsigned indent = measure_blanks(m->head.data, m->head.len, &blanks);
		enum line line = classify(m->head.data + blanks, m->head.len - blanks, whole, &mark);

		if (line == LINE_UNKNOWN && m->head.len < MAX_HEAD)
			return false;
		if (indent >= 4 && m->blank_before && !m->in_list && !m->begun && line != LINE_BLANK && line != LINE_FENCE) {
			write_verbatim(m, 0);
			return true;
		}
		if (line != LINE_BLANK && !m->begun) {
			m->indent += indent;
			m->in_list &= indent > 0 || line == LINE_ITEM;
			m->blank_before = false;
		}
		strbuf_consume(&m->head, blanks);
		switch (line) {
		case LINE_BLANK:
			begin_text(m, 0);
			m->blank_before = !m->begun || !m->in_list;
			return true;
		case LINE_UNKNOWN:
		case LINE_TEXT:
			return start_text(m, whole);
		case LINE_HEADING:
			m->state = IN_HEADING;
			return true;
		case LINE_RULE:
			write_rule(m);
			m->state = IN_VERBATIM;
			return true;
		case LINE_TABLE:
			write_verbatim(m, 0);
			return true;
		case LINE_FENCE:
			open_fence(m, m->head.data, m->head.len, mark);
			return true;
		case LINE_QUOTE:
			open_quote(m);
			strbuf_consume(&m->head, m->head.len > 1 && m->head.data[1] == ' ' ? 2 : 1);
			break;
		case LINE_ITEM:
			strbuf_consume(&m->head, write_item(m, m->head.data, m->head.len, mark));
			break;
		}
	}
}

/* --- lines in a fence --- */

/* Bars that every line in the fence has; bytes of them, or -1: they are missing, or -2: more must come first. */
static int skip_quote(const struct markdown *m, bool whole)
{
	const char *s = m->head.data;
	size_t len = m->head.len;
	size_t at = 0;

	for (unsigned i = 0; i < m->fence.quote; i++) {
		size_t blanks;

		measure_blanks(s + at, len - at, &blanks);
		at += blanks;
		if (at == len)
			return whole ? -1 : -2;
		if (s[at++] != '>')
			return -1;
		if (at == len && !whole)
			return -2;
		at += at < len && s[at] == ' ';
	}
	return (int)at;
}

enum code_line { CODE_UNKNOWN, CODE_TEXT, CODE_END };

/* Is it the line that closes the fence? */
static enum code_line classify_code(const struct markdown *m, const char *s, size_t len, bool whole)
{
	size_t blanks;
	size_t count;

	if (measure_blanks(s, len, &blanks) > m->fence.indent + 3)
		return CODE_TEXT;
	if (!only(s + blanks, len - blanks, m->fence.mark, &count))
		return CODE_TEXT;
	if (!whole)
		return CODE_UNKNOWN;
	return count >= m->fence.length && run_of(s + blanks, len - blanks, m->fence.mark) == count ? CODE_END : CODE_TEXT;
}

static void write_code(struct markdown *m, const char *s, size_t len)
{
	/* What the fence stands in is not the code's. */
	for (unsigned column = 0; column < m->fence.indent && len && (*s == ' ' || *s == '\t'); s++, len--)
		column += *s == '\t' ? 4 : 1;
	m->quote = m->fence.quote;
	m->indent = len ? m->fence.indent + CODE_INDENT : 0;
	begin_line(m, 0);
	m->code_column = 0;
	m->state = IN_CODE;
	add_all(m, s, len, add_raw);
}

static bool decide_code(struct markdown *m, bool whole)
{
	int skip = skip_quote(m, whole);

	if (skip == -2 && m->head.len < MAX_HEAD)
		return false;
	if (skip < 0) {
		m->state = AT_START;
		return decide(m, whole);
	}
	switch (classify_code(m, m->head.data + skip, m->head.len - (size_t)skip, whole)) {
	case CODE_UNKNOWN:
		if (m->head.len < MAX_HEAD)
			return false;
		break;
	case CODE_END:
		start_line(m);
		return true;
	case CODE_TEXT:
		break;
	}
	write_code(m, m->head.data + skip, m->head.len - (size_t)skip);
	return true;
}

/* --- character by character --- */

static void on_line_end(struct markdown *m)
{
	m->line_open = false;
	if (m->state == AT_START)
		decide(m, true);
	else if (m->state == AT_CODE_START)
		decide_code(m, true);
	switch (m->state) {
	case AT_START:      /* a fence ended */
	case AT_CODE_START: /* one began */
		break;
	case IN_HEADING:
		write_heading(m);
		end_line(m);
		break;
	case IN_TEXT:
		release_held(m, true);
		end_line(m);
		break;
	case IN_VERBATIM:
		end_line(m);
		break;
	case IN_CODE:
		end_line(m);
		m->state = AT_CODE_START;
		break;
	}
}

static void on_character(struct markdown *m, uint32_t cp)
{
	char bytes[4];
	size_t n = utf8_encode(cp, bytes);

	m->line_open = true;
	switch (m->state) {
	case AT_START:
		strbuf_add(&m->head, bytes, n);
		decide(m, false);
		break;
	case IN_HEADING:
		strbuf_add(&m->head, bytes, n);
		if (m->head.len >= MAX_HEAD)
			write_heading(m);
		break;
	case IN_TEXT:
		add_text(m, cp);
		break;
	case AT_CODE_START:
		strbuf_add(&m->head, bytes, n);
		decide_code(m, false);
		break;
	case IN_VERBATIM:
	case IN_CODE:
		add_raw(m, cp);
		break;
	}
}

static void take(struct markdown *m, uint32_t cp)
{
	if (m->return_waits && cp != '\n')
		on_character(m, UTF_REPLACEMENT);
	m->return_waits = cp == '\r';
	if (cp == '\r')
		return;
	if (cp == '\n')
		on_line_end(m);
	else
		on_character(m, printable_is_control(cp) ? UTF_REPLACEMENT : cp);
}

/* The characters in `partial`; what has no end yet stays, unless nothing more comes. */
static void take_partial(struct markdown *m, bool last)
{
	size_t at = 0;

	while (at < m->partial_len) {
		size_t left = m->partial_len - at;
		uint32_t cp;

		if (!last && utf8_incomplete_tail(m->partial + at, left) == left)
			break;

		at += utf8_decode(m->partial + at, left, &cp);
		take(m, cp);
	}
	m->partial_len -= at;
	memmove(m->partial, m->partial + at, m->partial_len);
}

void markdown_feed(struct markdown *m, const char *text, size_t len, struct strbuf *out)
{
	m->out.to = out;
	if (m->state == AT_START && !m->line_open)
		start_line(m);
	for (size_t i = 0; i < len; i++) {
		m->partial[m->partial_len++] = text[i];
		take_partial(m, false);
	}
}

void markdown_end(struct markdown *m, struct strbuf *out)
{
	m->out.to = out;
	take_partial(m, true);
	if (m->return_waits)
		on_character(m, UTF_REPLACEMENT);
	m->return_waits = false;
	if (m->line_open)
		on_line_end(m);
	start_line(m);
	m->in_list = false;
	m->blank_before = true;
}
