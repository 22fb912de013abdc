#ifndef EKE_COMPLETE_SYMBOL_RENAMES_H
#define EKE_COMPLETE_SYMBOL_RENAMES_H
/*
 * The user's names instead of the model's: where an answer declares a name and another is typed, what is left
 * of the answer goes on with the typed one. Pure.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/strbuf.h"

#define SYMBOL_RENAMES_MAX 4
/* Bytes; longer names stay. */
#define SYMBOL_NAME_MAX 47

/* All zero: none. Each is applied to what those before it have made. */
struct symbol_renames {
	size_t count;
	struct {
		char from[SYMBOL_NAME_MAX + 1];
		char to[SYMBOL_NAME_MAX + 1];
	} pairs[SYMBOL_RENAMES_MAX];
};

/* Is the word one that could be declared: no number, and nothing that languages say themselves ("return", "int")? */
bool symbol_is_renamable(const char *word, size_t len);
/*
 * Does the text declare the word at `at`, as far as one can tell by its neighbours: "int x", "def x", "type_t *x",
 * "Type x = ", and "x = " or "x := " where a line begins?
 */
bool symbol_is_declared(const char *text, size_t text_len, size_t at, size_t len);
/* Do they differ by one letter, or by two that have changed places: a slip of the finger, as likely as not? */
bool symbol_is_typo(const char *a, size_t a_len, const char *b, size_t b_len);
/* Does the text have it, as a whole word? */
bool symbol_occurs(const char *word, size_t len, const char *text, size_t text_len);

/* False if there is no room for it, or one of the names is too long. */
bool symbol_renames_add(
	struct symbol_renames *renames, const char *from, size_t from_len, const char *to, size_t to_len);
/*
 * Appends the text with these names, but for strings that are nothing else ("first"). False if `out` has no room for
 * all of it.
 */
bool symbol_renames_apply(const struct symbol_renames *renames, const char *text, size_t len, struct strbuf *out);
/* The offset in the text of what is at `at` once they are applied; inside a name that was replaced, of its end. */
size_t symbol_renames_source(const struct symbol_renames *renames, const char *text, size_t len, size_t at);

#endif
