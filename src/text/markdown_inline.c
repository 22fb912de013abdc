/*
 * Each mark looks for its partner behind it. Three answers: here it is; there is none, so that the mark is text; not to
 * be said yet. CommonMark's rules for delimiter runs, cut down to what can be told from the mark onwards: the partner
 * of a run is the next one of the same length that can close, runs of other lengths within pair among themselves.
 */
#include "markdown_inline.h"

#include <string.h>

#include "eke/base/ascii.h"
#include "eke/base/utf.h"
#include "eke/text/markdown.h"

enum found { FOUND, NONE, NOT_YET };

/* Emphasis within emphasis; deeper is text. */
#define MAX_DEPTH 12
/* Runs of other lengths that are open within one. */
#define MAX_OPEN 8

struct span {
	const char *s;
	size_t len;
	bool final;
};

static size_t run_at(const struct span *t, size_t at)
{
	size_t n = 1;

	while (at + n < t->len && t->s[at + n] == t->s[at])
		n++;
	return n;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Letters beyond ASCII count. */
static bool is_word(uint32_t cp)
{
	return cp >= 0x80 || ascii_is_alnum((char)cp);
}

static bool is_word_at(const struct span *t, size_t at)
{
	return at < t->len && ((unsigned char)t->s[at] >= 0x80 || ascii_is_alnum(t->s[at]));
}

static bool is_punctuation(char c)
{
	return c > ' ' && c < 0x7F && !ascii_is_alnum(c);
}

/* The run of n backquotes that closes one, from `at` on. */
static enum found find_code_end(const struct span *t, size_t at, size_t n, size_t *end)
{
	while (at < t->len) {
		const char *next = memchr(t->s + at, '`', t->len - at);
		size_t k;

		if (!next)
			break;
		at = (size_t)(next - t->s);
		k = run_at(t, at);
		if (k == n && (at + k < t->len || t->final)) {
			*end = at;
			return FOUND;
		}
		at += k;
	}
	return t->final ? NONE : NOT_YET;
}

/*
 * Behind a code span, if one begins at `at`; else behind its backquotes. `dead`: lengths of runs that have no partner,
 * so that they are not looked for again.
 */
static enum found skip_code(const struct span *t, size_t *at, uint64_t *dead)
{
	size_t n = run_at(t, *at);
	uint64_t bit = n < 64 ? (uint64_t)1 << n : 0;
	size_t end;
	enum found found = *dead & bit ? NONE : find_code_end(t, *at + n, n, &end);

	if (found == NOT_YET)
		return NOT_YET;
	if (found == NONE)
		*dead |= bit;
	*at = found == FOUND ? end + n : *at + n;
	return FOUND;
}

struct open_runs {
	size_t lengths[MAX_OPEN];
	size_t count;
};

/* What is left of a closing run when those within have closed. */
static size_t close_inner(struct open_runs *open, size_t run)
{
	while (open->count && open->lengths[open->count - 1] <= run)
		run -= open->lengths[--open->count];
	return run;
}

/* Where the run of n marks at `at` is closed. */
static enum found find_partner(const struct span *t, size_t at, size_t n, size_t *end)
{
	struct open_runs open = { .count = 0 };
	uint64_t dead = 0;
	char c = t->s[at];

	at += n;
	while (at < t->len) {
		bool can_close;
		size_t rest;
		size_t k;

		if (t->s[at] == '\\') {
			at += 2;
			continue;
		}
		if (t->s[at] == '`') {
			if (skip_code(t, &at, &dead) == NOT_YET)
				return NOT_YET;
			continue;
		}
		if (t->s[at] != c) {
			at++;
			continue;
		}
		k = run_at(t, at);
		if (at + k == t->len && !t->final)
			return NOT_YET;
		can_close = !is_blank(t->s[at - 1]) && (c != '_' || !is_word_at(t, at + k));
		if (can_close && k == n) {
			*end = at;
			return FOUND;
		}
		rest = can_close ? close_inner(&open, k) : k;
		if (rest == n && rest < k) {
			*end = at + k - rest;
			return FOUND;
		}
		if (rest == k && open.count < MAX_OPEN && at + k < t->len && !is_blank(t->s[at + k]))
			open.lengths[open.count++] = k;
		at += k;
	}
	return t->final ? NONE : NOT_YET;
}

struct link {
	size_t label; /* where it begins and ends */
	size_t label_end;
	size_t url;
	size_t url_end;
	size_t end; /* behind all */
};

/* The closing bracket of the label that begins at `at`. */
static enum found find_label_end(const struct span *t, size_t at, size_t *end)
{
	uint64_t dead = 0;
	size_t depth = 1;

	while (at < t->len) {
		switch (t->s[at]) {
		case '\\':
			at += 2;
			continue;
		case '`':
			if (skip_code(t, &at, &dead) == NOT_YET)
				return NOT_YET;
			continue;
		case '[':
			depth++;
			break;
		case ']':
			if (!--depth) {
				*end = at;
				return FOUND;
			}
			break;
		}
		at++;
	}
	return t->final ? NONE : NOT_YET;
}

/* The address and an optional title behind "](". */
static enum found find_url(const struct span *t, size_t at, struct link *out)
{
	size_t depth = 1;

	out->url = at;
	for (; at < t->len && !is_blank(t->s[at]); at++) {
		depth += t->s[at] == '(';
		depth -= t->s[at] == ')';
		if (!depth) {
			out->url_end = at;
			out->end = at + 1;
			return FOUND;
		}
	}
	out->url_end = at;
	while (at < t->len && is_blank(t->s[at]))
		at++;
	if (at < t->len && t->s[at] != '"' && t->s[at] != '\'' && t->s[at] != ')')
		return NONE;
	for (; at < t->len; at++) {
		if (t->s[at] == ')') {
			out->end = at + 1;
			return FOUND;
		}
	}
	return t->final ? NONE : NOT_YET;
}

/* A link whose "[" is at `at`. */
static enum found find_link(const struct span *t, size_t at, struct link *out)
{
	enum found found = find_label_end(t, at + 1, &out->label_end);

	if (found != FOUND)
		return found;
	out->label = at + 1;
	if (out->label_end + 1 == t->len)
		return t->final ? NONE : NOT_YET;
	if (t->s[out->label_end + 1] != '(')
		return NONE;
	return find_url(t, out->label_end + 2, out);
}

/* --- writing --- */

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
	size_t n = run_at(t, *at);
	size_t from = *at + n;
	enum found found;
	size_t end;

	if (from == t->len && !t->final)
		return NOT_YET;
	found = find_code_end(t, from, n, &end);
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

	if (at + n == t->len || is_blank(t->s[at + n]) || n > 3 || (c == '~' && n != 2))
		return false;
	if (c == '_')
		return !is_word(before->last);
	/* 2*3*4 and x*y are no emphasis to who reads a terminal. */
	return c != '*' || n != 1 || before->last >= 0x80 || !is_word(before->last) || !is_word_at(t, at + n);
}

