/*
 * The table of languages and the ways to look something up in it. A linear search over some eighty entries, done once a
 * document, needs no index. Nothing is kept.
 */
#include "eke/text/language.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "eke/base/attrs.h"
#include "eke/base/paths.h"
#include "eke/base/strbuf.h"
#include "eke/text/uri.h"

/* Where several claim an extension the first wins; "" never matches. */
static const struct language languages[] = {
	{ "ada", "Ada", "--", NULL, NULL, "", "adb ads", "", "" },
	{ "asciidoc", "AsciiDoc", "//", NULL, NULL, "", "adoc asciidoc", "", "" },
	{ "asm", "Assembly", "#", NULL, NULL, "assembly nasm", "s asm", "", "" },
	{ "awk", "Awk", "#", NULL, NULL, "", "awk", "", "awk gawk mawk" },
	{ "bat", "Batch", "REM", NULL, NULL, "dosbatch batch", "bat cmd", "", "" },
	{ "bibtex", "BibTeX", "%", NULL, NULL, "bib", "bib", "", "" },
	{ "c", "C", "//", NULL, NULL, "", "c h", "", "" },
	{ "clojure", "Clojure", ";;", NULL, NULL, "", "clj cljs cljc edn", "", "bb" },
	{ "cmake", "CMake", "#", NULL, NULL, "", "cmake", "CMakeLists.txt", "" },
	{ "coffeescript", "CoffeeScript", "#", NULL, NULL, "coffee", "coffee", "", "coffee" },
	{ "cpp", "C++", "//", NULL, NULL, "c++", "cpp cc cxx c++ hpp hh hxx h++ ipp inl tpp cppm ixx", "", "" },
	{ "crystal", "Crystal", "#", NULL, NULL, "", "cr", "", "crystal" },
	{ "csharp", "C#", "//", NULL, NULL, "cs c#", "cs csx", "", "" },
	{ "css", "CSS", NULL, "/*", "*/", "", "css", "", "" },
	{ "cuda-cpp", "CUDA C++", "//", NULL, NULL, "cuda", "cu cuh", "", "" },
	{ "d", "D", "//", NULL, NULL, "", "d di", "", "" },
	{ "dart", "Dart", "//", NULL, NULL, "", "dart", "", "" },
	{ "diff", "Diff", "#", NULL, NULL, "", "diff patch", "", "" },
	{ "dockerfile", "Dockerfile", "#", NULL, NULL, "docker", "dockerfile", "Dockerfile Containerfile", "" },
	{ "elixir", "Elixir", "#", NULL, NULL, "", "ex exs", "mix.lock", "elixir" },
	{ "elm", "Elm", "--", NULL, NULL, "", "elm", "", "" },
	{ "erlang", "Erlang", "%", NULL, NULL, "", "erl hrl", "rebar.config", "escript" },
	{ "fish", "fish", "#", NULL, NULL, "", "fish", "", "fish" },
	{ "fortran", "Fortran", "!", NULL, NULL, "fortran-modern", "f90 f95 f03 f08 f for", "", "" },
	{ "fsharp", "F#", "//", NULL, NULL, "f#", "fs fsi fsx", "", "" },
	{ "gdscript", "GDScript", "#", NULL, NULL, "", "gd", "", "" },
	{ "git-commit", "Git commit message", "#", NULL, NULL, "gitcommit", "", "COMMIT_EDITMSG MERGE_MSG", "" },
	{ "gleam", "Gleam", "//", NULL, NULL, "", "gleam", "", "" },
	{ "glsl", "GLSL", "//", NULL, NULL, "", "glsl vert frag comp geom", "", "" },
	{ "go", "Go", "//", NULL, NULL, "golang", "go", "", "" },
	{ "go.mod", "Go module", "//", NULL, NULL, "gomod", "", "go.mod go.work", "" },
	{ "graphql", "GraphQL", "#", NULL, NULL, "", "graphql gql", "", "" },
	{ "groovy", "Groovy", "//", NULL, NULL, "", "groovy gradle gvy", "Jenkinsfile", "groovy" },
	{ "haskell", "Haskell", "--", NULL, NULL, "", "hs lhs", "", "runhaskell" },
	{ "haxe", "Haxe", "//", NULL, NULL, "", "hx", "", "" },
	{ "hcl", "HCL", "#", NULL, NULL, "", "hcl", "", "" },
	{ "html", "HTML", NULL, "<!--", "-->", "", "html htm xhtml", "", "" },
	{ "ini", "INI", ";", NULL, NULL, "dosini", "ini cfg conf", ".editorconfig .gitconfig", "" },
	{ "java", "Java", "//", NULL, NULL, "", "java", "", "" },
	{ "javascript", "JavaScript", "//", NULL, NULL, "js", "js mjs cjs", "", "node" },
	{ "javascriptreact", "JavaScript (React)", "//", NULL, NULL, "javascript.jsx jsx", "jsx", "", "" },
	{ "json", "JSON", NULL, NULL, NULL, "", "json webmanifest", "", "" },
	{ "jsonc", "JSON with comments", "//", NULL, NULL, "json5", "jsonc json5", "", "" },
	{ "jsonnet", "Jsonnet", "//", NULL, NULL, "", "jsonnet libsonnet", "", "" },
	{ "julia", "Julia", "#", NULL, NULL, "", "jl", "", "julia" },
	{ "kotlin", "Kotlin", "//", NULL, NULL, "", "kt kts", "", "" },
	{ "latex", "LaTeX", "%", NULL, NULL, "tex plaintex", "tex sty cls", "", "" },
	{ "less", "Less", "//", NULL, NULL, "", "less", "", "" },
	{ "lisp", "Common Lisp", ";;", NULL, NULL, "commonlisp", "lisp lsp cl asd", "", "sbcl" },
	{ "lua", "Lua", "--", NULL, NULL, "luau", "lua luau", "", "lua luajit" },
	{ "makefile", "Makefile", "#", NULL, NULL, "make", "mk mak", "Makefile makefile GNUmakefile", "make" },
	{ "markdown", "Markdown", NULL, "<!--", "-->", "pandoc mdx", "md markdown mdx", "", "" },
	{ "meson", "Meson", "#", NULL, NULL, "", "", "meson.build meson_options.txt", "" },
	{ "nim", "Nim", "#", NULL, NULL, "", "nim nims nimble", "", "nim" },
	{ "nix", "Nix", "#", NULL, NULL, "", "nix", "", "" },
	{ "objective-c", "Objective-C", "//", NULL, NULL, "objc", "m", "", "" },
	{ "objective-cpp", "Objective-C++", "//", NULL, NULL, "objcpp", "mm", "", "" },
	{ "ocaml", "OCaml", NULL, "(*", "*)", "", "ml mli", "", "ocaml" },
	{ "odin", "Odin", "//", NULL, NULL, "", "odin", "", "" },
	{ "pascal", "Pascal", "//", NULL, NULL, "delphi", "pas pp dpr lpr", "", "" },
	{ "perl", "Perl", "#", NULL, NULL, "perl6 raku", "pl pm t raku", "", "perl raku" },
	{ "php", "PHP", "//", NULL, NULL, "", "php phtml", "", "php" },
	{ "plaintext", "plain text", NULL, NULL, NULL, "text txt", "txt text log", "", "" },
	{ "powershell", "PowerShell", "#", NULL, NULL, "ps1", "ps1 psm1 psd1", "", "pwsh" },
	{ "prisma", "Prisma", "//", NULL, NULL, "", "prisma", "", "" },
	{ "prolog", "Prolog", "%", NULL, NULL, "", "pro prolog", "", "swipl" },
	{ "properties", "Properties", "#", NULL, NULL, "jproperties", "properties", "", "" },
	{ "proto", "Protocol Buffers", "//", NULL, NULL, "proto3 protobuf", "proto", "", "" },
	{ "python", "Python", "#", NULL, NULL, "py", "py pyi pyw pyx", "SConstruct SConscript", "python pypy" },
	{ "r", "R", "#", NULL, NULL, "", "r", ".Rprofile", "Rscript" },
	{ "racket", "Racket", ";;", NULL, NULL, "", "rkt", "", "racket" },
	{ "restructuredtext", "reStructuredText", "..", NULL, NULL, "rst", "rst", "", "" },
	{ "ruby", "Ruby", "#", NULL, NULL, "", "rb rake gemspec ru", "Rakefile Gemfile Vagrantfile", "ruby" },
	{ "rust", "Rust", "//", NULL, NULL, "rs", "rs", "", "rust-script" },
	{ "sass", "Sass", "//", NULL, NULL, "", "sass", "", "" },
	{ "scala", "Scala", "//", NULL, NULL, "", "scala sbt sc", "", "scala" },
	{ "scheme", "Scheme", ";;", NULL, NULL, "", "scm ss", "", "guile" },
	{ "scss", "SCSS", "//", NULL, NULL, "", "scss", "", "" },
	{ "shellscript", "shell", "#", NULL, NULL, "sh bash zsh ksh shell", "sh bash zsh ksh bats",
	  ".bashrc .bash_profile .profile .zshrc .zprofile PKGBUILD APKBUILD", "sh bash zsh ksh dash ash" },
	{ "solidity", "Solidity", "//", NULL, NULL, "", "sol", "", "" },
	{ "sql", "SQL", "--", NULL, NULL, "mysql plsql", "sql", "", "" },
	{ "starlark", "Starlark", "#", NULL, NULL, "bzl bazel", "bzl star bazel", "BUILD WORKSPACE Tiltfile", "" },
	{ "svelte", "Svelte", NULL, "<!--", "-->", "", "svelte", "", "" },
	{ "swift", "Swift", "//", NULL, NULL, "", "swift", "", "swift" },
	{ "systemverilog", "SystemVerilog", "//", NULL, NULL, "", "sv svh", "", "" },
	{ "tcl", "Tcl", "#", NULL, NULL, "", "tcl", "", "tclsh wish expect" },
	{ "terraform", "Terraform", "#", NULL, NULL, "opentofu terraform-vars", "tf tofu", "", "" },
	{ "toml", "TOML", "#", NULL, NULL, "", "toml", "Cargo.lock poetry.lock", "" },
	{ "typescript", "TypeScript", "//", NULL, NULL, "ts", "ts mts cts", "", "deno bun tsx ts-node" },
	{ "typescriptreact", "TypeScript (React)", "//", NULL, NULL, "typescript.tsx tsx", "tsx", "", "" },
	{ "typst", "Typst", "//", NULL, NULL, "", "typ", "", "" },
	{ "vb", "Visual Basic", "'", NULL, NULL, "vbnet", "vb bas vbs", "", "" },
	{ "verilog", "Verilog", "//", NULL, NULL, "", "v vh", "", "" },
	{ "vhdl", "VHDL", "--", NULL, NULL, "", "vhd vhdl", "", "" },
	{ "viml", "Vim script", "\"", NULL, NULL, "vim", "vim", ".vimrc vimrc", "" },
	{ "vue", "Vue", NULL, "<!--", "-->", "", "vue", "", "" },
	{ "wgsl", "WGSL", "//", NULL, NULL, "", "wgsl", "", "" },
	{ "xml", "XML", NULL, "<!--", "-->", "xsd", "xml xsd xsl xslt svg plist csproj", "", "" },
	{ "yaml", "YAML", "#", NULL, NULL, "yml docker-compose yaml.ansible", "yaml yml", ".clang-format .clang-tidy", "" },
	{ "zig", "Zig", "//", NULL, NULL, "", "zig zon", "", "" },
};

