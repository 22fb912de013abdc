/*
 * Blocks by their first and last lines.
 */
#include "eke/code/blocks.h"

#include <string.h>

#include "eke/base/attrs.h"
#include "eke/code/words.h"

#define DEFINED_WORDS 6 /* letters and digits of a line that defines something */

static bool any_word(const char *s, size_t len, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (starts_with_word(s, len, words[i]))
			return true;
	}
	return false;
}

size_t code_length(const struct syntax *syntax, const char *line, size_t len)
{
	struct syntax_walk w = { .syntax = syntax, .s = line, .len = len };
	enum syntax_event event;
	size_t pos;

	while ((event = syntax_next(&w, &pos)) != SYNTAX_END) {
		if (event == SYNTAX_COMMENT) {
			len = pos;
			break;
		}
	}
	return trimmed_length(line, len);
}

static bool ends_with(const char *s, size_t len, const char *word)
{
	size_t n = strlen(word);

	return len >= n && !memcmp(s + len - n, word, n) && (len == n || !is_word_char(s[len - n - 1]));
}

/* "def x, do: y", "def x(a = 1) = y": all of it stands on its line. */
static bool is_one_liner(const char *line, size_t len)
{
	long depth = 0;

	if (memmem(line, len, ", do:", strlen(", do:")))
		return true;
	if (!starts_with_word(line, len, "def"))
		return false;
	for (size_t i = 0; i + 2 < len; i++) {
		depth += (line[i] == '(') - (line[i] == ')');
		if (!depth && !memcmp(line + i, " = ", 3))
			return true;
	}
	return false;
}

/* "def x", "if x", "x do |y|", "x then" where blocks end with a word. */
static bool opens_by_word(const struct syntax *syntax, const char *line, size_t len)
{
	static const char *const first[] = { "def", "class", "module", "if", "unless", "while", "until", "case", "for",
		"begin", "repeat", "function", "local function", "macro", "else", "elsif", "elseif", "when", "rescue",
		"ensure" };
	static const char *const last[] = { "do", "then", "else", "begin", "repeat" };
	size_t at = skip_blanks(line, len);

	for (size_t i = 0; i < ARRAY_LEN(last); i++) {
		if (ends_with(line, len, last[i]))
			return true;
	}
	/* "do |a, b|" */
	if (len && line[len - 1] == '|') {
		const char *bar = memrchr(line, '|', len - 1);

		if (bar && ends_with(line, trimmed_length(line, (size_t)(bar - line)), "do"))
			return true;
	}
	if (is_one_liner(line + at, len - at))
		return false;
	/* Patterns stand in the column of a shell's "case". */
	if ((syntax->flags & SYNTAX_SHELL) && starts_with_word(line + at, len - at, "case"))
		return false;
	return any_word(line + at, len - at, first, ARRAY_LEN(first)) && !ends_with(line, len, "end") &&
		!ends_with(line, len, "fi") && !ends_with(line, len, "done");
}

/* A string over lines has begun: its words open nothing. */
static bool ends_in_text(const struct syntax *syntax, const char *line, size_t len)
{
	struct syntax_walk w = { .syntax = syntax, .s = line, .len = len };
	size_t pos;

	while (syntax_next(&w, &pos) != SYNTAX_END)
		;
	return w.state.where == SYNTAX_IN_STRING && w.state.triple;
}

bool block_is_level(const struct syntax *syntax, const char *line, size_t len)
{
	size_t at = skip_blanks(line, len);

	return (syntax->flags & SYNTAX_LEVEL) && (starts_with_word(line + at, len - at, "namespace") ||
		starts_with(line + at, len - at, "extern \""));
}

bool block_goes_on(const struct syntax *syntax, const char *line, size_t len)
{
	static const char *const last[] = { "&&", "||", "|", "and", "or" };

	if (syntax->flags & SYNTAX_PROSE)
		return false;
	if (len && line[len - 1] == '\\')
		return true;
	len = code_length(syntax, line, len);
	for (size_t i = 0; i < ARRAY_LEN(last); i++) {
		if (ends_with(line, len, last[i]))
			return true;
	}
	return false;
}

