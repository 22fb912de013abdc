/*
 * Lines of code between fences. Bars and blanks of what the fence stands in are not the code's.
 */
#include "markdown_private.h"

#include "eke/base/utf.h"
#include "markdown_line.h"

/* Blanks before code. */
#define CODE_INDENT 4

/* Columns behind the last bar. */
static unsigned columns_inside(struct md_margin margin)
{
	unsigned columns = 0;

	while (columns < margin.width && (margin.width - columns < 2 || margin.width - columns > 65 ||
					  !(margin.bars >> (margin.width - columns - 2) & 1)))
		columns++;
	return columns;
}

void md_open_fence(struct markdown *m, const char *s, size_t len, size_t mark)
{
	size_t blanks;

	m->fence.mark = s[0];
	m->fence.length = mark;
	m->fence.indent = columns_inside(m->margin);
	m->fence.quotes = m->quotes;
	m->fence.margin = m->margin;
	md_blanks(s + mark, len - mark, &blanks);
	s += mark + blanks;
	len -= mark + blanks;
	if (m->begun)
		md_out_end_line(&m->out);
	m->begun = false;
	if (len) {
		m->margin.width += CODE_INDENT;
		md_begin_line(m);
		m->out.hang = (struct md_margin){ .width = 0 };
		for (size_t at = 0; at < len;) {
			uint32_t cp;

			at += utf8_decode(s + at, len - at, &cp);
			md_out_raw(&m->out, cp == '\t' ? ' ' : cp, m->base | STYLE_DIM);
		}
		md_out_end_line(&m->out);
	}
	md_start_line(m);
	m->state = AT_CODE_START;
}

/* --- lines in a fence --- */

/* Bars that every line in the fence has; bytes of them, or -1: they are missing, or -2: more must come first. */
static int skip_quote(const struct markdown *m, bool whole)
{
	const char *s = m->head.data;
	size_t len = m->head.len;
	size_t at = 0;

	for (unsigned i = 0; i < m->fence.quotes; i++) {
		size_t blanks;

		md_blanks(s + at, len - at, &blanks);
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

	if (md_blanks(s, len, &blanks) > m->fence.indent + 3)
		return CODE_TEXT;
	if (!md_only(s + blanks, len - blanks, m->fence.mark, &count))
		return CODE_TEXT;
	if (!whole)
		return CODE_UNKNOWN;
	return count >= m->fence.length && md_run(s + blanks, len - blanks, m->fence.mark) == count ? CODE_END : CODE_TEXT;
}

static void add_code(struct markdown *m, const char *s, size_t len)
{
	for (size_t at = 0; at < len;) {
		uint32_t cp;

		at += utf8_decode(s + at, len - at, &cp);
		md_add_raw(m, cp);
	}
}

static void write_code(struct markdown *m, const char *s, size_t len)
{
	/* What the fence stands in is not the code's. */
	for (unsigned column = 0; column < m->fence.indent && len && (*s == ' ' || *s == '\t'); s++, len--)
		column += *s == '\t' ? 4 : 1;
	m->margin = m->fence.margin;
	m->margin.width += CODE_INDENT;
	/* No blanks on an empty line. */
	if (!len)
		m->margin.width -= columns_inside(m->margin);
	md_begin_line(m);
	m->code_column = 0;
	m->state = IN_CODE;
	add_code(m, s, len);
}

bool md_decide_code(struct markdown *m, bool whole)
{
	int skip = skip_quote(m, whole);

	if (skip == -2 && m->head.len < MARKDOWN_HEAD)
		return false;
	if (skip < 0) {
		m->state = AT_START;
		return md_decide(m, whole);
	}
	switch (classify_code(m, m->head.data + skip, m->head.len - (size_t)skip, whole)) {
	case CODE_UNKNOWN:
		if (m->head.len < MARKDOWN_HEAD)
			return false;
		break;
	case CODE_END:
		md_start_line(m);
		return true;
	case CODE_TEXT:
		break;
	}
	write_code(m, m->head.data + skip, m->head.len - (size_t)skip);
	return true;
}

