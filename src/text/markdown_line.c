/*
 * The first characters of a line tell what it is; sometimes only all of them do.
 */
#include "markdown_line.h"

#include <string.h>

#include "eke/base/ascii.h"

unsigned md_blanks(const char *s, size_t len, size_t *n)
{
	unsigned columns = 0;
	size_t at = 0;

	for (; at < len && (s[at] == ' ' || s[at] == '\t'); at++)
		columns += s[at] == '\t' ? 4 - columns % 4 : 1;
	*n = at;
	return columns;
}

bool md_only(const char *s, size_t len, char c, size_t *count)
{
	*count = 0;
	for (size_t i = 0; i < len; i++) {
		if (s[i] != c && s[i] != ' ' && s[i] != '\t')
			return false;
		*count += s[i] == c;
	}
	return true;
}

size_t md_run(const char *s, size_t len, char c)
{
	size_t n = 0;

	while (n < len && s[n] == c)
		n++;
	return n;
}

enum md_line md_classify(const char *s, size_t len, bool whole, size_t *mark)
{
	enum md_line later = whole ? LINE_TEXT : LINE_UNKNOWN;
	size_t count;
	size_t n;

	if (!len)
		return whole ? LINE_BLANK : LINE_UNKNOWN;
	n = md_run(s, len, s[0]);
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
		if (md_only(s, len, s[0], &count))
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

bool md_is_task(const char *s, size_t len)
{
	return len >= 4 && s[0] == '[' && (s[1] == ' ' || s[1] == 'x' || s[1] == 'X') && s[2] == ']' && s[3] == ' ';
}

bool md_may_be_task(const char *s, size_t len)
{
	static const char pattern[] = "[x] ";
	size_t i = 0;

	while (i < len && i < 4 && (i == 1 ? s[1] == ' ' || s[1] == 'x' || s[1] == 'X' : s[i] == pattern[i]))
		i++;
	return i == len && len < 4;
}

enum md_under md_classify_under(const char *s, size_t len, bool whole)
{
	size_t columns;
	size_t marks;
	size_t end;

	if (!len || !strchr("=-:|", s[0]))
		return len ? UNDER_NOTHING : UNDER_UNKNOWN;
	for (end = 0; end < len && strchr("=-:| \t", s[end]); end++)
		continue;
	if (end < len)
		return UNDER_NOTHING;
	if (!whole)
		return UNDER_UNKNOWN;
	marks = md_run(s, len, s[0]);
	end = len;
	while (end && ascii_is_blank(s[end - 1]))
		end--;
	if ((s[0] == '=' || s[0] == '-') && marks == end && marks >= 2)
		return UNDER_HEADING;
	return md_is_delimiter_row(s, len, &columns) && columns > 1 ? UNDER_TABLE : UNDER_NOTHING;
}

/* One column's ":---:" at s; NULL: it is none. */
static const char *skip_delimiter(const char *s, const char *end)
{
	const char *dashes;

	while (s < end && ascii_is_blank(*s))
		s++;
	s += s < end && *s == ':';
	dashes = s;
	while (s < end && *s == '-')
		s++;
	if (s == dashes)
		return NULL;
	s += s < end && *s == ':';
	while (s < end && ascii_is_blank(*s))
		s++;
	return s == end || *s == '|' ? s : NULL;
}

bool md_is_delimiter_row(const char *s, size_t len, size_t *columns)
{
	const char *end = s + len;

	*columns = 0;
	while (end > s && ascii_is_blank(end[-1]))
		end--;
	s += s < end && *s == '|';
	while (s && s < end) {
		s = skip_delimiter(s, end);
		++*columns;
		if (s && s < end)
			s++;
	}
	return s && *columns;
}
