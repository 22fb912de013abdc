#ifndef EKE_CONTEXT_PACKING_PRIVATE_H
#define EKE_CONTEXT_PACKING_PRIVATE_H
/*
 * What the files of packing share. For these alone.
 */
#include "eke/context/packing.h"

/* Beside its tokens: the line that tells that something is left out before it. */
#define PIECE_TOKENS 2
/* What the declaration of a name is worth that stands right before the cursor already: how it is used. */
#define PACKING_DECLARED_NEAR 0.15f
#define KEPT_FILTER 4096

struct packing_candidate {
	uint32_t file;
	uint32_t piece;
	enum context_source source;
	float worth;
};

/* Small, since they are moved often. */
struct packing_node {
	float ratio; /* worth for a token, as last computed */
	uint32_t candidate;
};

struct packing_work {
	const struct packing_input *in;
	struct evidence evidence;
	struct packing_candidate *candidates;
	struct packing_node *heap; /* the best first */
	size_t count;
	/* Behind the heap, from heap[rest_at] on: those whose ratio was below `bar`. */
	size_t rest_at;
	size_t rest_count;
	float bar;
	size_t fitting; /* tokens that were left when candidates that do not fit were last thrown out */
	uint32_t **taken; /* by file and piece: which of the items, plus one; 0: it is not taken. NULL: none of the file */
	uint64_t kept[KEPT_FILTER / 64]; /* bits of the hashes that were kept: most are not */
	struct packed *items; /* in the order in which they were taken */
	size_t block; /* that is being taken */
	size_t staying; /* items of blocks, the first ones */
	bool all_stay; /* the blocks are all that there were */
	size_t stay_tokens; /* of these */
	size_t item_room;
	struct packing *out;
};

enum context_source packing_source_of(const struct context_file *file, const struct piece *piece);
bool packing_may_show(const struct context_file *file, const struct piece *piece);
const struct piece *packing_piece_at(const struct packing_work *work, size_t file, size_t piece);
/* What a piece is worth beside those that are taken. */
float packing_worth_of(const struct packing_work *work, const struct context_file *file, const struct piece *piece);
/* It is taken: its names are worth nothing any more. */
void packing_mark(struct packing_work *work, const struct packing_candidate *candidate, size_t piece, float worth);

/* Takes what stays of in->blocks. Before anything else is taken. */
void packing_let_stay(struct packing_work *work);
/* Lets go what was taken since then, if it is not worth that all behind it is read again. */
void packing_stay_still(struct packing_work *work);

#endif
