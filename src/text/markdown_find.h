#ifndef EKE_TEXT_MARKDOWN_FIND_H
#define EKE_TEXT_MARKDOWN_FIND_H
/*
 * Where a mark's partner is, within the text that is there.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum found { FOUND, NONE, NOT_YET };

struct span {
	const char *s;
	size_t len;
	bool final; /* nothing more comes */
};

struct md_link {
	size_t label; /* where it begins and ends */
	size_t label_end;
	size_t url;
	size_t url_end;
	size_t end; /* behind all */
};

/* How many of the character at `at` stand there. */
size_t md_run_at(const struct span *t, size_t at);
bool md_is_word_at(const struct span *t, size_t at);
/* The run of n backquotes that closes one, from `at` on. */
enum found md_find_code_end(const struct span *t, size_t at, size_t n, size_t *end);
/* Where the run of n marks at `at` is closed. */
enum found md_find_partner(const struct span *t, size_t at, size_t n, size_t *end);
/* A link whose "[" is at `at`. */
enum found md_find_link(const struct span *t, size_t at, struct md_link *out);

#endif
