/*
 * Pieces are known by hashes of their texts: whatever else changes in a file, those that are as they were are found.
 */
#include "standing.h"

#include <stdlib.h>

#define MOVED_MAX 64 /* pieces that an edit before them adds or takes away */

static int ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Both have their pieces in the order of the text. False if one is gone, or stands before `from`. */
static bool find_from(const struct digest *d, size_t from, const uint32_t *hashes, size_t count, uint32_t *pieces)
{
	size_t at = from;

	for (size_t i = 0; i < count; i++) {
		while (at < d->count && d->pieces[at].hash != hashes[i])
			at++;
		if (at == d->count)
			return false;
		pieces[i] = (uint32_t)at++;
	}
	return true;
}

/* They are about where they were. */
static bool find_pieces(const struct digest *d, size_t first, const uint32_t *hashes, size_t count, uint32_t *pieces)
{
	size_t from = first > MOVED_MAX ? first - MOVED_MAX : 0;

	return find_from(d, from, hashes, count, pieces) || (from && find_from(d, 0, hashes, count, pieces));
}

void standing_find(const struct standing *standing, const struct context_file *files, const uint32_t *keys,
	size_t file_count, struct standing_blocks *out)
{
	size_t first = 0;

	out->count = 0;
	for (size_t b = 0; b < standing->block_count; b++) {
		size_t count = standing->blocks[b].count;
		size_t file = 0;

		while (file < file_count && keys[file] != standing->blocks[b].file)
			file++;
		if (file == file_count ||
			!find_pieces(files[file].digest, standing->blocks[b].first, &standing->hashes[first], count,
				&out->pieces[first]))
			return;
		out->items[out->count++] = (struct packing_block){ file, &out->pieces[first], count };
		first += count;
	}
}

void standing_remember(
	struct standing *standing, const struct context_file *files, const uint32_t *keys, const struct packing *packing)
{
	size_t n = 0;
	size_t i = 0;

	standing->all.count = 0;
	for (size_t k = 0; k < packing->count && k < PACKING_KEPT_MAX; k++) {
		const struct packed *item = &packing->items[k];

		standing->all.hashes[standing->all.count++] = files[item->file].digest->pieces[item->piece].hash;
	}
	standing->block_count = 0;
	standing->price = packing->price;
	while (i < packing->count && standing->block_count < STANDING_BLOCKS_MAX) {
		size_t end = packing_block_end(packing, i);
		uint32_t key = keys[packing->items[i].file];

		if (!key || n + end - i > PACKING_KEPT_MAX)
			break;
		standing->blocks[standing->block_count].file = key;
		standing->blocks[standing->block_count].first = (uint32_t)packing->items[i].piece;
		standing->blocks[standing->block_count++].count = (uint32_t)(end - i);
		for (; i < end; i++)
			standing->hashes[n++] = files[packing->items[i].file].digest->pieces[packing->items[i].piece].hash;
	}
	qsort(standing->all.hashes, standing->all.count, sizeof(standing->all.hashes[0]), ascending);
}
