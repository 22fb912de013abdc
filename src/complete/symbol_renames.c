/*
 * Words, replaced as wholes. A struct symbol_renames is a value of its owner.
 */
#include "eke/complete/symbol_renames.h"

#include <string.h>

#include "eke/base/attrs.h"
#include "eke/code/words.h"

/* One or two letters are counters, and stand for something else a few lines on. */
#define SHORTEST 3

/* Of the languages that people write most: keywords, basic types and constants, from three letters on. */
static const char *const own_words[] = {
	"abstract",
	"and",
	"any",
	"assert",
	"async",
	"auto",
	"await",
	"base",
	"begin",
	"bool",
	"boolean",
	"break",
	"byte",
	"case",
	"catch",
	"chan",
	"char",
	"class",
	"const",
	"constexpr",
	"continue",
	"crate",
	"debugger",
	"default",
	"defer",
	"def",
	"del",
	"delete",
	"dict",
	"done",
	"double",
	"dyn",
	"echo",
	"elif",
	"else",
	"elsif",
	"end",
	"enum",
	"esac",
	"except",
	"exit",
	"explicit",
	"export",
	"extends",
	"extern",
	"false",
	"final",
	"finally",
	"float",
	"for",
	"foreach",
	"friend",
	"from",
	"func",
	"function",
	"global",
	"goto",
	"impl",
	"implements",
	"import",
	"include",
	"inline",
	"instanceof",
	"int",
	"interface",
	"internal",
	"is",
	"isinstance",
	"iter",
	"lambda",
	"len",
	"let",
	"list",
	"local",
	"long",
	"loop",
	"map",
	"match",
	"mod",
	"module",
	"move",
	"mut",
	"mutable",
	"my",
	"namespace",
	"native",
	"new",
	"nil",
	"none",
	"None",
	"nonlocal",
	"not",
	"null",
	"nullptr",
	"NULL",
	"object",
	"operator",
	"override",
	"package",
	"pass",
	"pri",
	"print",
	"printf",
	"private",
	"protected",
	"pub",
	"public",
	"raise",
	"range",
	"readonly",
	"ref",
	"register",
	"require",
	"return",
	"self",
	"Self",
	"set",
	"short",
	"signed",
	"size_t",
	"sizeof",
	"static",
	"str",
	"string",
	"String",
	"struct",
	"sub",
	"super",
	"switch",
	"synchronized",
	"template",
	"then",
	"this",
	"throw",
	"throws",
	"trait",
	"transient",
	"true",
	"True",
	"False",
	"try",
	"tuple",
	"type",
	"typedef",
	"typename",
	"typeof",
	"undefined",
	"union",
	"unless",
	"unsafe",
	"unsigned",
	"until",
	"use",
	"using",
	"var",
	"vec",
	"Vec",
	"virtual",
	"void",
	"volatile",
	"when",
	"where",
	"while",
	"with",
	"yield",
};

/* What stands before a word that is declared. */
static const char *const declarators[] = {
	"auto",
	"bool",
	"boolean",
	"byte",
	"char",
	"class",
	"const",
	"def",
	"double",
	"enum",
	"final",
	"float",
	"fn",
	"for",
	"func",
	"function",
	"int",
	"integer",
	"interface",
	"let",
	"local",
	"long",
	"module",
	"mut",
	"my",
	"namespace",
	"our",
	"short",
	"signed",
	"static",
	"string",
	"String",
	"struct",
	"sub",
	"trait",
	"type",
	"union",
	"unsigned",
	"val",
	"var",
	"void",
};

static size_t word_length(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && is_word_char(s[n]))
		n++;
	return n;
}

static bool same(const char *name, const char *word, size_t len)
{
	return !strncmp(name, word, len) && !name[len];
}

bool symbol_is_renamable(const char *word, size_t len)
{
	if (len < SHORTEST || len > SYMBOL_NAME_MAX || (word[0] >= '0' && word[0] <= '9'))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(own_words); i++)
		if (same(own_words[i], word, len))
			return false;
	return true;
}

