#ifndef EKE_CONTEXT_SNIPPETS_H
#define EKE_CONTEXT_SNIPPETS_H
/*
 * From chosen pieces to text for a prompt. Pure.
 */
#include "eke/context/packing.h"

/* Whole lines of one file, or what was changed in it. */
struct snippet {
	char *path; /* below the workspace's folder */
	char *text; /* pieces with a line "…" between them; ends with LF */
	size_t len;
	char *language; /* LSP id, or "" */
	enum context_role role;
	unsigned sources; /* bits 1 << CONTEXT_SOURCE_… */
	char *lines; /* "3-9, 14"; of changes "" */
	size_t tokens;
	float worth;
};

/* Those that change least stand first. */
struct snippets {
	struct snippet *items;
	size_t count;
	size_t tokens; /* with tokens_per_file for each */
};

/* Adds the pieces of one file, which stand in `items` in their order. All is copied. */
void snippets_add(struct snippets *snippets, const struct context_file *file, const char *path, const char *language,
	const struct packed *items, size_t count);
void snippets_release(struct snippets *snippets);
/* Why files of this role go along: "this file imports it". */
const char *context_role_reason(enum context_role role);

#endif
