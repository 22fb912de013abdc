#ifndef EKE_CONTEXT_STANDING_H
#define EKE_CONTEXT_STANDING_H
/*
 * What the last prompt for a document showed, so that the next one begins with the same bytes: blocks, each with pieces
 * of one file. For the retriever's own files.
 */
#include "eke/context/packing.h"

#define STANDING_BLOCKS_MAX 64

struct standing {
	struct packing_kept all; /* pieces of any block and of none */
	uint32_t hashes[PACKING_KEPT_MAX]; /* of pieces, block by block, in their order */
	struct {
		uint32_t file; /* its key */
		uint32_t first; /* where in the digest the first piece was */
		uint32_t count;
	} blocks[STANDING_BLOCKS_MAX];
	size_t block_count;
	float price; /* packing.price */
};

/* What of the last blocks is there now; each borrows from the struct. */
struct standing_blocks {
	struct packing_block items[STANDING_BLOCKS_MAX];
	size_t count;
	uint32_t pieces[PACKING_KEPT_MAX];
};

/*
 * Finds the blocks among these files, up to the first that is no longer there just so. `keys` names each file by a
 * number that stays the same from prompt to prompt; 0: what it shows changes with each, and is in no block.
 */
void standing_find(const struct standing *standing, const struct context_file *files, const uint32_t *keys,
	size_t file_count, struct standing_blocks *out);
void standing_remember(
	struct standing *standing, const struct context_file *files, const uint32_t *keys, const struct packing *packing);

#endif
