/*
 * What the last prompt began with stays where it is, as long as that costs little: endpoints then find the prompt's
 * beginning in their caches, and read again only what comes behind it.
 */
#include "packing_private.h"

#include <stdlib.h>

#include "eke/base/mem.h"

/* Of the price: what a token of the last prompt's blocks must bring, so that they stay. */
#define STAYING_SHARE 0.5f
/* Of the worth of what stays: what new pieces must bring, so that they go along. */
#define NEW_SHARE 0.1f

/* Worth of a name that is not counted yet. */
static float count_name(const struct packing_work *w, uint8_t *counted, uint32_t id)
{
	bool is_counted = counted[id / 8] & 1u << id % 8;

	counted[id / 8] |= (uint8_t)(1u << id % 8);
	return is_counted ? 0 : w->evidence.likely[id];
}

/* False if something of the block may not be shown, or stands in the excerpt by now. */
static bool may_stay(const struct packing_work *w, const struct packing_block *block)
{
	const struct context_file *file = &w->in->files[block->file];

	for (size_t i = 0; i < block->count; i++) {
		const struct piece *piece = &file->digest->pieces[block->pieces[i]];

		if (!file->sendable || !(w->in->sources & 1u << packing_source_of(file, piece)) ||
			!packing_may_show(file, piece))
			return false;
	}
	return true;
}

/* What names it brings that are not counted yet. */
static float block_worth(
	const struct packing_work *w, const struct packing_block *block, uint8_t *counted, size_t *cost)
{
	const struct digest *d = w->in->files[block->file].digest;
	float worth = 0;

	*cost += w->in->tokens_per_file;
	for (size_t i = 0; i < block->count; i++) {
		const struct piece *piece = &d->pieces[block->pieces[i]];

		*cost += piece->tokens + PIECE_TOKENS;
		for (uint32_t k = 0; k < piece->name_count; k++)
			worth += count_name(w, counted, d->names[piece->first_name + k]);
		if (piece->declares)
			worth += PACKING_DECLARED_NEAR * w->evidence.near[piece->declares];
	}
	return worth;
}

/*
 * How many of the blocks stay, from the first on: as many as gain the most over what their room is worth. One that is
 * used up is carried by those behind it, since without it these would have to be read again.
 */
static size_t count_staying(const struct packing_work *w)
{
	uint8_t *counted = xcalloc(w->evidence.count / 8 + 1, sizeof(*counted));
	size_t staying = 0;
	size_t cost = 0;
	float worth = 0;
	float best = 0;

	for (size_t i = 0; i < w->in->block_count && may_stay(w, &w->in->blocks[i]); i++) {
		float gain;

		worth += block_worth(w, &w->in->blocks[i], counted, &cost);
		if (cost > w->in->tokens)
			break;
		gain = worth - STAYING_SHARE * w->in->price * (float)cost;
		if (gain < best)
			continue;
		best = gain;
		staying = i + 1;
	}
	free(counted);
	return staying;
}

void packing_let_stay(struct packing_work *w)
{
	size_t staying = count_staying(w);

	for (size_t b = 0; b < staying; b++) {
		const struct packing_block *block = &w->in->blocks[b];
		const struct context_file *file = &w->in->files[block->file];

		w->block = b + 1;
		w->out->tokens += w->in->tokens_per_file;
		for (size_t i = 0; i < block->count; i++) {
			const struct piece *piece = &file->digest->pieces[block->pieces[i]];
			struct packing_candidate c = { .file = (uint32_t)block->file,
				.piece = block->pieces[i],
				.source = packing_source_of(file, piece) };

			w->out->tokens += piece->tokens + PIECE_TOKENS;
			packing_mark(w, &c, c.piece, packing_worth_of(w, file, piece));
		}
	}
	w->block = 0;
	w->all_stay = staying && staying == w->in->block_count;
	w->staying = w->out->count;
	w->stay_tokens = w->out->tokens;
}

void packing_stay_still(struct packing_work *w)
{
	float old = 0;
	float new = 0;

	for (size_t i = 0; i < w->out->count; i++)
		*(i < w->staying ? &old : &new) += w->items[i].worth;
	if (!w->all_stay || new >= NEW_SHARE * old)
		return;
	w->out->count = w->staying;
	w->out->tokens = w->stay_tokens;
	w->out->price = w->in->price;
}