static unsigned emphasis_style(char c, size_t n)
{
	static const unsigned styles[] = { 0, STYLE_ITALIC, STYLE_BOLD, STYLE_BOLD | STYLE_ITALIC };

	return c == '~' ? STYLE_STRIKE : styles[n];
}

static enum found write_emphasis(struct md_out *o, struct md_before *before, const struct span *t, size_t *at,
	unsigned style, unsigned depth)
{
	size_t n = run_at(t, *at);
	enum found found = NONE;
	size_t end;

	if (*at + n == t->len && !t->final)
		return NOT_YET;
	if (can_open(t, before, *at, n) && depth < MAX_DEPTH)
		found = find_partner(t, *at, n, &end);
	if (found == NONE) {
		put_all(o, before, t->s + *at, n, style);
		*at += n;
	} else if (found == FOUND) {
		write_inner(o, before, t, *at + n, end, style | emphasis_style(t->s[*at], n), depth);
		*at = end + n;
	}
	return found;
}

static void write_url(struct md_out *o, struct md_before *before, const struct span *t, const struct link *link,
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
	struct link link;

	if (bracket == t->len && !t->final)
		return NOT_YET;
	if (bracket < t->len && t->s[bracket] == '[' && depth < MAX_DEPTH)
		found = find_link(t, bracket, &link);
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
	unsigned style)
{
	if (*at + 1 == t->len && !t->final)
		return NOT_YET;
	if (*at + 1 < t->len && is_punctuation(t->s[*at + 1]))
		++*at;
	put(o, before, (unsigned char)t->s[*at], style);
	++*at;
	return FOUND;
}

bool md_is_mark(const struct md_before *before, uint32_t cp)
{
	if (cp == '`')
		return true;
	return !before->in_url && cp && cp < 0x80 && strchr("\\*_~[!", (int)cp);
}

/* One mark; the bytes from it on are all that may be looked at. */
static enum found write_mark(struct md_out *o, struct md_before *before, const struct span *t, size_t *at,
	unsigned style, unsigned depth)
{
	switch (t->s[*at]) {
	case '\\':
		return write_escape(o, before, t, at, style);
	case '`':
		return write_code(o, before, t, at, style);
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
