#ifndef EKE_TEXT_LANGUAGE_H
#define EKE_TEXT_LANGUAGE_H
/*
 * Programming languages by LSP's languageId (LSP 3.18, "TextDocumentItem", and what VS Code and Vim send besides):
 * which one a file is, where no editor says it, and how its comments look, for prompts. A table; nothing is allocated.
 */
#include <stdbool.h>
#include <stddef.h>

struct strbuf;

struct language {
	const char *id;      /* languageId */
	const char *name;    /* for people and prompts: "C++" */
	const char *comment; /* begins a comment that ends with the line, or NULL */
	const char *open;    /* begin and end of a comment, where there is no such line comment; else NULL */
	const char *close;
	const char *aliases;      /* other ids, as Vim's filetypes; words */
	const char *extensions;   /* without dot, in lower case; words */
	const char *files;        /* whole file names; words */
	const char *interpreters; /* in a first line that begins with #!; words */
};

/* By languageId or alias; NULL if unknown. */
const struct language *language_by_id(const char *id);
/* By file name, then by extension; NULL if unknown. */
const struct language *language_of_path(const char *path);
/* By a first line "#!…" (the line end is no part of it, or is ignored); NULL if it has none or an unknown one. */
const struct language *language_of_first_line(const char *line, size_t len);
/*
 * Appends `text`, one line, as a comment of the language, without a line end: "// text", "<!-- text -->". NULL as
 * language, or one without comments: "# text". What would close the comment early or end the line is broken by a
 * space. False, and out unchanged, if it does not fit.
 */
bool language_add_comment(const struct language *language, const char *text, struct strbuf *out);

#endif
