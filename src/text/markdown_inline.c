/*
 * Text with marks in it, written as far as it is known what they are (markdown_find.c).
 */
#include "markdown_inline.h"

#include <string.h>

#include "eke/base/ascii.h"
#include "eke/base/printable.h"
#include "eke/base/utf.h"
#include "eke/text/markdown.h"
#include "markdown_entity.h"
#include "markdown_find.h"

/* Emphasis within emphasis; deeper is text. */
#define MAX_DEPTH 12

/* Letters beyond ASCII count. */
static bool is_word(uint32_t cp)
{
	return cp >= 0x80 || ascii_is_alnum((char)cp);
}

static bool is_punctuation(char c)
{
	return c > ' ' && c < 0x7F && !ascii_is_alnum(c);
}

static void put(struct md_out *o, struct md_before *before, uint32_t cp, unsigned style)
{
	md_out_text(o, cp, style);
	before->last = cp;
	/* An address may hold anything that would be a mark elsewhere. */
	if (cp == ':')
		before->slashes = 1;
	else
		before->slashes = cp == '/' && before->slashes ? before->slashes + 1 : 0;
	if (before->slashes == 3)
		before->in_url = true;
	else if (cp == ' ' || cp == '\t' || cp == '>' || cp == ')' || cp == '"' || cp >= 0x80)
		before->in_url = false;
}

static void put_all(struct md_out *o, struct md_before *before, const char *s, size_t len, unsigned style)
{
	for (size_t at = 0; at < len;) {
		uint32_t cp;

		at += utf8_decode(s + at, len - at, &cp);
		put(o, before, cp, style);
	}
}

static size_t write_span(
	struct md_out *o, struct md_before *before, const struct span *t, unsigned style, unsigned depth);

static void write_inner(struct md_out *o, struct md_before *before, const struct span *t, size_t from, size_t to,
	unsigned style, unsigned depth)
{
	struct span inner = { t->s + from, to - from, true };

	write_span(o, before, &inner, style, depth + 1);
	/* A URL within does not go on behind the mark. */
	before->in_url = false;
	before->slashes = 0;
}

static enum found write_code(struct md_out *o, struct md_before *before, const struct span *t, size_t *at,
	unsigned style)
{
	size_t n = md_run_at(t, *at);
	size_t from = *at + n;
	enum found found;
	size_t end;

	if (from == t->len && !t->final)
		return NOT_YET;
	found = md_find_code_end(t, from, n, &end);
	if (found == NONE) {
		put_all(o, before, t->s + *at, n, style);
		*at = from;
	}
	if (found != FOUND)
		return found;
	*at = end + n;
	/* A blank at both ends is there to part backquotes. */
	if (end - from > 2 && t->s[from] == ' ' && t->s[end - 1] == ' ') {
		from++;
		end--;
	}
	put_all(o, before, t->s + from, end - from, style | STYLE_CODE);
	before->in_url = false;
	return FOUND;
}

static bool can_open(const struct span *t, const struct md_before *before, size_t at, size_t n)
{
	char c = t->s[at];

	if (at + n == t->len || ascii_is_blank(t->s[at + n]) || n > 3 || (c == '~' && n != 2))
		return false;
	if (c == '_')
		return !is_word(before->last);
	/* 2*3*4 and x*y are no emphasis to who reads a terminal. */
	return c != '*' || n != 1 || before->last >= 0x80 || !is_word(before->last) || !md_is_word_at(t, at + n);
}

static unsigned emphasis_style(char c, size_t n)
{
	static const unsigned styles[] = { 0, STYLE_ITALIC, STYLE_BOLD, STYLE_BOLD | STYLE_ITALIC };

	return c == '~' ? STYLE_STRIKE : styles[n];
}

static enum found write_emphasis(struct md_out *o, struct md_before *before, const struct span *t, size_t *at,
	unsigned style, unsigned depth)
{
	size_t n = md_run_at(t, *at);
	enum found found = NONE;
	size_t end;

	if (*at + n == t->len && !t->final)
		return NOT_YET;
	if (can_open(t, before, *at, n) && depth < MAX_DEPTH)
		found = md_find_partner(t, *at, n, &end);
	if (found == NONE) {
		put_all(o, before, t->s + *at, n, style);
		*at += n;
	} else if (found == FOUND) {
		write_inner(o, before, t, *at + n, end, style | emphasis_style(t->s[*at], n), depth);
		*at = end + n;
	}
	return found;
}

static void write_url(struct md_out *o, struct md_before *before, const struct span *t, const struct md_link *link,
	unsigned style)
{
	const char *url = t->s + link->url;
	size_t len = link->url_end - link->url;

	if (len > 1 && url[0] == '<' && url[len - 1] == '>') {
		url++;
		len -= 2;
	}
	/* Told already, or of no use in a terminal. */
	if (!len || url[0] == '#' ||
	    (len == link->label_end - link->label && !memcmp(url, t->s + link->label, len)))
		return;
	put_all(o, before, " (", 2, style);
	put_all(o, before, url, len, style | STYLE_DIM);
	put_all(o, before, ")", 1, style);
}

