/*
 * Lexical structure by table: one row a family of languages.
 */
#include "eke/code/syntax.h"

#include <string.h>

#include "eke/base/attrs.h"

#define CHAR_LITERAL_MAX 12 /* bytes of the longest, '\U0010FFFF' */

static const struct syntax table[] = {
	{ " c cpp objective-c objective-cpp cuda-cpp java csharp rust go swift kotlin scala dart "
	  "zig v glsl hlsl solidity d proto proto3 protobuf ",
	  { "//", NULL }, "/*", "*/", "\"'`", SYNTAX_CHAR },
	{ " javascript typescript javascriptreact typescriptreact jsonc json5 groovy ",
	  { "//", NULL }, "/*", "*/", "\"'`", 0 },
	{ " php ", { "//", "#" }, "/*", "*/", "\"'", 0 },
	{ " css scss less sass stylus ", { "//", NULL }, "/*", "*/", "\"'", SYNTAX_KEYS },
	{ " json ", { NULL, NULL }, NULL, NULL, "\"", SYNTAX_KEYS },
	{ " python starlark bazel gdscript snakemake ",
	  { "#", NULL }, NULL, NULL, "\"'", SYNTAX_INDENT | SYNTAX_TRIPLE },
	{ " nim coffeescript ", { "#", NULL }, NULL, NULL, "\"'", SYNTAX_INDENT | SYNTAX_TRIPLE },
	{ " yaml dockercompose ansible ", { "#", NULL }, NULL, NULL, "\"'", SYNTAX_INDENT | SYNTAX_KEYS },
	{ " haskell elm purescript fsharp ", { "--", "//" }, "{-", "-}", "\"'", SYNTAX_INDENT | SYNTAX_CHAR },
	{ " ruby perl r shellscript sh bash zsh fish makefile cmake dockerfile toml ini "
	  "properties conf elixir julia tcl powershell awk nix terraform hcl ",
	  { "#", NULL }, NULL, NULL, "\"'`", 0 },
	{ " lua sql plsql mysql ada vhdl ", { "--", NULL }, "/*", "*/", "\"'", 0 },
	{ " vim ", { "\"", NULL }, NULL, NULL, "'", 0 },
	{ " lisp clojure scheme elisp emacs-lisp commonlisp racket asm ", { ";", NULL }, NULL, NULL, "\"", 0 },
	{ " erlang matlab octave prolog ", { "%", NULL }, NULL, NULL, "\"", 0 },
	{ " html xml xhtml vue svelte svg xsl handlebars ", { NULL, NULL }, "<!--", "-->", "", SYNTAX_MARKUP },
	{ " markdown mdx plaintext text latex tex bibtex restructuredtext rst asciidoc org "
	  "gitcommit git-commit quarto typst ",
	  { NULL, NULL }, NULL, NULL, "", SYNTAX_PROSE },
};

static const struct syntax unknown = { "",   { "//", "#" }, "/*",
				       "*/", "\"'`",        SYNTAX_CHAR | SYNTAX_KEYS | SYNTAX_UNKNOWN };

const struct syntax *syntax_of(const char *language)
{
	size_t len = language ? strlen(language) : 0;

	if (!len || strchr(language, ' '))
		return &unknown;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const char *p = table[i].ids;

		while ((p = strstr(p, language))) {
			if (p[-1] == ' ' && p[len] == ' ')
				return &table[i];
			p += len;
		}
	}
	return &unknown;
}

static bool begins(const struct syntax_walk *w, const char *mark)
{
	size_t n = mark ? strlen(mark) : 0;

	return n && w->len - w->at >= n && !memcmp(w->s + w->at, mark, n);
}

/*
 * A "#" ends a word in shell's $# and ${#x}, and C# or CSS colours are no comments: it must stand free.
 */
static bool comment_begins(const struct syntax_walk *w, const char *mark)
{
	if (!begins(w, mark))
		return false;
	return *mark != '#' || !w->at || strchr(" \t\n;", w->s[w->at - 1]);
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

/* In code, at a character that is no line end. True if there is an event. */
static bool step_code(struct syntax_walk *w, enum syntax_event *event)
{
	const struct syntax *syn = w->syntax;
	char c = w->s[w->at];

	if (comment_begins(w, syn->line[0]) || comment_begins(w, syn->line[1])) {
		w->state.where = SYNTAX_IN_LINE_COMMENT;
		w->at++;
		*event = SYNTAX_COMMENT;
		return true;
	}
	if (begins(w, syn->block_begin)) {
		w->state.where = SYNTAX_IN_BLOCK_COMMENT;
		w->at += strlen(syn->block_begin);
		return false;
	}
	if (c && strchr(syn->quotes, c)) {
		if (c == '\'' && (syn->flags & SYNTAX_CHAR)) {
			size_t n = char_literal(w);

			w->at += n ? n : 1;
			return false;
		}
		w->state.where = SYNTAX_IN_STRING;
		w->state.quote = c;
		w->state.triple = (syn->flags & SYNTAX_TRIPLE) && w->len - w->at >= 3 && w->s[w->at + 1] == c &&
				  w->s[w->at + 2] == c;
		w->at += w->state.triple ? 3 : 1;
		*event = SYNTAX_STRING_BEGIN;
		return true;
	}
	w->at++;
	if (c == '(' || c == '[' || c == '{')
		*event = SYNTAX_OPEN;
	else if (c == ')' || c == ']' || c == '}')
		*event = SYNTAX_CLOSE;
	else if (c == ';' || c == ',' || c == ':')
		*event = SYNTAX_PUNCT;
	else
		return false;
	return true;
}

static bool step_string(struct syntax_walk *w, size_t *pos)
{
	char c = w->s[w->at];

	if (c == '\\' && w->at + 1 < w->len && w->s[w->at + 1] != '\n') {
		w->at += 2;
		return false;
	}
	if (c != w->state.quote) {
		w->at++;
		return false;
	}
	if (w->state.triple) {
		if (w->len - w->at < 3 || w->s[w->at + 1] != c || w->s[w->at + 2] != c) {
			w->at++;
			return false;
		}
		w->at += 2;
		*pos = w->at;
	}
	w->at++;
	w->state = (struct syntax_state){ .where = SYNTAX_IN_CODE };
	return true;
}

static void step_newline(struct syntax_walk *w)
{
	bool ends = w->state.where == SYNTAX_IN_LINE_COMMENT ||
		    (w->state.where == SYNTAX_IN_STRING && !w->state.triple && w->state.quote != '`');

	if (ends)
		w->state = (struct syntax_state){ .where = SYNTAX_IN_CODE };
	w->at++;
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
			w->at++;
			break;
		case SYNTAX_IN_BLOCK_COMMENT:
			if (begins(w, w->syntax->block_end)) {
				w->at += strlen(w->syntax->block_end);
				w->state.where = SYNTAX_IN_CODE;
			} else {
				w->at++;
			}
			break;
		case SYNTAX_IN_STRING:
			if (step_string(w, pos))
				return SYNTAX_STRING_END;
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
