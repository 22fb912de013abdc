/*
 * The walk: one step function for each state. What a language has beyond comments, quotes and brackets is a flag of its
 * row in syntax_table.c.
 */
#include "eke/code/syntax.h"

#include <string.h>

#include "eke/base/attrs.h"
#include "syntax_private.h"

#define REGEX_MAX 300 /* bytes of a regular expression; beyond it a slash was a division */
#define PATTERN_MAX 300 /* bytes of a line before the bracket of a pattern of a shell's case */

static bool is_bracket(char c)
{
	return c == '(' || c == ')' || c == '[' || c == ']' || c == '{' || c == '}';
}

/* No comment, string, bracket, tag or separator of any language in the table begins with it. */
static bool is_plain(char c)
{
	switch (c) {
	case '!':
	case '&':
	case '*':
	case '+':
	case '.':
	case '>':
	case '@':
	case '^':
	case '|':
	case '~':
		return true;
	default:
		return false;
	}
}

/* A "#" ends a word in shell's $# and ${#x}, and colours in CSS are no comments: the mark stands free. */
static bool comment_begins(const struct syntax_walk *w, const char *mark)
{
	if (!begins(w, mark))
		return false;
	if (*mark == ';' && has(w, SYNTAX_KEYS))
		return !w->at || w->s[w->at - 1] == '\n';
	return *mark != '#' || !w->at || strchr(" \t\n;", w->s[w->at - 1]);
}

static size_t line_end(const struct syntax_walk *w)
{
	const char *end = memchr(w->s + w->at, '\n', w->len - w->at);

	return end ? (size_t)(end - w->s) : w->len;
}

/* Only blanks stand before w->at on its line. */
static bool at_line_start(const struct syntax_walk *w)
{
	size_t i = w->at;

	while (i && (w->s[i - 1] == ' ' || w->s[i - 1] == '\t'))
		i--;
	return !i || w->s[i - 1] == '\n';
}

/* --- code --- */

/* Words behind which a value is expected. */
static bool expects_value(const char *s, size_t len)
{
	static const char *const words[] = {
		"return",
		"typeof",
		"case",
		"in",
		"of",
		"do",
		"else",
		"void",
		"delete",
		"instanceof",
		"new",
		"throw",
		"yield",
		"await",
		"default",
		"when",
		"if",
		"elsif",
		"unless",
		"while",
		"until",
		"and",
		"or",
		"not",
		"then",
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (*s == *words[i] && len == strlen(words[i]) && !memcmp(s, words[i], len))
			return true;
	}
	return false;
}

static void step_word(struct syntax_walk *w)
{
	size_t from = w->at;
	size_t end = from;

	while (end < w->len && is_word(w->s[end]))
		end++;
	/* Nobody asks elsewhere. */
	if (has(w, SYNTAX_REGEX) || has(w, SYNTAX_ELEMENTS))
		w->state.no_value = !expects_value(w->s + from, end - from);
	if (has(w, SYNTAX_PERL)) {
		size_t quoted = syntax_perl_quoted(w, from, end);

		if (quoted) {
			w->state.no_value = true;
			end = quoted;
		}
	}
	w->at = end;
}

/* "start)" of a shell's case: on a line that has no opening one before. */
static bool is_case_pattern(const struct syntax_walk *w)
{
	const char *start;
	size_t i = w->at > PATTERN_MAX ? w->at - PATTERN_MAX : 0;
	bool text = false;

	if (!has(w, SYNTAX_SHELL) || !has(w, SYNTAX_END_WORDS))
		return false;
	start = memrchr(w->s + i, '\n', w->at - i);
	if (!start && i)
		return false;
	for (i = start ? (size_t)(start - w->s) + 1 : 0; i < w->at; i++) {
		char c = w->s[i];

		if (c == '"' || c == '\'') {
			const char *end = memchr(w->s + i + 1, c, w->at - i - 1);

			if (!end)
				return false;
			i = (size_t)(end - w->s);
		} else if (c == '\\') {
			i++;
		} else if (!is_word(c) && !strchr(" \t*?|.-[]{}:/+=,@%^~!", c)) {
			return false;
		}
		text |= c != ' ' && c != '\t';
	}
	return text;
}

