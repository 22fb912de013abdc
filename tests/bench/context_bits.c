/*
 * Two hash tables: what is known of a context (its order and last bytes), and of a byte behind it. Hashes of 64 bits
 * stand for both; of a full table the rest is not learned, which no prompt of the bench comes near.
 */
#include "context_bits.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"

#define ORDERS 7
#define SLOTS ((size_t)1 << 20)

struct entry {
	uint64_t key;
	uint32_t count; /* of the context, or of the byte behind it */
	uint32_t distinct; /* bytes behind the context */
};

struct bits {
	struct entry *entries;
	size_t used;
	unsigned char last[ORDERS]; /* the last bytes, the newest first */
};

struct bits *bits_new(void)
{
	struct bits *b = xcalloc(1, sizeof(*b));

	b->entries = xcalloc(SLOTS, sizeof(*b->entries));
	return b;
}

void bits_free(struct bits *b)
{
	if (!b)
		return;
	free(b->entries);
	free(b);
}

void bits_reset(struct bits *b)
{
	memset(b->entries, 0, SLOTS * sizeof(*b->entries));
	memset(b->last, 0, sizeof(b->last));
	b->used = 0;
}

static uint64_t mix(uint64_t h, uint64_t value)
{
	h = (h ^ value) * UINT64_C(0x9E3779B97F4A7C15);
	return h ^ h >> 29;
}

static struct entry *find(struct bits *b, uint64_t key, int add)
{
	size_t at = key & (SLOTS - 1);

	while (b->entries[at].key && b->entries[at].key != key)
		at = (at + 1) & (SLOTS - 1);
	if (!b->entries[at].key) {
		if (!add || b->used > SLOTS / 4 * 3)
			return NULL;
		b->entries[at].key = key;
		b->used++;
	}
	return &b->entries[at];
}

static uint64_t context_key(const struct bits *b, int order)
{
	uint64_t key = mix(1, (uint64_t)order + 1);

	for (int i = 0; i < order; i++)
		key = mix(key, (uint64_t)b->last[i] + 1);
	return key | 1;
}

static double probability(struct bits *b, unsigned char c)
{
	double p = 1.0 / 256;

	for (int order = 0; order < ORDERS; order++) {
		uint64_t key = context_key(b, order);
		const struct entry *context = find(b, key, 0);
		const struct entry *byte;

		if (!context)
			break;
		byte = find(b, mix(key, (uint64_t)c + 1000) | 1, 0);
		p = ((byte ? byte->count : 0) + context->distinct * p) / (context->count + context->distinct);
	}
	return p;
}

static void learn(struct bits *b, unsigned char c)
{
	for (int order = 0; order < ORDERS; order++) {
		uint64_t key = context_key(b, order);
		struct entry *byte = find(b, mix(key, (uint64_t)c + 1000) | 1, 1);
		struct entry *context = find(b, key, 1);

		if (!byte || !context)
			continue;
		context->distinct += !byte->count;
		context->count++;
		byte->count++;
	}
	memmove(b->last + 1, b->last, ORDERS - 1);
	b->last[0] = c;
}

void bits_read(struct bits *b, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		learn(b, (unsigned char)text[i]);
}

double bits_cost(struct bits *b, const char *text, size_t len)
{
	double bits = 0;

	for (size_t i = 0; i < len; i++) {
		bits -= log2(probability(b, (unsigned char)text[i]));
		learn(b, (unsigned char)text[i]);
	}
	return bits;
}