/* A link, or with a "!" before it an image, at `at`. */
static enum found write_link(struct md_out *o, struct md_before *before, const struct span *t, size_t *at,
	unsigned style, unsigned depth)
{
	size_t bracket = *at + (t->s[*at] == '!');
	enum found found = NONE;
	struct md_link link;

	if (bracket == t->len && !t->final)
		return NOT_YET;
	if (bracket < t->len && t->s[bracket] == '[' && depth < MAX_DEPTH)
		found = md_find_link(t, bracket, &link);
	if (found == NONE) {
		put(o, before, (unsigned char)t->s[*at], style);
		++*at;
	} else if (found == FOUND) {
		write_inner(o, before, t, link.label, link.label_end, style | STYLE_UNDERLINE, depth);
		write_url(o, before, t, &link, style);
		*at = link.end;
	}
	return found;
}

static enum found write_escape(struct md_out *o, struct md_before *before, const struct span *t, size_t *at,
	unsigned style, unsigned depth)
{
	/* At the end of a line the next one tells what it is. */
	if (*at + 1 == t->len && (!t->final || !depth))
		return NOT_YET;
	if (*at + 1 < t->len && is_punctuation(t->s[*at + 1]))
		++*at;
	put(o, before, (unsigned char)t->s[*at], style);
	++*at;
	return FOUND;
}

/* "&lt;", "&#60;"; what is none is text. */
static enum found write_entity(struct md_out *o, struct md_before *before, const struct span *t, size_t *at,
	unsigned style)
{
	size_t n = *at + 1;
	bool is_entity;
	uint32_t cp;

	while (n < t->len && n - *at < MD_ENTITY_MOST && (ascii_is_alnum(t->s[n]) || t->s[n] == '#'))
		n++;
	if (n == t->len && n - *at < MD_ENTITY_MOST && !t->final)
		return NOT_YET;
	is_entity = n < t->len && t->s[n] == ';' && md_entity(t->s + *at + 1, n - *at - 1, &cp);
	if (!is_entity)
		cp = '&';
	put(o, before, printable_is_control(cp) ? UTF_REPLACEMENT : cp == '\n' ? ' ' : cp, style);
	*at = is_entity ? n + 1 : *at + 1;
	return FOUND;
}

/* "<br>", the one way to a second line in a table's cell; other tags are text. */
static enum found write_tag(struct md_out *o, struct md_before *before, const struct span *t, size_t *at,
	unsigned style)
{
	static const char name[] = "<br";
	size_t n = 0;

	while (n < 3 && *at + n < t->len && (t->s[*at + n] | (n ? 0x20 : 0)) == name[n])
		n++;
	if (n == 3) {
		while (*at + n < t->len && (ascii_is_blank(t->s[*at + n]) || t->s[*at + n] == '/') && n < 8)
			n++;
		if (*at + n < t->len && t->s[*at + n] == '>') {
			md_out_break(o);
			*before = (struct md_before){ .last = ' ' };
			*at += n + 1;
			return FOUND;
		}
	}
	if (*at + n == t->len && !t->final)
		return NOT_YET;
	put(o, before, '<', style);
	++*at;
	return FOUND;
}

bool md_is_mark(const struct md_before *before, uint32_t cp)
{
	if (cp == '`')
		return true;
	return !before->in_url && cp && cp < 0x80 && strchr("\\*_~[!&<", (int)cp);
}

bool md_may_tell(const char *held, size_t len)
{
	char last = held[len - 1];
	char before = len > 1 ? held[len - 2] : '\0';

	return last == ')' || held[0] == '&' || held[0] == '<' || (before && strchr("\\`*_~[]!", before)) ||
	       len >= MARKDOWN_REACH;
}

/* One mark; the bytes from it on are all that may be looked at. */
static enum found write_mark(struct md_out *o, struct md_before *before, const struct span *t, size_t *at,
	unsigned style, unsigned depth)
{
	switch (t->s[*at]) {
	case '\\':
		return write_escape(o, before, t, at, style, depth);
	case '`':
		return write_code(o, before, t, at, style);
	case '&':
		return write_entity(o, before, t, at, style);
	case '<':
		return write_tag(o, before, t, at, style);
	case '[':
	case '!':
		return write_link(o, before, t, at, style, depth);
	default:
		return write_emphasis(o, before, t, at, style, depth);
	}
}

static size_t write_span(
	struct md_out *o, struct md_before *before, const struct span *t, unsigned style, unsigned depth)
{
	size_t at = 0;

	while (at < t->len) {
		uint32_t cp;
		size_t n = utf8_decode(t->s + at, t->len - at, &cp);

		if (md_is_mark(before, cp)) {
			/* Whoever waited that long waits no more. */
			struct span rest = { t->s, t->len, t->final || t->len - at >= MARKDOWN_REACH };

			if (write_mark(o, before, &rest, &at, style, depth) == NOT_YET)
				break;
		} else {
			put(o, before, cp, style);
			at += n;
		}
	}
	return at;
}

size_t md_inline(struct md_out *o, struct md_before *before, const char *text, size_t len, unsigned style, bool final)
{
	struct span t = { text, len, final };

	return write_span(o, before, &t, style, 0);
}

void md_inline_all(struct md_out *o, const char *text, size_t len, unsigned style)
{
	struct md_before before = { .last = ' ' };

	if (md_inline(o, &before, text, len, style, true) < len)
		md_out_text(o, '\\', style);
}