static bool step_bracket(struct syntax_walk *w, char c, enum syntax_event *event)
{
	struct syntax_state *st = &w->state;
	uint16_t *braces = st->nested ? &st->outer[st->nested - 1].braces : NULL;

	if (c == '(' || c == '[' || c == '{') {
		if (c == '{' && braces && *braces < UINT16_MAX)
			++*braces;
		st->no_value = false;
		*event = SYNTAX_OPEN;
		return true;
	}
	/* Perl's $] and $). */
	if (c != '}' && has(w, SYNTAX_PERL) && w->at && w->s[w->at - 1] == '$') {
		w->at++;
		return false;
	}
	if (c == ')' && is_case_pattern(w)) {
		w->at++;
		return false;
	}
	*event = SYNTAX_CLOSE;
	/* A statement may begin behind a brace. */
	st->no_value = c != '}';
	if (c != '}' || !braces)
		return true;
	if (*braces) {
		--*braces;
		return true;
	}
	st->nested--;
	st->where = st->outer[st->nested].where;
	st->elements = st->outer[st->nested].elements;
	if (st->where == SYNTAX_IN_STRING) {
		st->quote = st->outer[st->nested].quote;
		st->triple = st->quote == '`';
	}
	return true;
}

/* Behind the question mark at w->at there is one character and no word. */
static bool is_character(const struct syntax_walk *w)
{
	size_t i = w->at + 1;

	return i < w->len && !strchr(" \t\n\\", w->s[i]) && !(i + 1 < w->len && is_word(w->s[i]) && is_word(w->s[i + 1]));
}

/* In code, at a character that is no line end. True if there is an event. */
static bool step_code(struct syntax_walk *w, enum syntax_event *event)
{
	const struct syntax *syn = w->syntax;
	char c = w->s[w->at];
	size_t end;

	/* Neither begins anything else in any language. */
	if (c == ' ' || c == '\t') {
		w->at++;
		return false;
	}
	if (is_word(c)) {
		step_word(w);
		return false;
	}
	if (is_plain(c)) {
		w->at++;
		w->state.no_value = false;
		return false;
	}
	/* Lua's "--[[" begins like its "--". */
	if (begins(w, syn->block_begin)) {
		w->state.where = SYNTAX_IN_BLOCK_COMMENT;
		w->state.quote = '\0';
		w->at += strlen(syn->block_begin);
		return false;
	}
	if (comment_begins(w, syn->line[0]) || comment_begins(w, syn->line[1])) {
		w->state.where = SYNTAX_IN_LINE_COMMENT;
		w->at++;
		*event = SYNTAX_COMMENT;
		return true;
	}
	if (c == '=' && has(w, SYNTAX_PERL) && (!w->at || w->s[w->at - 1] == '\n') && w->at + 1 < w->len &&
		(w->s[w->at + 1] | 0x20) >= 'a' && (w->s[w->at + 1] | 0x20) <= 'z') {
		w->state.where = SYNTAX_IN_BLOCK_COMMENT;
		w->state.quote = '=';
		w->at++;
		return false;
	}
	if (c && strchr(syn->quotes, c))
		return syntax_step_quote(w, c, event);
	if (is_bracket(c)) {
		if (!step_bracket(w, c, event))
			return false;
		w->at++;
		return true;
	}
	if (c == '\\' && has(w, SYNTAX_SHELL) && w->at + 1 < w->len && w->s[w->at + 1] != '\n') {
		w->at += 2;
		w->state.no_value = true;
		return false;
	}
	/* Ruby's ?( and ?x are characters. */
	if (c == '?' && has(w, SYNTAX_INTERPOLATE) && !w->state.no_value && is_character(w)) {
		w->at += 2;
		w->state.no_value = true;
		return false;
	}
	if (c == '<' && has(w, SYNTAX_HEREDOC) && begins(w, "<<") && syntax_heredoc_begins(w))
		return false;
	if (c == '<' && has(w, SYNTAX_ELEMENTS) && (!w->state.no_value || at_line_start(w)) && syntax_is_tag(w)) {
		syntax_enter_tag(w);
		return false;
	}
	if (c == '/' && has(w, SYNTAX_REGEX) && !w->state.no_value && (end = syntax_skip_delimited(w, w->at, REGEX_MAX))) {
		w->at = end;
		w->state.no_value = true;
		return false;
	}
	w->at++;
	w->state.no_value = false;
	*event = SYNTAX_PUNCT;
	return c == ';' || c == ',' || c == ':';
}

