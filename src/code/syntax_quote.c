/*
 * Strings and what is like them: raw strings, heredocs, regular expressions, Perl's quoting words.
 */
#include "syntax_private.h"

#include "eke/base/attrs.h"

#define CHAR_LITERAL_MAX 12 /* bytes of the longest, '\U0010FFFF' */
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

static void begin_string(struct syntax_walk *w, char quote)
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

/*
 * If a character literal begins at w->at, its length; 0: the quote is something else (a lifetime, an
 * apostrophe).
 */
static size_t char_literal(const struct syntax_walk *w)
{
	size_t i = w->at + 1;

	if (i >= w->len || w->s[i] == '\'')
		return 0;
	for (; i < w->len && i - w->at <= CHAR_LITERAL_MAX && w->s[i] != '\n'; i++) {
		if (w->s[i] == '\\')
			i++;
		else if (w->s[i] == '\'')
			return i + 1 - w->at;
		else if (i > w->at + 1 && w->s[w->at + 1] != '\\' && ((unsigned char)w->s[i] & 0xC0) != 0x80)
			return 0;
	}
	return 0;
}

bool syntax_step_quote(struct syntax_walk *w, char c, enum syntax_event *event)
{
	bool apostrophe = has(w, SYNTAX_FREE_QUOTE) && w->at && is_word(w->s[w->at - 1]);
	/* Perl's $' and $"; Perl's and Lisp's names may have one inside. */
	bool variable = has(w, SYNTAX_PERL) && w->at && w->s[w->at - 1] == '$';

	if (apostrophe || variable) {
		w->at++;
		return false;
	}
	if (c == '\'' && has(w, SYNTAX_CHAR)) {
		size_t n = char_literal(w);

		w->at += n ? n : 1;
		w->state.no_value = true;
		return false;
	}
	begin_string(w, c);
	*event = SYNTAX_STRING_BEGIN;
	return true;
}

/* `x ${code} x`, "x #{code} x" */
static bool is_interpolation(const struct syntax_walk *w)
{
	char quote = w->state.quote;

	return (quote == '`' && has(w, SYNTAX_TEMPLATE) && begins(w, "${")) ||
		(quote == '"' && has(w, SYNTAX_INTERPOLATE) && begins(w, "#{"));
}

/* Nothing begins or ends with it in the string that is open. */
static bool is_inner(const struct syntax_walk *w, char c)
{
	return c != '\n' && c != '\\' && c != '$' && c != '#' && c != w->state.quote && c != w->state.delimiter[0];
}

bool syntax_step_string(struct syntax_walk *w, size_t *pos, enum syntax_event *event)
{
	struct syntax_state *st = &w->state;
	char c;
	bool escapes;

	/* Most of a string is only passed over. */
	while (w->at < w->len && is_inner(w, w->s[w->at]))
		w->at++;
	if (w->at == w->len || w->s[w->at] == '\n')
		return false;
	*pos = w->at;
	c = w->s[w->at];
	escapes = !(c == '\\' &&
		((st->quote == '\'' && has(w, SYNTAX_LITERAL)) || (st->quote == '`' && has(w, SYNTAX_BACKTICK)) ||
			(st->delimiter[0] && has(w, SYNTAX_RAW))));

	if (c == '\\' && escapes && w->at + 1 < w->len && w->s[w->at + 1] != '\n') {
		w->at += 2;
		return false;
	}
	if (is_interpolation(w) && st->nested < SYNTAX_NESTED_MAX) {
		char quote = st->quote;

		*pos = w->at + 1;
		w->at += 2;
		st->quote = '\0';
		st->triple = false;
		syntax_nest(st, SYNTAX_IN_STRING, quote);
		*event = SYNTAX_OPEN;
		return true;
	}
	if (st->delimiter[0]) {
		if (!begins(w, st->delimiter)) {
			w->at++;
			return false;
		}
		w->at += strlen(st->delimiter) - 1;
		*pos = w->at;
	} else if (c != st->quote) {
		w->at++;
		return false;
	}
	w->at++;
	syntax_end_string(st);
	*event = SYNTAX_STRING_END;
	return true;
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
