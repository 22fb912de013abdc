/*
 * One line at a time: modifiers are skipped, then a word says what it is; where none does, the form does.
 */
#include "eke/context/declaration.h"

#include <string.h>

#include "eke/base/ascii.h"
#include "eke/base/attrs.h"
#include "eke/code/words.h"

struct keyword {
	const char *word;
	enum declaration_kind kind;
};

static const struct keyword keywords[] = {
	{ "def", DECLARATION_FUNCTION },
	{ "defp", DECLARATION_FUNCTION },
	{ "function", DECLARATION_FUNCTION },
	{ "fn", DECLARATION_FUNCTION },
	{ "func", DECLARATION_FUNCTION },
	{ "fun", DECLARATION_FUNCTION },
	{ "sub", DECLARATION_FUNCTION },
	{ "proc", DECLARATION_FUNCTION },
	{ "method", DECLARATION_FUNCTION },
	{ "macro_rules", DECLARATION_VALUE },
	{ "class", DECLARATION_TYPE },
	{ "struct", DECLARATION_TYPE },
	{ "union", DECLARATION_TYPE },
	{ "enum", DECLARATION_TYPE },
	{ "interface", DECLARATION_TYPE },
	{ "trait", DECLARATION_TYPE },
	{ "impl", DECLARATION_TYPE },
	{ "module", DECLARATION_TYPE },
	{ "defmodule", DECLARATION_TYPE },
	{ "protocol", DECLARATION_TYPE },
	{ "extension", DECLARATION_TYPE },
	{ "record", DECLARATION_TYPE },
	{ "object", DECLARATION_TYPE },
	{ "namespace", DECLARATION_TYPE },
	{ "type", DECLARATION_TYPE },
	{ "typedef", DECLARATION_TYPE },
	{ "package", DECLARATION_VALUE },
};

/* Values, where they stand at the outermost indentation or in a type; else they are local. */
static const char *const value_words[] = { "const", "let", "var", "val", "our", "my", "local", "static" };

static const char *const modifiers[] = { "export", "default", "async", "public", "private", "protected", "internal",
	"static", "final", "abstract", "override", "virtual", "sealed", "partial", "readonly", "open", "data", "inline",
	"extern", "unsafe", "pub", "declare", "suspend", "synchronized", "native", "explicit", "constexpr", "local" };

static const char *const statements[] = { "if", "for", "while", "switch", "else", "elif", "elsif", "elseif", "try",
	"catch", "except", "with", "do", "case", "match", "return", "foreach", "unless", "until", "when", "finally",
	"throw", "raise", "new", "delete", "await", "yield", "assert", "print", "echo", "import", "from", "use", "using",
	"require", "goto", "break", "continue", "pass", "end", "sizeof", "super", "then", "not", "and", "or", "in" };

static size_t word_at(const char *s, size_t len, size_t at)
{
	size_t n = 0;

	while (at + n < len && (is_word_char(s[at + n]) || s[at + n] == '$'))
		n++;
	return n;
}

static bool is_one_of(const char *s, size_t len, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(words[i]) == len && !memcmp(words[i], s, len))
			return true;
	return false;
}

static size_t blanks_at(const char *s, size_t len, size_t at)
{
	return at + skip_blanks(s + at, len - at);
}

/* Behind "export default async", "pub(crate)", "@Override". */
static size_t skip_modifiers(const char *s, size_t len, size_t at)
{
	for (;;) {
		size_t from = at + (at < len && s[at] == '@');
		size_t n = word_at(s, len, from);
		size_t next;

		if (!n || (from == at && !is_one_of(s + at, n, modifiers, ARRAY_LEN(modifiers))))
			return at;
		next = from + n;
		if (next < len && s[next] == '(') {
			const char *close = memchr(s + next, ')', len - next);

			if (!close)
				return at;
			next = (size_t)(close - s) + 1;
		}
		next = blanks_at(s, len, next);
		if (next == len || next == from + n)
			return at;
		at = next;
	}
}

static struct declaration named(enum declaration_kind kind, const char *s, size_t len, size_t at)
{
	struct declaration d = { .kind = kind };

	/* func (r *Receiver) Name, function* name, sub name, impl<T> Name */
	while (at < len && (ascii_is_blank(s[at]) || strchr("*&!%@", s[at])))
		at++;
	if (at < len && (s[at] == '(' || s[at] == '<')) {
		const char *close = memchr(s + at, s[at] == '(' ? ')' : '>', len - at);

		if (close)
			at = blanks_at(s, len, (size_t)(close - s) + 1);
	}
	d.name = at;
	d.name_len = word_at(s, len, at);
	if (!d.name_len)
		d.kind = DECLARATION_NONE;
	return d;
}

/* The word before s[at]. */
static size_t word_before(const char *s, size_t at, size_t *start)
{
	size_t end;

	while (at && ascii_is_blank(s[at - 1]))
		at--;
	end = at;
	while (at && is_word_char(s[at - 1]))
		at--;
	*start = at;
	return end - at;
}

static bool is_balanced(const char *s, size_t len)
{
	long depth = 0;

	for (size_t i = 0; i < len; i++)
		depth += (s[i] == '(') - (s[i] == ')');
	return depth == 0;
}

