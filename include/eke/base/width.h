#ifndef EKE_BASE_WIDTH_H
#define EKE_BASE_WIDTH_H
/*
 * How many columns of a terminal a character takes. Pure; does not depend on the locale, as wcwidth() does.
 *
 * Facts: Unicode Character Database 14, UnicodeData.txt (general categories) and EastAsianWidth.txt; UAX 11: ambiguous
 * characters are narrow; emoji/emoji-variation-sequences.txt.
 */
#include <stdbool.h>
#include <stdint.h>

/* 0, 1 or 2. Control characters count as 1: they are shown as U+FFFD. */
unsigned width_of(uint32_t cp);

/*
 * Characters that a terminal shows as one, in the columns of the first (UAX 29): an emoji with U+FE0F, a skin tone, or
 * others that U+200D joins to it. Zero before a text's first character.
 */
struct width_cluster {
	uint32_t base;
	unsigned width;
	bool joined; /* the next belongs to it */
};

/* Would cp belong to the cluster? */
bool width_joins(const struct width_cluster *cluster, uint32_t cp);
/* Takes in the next character; returns the columns that it adds: 0, 1 or 2. */
unsigned width_add(struct width_cluster *cluster, uint32_t cp);

#endif