/* Whether word[0..len) is one of the words of a list. */
static bool has_word(const char *words, const char *word, size_t len, bool fold)
{
	while (*words) {
		size_t n = strcspn(words, " ");

		if (n == len && !(fold ? strncasecmp(words, word, n) : strncmp(words, word, n)))
			return true;
		words += n + (words[n] == ' ');
	}
	return false;
}

const struct language *language_by_id(const char *id)
{
	size_t len = strlen(id);

	for (size_t i = 0; i < ARRAY_LEN(languages); i++) {
		if (!strcmp(languages[i].id, id))
			return &languages[i];
	}
	for (size_t i = 0; len && i < ARRAY_LEN(languages); i++) {
		if (has_word(languages[i].aliases, id, len, false))
			return &languages[i];
	}
	return NULL;
}

const struct language *language_of_path(const char *path)
{
	const char *name = path_basename(path);
	const char *extension = path_extension(path);

	for (size_t i = 0; *name && i < ARRAY_LEN(languages); i++) {
		if (has_word(languages[i].files, name, strlen(name), false))
			return &languages[i];
	}
	for (size_t i = 0; *extension && i < ARRAY_LEN(languages); i++) {
		if (has_word(languages[i].extensions, extension, strlen(extension), true))
			return &languages[i];
	}
	return NULL;
}

