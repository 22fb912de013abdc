#ifndef EKE_BASE_WIDTH_H
#define EKE_BASE_WIDTH_H
/*
 * How many columns of a terminal a character takes. Pure; does not depend on the locale, as wcwidth() does.
 *
 * Facts: Unicode Character Database 14, UnicodeData.txt (general categories) and EastAsianWidth.txt; UAX 11: ambiguous
 * characters are narrow.
 */
#include <stdbool.h>
#include <stdint.h>

/* 0, 1 or 2. Control characters count as 1: they are shown as U+FFFD. */
unsigned width_of(uint32_t cp);

#endif