/* "name(a) { return a; }": a body on the same line, behind the brackets. */
static bool has_whole_body(const char *s, size_t len, size_t open)
{
	const char *close = memchr(s + open, ')', len - open);

	return s[len - 1] == '}' && close && memchr(close, '{', (size_t)(s + len - close));
}

/* "int add(int a, int b)", "name(a) {": a word and a bracket behind it, and no call. */
static struct declaration by_brackets(
	const struct syntax *syntax, const char *s, size_t len, size_t at, const struct declaration_scope *scope)
{
	struct declaration d = { .kind = DECLARATION_NONE };
	const char *open = memchr(s + at, '(', len - at);
	size_t start;
	size_t n = open ? word_before(s, (size_t)(open - s), &start) : 0;
	char last = len ? s[len - 1] : '\0';
	bool typed;

	if (!n || start < at || is_one_of(s + start, n, statements, ARRAY_LEN(statements)) ||
		memchr(s + at, '=', (size_t)(open - s) - at) || memchr(s + at, '.', (size_t)(open - s) - at))
		return d;
	/* A word before the name: its type. Languages whose blocks are indented have none such. */
	typed = start > at && !(syntax->flags & (SYNTAX_INDENT | SYNTAX_SHELL | SYNTAX_PERL)) &&
		!is_one_of(s + at, word_at(s, len, at), statements, ARRAY_LEN(statements));
	if ((last == '{' && is_balanced(s, len) && (scope->in_type || scope->top)) || (typed && scope->top) ||
		(scope->in_type && has_whole_body(s, len, (size_t)(open - s))) ||
		(typed && scope->in_type && (last == ';' || last == '{' || last == ')' || last == ','))) {
		d.kind = DECLARATION_FUNCTION;
		d.name = start;
		d.name_len = n;
	}
	return d;
}

/* "NAME = value", "name: type", "const char *const names[] = {", "int x;" at the outermost level or in a type. */
static struct declaration by_assignment(const char *s, size_t len, size_t at, const struct declaration_scope *scope)
{
	struct declaration d = { .kind = DECLARATION_NONE };
	size_t first = word_at(s, len, at);
	size_t end = at;
	size_t start;
	size_t n;

	if (!first || is_one_of(s + at, first, statements, ARRAY_LEN(statements)))
		return d;
	while (end < len && !strchr("=;:,[{", s[end]))
		end++;
	n = word_before(s, end, &start);
	if (!n || start < at || (end == len && !scope->in_type))
		return d;
	/* "a.b = c" sets something that is declared elsewhere. */
	if (memchr(s + at, '.', end - at) || memchr(s + at, '(', end - at) ||
		(end + 1 < len && s[end] == '=' && s[end + 1] == '='))
		return d;
	/* "const NAME: Type" of Rust and its kin; else a label. */
	if (s[end] == ':' && !scope->in_type && !is_one_of(s + at, first, value_words, ARRAY_LEN(value_words)))
		return d;
	d.kind = DECLARATION_VALUE;
	d.name = start;
	d.name_len = n;
	return d;
}

struct declaration declaration_of(
	const struct syntax *syntax, const char *line, size_t len, const struct declaration_scope *scope)
{
	struct declaration none = { .kind = DECLARATION_NONE };
	size_t at;
	size_t n;

	while (len && ascii_is_space(line[len - 1]))
		len--;
	at = skip_blanks(line, len);
	if (at == len || (syntax->flags & (SYNTAX_PROSE | SYNTAX_MARKUP)))
		return none;
	if (starts_with_word(line + at, len - at, "#define"))
		return named(DECLARATION_VALUE, line, len, at + strlen("#define"));
	at = skip_modifiers(line, len, at);
	n = word_at(line, len, at);
	for (size_t i = 0; i < ARRAY_LEN(keywords) && n; i++) {
		const struct keyword *k = &keywords[i];

		if (strlen(k->word) != n || memcmp(k->word, line + at, n) || at + n == len || line[at + n] == '=' ||
			line[at + n] == ':')
			continue;
		/* "struct x *y;", "struct x f(void)" use a type that is declared elsewhere; "type" may be a name. */
		if (k->kind == DECLARATION_TYPE && (syntax->flags & SYNTAX_CHAR) && line[len - 1] != '{' &&
			(line[len - 1] == ';' || memchr(line + at, '(', len - at)) && !starts_with_word(line + at, n, "typedef") &&
			!starts_with_word(line + at, n, "impl"))
			break;
		if (!ascii_is_blank(line[at + n]) && !strchr("(*<!", line[at + n]))
			break;
		/* A function's value: "fn(x)" in a call. */
		if (k->kind == DECLARATION_FUNCTION && line[at + n] == '(' && !starts_with_word(line + at, n, "func"))
			break;
		return named(k->kind, line, len, at + n);
	}
	if (!scope->top && !scope->in_type)
		return none;
	if (n && is_one_of(line + at, n, value_words, ARRAY_LEN(value_words)) && at + n < len) {
		size_t name = at + n;

		while (name < len && (ascii_is_blank(line[name]) || strchr("$@%({[", line[name])))
			name++;
		if (!(syntax->flags & SYNTAX_CHAR))
			return named(DECLARATION_VALUE, line, len, name);
	}
	none = by_brackets(syntax, line, len, at, scope);
	return none.kind == DECLARATION_NONE ? by_assignment(line, len, at, scope) : none;
}