/* The next word of a line, without its leading directories; false at the end. */
static bool next_word(const char **line, const char *end, const char **word, size_t *len)
{
	const char *s = *line;

	while (s < end && (*s == ' ' || *s == '\t'))
		s++;
	*word = s;
	for (; s < end && *s != ' ' && *s != '\t' && *s != '\r' && *s != '\n'; s++) {
		if (*s == '/')
			*word = s + 1;
	}
	*len = (size_t)(s - *word);
	*line = s;
	return *len > 0;
}

const struct language *language_of_first_line(const char *line, size_t len)
{
	const char *end = line + len;
	const char *word;
	size_t n;

	if (len < 2 || line[0] != '#' || line[1] != '!')
		return NULL;
	line += 2;
	if (!next_word(&line, end, &word, &n))
		return NULL;
	if (n == 3 && !memcmp(word, "env", 3)) {
		/* env's options, as in "env -S deno run", and variables are skipped. */
		do {
			if (!next_word(&line, end, &word, &n))
				return NULL;
		} while (*word == '-' || memchr(word, '=', n));
	}
	/* python3.11 is python */
	while (n && ((word[n - 1] >= '0' && word[n - 1] <= '9') || word[n - 1] == '.'))
		n--;
	for (size_t i = 0; n && i < ARRAY_LEN(languages); i++) {
		if (has_word(languages[i].interpreters, word, n, false))
			return &languages[i];
	}
	return NULL;
}

bool language_add_comment(const struct language *language, const char *text, struct strbuf *out)
{
	const char *open = "#";
	const char *close = NULL;
	struct strbuf line;
	bool ok;

	if (language && language->comment) {
		open = language->comment;
	} else if (language && language->open) {
		open = language->open;
		close = language->close;
	}
	strbuf_init(&line, out->max);
	strbuf_addf(&line, "%s ", open);
	for (; *text && !line.full; text++) {
		size_t n = close ? strlen(close) : 0;

		if (n && !strncmp(text, close, n)) {
			strbuf_add(&line, close, n - 1);
			strbuf_addch(&line, ' ');
			text += n - 1;
		}
		strbuf_addch(&line, *text == '\n' || *text == '\r' ? ' ' : *text);
	}
	if (close)
		strbuf_addf(&line, " %s", close);
	ok = !line.full && strbuf_add(out, line.data, line.len);
	strbuf_release(&line);
	return ok;
}
