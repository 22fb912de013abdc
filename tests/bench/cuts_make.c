/*
 * Finding what can be cut. Blocks are found by indentation, which all these languages have in common, and by what their
 * first line ends with.
 */
#include "cuts_make.h"

#include <string.h>

#define LINES_MAX 60      /* of one cut */
#define STATEMENTS_MAX 6

const char *cut_kind_name(enum cut_kind kind)
{
	static const char *const names[CUT_KINDS] = { "body", "declaration", "statements", "line", "arguments", "word" };

	return names[kind];
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static size_t end_of(const struct cut_line *line)
{
	return line->start + line->len;
}

static const char *text_of(const struct cut_text *t, const struct cut_line *line)
{
	return t->s + line->start + line->blanks;
}

/* The last byte that is no blank. */
static char last_of(const struct cut_text *t, const struct cut_line *line)
{
	size_t at = end_of(line);

	while (at > line->start && (t->s[at - 1] == ' ' || t->s[at - 1] == '\t'))
		at--;
	return at > line->start ? t->s[at - 1] : '\0';
}

static bool begins_with_word(const struct cut_text *t, const struct cut_line *line, const char *words)
{
	const char *s = text_of(t, line);
	size_t n = 0;

	while (line->blanks + n < line->len && is_word(s[n]))
		n++;
	if (!n)
		return false;
	for (const char *w = words; *w; w += strspn(w, " ")) {
		size_t len = strcspn(w, " ");

		if (len == n && !memcmp(w, s, n))
			return true;
		w += len;
	}
	return false;
}

static bool ends_with_word(const struct cut_text *t, const struct cut_line *line, const char *word)
{
	size_t n = strlen(word);

	return line->len - line->blanks >= n && !memcmp(t->s + end_of(line) - n, word, n) &&
	       (line->len - line->blanks == n || !is_word(t->s[end_of(line) - n - 1]));
}

/* --- blocks --- */

static bool has_language(const struct cut_text *t, const char *languages)
{
	const char *at = strstr(languages, t->language);
	size_t n = strlen(t->language);

	return at && (at == languages || at[-1] == ' ') && (at[n] == ' ' || !at[n]);
}

static bool is_block_header(const struct cut_text *t, const struct cut_line *line)
{
	char last = last_of(t, line);
	char first = *text_of(t, line);

	if (line->empty || first == '}' || first == ')' || first == ']')
		return false;
	if (has_language(t, "python yaml"))
		return last == ':';
	if (has_language(t, "makefile"))
		return !line->blanks && first != '#' && memchr(t->s + line->start, ':', line->len) &&
		       !memchr(t->s + line->start, '=', line->len);
	if (has_language(t, "ruby lua crystal elixir") &&
	    begins_with_word(t, line, "def class module if unless while for case function begin do local"))
		return true;
	if (ends_with_word(t, line, "do") || ends_with_word(t, line, "then"))
		return has_language(t, "shellscript ruby lua elixir");
	return last == '{';
}

struct block {
	size_t header; /* lines */
	size_t first;
	size_t last;
};

/* Lines below the header that are further in, up to the first that is not. */
static bool block_at(const struct cut_text *t, size_t header, struct block *b)
{
	size_t column = t->lines[header].column;
	size_t i = header + 1;

	if (!is_block_header(t, &t->lines[header]))
		return false;
	*b = (struct block){ .header = header };
	while (i < t->count && t->lines[i].empty)
		i++;
	b->first = i;
	for (; i < t->count && (t->lines[i].empty || t->lines[i].column > column); i++) {
		if (!t->lines[i].empty)
			b->last = i;
	}
	return b->last && b->last >= b->first && b->last - b->first < LINES_MAX;
}

static bool block_make(const struct cut_text *t, struct rng *rng, struct block *b)
{
	for (int tries = 0; tries < 40; tries++) {
		if (block_at(t, rng_below(rng, t->count), b))
			return true;
	}
	return false;
}

static size_t text_start(const struct cut_line *line)
{
	return line->start + line->blanks;
}

/* The cursor stands where the line's indentation ends, or behind the line before it. */
static void place_cursor(const struct cut_text *t, size_t first, struct rng *rng, struct cut *cut)
{
	size_t before = first;

	while (before && t->lines[before - 1].empty)
		before--;
	if (before && rng_below(rng, 3) == 0) {
		cut->variant = "behind the line above";
		cut->from = end_of(&t->lines[before - 1]);
	} else {
		cut->variant = "on its line";
		cut->from = text_start(&t->lines[first]);
	}
}

static bool make_body(const struct cut_text *t, struct rng *rng, struct cut *cut)
{
	struct block b;

	if (!block_make(t, rng, &b))
		return false;
	place_cursor(t, b.first, rng, cut);
	cut->to = end_of(&t->lines[b.last]);
	return true;
}

/* Where the declaration begins whose block has this header: a brace on a line of its own is below it. */
static size_t declaration_start(const struct cut_text *t, size_t header)
{
	size_t column = t->lines[header].column;

	if (t->lines[header].len - t->lines[header].blanks > 1)
		return header;
	for (int n = 0; n < 5 && header && !t->lines[header - 1].empty; n++) {
		char last = last_of(t, &t->lines[header - 1]);

		if (t->lines[header - 1].column < column || strchr(";}{/", last))
			break;
		header--;
	}
	return header;
}

bool cut_block_around(const struct cut_text *t, size_t at, size_t *start)
{
	size_t line = cut_text_line_of(t, at);
	size_t column = t->lines[line].column;

	while (line--) {
		const struct cut_line *l = &t->lines[line];

		if (l->empty || l->column >= column || (has_language(t, "c cpp csharp") && t->s[l->start] == '#'))
			continue;
		*start = t->lines[declaration_start(t, line)].start;
		return is_block_header(t, l);
	}
	return false;
}

static bool is_closer(const struct cut_text *t, const struct cut_line *line)
{
	return !line->empty &&
	       (*text_of(t, line) == '}' || begins_with_word(t, line, "end fi done esac")) && !is_block_header(t, line);
}

static bool make_declaration(const struct cut_text *t, struct rng *rng, struct cut *cut)
{
	struct block b;
	size_t last;
	bool by_indent = has_language(t, "python yaml makefile");

	if (!block_make(t, rng, &b))
		return false;
	if (begins_with_word(t, &t->lines[b.header], "else elif elsif except finally catch rescue ensure default case"))
		return false;
	if (has_language(t, "python") && !begins_with_word(t, &t->lines[b.header], "def class async"))
		return false;
	last = b.last;
	if (!by_indent) {
		last++;
		while (last < t->count && t->lines[last].empty)
			last++;
		if (last == t->count || t->lines[last].column != t->lines[b.header].column ||
		    !is_closer(t, &t->lines[last]) || strchr("{(", last_of(t, &t->lines[last])))
			return false;
	}
	place_cursor(t, declaration_start(t, b.header), rng, cut);
	cut->to = end_of(&t->lines[last]);
	return true;
}

/* Between two headings of a text for people. */
static bool make_section(const struct cut_text *t, struct rng *rng, struct cut *cut, bool with_heading)
{
	size_t heading = rng_below(rng, t->count);
	size_t first = heading + 1;
	size_t last = 0;

	if (t->lines[heading].empty || t->s[t->lines[heading].start] != '#')
		return false;
	while (first < t->count && t->lines[first].empty)
		first++;
	for (size_t i = first; i < t->count && t->s[t->lines[i].start] != '#'; i++) {
		if (!t->lines[i].empty)
			last = i;
	}
	if (last < first || last - first >= LINES_MAX)
		return false;
	place_cursor(t, with_heading ? heading : first, rng, cut);
	cut->to = end_of(&t->lines[last]);
	return true;
}

/* --- statements --- */

static int bracket_of(char c)
{
	return c == '(' || c == '[' || c == '{' ? 1 : c == ')' || c == ']' || c == '}' ? -1 : 0;
}

/* As many closers as openers, and never more. */
static bool is_balanced(const char *s, size_t len)
{
	int depth = 0;

	for (size_t i = 0; i < len; i++) {
		depth += bracket_of(s[i]);
		if (depth < 0)
			return false;
	}
	return !depth;
}

/* Where a token begins within the line's text, behind its first. */
static bool token_within(const struct cut_text *t, const struct cut_line *line, struct rng *rng, size_t *at)
{
	if (line->len < line->blanks + 4)
		return false;
	*at = text_start(line) + 1 + rng_below(rng, line->len - line->blanks - 1);
	if ((unsigned char)t->s[*at] >= 0x80 || strchr(" \t", t->s[*at]))
		return false;
	return !(is_word(t->s[*at]) && is_word(t->s[*at - 1]));
}

static bool make_statements(const struct cut_text *t, struct rng *rng, struct cut *cut)
{
	size_t first = rng_below(rng, t->count);
	size_t last = first;
	size_t wanted = 1 + rng_below(rng, STATEMENTS_MAX);
	bool within = rng_below(rng, 4) == 0;

	if (t->lines[first].empty || is_closer(t, &t->lines[first]))
		return false;
	for (size_t i = first; i < t->count && i < first + wanted; i++) {
		if (t->lines[i].empty)
			continue;
		if (t->lines[i].column < t->lines[first].column)
			break;
		last = i;
	}
	if (!is_balanced(t->s + t->lines[first].start, end_of(&t->lines[last]) - t->lines[first].start))
		return false;
	if (within && last > first) {
		cut->variant = "from within a line";
		if (!token_within(t, &t->lines[first], rng, &cut->from))
			return false;
	} else {
		place_cursor(t, first, rng, cut);
	}
	cut->to = end_of(&t->lines[last]);
	return true;
}

/* --- within a line --- */

static bool make_line(const struct cut_text *t, struct rng *rng, struct cut *cut)
{
	const struct cut_line *line = &t->lines[rng_below(rng, t->count)];

	cut->variant = "to its end";
	cut->to = end_of(line);
	return !line->empty && token_within(t, line, rng, &cut->from);
}

static bool make_arguments(const struct cut_text *t, struct rng *rng, struct cut *cut)
{
	const struct cut_line *line = &t->lines[rng_below(rng, t->count)];
	size_t end = end_of(line);
	size_t at;
	int depth = 1;

	if (line->empty)
		return false;
	at = text_start(line) + rng_below(rng, line->len - line->blanks);
	if (bracket_of(t->s[at]) < 1)
		return false;
	cut->variant = "all";
	cut->from = at + 1;
	for (cut->to = cut->from; cut->to < end; cut->to++) {
		depth += bracket_of(t->s[cut->to]);
		if (!depth)
			break;
		if (depth == 1 && t->s[cut->to] == ',' && rng_below(rng, 2)) {
			cut->variant = "behind a comma";
			cut->from = cut->to + 1;
			while (cut->from < end && t->s[cut->from] == ' ')
				cut->from++;
		}
	}
	return cut->to < end && cut->to > cut->from;
}

static bool make_word(const struct cut_text *t, struct rng *rng, struct cut *cut)
{
	const struct cut_line *line = &t->lines[rng_below(rng, t->count)];
	size_t end = end_of(line);

	if (line->empty)
		return false;
	cut->from = text_start(line) + rng_below(rng, line->len - line->blanks);
	if (cut->from < text_start(line) + 2 || !is_word(t->s[cut->from]) || !is_word(t->s[cut->from - 1]) ||
	    !is_word(t->s[cut->from - 2]))
		return false;
	cut->variant = "to the line's end";
	cut->to = end;
	if (rng_below(rng, 2)) {
		cut->variant = "to its end";
		for (cut->to = cut->from; cut->to < end && is_word(t->s[cut->to]);)
			cut->to++;
	}
	return true;
}

/* --- any --- */

static bool is_blank_byte(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Not blank, not what stands there anyway, and no characters in two. */
static bool is_fair(const struct cut_text *t, const struct cut *cut)
{
	size_t from = cut->from;
	size_t to = cut->to;
	size_t next = cut->to;

	while (from < to && is_blank_byte(t->s[from]))
		from++;
	while (to > from && is_blank_byte(t->s[to - 1]))
		to--;
	if (from == to)
		return false;
	while (next < t->len && is_blank_byte(t->s[next]))
		next++;
	return t->len - next < to - from || memcmp(t->s + next, t->s + from, to - from) != 0;
}

bool cut_make(const struct cut_text *t, enum cut_kind kind, struct rng *rng, struct cut *cut)
{
	bool prose = has_language(t, "markdown restructuredtext asciidoc");
	bool made = false;

	*cut = (struct cut){ .kind = kind };
	switch (kind) {
	case CUT_BODY:
		made = prose ? make_section(t, rng, cut, false) : make_body(t, rng, cut);
		break;
	case CUT_DECLARATION:
		made = prose ? make_section(t, rng, cut, true) : make_declaration(t, rng, cut);
		break;
	case CUT_STATEMENTS:
		made = make_statements(t, rng, cut);
		break;
	case CUT_LINE:
		made = make_line(t, rng, cut);
		break;
	case CUT_ARGUMENTS:
		made = make_arguments(t, rng, cut);
		break;
	case CUT_WORD:
		made = make_word(t, rng, cut);
		break;
	case CUT_KINDS:
		break;
	}
	return made && is_fair(t, cut);
}
