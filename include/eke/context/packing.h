#ifndef EKE_CONTEXT_PACKING_H
#define EKE_CONTEXT_PACKING_H
/*
 * Which pieces of which files go into a prompt: those that show the most names that are likely to be needed, for their
 * tokens, until the budget is used up. A name that is shown counts no more, so nothing goes along twice. Pure.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/context/evidence.h"

/* What the user can turn off, and what a piece is there for. */
enum context_source {
	CONTEXT_SOURCE_IMPORTS, /* declarations of what the file imports or could name */
	CONTEXT_SOURCE_SIMILAR, /* lines that look like those around the cursor */
	CONTEXT_SOURCE_EDITS, /* what was changed in the last minutes */
	CONTEXT_SOURCE_OUTLINE, /* the rest of the file: its imports and declarations */
	CONTEXT_SOURCE_NOTEBOOK, /* cells above */
	CONTEXT_SOURCES,
};

extern const char *const context_source_names[CONTEXT_SOURCES];

/* Pieces that went along last time stay if they are nearly as good: what changes little is cached by endpoints. */
#define PACKING_KEPT_MAX 512

struct packing_kept {
	uint32_t hashes[PACKING_KEPT_MAX]; /* ascending */
	size_t count;
};

/* Pieces of one file that stood together in the last prompt, in the order of the text. */
struct packing_block {
	size_t file; /* in files[] */
	const uint32_t *pieces; /* in its digest; borrowed */
	size_t count;
};

struct packing_input {
	struct names *names;
	struct context_cursor cursor;
	const struct context_file *files;
	size_t file_count;
	unsigned sources; /* bits 1 << CONTEXT_SOURCE_… that are on */
	/* The cursor's text is asked about, not gone on with: what declares names in it goes along, and nothing else. */
	bool declarations;
	size_t tokens; /* in all, by tokens_estimate() */
	size_t tokens_per_file; /* of the line that names one */
	const struct packing_kept *kept; /* or NULL */
	/* What the last prompt began with: it stays, from the first on, as long as it is still worth about `price`. */
	const struct packing_block *blocks;
	size_t block_count;
	float price; /* packing.price of the last prompt */
};

struct packed {
	size_t file; /* in files[] */
	size_t piece; /* in its digest */
	enum context_source source;
	float worth; /* names that it is likely to bring */
	size_t block; /* which of the blocks it stays in, from 1; 0: it is new */
};

struct packing {
	struct packed *items; /* the blocks that stay; then by file, then by piece */
	size_t count;
	size_t tokens;
	float price; /* worth that a token brought where the room ended; 0: there is room left */
};

/* Where those end that stand together with item `first`. */
size_t packing_block_end(const struct packing *packing, size_t first);

void pack(const struct packing_input *input, struct packing *out);
void packing_release(struct packing *packing);

#endif
