/*
 * One row a family of languages.
 */
#include "syntax_private.h"

#include <string.h>

#include "eke/base/attrs.h"

static const struct syntax table[] = {
	{ " c cpp objective-c objective-cpp cuda-cpp ", { "//", NULL }, "/*", "*/", "\"'",
		SYNTAX_CHAR | SYNTAX_RAW | SYNTAX_LEVEL },
	{ " rust ", { "//", NULL }, "/*", "*/", "\"'", SYNTAX_CHAR | SYNTAX_RAW },
	{ " go ", { "//", NULL }, "/*", "*/", "\"'`", SYNTAX_CHAR | SYNTAX_BACKTICK | SYNTAX_TABS },
	{ " java csharp swift kotlin scala groovy ", { "//", NULL }, "/*", "*/", "\"'", SYNTAX_CHAR | SYNTAX_TRIPLE },
	{ " dart zig v glsl hlsl solidity d proto proto3 protobuf ", { "//", NULL }, "/*", "*/", "\"'", SYNTAX_CHAR },
	{ " javascript typescript ", { "//", NULL }, "/*", "*/", "\"'`", SYNTAX_REGEX | SYNTAX_TEMPLATE },
	{ " javascriptreact typescriptreact ", { "//", NULL }, "/*", "*/", "\"'`",
		SYNTAX_REGEX | SYNTAX_TEMPLATE | SYNTAX_ELEMENTS },
	{ " jsonc json5 ", { "//", NULL }, "/*", "*/", "\"'", SYNTAX_KEYS },
	{ " php ", { "//", "#" }, "/*", "*/", "\"'", SYNTAX_HEREDOC },
	{ " css scss less sass stylus ", { "//", NULL }, "/*", "*/", "\"'", SYNTAX_KEYS },
	{ " json ", { NULL, NULL }, NULL, NULL, "\"", SYNTAX_KEYS },
	{ " python starlark bazel gdscript snakemake ", { "#", NULL }, NULL, NULL, "\"'", SYNTAX_INDENT | SYNTAX_TRIPLE },
	{ " nim coffeescript ", { "#", NULL }, NULL, NULL, "\"'", SYNTAX_INDENT | SYNTAX_TRIPLE },
	{ " yaml dockercompose ansible ", { "#", NULL }, NULL, NULL, "\"'",
		SYNTAX_INDENT | SYNTAX_KEYS | SYNTAX_FREE_QUOTE | SYNTAX_LITERAL },
	{ " haskell elm purescript ", { "--", NULL }, "{-", "-}", "\"'", SYNTAX_INDENT | SYNTAX_CHAR },
	{ " fsharp ", { "//", NULL }, "(*", "*)", "\"'", SYNTAX_INDENT | SYNTAX_CHAR | SYNTAX_TRIPLE },
	{ " ruby crystal ", { "#", NULL }, NULL, NULL, "\"'",
		SYNTAX_REGEX | SYNTAX_HEREDOC | SYNTAX_END_WORDS | SYNTAX_INTERPOLATE },
	{ " perl ", { "#", NULL }, NULL, NULL, "\"'", SYNTAX_REGEX | SYNTAX_HEREDOC | SYNTAX_PERL },
	{ " shellscript sh bash zsh ksh ", { "#", NULL }, NULL, NULL, "\"'",
		SYNTAX_SHELL | SYNTAX_HEREDOC | SYNTAX_END_WORDS | SYNTAX_LITERAL },
	{ " fish ", { "#", NULL }, NULL, NULL, "\"'", SYNTAX_SHELL | SYNTAX_END_WORDS },
	{ " makefile ", { "#", NULL }, NULL, NULL, "\"'", SYNTAX_SHELL | SYNTAX_FREE_QUOTE | SYNTAX_LITERAL | SYNTAX_TABS },
	{ " dockerfile ", { "#", NULL }, NULL, NULL, "\"'", SYNTAX_SHELL | SYNTAX_FREE_QUOTE | SYNTAX_LITERAL },
	{ " julia elixir ", { "#", NULL }, NULL, NULL, "\"", SYNTAX_TRIPLE | SYNTAX_END_WORDS },
	{ " awk ", { "#", NULL }, NULL, NULL, "\"", SYNTAX_REGEX },
	{ " cmake tcl r powershell nix terraform hcl ", { "#", NULL }, NULL, NULL, "\"'", SYNTAX_FREE_QUOTE },
	{ " toml ini properties conf ", { "#", ";" }, NULL, NULL, "\"'", SYNTAX_KEYS | SYNTAX_FREE_QUOTE | SYNTAX_LITERAL },
	{ " lua ", { "--", NULL }, "--[[", "]]", "\"'", SYNTAX_END_WORDS },
	{ " sql plsql mysql ada vhdl ", { "--", NULL }, "/*", "*/", "\"'", SYNTAX_LITERAL },
	{ " vim viml ", { "\"", NULL }, NULL, NULL, "'", SYNTAX_END_WORDS | SYNTAX_LITERAL },
	{ " lisp clojure scheme elisp emacs-lisp commonlisp racket asm ", { ";", NULL }, NULL, NULL, "\"", SYNTAX_SHELL },
	{ " erlang matlab octave prolog ", { "%", NULL }, NULL, NULL, "\"", SYNTAX_END_WORDS },
	{ " html xml xhtml vue svelte svg xsl handlebars erb ejs jinja ", { NULL, NULL }, "<!--", "-->", "",
		SYNTAX_MARKUP },
	{ " markdown mdx plaintext text latex tex bibtex restructuredtext rst asciidoc org "
	  "gitcommit git-commit quarto typst mail email feature cucumber gherkin csv tsv diff patch log ",
		{ NULL, NULL }, NULL, NULL, "", SYNTAX_PROSE },
};

static const struct syntax unknown = {
	"",
	{ "//", "#" },
	"/*",
	"*/",
	"\"'",
	SYNTAX_CHAR | SYNTAX_KEYS | SYNTAX_UNKNOWN | SYNTAX_FREE_QUOTE,
};

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