static bool is_declarator(const char *word, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(declarators); i++)
		if (same(declarators[i], word, len))
			return true;
	return len > 2 && !memcmp(word + len - 2, "_t", 2);
}

/* " = " or " := " */
static bool is_assigned(const char *s, size_t len)
{
	size_t at = 1;

	if (len < 3 || s[0] != ' ')
		return false;
	at += s[at] == ':';
	return at + 1 < len && s[at] == '=' && s[at + 1] == ' ';
}

bool symbol_is_declared(const char *text, size_t text_len, size_t at, size_t len)
{
	bool assigned = is_assigned(text + at + len, text_len - at - len);
	size_t end = at;
	size_t start;

	while (end && strchr(" \t*&", text[end - 1]))
		end--;
	if (!end || text[end - 1] == '\n')
		return assigned;
	start = end;
	while (start && is_word_char(text[start - 1]))
		start--;
	return start < end && end < at && (assigned || is_declarator(text + start, end - start));
}

bool symbol_is_typo(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t shorter = a_len < b_len ? a_len : b_len;
	size_t longer = a_len < b_len ? b_len : a_len;
	size_t head = 0;
	size_t tail = 0;

	while (head < shorter && a[head] == b[head])
		head++;
	while (tail < shorter - head && a[a_len - 1 - tail] == b[b_len - 1 - tail])
		tail++;
	if (longer - head - tail <= 1)
		return true;
	return a_len == b_len && longer - head - tail == 2 && a[head] == b[head + 1] && a[head + 1] == b[head];
}

bool symbol_occurs(const char *word, size_t len, const char *text, size_t text_len)
{
	for (size_t at = 0; at < text_len;) {
		size_t n = word_length(text + at, text_len - at);

		if (n == len && !memcmp(text + at, word, len))
			return true;
		at += n ? n : 1;
	}
	return false;
}

bool symbol_renames_add(struct symbol_renames *r, const char *from, size_t from_len, const char *to, size_t to_len)
{
	if (r->count == SYMBOL_RENAMES_MAX || from_len > SYMBOL_NAME_MAX || to_len > SYMBOL_NAME_MAX)
		return false;
	memcpy(r->pairs[r->count].from, from, from_len);
	r->pairs[r->count].from[from_len] = '\0';
	memcpy(r->pairs[r->count].to, to, to_len);
	r->pairs[r->count].to[to_len] = '\0';
	r->count++;
	return true;
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'' || c == '`';
}

/*
 * What the word at `at`, or the one character that is none, becomes. A word that is all of a string is no name. Returns
 * the bytes that it has in the text.
 */
static size_t step(
	const struct symbol_renames *r, const char *text, size_t len, size_t at, const char **out, size_t *out_len)
{
	size_t n = word_length(text + at, len - at);
	bool quoted = at && at + n < len && is_quote(text[at - 1]) && text[at + n] == text[at - 1];

	*out = text + at;
	*out_len = n ? n : 1;
	for (size_t i = 0; n && !quoted && i < r->count; i++) {
		if (same(r->pairs[i].from, *out, *out_len)) {
			*out = r->pairs[i].to;
			*out_len = strlen(*out);
		}
	}
	return n ? n : 1;
}

bool symbol_renames_apply(const struct symbol_renames *r, const char *text, size_t len, struct strbuf *out)
{
	const char *word;
	size_t n;

	for (size_t at = 0; at < len;) {
		at += step(r, text, len, at, &word, &n);
		if (!strbuf_add(out, word, n))
			return false;
	}
	return true;
}

size_t symbol_renames_source(const struct symbol_renames *r, const char *text, size_t len, size_t at)
{
	const char *word;
	size_t source = 0;
	size_t made = 0;
	size_t n;

	while (source < len && made < at) {
		size_t taken = step(r, text, len, source, &word, &n);

		/* Inside a word that stayed as it is. */
		if (made + n > at && word == text + source)
			return source + (at - made);
		made += n;
		source += taken;
	}
	return source;
}
