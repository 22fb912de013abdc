/*
 * One pass with a stack of openers. Within a template's ${…} code goes on until its brace is closed.
 */
#include "post_shape.h"

#include <stdbool.h>
#include <string.h>

#define DEPTH_MAX 512
/* An opener that ${ is: its closer leads back into the template. */
#define TEMPLATE '`'

struct scan {
	const char *s;
	size_t len;
	size_t at;
	bool hash_comments; /* "#" begins a comment, else "//" and slash-star do */
	bool triple;
	bool regex;
	bool template;
	bool lines; /* strings may go over lines */
	char stack[DEPTH_MAX];
	size_t depth;
	struct shape shape;
};

static bool in_list(const char *language, const char *list)
{
	const char *at = strstr(list, language);
	size_t n = strlen(language);

	return at && (at == list || at[-1] == ' ') && (at[n] == ' ' || !at[n]);
}

static bool begins(const struct scan *sc, const char *with)
{
	size_t n = strlen(with);

	return sc->len - sc->at >= n && !memcmp(sc->s + sc->at, with, n);
}

static void skip_past(struct scan *sc, const char *end)
{
	const char *found = memmem(sc->s + sc->at, sc->len - sc->at, end, strlen(end));

	sc->at = found ? (size_t)(found - sc->s) + strlen(end) : sc->len;
	if (!found && *end != '\n')
		sc->shape.strings++;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
}

/* Behind an operator, an opener or a keyword a slash begins a regular expression. */
static bool regex_may_begin(const struct scan *sc)
{
	size_t at = sc->at;
	size_t end;

	while (at && strchr(" \t\r\n", sc->s[at - 1]))
		at--;
	if (!at || strchr("(,=:[!&|?{};+-*%<>~^", sc->s[at - 1]))
		return true;
	end = at;
	while (at && is_word(sc->s[at - 1]))
		at--;
	return (end - at == 6 && !memcmp(sc->s + at, "return", 6)) || (end - at == 4 && !memcmp(sc->s + at, "case", 4)) ||
	       (end - at == 6 && !memcmp(sc->s + at, "typeof", 6));
}

static void skip_regex(struct scan *sc)
{
	bool in_class = false;

	for (sc->at++; sc->at < sc->len && sc->s[sc->at] != '\n'; sc->at++) {
		char c = sc->s[sc->at];

		if (c == '\\')
			sc->at++;
		else if (c == '[' || c == ']')
			in_class = c == '[';
		else if (c == '/' && !in_class)
			break;
	}
	sc->at++;
}

static void skip_string(struct scan *sc, char quote)
{
	for (sc->at++; sc->at < sc->len; sc->at++) {
		char c = sc->s[sc->at];

		if (c == '\\') {
			sc->at++;
		} else if (c == quote) {
			sc->at++;
			return;
		} else if (c == '\n' && !sc->lines) {
			break;
		}
	}
	sc->shape.strings++;
}

/* From within a template to its end, or into its next ${. */
static void skip_template(struct scan *sc)
{
	for (; sc->at < sc->len; sc->at++) {
		if (sc->s[sc->at] == '\\') {
			sc->at++;
		} else if (sc->s[sc->at] == '`') {
			sc->at++;
			return;
		} else if (begins(sc, "${") && sc->depth < DEPTH_MAX) {
			sc->stack[sc->depth++] = TEMPLATE;
			sc->at += 2;
			return;
		}
	}
	sc->shape.strings++;
}

static void take_closer(struct scan *sc, char closer)
{
	char opener = closer == ')' ? '(' : closer == ']' ? '[' : '{';

	sc->at++;
	if (sc->depth && sc->stack[sc->depth - 1] == opener) {
		sc->depth--;
	} else if (sc->depth && closer == '}' && sc->stack[sc->depth - 1] == TEMPLATE) {
		sc->depth--;
		skip_template(sc);
	} else {
		sc->shape.stray++;
	}
}

static bool skip_comment(struct scan *sc)
{
	if (sc->hash_comments ? begins(sc, "#") && (!sc->at || strchr(" \t\n;", sc->s[sc->at - 1])) : begins(sc, "//")) {
		skip_past(sc, "\n");
		return true;
	}
	if (sc->hash_comments || !begins(sc, "/*"))
		return false;
	sc->at += 2;
	skip_past(sc, "*/");
	return true;
}

static void take(struct scan *sc)
{
	char c = sc->s[sc->at];

	if (skip_comment(sc))
		return;
	if (sc->triple && (begins(sc, "\"\"\"") || begins(sc, "'''"))) {
		sc->at += 3;
		skip_past(sc, c == '"' ? "\"\"\"" : "'''");
	} else if (c == '"' || c == '\'') {
		skip_string(sc, c);
	} else if (c == '`' && sc->template) {
		sc->at++;
		skip_template(sc);
	} else if (c == '/' && sc->regex && regex_may_begin(sc)) {
		skip_regex(sc);
	} else if (memchr("([{", c, 3)) {
		sc->at++;
		if (sc->depth < DEPTH_MAX)
			sc->stack[sc->depth++] = c;
	} else if (memchr(")]}", c, 3)) {
		take_closer(sc, c);
	} else {
		sc->at += c == '\\' && sc->at + 1 < sc->len ? 2 : 1;
	}
}

bool shape_is_known(const char *language)
{
	return in_list(language, "c cpp java csharp go python javascript typescript json css");
}

struct shape shape_of(const char *text, size_t len, const char *language)
{
	static const char scripts[] = "javascript javascriptreact typescript typescriptreact";
	struct scan sc = {
		.s = text,
		.len = len,
		.hash_comments = in_list(language, "python ruby shellscript perl yaml makefile"),
		.triple = in_list(language, "python"),
		.regex = in_list(language, scripts) || in_list(language, "ruby perl"),
		.template = in_list(language, scripts),
		.lines = in_list(language, "ruby shellscript perl"),
	};

	while (sc.at < len)
		take(&sc);
	sc.shape.unclosed = sc.depth;
	return sc.shape;
}
