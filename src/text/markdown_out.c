/*
 * Where lines break, and which escape sequences make the styles. A change of style is written as part of a word, so
 * that the blanks that a wrapped line begins with have none.
 */
#include "markdown_out.h"

#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/utf.h"
#include "eke/base/width.h"

void md_out_init(struct md_out *o)
{
	memset(o, 0, sizeof(*o));
	strbuf_init(&o->word, 4 * MARKDOWN_WORD);
	o->last = ' ';
}

void md_out_release(struct md_out *o)
{
	strbuf_release(&o->word);
}

static void add_style(struct strbuf *to, unsigned style)
{
	static const struct {
		unsigned style;
		const char *sgr;
	} codes[] = { { STYLE_BOLD, ";1" }, { STYLE_DIM, ";2" }, { STYLE_ITALIC, ";3" },
		      { STYLE_UNDERLINE, ";4" }, { STYLE_STRIKE, ";9" }, { STYLE_CODE, ";36" } };

	strbuf_adds(to, "\033[0");
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (style & codes[i].style)
			strbuf_adds(to, codes[i].sgr);
	strbuf_addch(to, 'm');
}

static void add_blanks(struct strbuf *to, unsigned count)
{
	while (count--)
		strbuf_addch(to, ' ');
}

void md_margin_add_bar(struct md_margin *margin)
{
	if (margin->width < 64)
		margin->bars |= (uint64_t)1 << margin->width;
	margin->width += 2;
}

static bool has_bar(struct md_margin margin, unsigned column)
{
	return column < 64 && (margin.bars >> column & 1);
}

struct md_margin md_out_fit(const struct md_out *o, struct md_margin margin)
{
	unsigned most = o->width ? o->width / 2 : 64;

	if (margin.width > most)
		margin.width = most;
	return margin;
}

static void add_margin(struct md_out *o, struct md_margin margin)
{
	for (unsigned i = 0; i < margin.width; i++)
		strbuf_adds(o->to, has_bar(margin, i) ? "\033[0;2m\xE2\x94\x82\033[0m" : " ");
	o->column = margin.width;
	o->blanks = 0;
	o->begun = false;
}

static void wrap(struct md_out *o)
{
	if (o->shown_style)
		add_style(o->to, 0);
	strbuf_addch(o->to, '\n');
	o->rows++;
	add_margin(o, o->hang);
	if (o->shown_style)
		add_style(o->to, o->shown_style);
}

/* The word goes out, on this line or the next. */
static void end_word(struct md_out *o, bool may_wrap)
{
	if (!o->word.len)
		return;
	if (may_wrap && o->width && o->begun && o->word_width && o->column + o->blanks + o->word_width > o->width)
		wrap(o);
	add_blanks(o->to, o->blanks);
	strbuf_add(o->to, o->word.data, o->word.len);
	o->column += o->blanks + o->word_width;
	/* Longer than a line: the terminal breaks it, so that an address can still be copied. */
	if (may_wrap && o->width && o->column > o->width) {
		o->rows += o->column / o->width;
		o->column %= o->width;
	}
	o->blanks = 0;
	o->begun |= o->word_width > 0;
	o->open = true;
	o->shown_style = o->style;
	strbuf_reset(&o->word);
	o->word_width = 0;
}

static void set_style(struct md_out *o, unsigned style)
{
	if (style == o->style)
		return;
	add_style(&o->word, style);
	o->style = style;
}

static bool is_one_of(uint32_t cp, const uint32_t *list, size_t count)
{
	size_t i = 0;

	while (i < count && list[i] != cp)
		i++;
	return i < count;
}

/*
 * Text in scripts without blanks may break beside each wide character, but not before what closes nor behind what opens
 * (UAX 14, classes CL, NS, EX and OP, as far as they are common).
 */
static bool may_break(uint32_t before, uint32_t after)
{
	static const uint32_t closing[] = { 0x3001, 0x3002, 0x3009, 0x300B, 0x300D, 0x300F, 0x3011, 0x3015, 0x301F, 0x30FB,
					    0x30FC, 0xFF01, 0xFF09, 0xFF0C, 0xFF0E, 0xFF1A, 0xFF1B, 0xFF1F, 0xFF3D, 0xFF5D,
					    ')', ']', '}', ',', '.', ':', ';', '!', '?', 0x2019, 0x201D, 0x2026 };
	static const uint32_t opening[] = { 0x3008, 0x300A, 0x300C, 0x300E, 0x3010, 0x3014, 0xFF08, 0xFF3B, 0xFF5B,
					    '(', '[', '{', 0x2018, 0x201C };

	if (width_of(before) != 2 && width_of(after) != 2)
		return false;
	/* U+200D, a joiner, stands for the rest of what has no width of its own. */
	return width_of(after) && before != 0x200D && !is_one_of(after, closing, ARRAY_LEN(closing)) &&
	       !is_one_of(before, opening, ARRAY_LEN(opening));
}

static void add_character(struct md_out *o, uint32_t cp, unsigned style)
{
	char bytes[4];

	set_style(o, style);
	strbuf_add(&o->word, bytes, utf8_encode(cp, bytes));
	o->word_width += width_add(&o->cluster, cp);
	o->last = cp;
}

static void new_line(struct md_out *o)
{
	o->rows = 0;
	o->cluster = (struct width_cluster){ .base = 0 };
}

void md_out_line(struct md_out *o, struct md_margin margin)
{
	new_line(o);
	o->hang = md_out_fit(o, margin);
	add_margin(o, o->hang);
	o->open |= margin.width > 0;
}

void md_out_margin(struct md_out *o, struct md_margin margin, unsigned from, unsigned style)
{
	o->hang = md_out_fit(o, margin);
	for (; from < o->hang.width; from++)
		md_out_raw(o, has_bar(margin, from) ? 0x2502 : ' ', has_bar(margin, from) ? style | STYLE_DIM : style);
}

void md_out_text(struct md_out *o, uint32_t cp, unsigned style)
{
	if (cp == ' ' || cp == '\t') {
		set_style(o, style);
		end_word(o, true);
		o->blanks++;
		o->last = ' ';
		return;
	}
	if ((!width_joins(&o->cluster, cp) && may_break(o->last, cp)) || o->word.len >= MARKDOWN_WORD ||
	    (o->breaks_words && o->word_width + width_of(cp) > o->width))
		end_word(o, true);
	add_character(o, cp, style);
}

void md_out_raw(struct md_out *o, uint32_t cp, unsigned style)
{
	end_word(o, true);
	add_character(o, cp, style);
	end_word(o, false);
}

void md_out_break(struct md_out *o)
{
	end_word(o, true);
	wrap(o);
	o->last = ' ';
}

void md_out_end_line(struct md_out *o)
{
	end_word(o, true);
	if (o->style)
		add_style(o->to, 0);
	strbuf_addch(o->to, '\n');
	o->style = 0;
	o->shown_style = 0;
	o->column = 0;
	o->blanks = 0;
	o->begun = false;
	o->open = false;
	o->last = ' ';
}

unsigned md_out_measure(const char *line, size_t len)
{
	struct width_cluster cluster = { .base = 0 };
	unsigned width = 0;

	for (size_t at = 0; at < len;) {
		uint32_t cp;

		if (line[at] == '\033') {
			while (at < len && line[at] != 'm')
				at++;
			at++;
			continue;
		}
		at += utf8_decode(line + at, len - at, &cp);
		width += width_add(&cluster, cp);
	}
	return width;
}