static void step_block_comment(struct syntax_walk *w)
{
	if (w->state.quote == '=') {
		if (begins(w, "=cut") && (!w->at || w->s[w->at - 1] == '\n')) {
			w->state.where = SYNTAX_IN_LINE_COMMENT;
			w->state.quote = '\0';
		}
		w->at++;
	} else if (begins(w, w->syntax->block_end)) {
		w->at += strlen(w->syntax->block_end);
		w->state.where = SYNTAX_IN_CODE;
	} else {
		w->at++;
		while (w->at < w->len && w->s[w->at] != '\n' && w->s[w->at] != *w->syntax->block_end)
			w->at++;
	}
}

static void step_newline(struct syntax_walk *w)
{
	struct syntax_state *st = &w->state;

	w->at++;
	st->ends_here = false;
	if (st->where == SYNTAX_IN_LINE_COMMENT) {
		st->where = SYNTAX_IN_CODE;
	} else if (st->where == SYNTAX_IN_STRING && !st->triple && st->quote != '<') {
		syntax_end_string(st);
	}
	if (st->where != SYNTAX_IN_CODE && st->quote != '<')
		return;
	st->no_value = false;
	if (st->where == SYNTAX_IN_CODE && st->delimiter[0]) {
		st->where = SYNTAX_IN_STRING;
		st->quote = '<';
		st->triple = true;
	}
	if (st->quote == '<') {
		size_t end = syntax_heredoc_end(w);

		if (end) {
			w->at = end;
			syntax_end_string(st);
			st->ends_here = true;
		}
	}
}

bool syntax_is_fixed(const struct syntax_state *state)
{
	return state->where == SYNTAX_IN_STRING || state->ends_here;
}

enum syntax_event syntax_next(struct syntax_walk *w, size_t *pos)
{
	while (w->at < w->len) {
		enum syntax_event event = SYNTAX_END;

		*pos = w->at;
		if (w->s[w->at] == '\n') {
			step_newline(w);
			return SYNTAX_NEWLINE;
		}
		switch (w->state.where) {
		case SYNTAX_IN_CODE:
			if (step_code(w, &event))
				return event;
			break;
		case SYNTAX_IN_LINE_COMMENT:
			w->at = line_end(w);
			break;
		case SYNTAX_IN_BLOCK_COMMENT:
			step_block_comment(w);
			break;
		case SYNTAX_IN_STRING:
			/* A heredoc ends at the beginning of a line only. */
			if (w->state.quote == '<')
				w->at = line_end(w);
			else if (syntax_step_string(w, pos, &event))
				return event;
			break;
		case SYNTAX_IN_TAG:
			if (syntax_step_tag(w, &event))
				return event;
			break;
		case SYNTAX_IN_TEXT:
			if (syntax_step_text(w, &event))
				return event;
			break;
		}
	}
	*pos = w->len;
	return SYNTAX_END;
}

void syntax_push(struct syntax_stack *st, char opener, size_t pos)
{
	if (st->depth == SYNTAX_DEPTH_MAX) {
		memmove(st->opener, st->opener + 1, SYNTAX_DEPTH_MAX - 1);
		memmove(st->pos, st->pos + 1, (SYNTAX_DEPTH_MAX - 1) * sizeof(st->pos[0]));
		st->depth--;
	}
	st->opener[st->depth] = opener;
	st->pos[st->depth++] = pos;
}

char syntax_opener_of(char closer)
{
	return closer == ')' ? '(' : closer == ']' ? '[' : '{';
}

bool syntax_pop(struct syntax_stack *st, char closer)
{
	size_t depth = st->depth;

	while (depth) {
		if (st->opener[--depth] == syntax_opener_of(closer)) {
			st->depth = depth;
			return true;
		}
	}
	return false;
}

bool syntax_line_is_comment(const struct syntax *syn, const char *line, size_t len)
{
	struct syntax_walk w = { .syntax = syn, .s = line, .len = len };

	while (w.at < len && (line[w.at] == ' ' || line[w.at] == '\t'))
		w.at++;
	if (comment_begins(&w, syn->line[0]) || comment_begins(&w, syn->line[1]) || begins(&w, syn->block_begin))
		return true;
	/* The inner lines of C's block comments. */
	return syn->block_begin && *syn->block_begin == '/' && w.at < len && line[w.at] == '*' &&
		(w.at + 1 == len || strchr(" */\t", line[w.at + 1]));
}