/* "let f x =", "case x of", "x ->": in languages whose blocks are indented, what has nothing behind it. */
static bool opens_by_sign(const char *line, size_t len)
{
	static const char *const words[] = { "where", "of", "with" };

	if (line[len - 1] == '=')
		return len > 1 && line[len - 2] == ' ';
	if (line[len - 1] == '>')
		return len > 1 && (line[len - 2] == '-' || line[len - 2] == '=');
	/* What a module has in it is not indented. */
	for (size_t i = 0; i < ARRAY_LEN(words) && !starts_with_word(line, len, "module"); i++) {
		if (ends_with(line, len, words[i]))
			return true;
	}
	return false;
}

bool block_opens(const struct syntax *syntax, const char *line, size_t len)
{
	static const char *const last[] = { "then", "do", "else", "begin" };
	size_t at;

	if (syntax->flags & SYNTAX_PROSE)
		return false;
	if (ends_in_text(syntax, line, len))
		return false;
	len = code_length(syntax, line, len);
	at = skip_blanks(line, len);
	/* "#else" is for the preprocessor. */
	if (at == len || (line[at] == '#' && (syntax->flags & SYNTAX_CHAR)))
		return false;
	if (block_is_level(syntax, line, len))
		return false;
	if (strchr("{([", line[len - 1]))
		return true;
	if (line[len - 1] == ':')
		return (syntax->flags & SYNTAX_INDENT) != 0;
	if (syntax->flags & SYNTAX_END_WORDS)
		return opens_by_word(syntax, line, len);
	if ((syntax->flags & (SYNTAX_INDENT | SYNTAX_KEYS)) == SYNTAX_INDENT && opens_by_sign(line, len))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(last); i++) {
		if (ends_with(line, len, last[i]))
			return true;
	}
	return false;
}

bool block_closes(const struct syntax *syntax, const char *line, size_t len)
{
	static const char *const words[] = {
		"else",
		"elif",
		"elsif",
		"except",
		"finally",
		"catch",
		"case",
		"default",
		"rescue",
		"ensure",
		"when",
	};
	static const char *const ends[] = {
		"end",
		"fi",
		"done",
		"esac",
		"endif",
		"endfunction",
		"endfor",
		"endwhile",
		"endtry",
		"then",
		"do",
		"until",
		"elseif",
	};
	size_t at = skip_blanks(line, len);

	line += at;
	len -= at;
	if (!len)
		return false;
	if (strchr(")]}", line[0]) || (len > 1 && line[0] == '<' && line[1] == '/'))
		return true;
	if (any_word(line, len, words, ARRAY_LEN(words)))
		return true;
	return !(syntax->flags & SYNTAX_PROSE) && any_word(line, len, ends, ARRAY_LEN(ends));
}

bool block_is_left(const char *line, size_t len)
{
	static const char *const words[] = { "return", "break", "continue", "raise", "throw", "pass", "exit", "next" };
	size_t at = skip_blanks(line, len);

	return any_word(line + at, len - at, words, ARRAY_LEN(words));
}

bool block_is_defined(const char *line, size_t len)
{
	static const char *const words[] = {
		"def",
		"class",
		"function",
		"func",
		"fn",
		"fun",
		"sub",
		"struct",
		"enum",
		"interface",
		"trait",
		"impl",
		"module",
		"async",
		"public",
		"private",
		"protected",
		"static",
		"export",
		"package",
		"namespace",
		"type",
		"local function",
		"pub",
		"override",
		"internal",
	};
	static const char *const not_words[] = { "if", "for", "while", "switch", "else", "elif", "elsif", "try", "catch",
		"except", "with", "do", "case", "match", "return", "foreach", "unless", "until", "when", "finally" };
	size_t at = skip_blanks(line, len);

	line += at;
	len -= at;
	/* "public:" is a label. */
	if (count_word_chars(line, len) < DEFINED_WORDS || (len && line[len - 1] == ':' && !memchr(line, ' ', len)))
		return false;
	if (any_word(line, len, words, ARRAY_LEN(words)))
		return true;
	/* "int add(int a, int b)" */
	return memchr(line, '(', len) && is_word_char(line[0]) && !any_word(line, len, not_words, ARRAY_LEN(not_words));
}
