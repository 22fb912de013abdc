/*
 * Strings and what is like them: raw strings, heredocs, regular expressions, Perl's quoting words.
 */
#include "syntax_private.h"

#include "eke/base/attrs.h"

#define QUOTED_MAX 2000 /* bytes of Perl's q(x) */

/* R"x( and r#": remembers how it ends. False if none begins at the quote at w->at. */
static bool raw_string(struct syntax_walk *w)
{
	struct syntax_state *st = &w->state;
	size_t hashes = 0;
	size_t n = 0;

	while (hashes < w->at && w->s[w->at - 1 - hashes] == '#')
		hashes++;
	if (hashes && hashes < w->at && hashes + 2 < SYNTAX_DELIMITER_MAX && w->s[w->at - 1 - hashes] == 'r') {
		st->delimiter[n++] = '"';
		memset(st->delimiter + n, '#', hashes);
		st->delimiter[n + hashes] = '\0';
		w->at++;
		return true;
	}
	if (!w->at || w->s[w->at - 1] != 'R')
		return false;
	st->delimiter[n++] = ')';
	for (size_t i = w->at + 1; i < w->len && n + 2 < SYNTAX_DELIMITER_MAX; i++) {
		if (w->s[i] == '(') {
			st->delimiter[n++] = '"';
			st->delimiter[n] = '\0';
			w->at = i + 1;
			return true;
		}
		if (!is_word(w->s[i]))
			break;
		st->delimiter[n++] = w->s[i];
	}
	st->delimiter[0] = '\0';
	return false;
}

void syntax_begin_string(struct syntax_walk *w, char quote)
{
	struct syntax_state *st = &w->state;
	bool raw = quote == '"' && has(w, SYNTAX_RAW) && raw_string(w);

	st->where = SYNTAX_IN_STRING;
	st->quote = quote;
	st->triple = raw || quote == '`';
	if (raw)
		return;
	if (has(w, SYNTAX_TRIPLE) && w->len - w->at >= 3 && w->s[w->at + 1] == quote && w->s[w->at + 2] == quote) {
		st->triple = true;
		st->delimiter[0] = st->delimiter[1] = st->delimiter[2] = quote;
		st->delimiter[3] = '\0';
		w->at += 2;
	}
	w->at++;
}

void syntax_end_string(struct syntax_state *st)
{
	st->where = SYNTAX_IN_CODE;
	st->quote = '\0';
	st->triple = false;
	st->delimiter[0] = '\0';
	st->no_value = true;
}

bool syntax_heredoc_begins(struct syntax_walk *w)
{
	struct syntax_state *st = &w->state;
	bool php = has(w, SYNTAX_HEREDOC) && begins(w, "<<<");
	size_t i = w->at + (php ? 3 : 2);
	size_t n = 0;
	char quote = '\0';
	bool marked = php;

	if (st->delimiter[0] || (php && (w->syntax->flags & SYNTAX_SHELL)))
		return false;
	if (i < w->len && strchr("-~", w->s[i])) {
		marked = true;
		i++;
	}
	while ((w->syntax->flags & SYNTAX_SHELL) && i < w->len && w->s[i] == ' ')
		i++;
	if (i < w->len && strchr("\"'", w->s[i]))
		quote = w->s[i++];
	/* x << y and arrays << item are no heredocs. */
	if (!quote && !marked && !(w->syntax->flags & SYNTAX_SHELL) && (i >= w->len || w->s[i] < 'A' || w->s[i] > 'Z'))
		return false;
	while (i < w->len && is_word(w->s[i]) && n + 1 < SYNTAX_DELIMITER_MAX)
		st->delimiter[n++] = w->s[i++];
	st->delimiter[n] = '\0';
	if (!n || (st->delimiter[0] >= '0' && st->delimiter[0] <= '9') || (quote && (i >= w->len || w->s[i] != quote))) {
		st->delimiter[0] = '\0';
		return false;
	}
	w->at = i + (quote != '\0');
	st->no_value = true;
	return true;
}

size_t syntax_heredoc_end(const struct syntax_walk *w)
{
	size_t i = w->at;
	size_t n = strlen(w->state.delimiter);

	while (i < w->len && (w->s[i] == ' ' || w->s[i] == '\t'))
		i++;
	if (!begins_at(w, i, w->state.delimiter) || (i + n < w->len && is_word(w->s[i + n])))
		return 0;
	return i + n;
}

/* The closing delimiter of Perl's q(x), or of a regular expression. */
static char closer_of(char open)
{
	return open == '(' ? ')' : open == '[' ? ']' : open == '{' ? '}' : open == '<' ? '>' : open;
}

size_t syntax_skip_delimited(const struct syntax_walk *w, size_t at, size_t most)
{
	char open = w->s[at];
	char close = closer_of(open);
	size_t depth = 0;
	bool set = false;

	for (size_t i = at + 1; i < w->len && i - at < most; i++) {
		if (w->s[i] == '\\')
			i++;
		else if (open == close && w->s[i] == '\n')
			return 0;
		else if (open == '/' && (w->s[i] == '[' || w->s[i] == ']'))
			set = w->s[i] == '[';
		else if (w->s[i] == close && !set && !depth)
			return i + 1;
		else if (open != close && w->s[i] == open)
			depth++;
		else if (open != close && w->s[i] == close)
			depth--;
	}
	return 0;
}

size_t syntax_perl_quoted(const struct syntax_walk *w, size_t from, size_t end)
{
	static const char *const words[] = { "q", "qq", "qw", "qr", "m", "s", "tr", "y" };
	size_t i = end;
	size_t n = end - from;
	size_t k = 0;

	while (k < ARRAY_LEN(words) && (strlen(words[k]) != n || memcmp(w->s + from, words[k], n) != 0))
		k++;
	if (k == ARRAY_LEN(words) || (from && strchr("$@%&>{", w->s[from - 1])))
		return 0;
	while (i < w->len && w->s[i] == ' ')
		i++;
	if (i >= w->len || is_word(w->s[i]) || strchr(" \t\n=,;)#", w->s[i]) || (i > end && !strchr("({[</", w->s[i])))
		return 0;
	end = syntax_skip_delimited(w, i, QUOTED_MAX);
	/* s, tr and y have a second part. */
	if (end && k >= 5) {
		if (closer_of(w->s[i]) == w->s[i])
			return syntax_skip_delimited(w, end - 1, QUOTED_MAX);
		while (end < w->len && strchr(" \t\n", w->s[end]))
			end++;
		end = end < w->len ? syntax_skip_delimited(w, end, QUOTED_MAX) : 0;
	}
	return end;
}
