/*
 * Markdown, character by character, so that the output cannot depend on how the text was cut: what each is for the line
 * that it is in.
 *
 * struct markdown lives as long as its answer is being printed.
 */
#include "eke/text/markdown.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"
#include "eke/base/printable.h"
#include "eke/base/utf.h"
#include "markdown_private.h"

#define MIN_WIDTH 20

struct markdown *markdown_new(bool dim)
{
	struct markdown *m = xcalloc(1, sizeof(*m));

	md_out_init(&m->out);
	strbuf_init(&m->head, MARKDOWN_ROW);
	strbuf_init(&m->held, 4 * MARKDOWN_REACH);
	strbuf_init(&m->line, MARKDOWN_HEAD);
	strbuf_init(&m->above.text, MARKDOWN_HEAD);
	md_table_init(&m->table);
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
	strbuf_release(&m->line);
	strbuf_release(&m->above.text);
	md_table_release(&m->table);
	free(m);
}

void markdown_set_width(struct markdown *m, unsigned width)
{
	m->width = width < MIN_WIDTH ? 0 : width;
}

static void on_line_end(struct markdown *m)
{
	m->line_open = false;
	if (m->state == AT_START)
		md_decide(m, true);
	else if (m->state == AT_CODE_START)
		md_decide_code(m, true);
	switch (m->state) {
	case AT_START:      /* a fence ended */
	case AT_CODE_START: /* one began */
		break;
	case IN_HEADING:
		md_write_heading(m);
		md_end_line(m);
		break;
	case IN_TEXT:
		md_end_text_line(m);
		break;
	case IN_ROW:
		md_end_row(m);
		break;
	case IN_VERBATIM:
		md_end_line(m);
		break;
	case IN_CODE:
		md_end_line(m);
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
		md_decide(m, false);
		break;
	case IN_HEADING:
		strbuf_add(&m->head, bytes, n);
		if (m->head.len >= MARKDOWN_HEAD)
			md_write_heading(m);
		break;
	case IN_TEXT:
		strbuf_add(&m->line, bytes, n);
		md_add_text(m, cp);
		break;
	case IN_ROW:
		strbuf_add(&m->head, bytes, n);
		if (m->head.len + sizeof(bytes) > m->head.max)
			md_write_verbatim(m);
		break;
	case AT_CODE_START:
		strbuf_add(&m->head, bytes, n);
		md_decide_code(m, false);
		break;
	case IN_VERBATIM:
	case IN_CODE:
		md_add_raw(m, cp);
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
	if (m->slash_waits)
		md_end_slash(m, cp != '\n');
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
		md_start_line(m);
	for (size_t i = 0; i < len; i++) {
		m->partial[m->partial_len++] = text[i];
		take_partial(m, false);
	}
}

void markdown_end(struct markdown *m, struct strbuf *out)
{
	m->out.to = out;
	take_partial(m, true);
	if (m->return_waits && m->slash_waits)
		md_end_slash(m, true);
	if (m->return_waits)
		on_character(m, UTF_REPLACEMENT);
	m->return_waits = false;
	if (m->line_open)
		on_line_end(m);
	if (m->slash_waits)
		md_end_slash(m, false);
	if (m->table.count)
		md_table_draw(&m->table, &m->out, m->base);
	md_start_line(m);
	md_forget_above(m);
	m->in_list = false;
	m->blank_before = true;
}
